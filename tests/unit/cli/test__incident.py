"""Options of an incident: every one is a field of both requests."""

from argparse import ArgumentParser
from dataclasses import fields
from pathlib import Path

import pytest

from hullmark.cli._incident import add_incident_arguments, incident_of, whole
from hullmark.sim import ChainsRequest, ReplayRequest


def parsed(*words):
    parser = ArgumentParser()
    add_incident_arguments(parser, scenario="facts", venue="rules", accounts="file")
    return incident_of(parser.parse_args(words))


@pytest.mark.parametrize(
    ("request_of", "more"), [(ReplayRequest, {"feedback"}), (ChainsRequest, {"comparison"})]
)
def test_options_are_the_fields_of_a_request_with_its_defaults(request_of, more):
    found = parsed()
    assert found.keys() | more == {field.name for field in fields(request_of)}
    request = request_of(**found, **dict.fromkeys(more))
    assert (request.seed, request.accounts, request.open_interest_usd) == (7, None, None)


def test_each_option_is_read():
    found = parsed(
        "--data", "d", "--scenario", "s.toml", "--venue", "v.toml",
        "--seed", "3", "--accounts", "40", "--open-interest", "500",
    )  # fmt: skip
    assert found == {
        "scenario": Path("s.toml"),
        "venue": Path("v.toml"),
        "data": Path("d"),
        "seed": 3,
        "accounts": 40,
        "open_interest_usd": 500,
    }


def test_the_help_says_what_the_files_are_to_the_command():
    parser = ArgumentParser()
    add_incident_arguments(parser, scenario="facts", venue="rules", accounts="file")
    told = parser.format_help()
    assert "facts (default: scenarios/oct-2025.toml)" in " ".join(told.split())
    assert "instead of the file's number" in told


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("12", 12)])
def test_a_whole_number_is_read(text, number):
    assert whole(text) == number
