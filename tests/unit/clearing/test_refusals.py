"""The catalogue of refusals: for every command each reason comes about, and the first one is given.

Two reasons hold at once after the spoilers of both, the later reason's first, as long as that of
the earlier leaves in place what the later rests on. Where it does not, `TOGETHER` brings both about
and then cures the earlier one; `APART` are those that nothing can bring together.
"""

import itertools

import pytest

from hullmark.clearing import REFUSALS, State, Views, decide, stamp
from hullmark.core import INT64_MAX
from hullmark.domain import Command, Mode, Reason, commands, events
from hullmark.liquidation import load_engine

from . import (
    refused_auctions as auctions,
    refused_backstop as backstop,
    refused_funds as funds,
    refused_operator as operator,
)
from .bank import (
    ANN,
    BOB,
    CHILD,
    PORT,
    QUANTA_MAX,
    Bank,
    deposit,
    opened,
    rest,
    trade,
    transfer as give,
)
from .refused import (
    CASES as OF_OTHERS,
    DAYS_2,
    OTHER,
    RULES,
    USDT,
    calls_at_their_expiry,
    expired,
    fields,
    mark_of_billions,
    row,
    settled,
    stale_where_only_valid_settles,
    then,
)

R = Reason
FIRST = list(Reason)
CASES = (
    auctions.with_gate(funds.with_parts(operator.with_halts(OF_OTHERS)))
    | auctions.CASES
    | backstop.CASES
    | operator.CASES
)


def named(value):
    """Return the identifier of a parameter: a reason's is its name."""
    return value.name if isinstance(value, Reason) else value


def do(*requests):
    """Return a spoiler that carries out some commands."""
    return lambda bank, command: bank.do(*requests)


MORE_CASH = do(deposit(ANN, "1 USDT"))
TOGETHER = (
    {
        ("open", R.ACCOUNT_UNKNOWN, R.ACCOUNT_MODE): (fields(parent=999), fields(parent=ANN)),
        ("transfer", R.ACCOUNT_UNKNOWN, R.ACCOUNT_MODE): (
            fields(source=999, target=CHILD),
            fields(source=BOB),
        ),
        ("transfer", R.ACCOUNT_MODE, R.OVERFLOW): (
            then(
                do(give(ANN, CHILD, "1 USDT")), fields(source=BOB, target=CHILD, quanta=QUANTA_MAX)
            ),
            fields(source=ANN),
        ),
        ("transfer", R.CASH_SHORT, R.MARGIN_SHORT): (fields(quanta=100 * USDT + 1), MORE_CASH),
        ("trade", R.INSTRUMENT_UNMARGINED, R.INSTRUMENT_EXPIRED): (
            expired("CALL"),
            then(do(opened(OTHER, Mode.PORTFOLIO)), fields(buyer=PORT, seller=OTHER)),
        ),
        ("round", R.INSTRUMENT_UNMARGINED, R.INSTRUMENT_EXPIRED): (
            then(expired("CALL"), row("CALL", instrument=0)),
            then(do(opened(OTHER, Mode.PORTFOLIO)), row("CALL", buyer=PORT, seller=OTHER)),
        ),
        ("rest", R.INSTRUMENT_UNMARGINED, R.INSTRUMENT_EXPIRED): (
            expired("CALL"),
            fields(account=PORT),
        ),
        ("funding", R.AMOUNT_INVALID, R.OVERFLOW): (
            then(mark_of_billions, fields(rate_nano=10**9 + 1)),
            fields(rate_nano=10**9),
        ),
        ("settle", R.INSTRUMENT_LIVE, R.OVERFLOW): (
            then(
                do(deposit(BOB, "10000 USDT"), trade(BOB, 500, "PERP", "100")),
                fields(instrument="PERP", price_nano=INT64_MAX),
            ),
            fields(instrument="FUTURE"),
        ),
        ("settle", R.INSTRUMENT_EXPIRED, R.PRICE_DOUBTFUL): (
            then(settled, stale_where_only_valid_settles),
            fields(instrument="CALL"),  # which is at its expiry as well
        ),
        ("fill", R.INSTRUMENT_UNMARGINED, R.INSTRUMENT_EXPIRED): (
            calls_at_their_expiry,
            fields(counterparty=OTHER),
        ),
    }
    | auctions.TOGETHER
    | backstop.TOGETHER
    | operator.TOGETHER
)

