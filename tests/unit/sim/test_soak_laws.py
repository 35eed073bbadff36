"""The laws of a history: a sound journal keeps them all, and one that was changed is found out."""

import msgspec
import pytest

from hullmark.domain import Mode, Parked, SystemAccount, events
from hullmark.journal import Journal, read
from hullmark.journal.memory import MemoryStore
from hullmark.runtime import Venue
from hullmark.sim import SimulatedClock, Workload
from hullmark.sim._soak_laws import SoakLaws
from hullmark.sim._workload import START_NS

from ..clearing.bank import PORT, Bank, deposit, events_of, opened, trade, tree

STEPS = 2_500


@pytest.fixture(scope="module")
def lived():
    """Return the units of a history without faults, and its venue."""
    store, clock = MemoryStore(), SimulatedClock(START_NS)
    workload, venue = Workload(10, clock), Venue(Journal(store), clock=clock)
    for request in workload.founding():
        venue.submit_all([request])
    for _ in range(STEPS):
        venue.submit_all(workload.step(venue))
    return list(read(store)), venue


UNDER = (Parked.ROUNDS_EXHAUSTED, Parked.THROTTLED, Parked.NOTHING_HELPS)


def told(units):
    """Return the first laws that units break."""
    laws = SoakLaws(audited=False)
    for unit in units:
        if broken := laws.take(unit):
            return broken
    return []


def forged(units, kind, change):
    """Return the units up to the first event of a kind that *change* changes, and that changed."""
    for place, unit in enumerate(units):
        for at, event in enumerate(unit.events):
            if isinstance(event, kind) and (changed := change(event)):
                events_ = list(unit.events)
                events_[at] = msgspec.structs.replace(event, **changed)
                return [*units[:place], msgspec.structs.replace(unit, events=tuple(events_))]
    raise AssertionError(f"there must be a {kind.__name__} in the history")


def test_a_sound_history_keeps_every_law(lived):
    units, venue = lived
    laws = SoakLaws(audited=False)
    assert [law for unit in units for law in laws.take(unit)] == []
    assert laws.differences(venue) == []


def test_facts_that_are_behind_differ(lived):
    units, venue = lived
    laws = SoakLaws(audited=False)
    for unit in units[:-40]:
        laws.take(unit)
    assert any("state hash" in told for told in laws.differences(venue))


@pytest.mark.parametrize(
    ("changed", "law"),
    [
        ({"sequence": 7}, "sequence must be 6, was 7"),
        ({"time_ns": 5}, "time must be >="),
        ({"cause": 6}, "cause must be an earlier unit, was 6"),
    ],
)
def test_a_unit_out_of_order_is_found(lived, changed, law):
    units, _ = lived
    assert law in told([*units[:5], msgspec.structs.replace(units[5], **changed)])[0]


def test_a_key_that_comes_twice_is_found(lived):
    units, _ = lived
    changed = [msgspec.structs.replace(unit, key="once") for unit in units[:2]]
    assert "key 'once' must be carried out once, was at 1 already" in told(changed)[0]


def test_a_refusal_with_something_beside_it_is_found(lived):
    units, _ = lived
    place = next(
        i
        for i, u in enumerate(units)
        if isinstance(u.events[:1], tuple) and u.events and isinstance(u.events[0], events.Refused)
    )
    both = (*units[place].events, events.TimeAdvanced(now_ns=units[place].time_ns))
    changed = msgspec.structs.replace(units[place], events=both)
    assert "a refusal must be alone" in told([*units[:place], changed])[0]


def to(**changed):
    """Return a change to these values."""
    return lambda event: changed


@pytest.mark.parametrize(
    ("kind", "change", "law"),
    [
        (events.LiquidationStarted, to(account=100), "healthy, and must be left untouched"),
        (events.LiquidationOrdered, lambda e: {"lots": -e.lots}, "must "),
        (events.LiquidationOrdered, to(account=100), "must be in breach"),
        (events.LiquidationParked, to(account=100), "must be under liquidation"),
        (
            events.LiquidationFilled,
            lambda e: e.lots and {"price_nano": 1 if e.lots < 0 else 10**12},
            "must not fill beyond its limit",
        ),
        (events.LiquidationFilled, lambda e: {"lots": e.lots * 1_000}, "must fill within"),
        (events.LiquidationFilled, to(order=10**6), "must be at work"),
        (events.LiquidationFilled, to(penalty_quanta=-1), "penalty must be >= 0"),
        (events.LiquidationFilled, to(penalty_quanta=10**12), "must not take account"),
        (events.DeficitCovered, lambda e: {"gap_quanta": e.gap_quanta + 1}, "causes must add up"),
        (
            events.DeficitCovered,
            lambda e: {"bad_debt_quanta": e.bad_debt_quanta + 1},
            "must add up",  # of an account in an auction the causes alone have to
        ),
        (
            events.DeficitCovered,
            lambda e: e.fund_quanta and {"fund_quanta": 0, "bad_debt_quanta": e.gap_quanta},
            "before anyone else",
        ),
        (events.CollateralSeized, to(account=101), "must be under liquidation"),
        (events.CashAdjusted, to(target=SystemAccount.CUSTODY), "custody must be left"),
    ],
)
def test_an_event_that_breaks_a_law_is_found(lived, kind, change, law):
    found = told(forged(lived[0], kind, change))
    assert any(law in said for said in found), found


def test_an_account_that_is_let_go_too_early_is_found(lived):
    units, _ = lived
    place, parked = next(
        (i, e)
        for i, unit in enumerate(units)
        for e in unit.events
        if isinstance(e, events.LiquidationParked) and e.reason in UNDER
    )
    let_go = events.LiquidationEnded(account=parked.account, cured=True)
    changed = msgspec.structs.replace(units[place], events=(*units[place].events, let_go))
    assert "must be healthy to be let go" in told([*units[:place], changed])[0]


def test_a_hedge_is_opened_only_where_the_rules_name_it():
    """A short of calls is bought back in part, and hedged with a perpetual as bitcoin rises."""
    eve = 112
    rules = tree(chain=[{"stage": "cost-minimal"}], hedges=["PERP"], depth_usd=DEPTH_USD)
    bank = Bank(rules).found()
    bank.do(opened(eve, Mode.PORTFOLIO), deposit(eve, "1000 USDT"), deposit(PORT, "140 USDT"))
    bank.do(trade(eve, 10, "CALL", "1", seller=PORT))
    found = events_of(bank.pass_time(1, usd="105"), events.LiquidationOrdered)
    assert [order.instrument for order in found] == ["CALL", "PERP"]
    units = list(read(bank.store))
    assert told(units) == []
    other = forged(units, events.LiquidationOrdered, lambda o: OTHER.get(o.instrument))
    assert told(other)[0].startswith(f"orders of {PORT} must only shrink 0 lots, or be a hedge")


DEPTH_USD = {"PERP": "1000000", "CALL": "20"}  # so that calls are dear to buy
OTHER = {"PERP": {"instrument": "ETHER"}}
