"""Tests of the table in the terminal."""

import re

import pytest

from hullmark.errors import DocumentError
from hullmark.studies import summary


def line_of(text, label):
    return next(line for line in text.splitlines() if line.startswith(label))


def test_no_line_is_wider_than_the_terminal_or_ends_in_blanks(report, quiet):
    report["source"]["text"] *= 5
    report["assumptions"][0]["source"] *= 5
    for text in (summary(report), summary(quiet)):
        lines = text.split("\n")
        assert max(map(len, lines)) <= 100
        assert all(line == line.rstrip() for line in lines)
        assert text.isascii()
        assert text.endswith("\n")
        assert not text.endswith("\n\n")


def test_the_four_runs_stand_side_by_side_and_the_journalled_one_is_marked(report):
    text = summary(report)
    assert re.search(r"O-H-L-C +O-H-L-C +O-L-H-C +\* O-L-H-C\n", text)
    assert line_of(text, "USD").split("  ")[-1].strip() == "3 s + 2 s"
    assert line_of(text, "Breaches").split() == ["Breaches", "2,536", "3,017", "2,664", "3,210"]
    assert line_of(text, "Bad debt").split()[2:] == ["0", "976,812", "0", "1,677,459"]
    assert line_of(text, "  latency").split()[1:] == ["0", "2,453,815", "0", "2,610,442"]


def test_columns_end_where_their_heads_end(report):
    lines = summary(report).splitlines()
    first = next(k for k, line in enumerate(lines) if line.endswith("* O-L-H-C"))
    ends = {len(lines[first]), len(lines[first + 1]), len(lines[first + 3])}
    assert len(ends) == 1


def test_says_source_proof_upper_bound_and_hash(report):
    text = summary(report)
    assert text.splitlines()[1].startswith("Source: recorded prices.")
    assert "Upper bound of the gap" in text
    assert "bad debt 6,932,316" in text.replace("\n", " ")
    assert text.count("  ok    ") == 6
    assert "FAILS" not in text
    assert text.splitlines()[-1] == f"state hash  {report['state_hash']}"
    report["source"]["kind"] = "published facts"
    assert summary(report).splitlines()[1].startswith("Source: published facts.")


def test_books_that_do_not_balance_are_said_to_fail(report):
    report["runs"][3]["books"]["balanced"] = False
    assert "  FAILS the ledger says that its books balance" in summary(report)


def test_other_runs_do_not_change_the_proof_of_the_journalled_one(report):
    report["runs"][0]["causes"]["gap"] = "0"
    assert "FAILS" not in summary(report)


def test_without_an_upper_bound_nothing_is_said_of_it(quiet):
    assert "Upper bound" not in summary(quiet)


def test_a_malformed_report_is_refused(report):
    report["runs"][0]["fills"] = "many"
    with pytest.raises(DocumentError, match=r"report\.runs\[0\]\.fills must be `int`, was 'many'"):
        summary(report)