# What is not there has nothing wrong with it, and what is one thing is no other.
APART = (
    {
        ("open", R.AMOUNT_INVALID, R.ACCOUNT_EXISTS),
        ("deposit", R.ACCOUNT_UNKNOWN, R.ACCOUNT_MODE),
        ("deposit", R.ASSET_UNKNOWN, R.OVERFLOW),
        ("withdraw", R.ACCOUNT_UNKNOWN, R.ACCOUNT_MODE),
        ("transfer", R.ASSET_UNKNOWN, R.OVERFLOW),
        *(
            (name, first, second)
            for name in ("trade", "round")
            for first, second in (
                (R.ACCOUNT_MODE, R.INSTRUMENT_UNKNOWN),
                (R.ACCOUNT_MODE, R.INSTRUMENT_UNMARGINED),
                (R.ACCOUNT_MODE, R.INSTRUMENT_EXPIRED),  # spot does not expire
                (R.INSTRUMENT_UNKNOWN, R.INSTRUMENT_UNMARGINED),
                (R.INSTRUMENT_UNKNOWN, R.INSTRUMENT_EXPIRED),
                (R.INSTRUMENT_UNKNOWN, R.OVERFLOW),
            )
        ),
        ("rest", R.ACCOUNT_UNKNOWN, R.ACCOUNT_MODE),
        ("rest", R.ACCOUNT_UNKNOWN, R.INSTRUMENT_UNMARGINED),
        *(("rest", R.ACCOUNT_MODE, r) for r in (R.INSTRUMENT_UNKNOWN, R.INSTRUMENT_UNMARGINED)),
        ("rest", R.ACCOUNT_MODE, R.INSTRUMENT_EXPIRED),
        *(
            ("rest", R.INSTRUMENT_UNKNOWN, r)
            for r in (R.INSTRUMENT_UNMARGINED, R.INSTRUMENT_EXPIRED)
        ),
        ("bust", R.INSTRUMENT_UNKNOWN, R.INSTRUMENT_EXPIRED),
        ("adjust", R.UNDER_LIQUIDATION, R.CASH_SHORT),  # a user's cash, or the venue's
        ("adjust", R.UNDER_LIQUIDATION, R.FUND_SHORT),
        ("adjust", R.CASH_SHORT, R.FUND_SHORT),  # set aside is what the fund has
        *(("funding", R.INSTRUMENT_UNKNOWN, r) for r in (R.OVERFLOW, R.PRICE_DOUBTFUL)),
        ("funding", R.OVERFLOW, R.PRICE_DOUBTFUL),  # without a mark there is no result
        ("interest", R.ASSET_UNKNOWN, R.OVERFLOW),
        *(("settle", R.INSTRUMENT_UNKNOWN, r) for r in (R.INSTRUMENT_EXPIRED, R.INSTRUMENT_LIVE)),
        *(("settle", R.INSTRUMENT_UNKNOWN, r) for r in (R.OVERFLOW, R.PRICE_DOUBTFUL)),
        *(("settle", R.INSTRUMENT_EXPIRED, r) for r in (R.INSTRUMENT_LIVE, R.OVERFLOW)),
        *(("fill", R.ACCOUNT_UNKNOWN, r) for r in (R.ACCOUNT_MODE, R.INSTRUMENT_UNMARGINED)),
        *(("fill", R.ACCOUNT_MODE, r) for r in (R.INSTRUMENT_UNMARGINED, R.INSTRUMENT_EXPIRED)),
        ("fill", R.ACCOUNT_MODE, R.ORDER_UNKNOWN),
        ("fill", R.INSTRUMENT_UNMARGINED, R.ORDER_UNKNOWN),
        ("fill", R.INSTRUMENT_EXPIRED, R.ORDER_UNKNOWN),
        *(("fill", R.ORDER_UNKNOWN, r) for r in (R.LIMIT_BROKEN, R.OVERFLOW)),
    }
    | auctions.APART
    | backstop.APART
    | funds.APART
    | operator.APART
)


