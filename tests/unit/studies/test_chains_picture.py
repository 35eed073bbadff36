"""Tests of the picture of a comparison of chains."""

from hullmark.studies import draw_chains, read_chains
from hullmark.studies._chains_picture import _PAID, _TAKEN

from .compared import tree


def test_equal_reports_give_equal_bytes():
    report = read_chains(tree())
    assert draw_chains(report) == draw_chains(report)
    assert draw_chains(report).startswith(b"\x89PNG")


def test_the_picture_names_every_run_and_who_paid():
    drawn = draw_chains(read_chains(tree()), form="svg").decode()
    assert drawn.count("<svg") == 1
    for text in ("book, none", "book, queue", "haircuts of winners", "bad debt", "deleveraged"):
        assert text in drawn


def test_who_paid_nothing_anywhere_is_not_in_the_legend():
    drawn = draw_chains(read_chains(tree()), form="svg").decode()
    for text in ("staked backstop", "bidders"):
        assert text not in drawn


def test_a_party_has_one_colour_in_both_halves_and_no_two_have_the_same():
    coloured = {}
    for name, colour, _ in (*_PAID, *_TAKEN):
        coloured.setdefault(colour, []).append(name)
    assert sorted(map(sorted, coloured.values())) == [
        ["bad debt"],
        ["bidders"],
        ["fund"],
        ["haircuts of winners", "winners, deleveraged"],
        ["makers"],
        ["pool", "the pool's loss"],
        ["staked backstop"],
    ]


def test_a_taller_bar_is_a_larger_payment():
    changed = tree()
    changed["runs"][0]["paid"]["bad_debt"] = "9000.000000"
    assert draw_chains(read_chains(changed)) != draw_chains(read_chains(tree()))
