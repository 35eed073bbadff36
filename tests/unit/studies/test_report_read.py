"""Tests of what a report must be: every refusal names the key, the rule and the value."""

import math

import pytest

from hullmark.errors import DocumentError
from hullmark.studies._report_read import plain_tree, read_report


def spoiled(report, path, value):
    *parents, last = path
    target = report
    for step in parents:
        target = target[step]
    target[last] = value
    return report


def test_reads_a_whole_report(report):
    read = read_report(report)
    assert read.journalled.name == "O-L-H-C, default delays"
    assert [run.name for run in read.all_runs] == [
        *(run["name"] for run in report["runs"]),
        "O-L-H-C, jumps between the points",
    ]
    assert read.journalled.maps.before.move == report["runs"][3]["map"]["before"]["move"]


BAD = [
    (("seed",), "7", r"report\.seed must be `int`, was '7'"),
    (("source", "kind"), "rumour", r"report\.source\.kind must be .*'rumour'"),
    (("runs", 1, "breaches"), -1, r"report\.runs\[1\]\.breaches must be `int` >= 0, was -1"),
    (("runs", 2, "notional"), 12.5, r"report\.runs\[2\]\.notional must be `str`, was 12\.5"),
    (("runs", 0, "bad_debt"), "1e9", r"report\.runs\[0\]\.bad_debt must be a decimal .*'1e9'"),
    (("runs", 0, "fund", "end"), "NaN", r"report\.runs\[0\]\.fund\.end must be a decimal .*'NaN'"),
    (("runs", 0, "causes"), None, r"report\.runs\[0\]\.causes must be `object`, was None"),
    (("runs",), [], r"report\.runs must be `array` of length >= 1, was \[\]"),
    (("wall_s",), math.nan, r"report\.wall_s must be a finite JSON value, was nan"),
    (("wall_s",), -math.inf, r"report\.wall_s must be a finite JSON value, was -inf"),
    (("assumptions",), {1}, r"report\.assumptions must be a finite JSON value, was \{1\}"),
    (("runs", 0, "parked"), {1: 2}, r"keys of report\.runs\[0\]\.parked must be strings, .* 1"),
    (("runs", 0, "timeline", "fund"), [1.0], r"timeline\.fund must have 288 values .*, was 1"),
    (("upper_bound", "health", "after"), [], r"upper_bound\.health\.after must have 11 values"),
    (("runs", 3, "map", "after", "short"), [0.0], r"map\.after\.short must have 51 values"),
    (("population", "leverage", "real"), [1.0], r"leverage\.real must have 8 values .*, was 1"),
    (("runs", 0, "journalled"), True, r"report\.runs must hold one journalled run, was 2"),
    (("runs", 3, "journalled"), False, r"report\.runs must hold one journalled run, was 0"),
    (("state_hash",), "00ff", r"report\.state_hash must be .* as in its run, was 00ff"),
    (("bad_debt",), "1", r"report\.bad_debt must be .* as in its run, was 1"),
]


@pytest.mark.parametrize(("path", "value", "message"), BAD)
def test_refuses_by_the_name_of_the_key(report, path, value, message):
    with pytest.raises(DocumentError, match=message):
        read_report(spoiled(report, path, value))


@pytest.mark.parametrize("path", [("worse",), ("runs", 2, "slowest", "events"), ("source", "text")])
def test_a_missing_key_is_named(report, path):
    *parents, last = path
    target = report
    for step in parents:
        target = target[step]
    del target[last]
    dotted = "report" + "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in path)
    with pytest.raises(DocumentError) as refused:
        read_report(report)
    assert str(refused.value) == f"{dotted} must be present, was missing"


def test_a_long_value_is_cut_in_the_message(report):
    with pytest.raises(DocumentError) as refused:
        read_report(spoiled(report, ("seed",), "7" * 1000))
    assert len(str(refused.value)) < 120


def test_equal_debts_may_be_written_differently(report):
    report["bad_debt"] += "000"
    assert read_report(report).bad_debt.endswith("000")


def test_a_plain_tree_shares_nothing_with_its_source(report):
    tree = plain_tree(report)
    assert tree == report
    tree["runs"][0]["name"] = "changed"
    assert report["runs"][0]["name"] != "changed"
