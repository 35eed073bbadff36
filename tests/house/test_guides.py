"""The guides whose files are whole programs: each is installed as written, and used."""

import contextlib
import io
import re
import shlex
import sys
import tomllib

import pytest

from hullmark.cli import main

from .conftest import ROOT

GUIDE = (ROOT / "docs/guides/write-a-rule-book.md").read_text(encoding="utf-8")
BLOCK = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```', re.MULTILINE | re.DOTALL)


@pytest.fixture
def harbour(tmp_path, monkeypatch):
    """Lay out the distribution of the guide where Python finds it, and go there."""
    files = dict(BLOCK.findall(GUIDE))
    groups = tomllib.loads(files.pop("pyproject.toml"))["project"]["entry-points"]
    lines = []
    for group, points in groups.items():
        lines += [f"[{group}]", *(f"{name} = {place}" for name, place in points.items())]
    files["harbour-1.0.dist-info/entry_points.txt"] = "\n".join(lines)
    files["harbour-1.0.dist-info/METADATA"] = "Metadata-Version: 2.1\nName: harbour\nVersion: 1.0\n"
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("harbour", None)


def run(*words):
    """Return the exit status of a command and what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        status = main(list(words))
    return status, printed.getvalue()


@pytest.mark.usefixtures("harbour")
def test_the_rule_book_of_the_guide_prints_what_the_guide_shows():
    (block,) = re.findall(r"^```console\n\$ hullmark (.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    line, _, output = block.partition("\n")
    assert run(*shlex.split(line)) == (0, output)


@pytest.mark.usefixtures("harbour")
def test_the_rule_book_of_the_guide_is_listed():
    status, printed = run("rulebooks", "harbour-portfolio")
    assert status == 0
    assert "crowding.rate = 0.05" in printed


def test_the_class_of_the_guide_refuses_with_path_rule_and_value(harbour):
    words = ("margin", "book.json", "--rulebook", "harbour-portfolio")
    rate = run(*words, "--set", "crowding.rate=-1")
    assert rate == (1, "hullmark: parameters.crowding.rate must be >= 0, was '-1'\n")
    book = harbour / "book.json"
    text = book.read_text(encoding="utf-8").replace(', "open_interest": "1500"', "")
    book.write_text(text, encoding="utf-8")
    where = "market.underlyings.BTC.perpetual"
    lacking = f"hullmark: {where} must have the key 'open_interest', and has not\n"
    assert run(*words) == (1, lacking)
