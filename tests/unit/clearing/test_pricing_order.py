"""Prices made from prices come after them; a growth cap fits what it caps."""

import copy

import pytest

from hullmark.clearing import Rules, pack, state_hash, unpack
from hullmark.core import nano
from hullmark.domain import Reason, events
from hullmark.errors import DocumentError
from hullmark.journal import read
from hullmark.market import Grade
from hullmark.runtime import Replica

from .bank import SECOND_NS, START_NS, TREE, Bank, adopt, only

MARK = {"index": "BTC", "basis_half_life_s": "60", "book": "a", "external": ["b"]}


def rules(**parts):
    """Return the small venue's rules, with parts of the policies of some factors."""
    found = copy.deepcopy(TREE)
    for factor, more in parts.items():
        found["prices"][factor] |= more
    return found


def told(bank, **prices):
    """Say prices, and return by factor the grade and the price that came of it."""
    bank.now_ns += SECOND_NS
    accepted = only(bank.do(bank.prints(prices)), events.PricesAccepted)
    return {p.factor: (Grade(p.grade).name, p.price_nano) for p in accepted.prices}


@pytest.fixture
def marked():
    return Bank(rules(PERP={"mark": MARK, "sources_min": 1})).found()


def test_a_mark_follows_its_index_of_the_same_command_in_any_order(marked):
    found = told(marked, PERP="104", BTC="102")
    assert list(found) == ["BTC", "PERP"]
    # 102 + the basis, of 0 and 2 a second later; the book 104; abroad 104
    assert found == {"BTC": ("VALID", nano("102")), "PERP": ("VALID", nano("104"))}


def test_a_mark_is_made_anew_when_only_its_index_is_spoken_of(marked):
    found = told(marked, BTC="101", ETHER="11")
    assert list(found) == ["BTC", "ETHER", "PERP"]
    assert found["PERP"] == ("VALID", nano("100"))  # of 101, and 100 twice
    assert list(told(marked, ETHER="10")) == ["ETHER"]


def test_a_mark_rests_on_no_index_in_doubt(marked):
    assert told(marked, BTC="1000")["BTC"][0] == "ABSURD"
    marked.now_ns += 61 * SECOND_NS
    found = told(marked, PERP="100")
    assert found == {"PERP": ("VALID", nano("100"))}  # of book and abroad
    marked.now_ns += SECOND_NS
    only(marked.do(marked.prints({"PERP": "100"}, sources=("a",))), events.PricesAccepted)
    marked.now_ns += 61 * SECOND_NS
    alone = only(marked.do(marked.prints({"PERP": "100"}, sources=("a",))), events.PricesAccepted)
    assert (Grade(alone.prices[0].grade).name, alone.prices[0].reason) == ("UNCERTAIN", "quorum")


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ("GELD", "prices.PERP.mark.index must be one of prices, was 'GELD'"),
        (
            "PERP",
            "prices.PERP.mark.index must be a price that is not made from others, "
            "was 'PERP', made from 'PERP'",
        ),
        (
            "FUTURE",
            "prices.PERP.mark.index must be a price that is not made from others, "
            "was 'FUTURE', made from 'BTC'",
        ),
    ],
)
def test_a_price_is_made_from_observed_ones_only(index, message):
    tree = rules(PERP={"mark": MARK | {"index": index}}, FUTURE={"mark": MARK})
    with pytest.raises(DocumentError) as refused:
        Rules.parse(tree)
    assert str(refused.value) == message


def test_what_prices_remember_is_packed_and_journalled_whole():
    parts = {
        "average": {"kind": "geometric", "window_s": "60"},
        "delay_s": "5",
        "stable": {},
        "growth_cap": cap("1000"),
        "reopen": {"prints": 2, "sources": 2},
    }
    bank = Bank(rules(BTC=parts, PERP={"mark": MARK, "sources_min": 1})).found()
    for usd in range(101, 120):
        told(bank, BTC=str(usd), PERP=str(usd))
    told(bank, BTC="1000")
    memory = bank.state.prices["BTC"].memory
    assert memory.halted
    assert nano("100") < memory.next_nano < nano("119")
    assert len(memory.ticks) > 10
    assert bank.state.prices["PERP"].memory.basis_nano is not None
    replica = Replica()
    for unit in read(bank.store):
        replica.take(unit)
    again = unpack(pack(bank.state))
    assert state_hash(again) == state_hash(replica.state) == state_hash(bank.state)


def cap(snapshot, per_year="0.1", **more):
    return {"snapshot": snapshot, "at": "2025-10-10T00:00:00Z", "per_year": per_year, **more}


# As Aave's oracle of March 2026 did: a snapshot and its time that did not fit each other put the
# cap below the rate in force.
def test_a_growth_cap_that_would_mark_down_what_is_held_is_refused(bank):
    def adopted(effective_ns=None, **terms):
        return adopt(rules(BTC={"growth_cap": cap(**terms)}), effective_ns)

    assert START_NS == 1_760_054_400 * SECOND_NS  # when the snapshots are from
    assert bank.refused(adopted(snapshot="97.24")) is Reason.RULES_INVALID
    assert bank.refused(adopted(bank.now_ns + 1, snapshot="97.24")) is Reason.RULES_INVALID
    bank.do(adopted(snapshot="97.24", tolerance="0.03"), adopted(snapshot="100"))
    assert bank.refused(adopted(snapshot="1", base="ETHER")) is Reason.RULES_INVALID
    bank.do(adopted(snapshot="10", base="ETHER"))
    year_ns = 366 * 86_400 * SECOND_NS
    bank.do(adopted(bank.now_ns + year_ns, snapshot="97.24"))  # which has grown past 100 by then


def test_a_cap_is_not_measured_against_a_price_that_never_was():
    Bank(rules(BTC={"growth_cap": cap("1")}))
