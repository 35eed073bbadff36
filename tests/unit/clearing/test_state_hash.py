"""Tests of the state hash: its versions stay what they were, and every fact counts."""

import hashlib
import itertools
import json
import struct

import msgspec
import pytest

from hullmark.clearing import STATE_HASH_VERSION, RunningHash, State, evolve, stamp, state_hash
from hullmark.domain import AcceptedPrice, Mode, Parked, SystemAccount, commands, events
from hullmark.errors import InvalidInputError
from hullmark.ledger import MICRO

from .staged import STAGES, after_stages

START_NS = 1_760_054_400_000_000_000  # 10 October 2025
CONTRACT = {"underlying": "BTC", "settlement": "USDT", "lot": "0.001"}
TIERS = {"tiers": [{"floor_usd": "0", "initial": "0.1", "maintenance": "0.05"}]}
RULES = {
    "name": "hashed",
    "assets": {"USDT": {"decimals": 6, "peg": "1"}, "BTC": {"decimals": 8, "peg": "100000"}},
    "instruments": [
        {"kind": "spot", "symbol": "SPOT"} | CONTRACT,
        {"kind": "perpetual", "symbol": "PERP"} | CONTRACT,
        {"kind": "future", "symbol": "FUTURE", "expiry": "2025-10-11T00:00:00Z"} | CONTRACT,
    ],
    "margin": {"cross": "tiered", "isolated": "tiered", "tiered": {"PERP": TIERS, "FUTURE": TIERS}},
    "prices": {
        symbol: {"sources": ["mark"], "sources_min": 1, "staleness_s_max": "60"}
        for symbol in ("SPOT", "PERP", "FUTURE")
    },
    "liquidation": {
        "target": "0.8",
        "slippage": "0.02",
        "penalty": "0.01",
        "rounds_max": 2,
        "order_s": "30",
        "park_s": "60",
        "throttle": {"burst_usd": "300", "refill_usd_per_s": "2"},
    },
}
PRINT = commands.Print(factor="PERP", source="mark", price_nano=10**9, observed_ns=START_NS)
LIMIT = {"instrument": "PERP", "limit_nano": 10**9}
CASH = {"asset": "USDT", "quanta": 10**9}
HISTORY = (
    events.RulesAdopted(rules=json.dumps(RULES)),
    events.AccountOpened(account=100, mode=Mode.CROSS),
    events.AccountOpened(account=101, mode=Mode.PORTFOLIO),
    events.AccountOpened(account=102, mode=Mode.ISOLATED, parent=100),
    events.Deposited(account=100, **CASH),
    events.Deposited(account=101, asset="BTC", quanta=10**7),
    events.PricesAccepted(
        prints=(PRINT,),
        prices=(AcceptedPrice(factor="PERP", price_nano=10**9, grade=0),),
        values_time=True,  # as all prices did then
    ),
    events.Traded(
        instrument="PERP", buyer=100, seller=101, lots=5, price_nano=10**9, cost_quanta=5_000
    ),
    events.FundingAccrued(instrument="PERP", rate_nano=1, price_nano=1, step_micro=-5 * MICRO),
    events.SurfaceAdopted(vol_nano={"CALL": 5 * 10**8}),
    events.OrderRested(order=7, account=101, lots=-2, **LIMIT),
    events.LiquidationStarted(account=101, asset="USDT", net_quanta=-5, trigger_nano={"PERP": 9}),
    events.LiquidationOrdered(
        order=1, account=101, lots=2, deadline_ns=START_NS, notional_nano=10**9, **LIMIT
    ),
    events.LiquidationStarted(account=100, asset="USDT", net_quanta=-5, trigger_nano={"PERP": 9}),
    events.LiquidationParked(account=100, reason=Parked.THROTTLED, until_ns=START_NS),
    events.ExpirySettled(instrument="FUTURE", price_nano=10**9),
    events.RulesScheduled(rules=json.dumps(RULES), effective_ns=START_NS + 1),
    events.ReactionsDeferred(commands=(commands.SweepAccounts(),)),
)
LATER = (  # what version 1 did not know
    events.CashAdjusted(
        source=SystemAccount.CUSTODY,
        target=100,
        authorisers=("Ada", "Grace"),
        reason="a mistake",
        reverses=9,
        **CASH,
    ),
)


def after(history):
    """Return the facts after some events."""
    state = State()
    for second, event in enumerate(history):
        stamp(state, START_NS + second)
        evolve(state, event)
    return state


def name_words(text):
    """Return the two words that stand for a name."""
    return struct.unpack("<2q", hashlib.blake2b(text.encode(), digest_size=16).digest())


def words(*numbers):
    """Return the hash of a message of words as the documentation describes it."""
    return digest(struct.pack(f"<{len(numbers)}q", *numbers))


def account_words(state, account):
    """Return the message of one account."""
    ledger, mode = state.ledger, state.modes.get(account)
    facts = [(t, key, numbers) for t, a, key, numbers in ledger.facts() if a == account]
    balances = [(*name_words(key), *numbers) for t, key, numbers in facts if t == "cash"]
    positions = [(*name_words(key), *numbers) for t, key, numbers in facts if t == "position"]
    owner = (*(name_words(mode) if mode else (0, 0)), state.parents.get(account, 0))
    if mode or balances or positions:
        return 1, account, *owner, len(balances), *itertools.chain(*balances, *positions)
    return None


