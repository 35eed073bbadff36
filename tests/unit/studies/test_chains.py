"""Tests of reading a comparison of chains."""

import pytest

from hullmark.errors import DocumentError
from hullmark.studies import PUBLISHED, SOURCES, read_chains

from .compared import tree


def test_a_comparison_is_read_as_it_stands():
    report = read_chains(tree())
    bare, queue = report.runs
    assert (bare.policy, bare.paid.bad_debt) == ("none", "1000.000000")
    assert queue.deleveraging.overshoot == 0.25
    assert queue.deleveraging.hedged.forgone_end == "-700.000000"
    assert queue.cure.median_s is None


def test_what_the_schema_does_not_name_is_ignored():
    changed = tree()
    changed["runs"][0]["extra"] = 1
    assert read_chains(changed).runs[0].chain == "book"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("accounts", -1, "accounts"),
        ("fund_usd", "much", "fund_usd"),
        ("runs", [{"chain": "book"}], "missing required field"),
    ],
)
def test_a_tree_that_breaks_its_schema_is_refused(key, value, message):
    with pytest.raises(DocumentError, match=message):
        read_chains(tree() | {key: value})


@pytest.mark.parametrize(("key", "value"), [("chain", "auction"), ("policy", "pro-rata")])
def test_a_run_that_nobody_named_is_refused(key, value):
    changed = tree()
    changed["runs"][1][key] = value
    with pytest.raises(DocumentError, match=f"was .*{value}"):
        read_chains(changed)


def test_every_published_estimate_names_its_source():
    for row in PUBLISHED:
        assert any(source.startswith(row.source) for source in SOURCES)
