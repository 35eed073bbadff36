"""Hyperliquid, August 2025: a mark that one book makes. Sources: the incident's file."""

import pytest

from .incident import MAKER, Incident

SYMBOL, END = "XPL-PERP", 1200


def shorted(*, defended):
    """Return the venue with its shorts, by account what each has put up for a dollar."""
    incident = Incident("xpl-2025", defended=defended)
    facts = incident.file["facts"]
    incident.at(0)
    incident.open(MAKER, USDC="1000000000")
    each_usd = float(facts["open_interest_usd"]) / len(facts["collateral"])
    size = str(int(each_usd / float(facts["entry_usd"])))
    shorts = {}
    for account, share in enumerate(facts["collateral"], start=1_000):
        incident.open(account, USDC=f"{each_usd * float(share):.2f}")
        incident.do(incident.trade(MAKER, size, SYMBOL, facts["entry_usd"], seller=account))
        shorts[account] = float(share)
    return incident, shorts


def lived(*, defended):
    """Return the venue after the push, its shorts, and the mark at each second."""
    incident, shorts = shorted(defended=defended)
    return incident, shorts, {s: incident.price(SYMBOL)[2] for s in incident.run(10, END)}


def test_the_mark_moves_by_no_more_than_its_cap_and_hardly_at_all():
    incident, _, marks = lived(defended=True)
    cap = float(incident.rules["prices"][SYMBOL]["mark"]["move_max_per_minute"])
    for second, mark in marks.items():
        if (before := marks.get(second - 60)) is not None:
            assert abs(mark / before - 1) <= (1 + cap / 6) ** 6 - 1  # six steps of ten seconds
    assert max(marks.values()) / marks[10] - 1 < 0.25
    assert incident.taken_in_hand() == set()
    incident.check()


def test_the_cap_alone_holds_the_mark_where_nobody_else_speaks():
    incident, shorts = shorted(defended=True)
    incident.file["path"]["XPL"]["binance"] = [["0", "0.60"], ["540", "0.60"], ["660", "1.80"]]
    incident.file["path"][SYMBOL]["binance"] = [["0", "0.60"], ["540", "0.60"], ["660", "1.80"]]
    marks = {s: incident.price(SYMBOL)[2] for s in incident.run(10, 660)}
    assert 1.15 < marks[660] / marks[540] <= (1 + 0.1 / 6) ** 12
    (safest,) = (a for a, share in shorts.items() if share == 1.0)
    assert safest not in incident.taken_in_hand()


def test_less_than_a_fifth_of_what_the_own_book_alone_would_have_liquidated():
    (with_cap, _, _), (without, shorts, marks) = lived(defended=True), lived(defended=False)
    assert max(marks.values()) == pytest.approx(1.8)
    assert without.taken_in_hand() == set(shorts)
    assert without.liquidated_usd() > 17e6  # as published
    assert with_cap.liquidated_usd() <= 0.2 * without.liquidated_usd()
    without.check()