def digest(message):
    """Return a hash as the number that is added."""
    return int.from_bytes(hashlib.blake2b(message, digest_size=16).digest(), "little")


def slow_hash(state):
    """Return the hash of version 2, row by row."""
    rows = [("time", state.now_ns, state.valuation_ns)]
    rows += [("scheduled", w.effective_ns, w.rules) for w in state.scheduled]
    rows += [("deferred", place, command) for place, command in enumerate(state.deferred)]
    rows += [("expired", symbol) for symbol in state.expired]
    rows += [("corrected", place) for place in state.corrected]
    rows += [("rules", state.rules.text)] if state.rules else []
    rows += [("order_last", state.order_last)] if state.order_last else []
    rows += [("auction_last", state.auction_last)] if state.auction_last else []
    rows += [("breaker", state.breaker)] if state.breaker else []
    rows += [("season_ns", state.season_ns)] if state.season_ns else []
    for name, table in (
        ("prints", state.prints),
        ("price", state.prices),
        ("vol", state.vols_nano),
        ("resting", state.resting),
        ("working", state.working),
        ("unfilled", state.unfilled),
        ("parked", state.parked),
        ("episode", state.episodes),
        ("throttle", state.throttles),
        ("course", state.courses),
        ("ordered", state.ordered),
        ("soft", state.soft),
        ("call", state.calls),
        ("auction", state.auctions),
        ("quote", state.quotes),
        ("request", state.requests),
        ("pool", state.pools),
        ("stake", state.stakes),
        ("halted", state.halted),
        ("allocation", state.allocations),
        ("loss", state.losses),
        ("season", state.seasons),
    ):
        rows += [(name, key, fact) for key, fact in table.items()]
    total = sum(digest(msgspec.json.encode(row, order="deterministic")) for row in rows)
    messages = [account_words(state, account) for account in state.ledger.accounts]
    total += sum(words(*message) for message in messages if message)
    funding = [(key, n) for t, _, key, (n, *_) in state.ledger.facts() if t == "funding"]
    total += sum(words(2, *name_words(symbol), index) for symbol, index in funding)
    return f"2:{total % 2**128:032x}"


@pytest.mark.parametrize("length", range(len(HISTORY) + len(LATER) + 1))
def test_the_hash_is_the_sum_over_rows_that_the_documentation_describes(length):
    state = after((*HISTORY, *LATER)[:length])
    assert state_hash(state) == slow_hash(state)
    assert RunningHash(state).current() == slow_hash(state)


def test_every_fact_counts_in_both_versions():
    hashes = [
        (state_hash(state), state_hash(state, version=1))
        for state in (after(HISTORY[:n]) for n in range(len(HISTORY) + 1))
    ]
    assert len(set(hashes)) == len({one for _, one in hashes}) == len(HISTORY) + 1
    state, later = after(HISTORY), after_stages()
    for attribute in State.__dataclass_fields__:
        there = getattr(state, attribute) or getattr(later, attribute)
        assert there not in ({}, (), [], set(), None, 0) or (attribute == "corrected"), (
            f"{attribute} must be in the history"
        )


@pytest.mark.parametrize("length", range(len(STAGES) + 1))
def test_facts_of_stages_count_row_by_row(length):
    state = after_stages(length)
    assert state_hash(state) == slow_hash(state)
    assert RunningHash(state).current() == slow_hash(state)


def test_every_event_of_a_stage_changes_the_hash():
    hashes = [state_hash(after_stages(n)) for n in range(len(STAGES) + 1)]
    assert len(set(hashes)) == len(hashes)


# The numbers were printed by the release that recorded hashes of version 1, before there was
# another version.
def test_hashes_of_version_1_are_those_that_past_releases_recorded():
    assert state_hash(after(HISTORY), version=1) == "1:17fa2e88b4726b7d3b282aba3ed47c7e"
    assert state_hash(after(HISTORY[:8]), version=1) == "1:bb170cd96c5c5c2b468995305d2d78bd"
    assert state_hash(State(), version=1) == "1:a46f5c87cf596e6194dc669e5419a07c"


def test_hashes_of_version_2_stay_what_they_are():
    assert STATE_HASH_VERSION == 2
    assert state_hash(after((*HISTORY, *LATER))) == "2:16d52b4077b8de1e539a73e0e0b89d88"
    assert state_hash(after(HISTORY[:8])) == "2:41036a6cfc91c472433da48ef9145565"


def test_version_1_does_not_know_what_came_later():
    state, later = after(HISTORY), after((*HISTORY, *LATER))
    later.now_ns = state.now_ns
    assert state_hash(later, version=1) != state_hash(state, version=1)  # it knows the cash
    before = state_hash(later, version=1), state_hash(later)
    later.corrected.add((10, 0))
    assert state_hash(later, version=1) == before[0]
    assert state_hash(later) != before[1]


@pytest.mark.parametrize("version", [0, 3])
def test_a_version_that_is_not_there_is_an_error(version):
    with pytest.raises(InvalidInputError, match=f"version must be 1 or 2, was {version}"):
        state_hash(State(), version=version)