def reasons_of(name):
    """Return the reasons of a case in order of precedence."""
    return sorted(CASES[name][2], key=FIRST.index)


def compatible(name):
    """Return the pairs of reasons that can hold at once, the earlier first."""
    pairs = itertools.combinations(reasons_of(name), 2)
    return [pair for pair in pairs if (name, *pair) not in APART]


def neighbours(name):
    """Yield each reason with the next one, and with the one before, that can hold with it."""
    pairs = compatible(name)
    yield from {first: (first, second) for first, second in reversed(pairs)}.values()
    yield from {second: (first, second) for first, second in pairs}.values()


ALONE = [(name, reason) for name in CASES for reason in reasons_of(name)]
PAIRS = [(name, *pair) for name in CASES for pair in compatible(name)]
NEIGHBOURS = sorted({(name, *pair) for name in CASES for pair in neighbours(name)})
ENGINE = load_engine("partial")


def prepared(name):
    """Return a venue in which the unspoilt command of that name would go through."""
    bank = Bank(RULES).found()
    many = 100 if name == "fill" else 1
    bank.do(deposit(ANN, f"{100 * many} USDT"), trade(ANN, 5 * many, "PERP", "100"))
    match name:
        case "settle":
            bank.do(deposit(BOB, "10000 USDT"), trade(BOB, 500, "FUTURE", "100"))
            bank.pass_time(DAYS_2, usd="100")
        case "fill":
            bank.pass_time(1, usd="83")
        case "cancel":
            bank.do(rest(8, ANN, 1, "PERP", "90"))
        case "bust":
            bank.do(deposit(BOB, "1 USDT"), trade(BOB, 1, "ETHER", "0.1", fees=(1, 1)))
        case "adjust":
            bank.do(deposit(BOB, "1 BTC"))
        case "resume-trading":
            bank.do(operator.HALT)
        case _ if name in backstop.CASES:
            backstop.prepare(name, bank)
        case _ if name in auctions.CASES:
            auctions.prepare(name, bank)
    return bank


def spoilt(name, *reasons):
    """Return a venue and the fields of a command that all those reasons speak against."""
    sound, _, spoilers = CASES[name]
    bank, command = prepared(name), dict(sound)
    for reason in sorted(reasons, key=FIRST.index, reverse=True):
        spoilers[reason](bank, command)
    return bank, command


def decided(bank, name, command):
    """Return what a command would lead to, having seen that deciding changed nothing."""
    stamp(bank.state, bank.now_ns)
    before = bank.facts()
    found = decide(bank.state, bank.venue.views, ENGINE, CASES[name][1](**command))
    assert bank.facts() == before
    return found


def refused(bank, name, command):
    """Return the reason for which a command is refused."""
    (answer,) = decided(bank, name, command)
    assert isinstance(answer, events.Refused), f"{command} would lead to {answer}"
    assert " must " in answer.detail, answer.detail
    return answer.reason


def stands(value, now):
    """Whether what a spoiler put into a field is still there."""
    if isinstance(value, dict):
        return value.items() <= now.items()
    return set(value) <= set(now) if isinstance(value, tuple) else value == now


def test_the_catalogue_has_every_command_and_its_reasons_in_order_of_precedence():
    assert set(REFUSALS) == set(Command.__args__)
    for kind, reasons in REFUSALS.items():
        assert list(reasons) == sorted(set(reasons), key=FIRST.index), kind
    assert set(Reason) == {reason for reasons in REFUSALS.values() for reason in reasons}


def test_every_pair_of_the_catalogue_has_a_case():
    found = {kind: {R.RULES_MISSING} for kind in REFUSALS} | {commands.AdoptRules: set()}
    for _, build, spoilers in CASES.values():
        found[build] |= set(spoilers)
    assert found == {kind: set(reasons) for kind, reasons in REFUSALS.items()}


@pytest.mark.parametrize("name", CASES)
def test_the_unspoilt_command_is_not_refused(name):
    bank, command = spoilt(name)
    assert not [e for e in decided(bank, name, command) if isinstance(e, events.Refused)]


@pytest.mark.parametrize(("name", "reason"), ALONE, ids=named)
def test_each_reason_is_given_alone(name, reason):
    bank, command = spoilt(name, reason)
    assert refused(bank, name, command) is reason


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("bust", {"sequence": 0}),
        ("bust", {"price_nano": 0}),
        ("bust", {"cost_quanta": QUANTA_MAX + 1}),
        ("bust", {"cost_quanta": -QUANTA_MAX - 1}),
        ("bust", {"buyer_fee_quanta": -1}),
        ("bust", {"seller_fee_quanta": -1}),
        ("bust", {"seller": ANN}),
        ("adjust", {"reverses": 0}),
        ("adjust", {"target": BOB}),
    ],
)
def test_a_correction_is_refused_for_any_number_out_of_its_range(name, changed):
    bank, command = spoilt(name)
    assert refused(bank, name, command | changed) is R.AMOUNT_INVALID


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"buyer": 999}, R.ACCOUNT_UNKNOWN),
        ({"instrument": "ETHER", "seller": BOB, "lots": QUANTA_MAX}, R.OVERFLOW),
    ],
    ids=named,
)
def test_a_bust_asks_of_each_side_what_it_asks_of_the_other(changed, reason):
    bank, command = spoilt("bust")
    assert refused(bank, "bust", command | changed) is reason


@pytest.mark.parametrize("name", [name for name in CASES if name != "adopt"])
def test_without_rules_nothing_else_is_looked_at(name):
    sound, build, spoilers = CASES[name]
    state = State()
    command = dict(sound)
    for spoil in [spoilers[r] for r in reasons_of(name) if r is R.AMOUNT_INVALID]:
        spoil(Bank().found(), command)
    (answer,) = decide(state, Views(state), ENGINE, build(**command))
    assert answer.reason is R.RULES_MISSING


@pytest.mark.parametrize(("name", "first", "second"), PAIRS, ids=named)
def test_of_two_reasons_the_first_is_given(name, first, second):
    if (name, first, second) not in TOGETHER:
        bank, command = spoilt(name, first, second)
        assert refused(bank, name, command) is first
        return
    both, cure = TOGETHER[name, first, second]
    bank, command = spoilt(name)
    both(bank, command)
    assert refused(bank, name, command) is first
    cure(bank, command)
    assert refused(bank, name, command) is second


@pytest.mark.parametrize(("name", "first", "second"), NEIGHBOURS, ids=named)
def test_what_the_second_of_two_neighbours_rests_on_is_there_with_the_first(name, first, second):
    if (name, first, second) in TOGETHER:
        return
    sound, (_, later), (_, both) = CASES[name][0], spoilt(name, second), spoilt(name, first, second)
    changed = {key: value for key, value in later.items() if value != sound[key]}
    assert all(stands(value, both[key]) for key, value in changed.items())


def test_what_is_said_of_pairs_is_said_of_pairs_of_the_catalogue():
    pairs = {
        (name, *pair) for name in CASES for pair in itertools.combinations(reasons_of(name), 2)
    }
    assert pairs >= APART
    assert set(NEIGHBOURS) >= set(TOGETHER)
