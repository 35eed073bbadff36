"""Every reason to refuse has a command that gets it, and of several the first one is given.

A *spoiler* makes one reason hold, by changing a field of a command or the venue. Spoilers of two
reasons are combined, the later reason's first, so that the earlier one has the last word.
"""

import itertools

import pytest

from hullmark.core import INT64_MAX, nano
from hullmark.domain import Command, Mode, Reason, commands

from .bank import (
    ANN,
    BOB,
    CHILD,
    MAKER,
    QUANTA_MAX,
    Bank,
    deposit,
    rest,
    trade,
    tree,
)

DAYS_2 = 2 * 86_400


def fields(**changed):
    """Return a spoiler that changes fields of the command."""
    return lambda bank, command: command.update(changed)


def stale(bank, command):
    bank.pass_time(61)


def expired(symbol):
    def spoil(bank, command):
        bank.pass_time(DAYS_2, usd="100")
        command["instrument"] = symbol

    return spoil


def under_liquidation(bank, command):
    bank.pass_time(1, usd="83")  # equity 15 against a margin of 20.75
    assert ANN in bank.state.episodes


def order_rests(bank, command):
    bank.do(rest(7, MAKER, 1, "PERP", "90"))
    command["order"] = 7


def settled(bank, command):
    command["instrument"] = "FUTURE"
    bank.do(commands.SettleExpiry(instrument="FUTURE", price_nano=nano("100")))


def said(factor="PERP", price_nano=1, later_ns=0):
    """Return a spoiler that adds a print to those of the command."""

    def spoil(bank, command):
        one = commands.Print(
            factor=factor, source="a", price_nano=price_nano, observed_ns=bank.now_ns + later_ns
        )
        command["prints"] = (*command["prints"], one)

    return spoil


def vol(symbol, vol_nano):
    def spoil(bank, command):
        command["vol_nano"] = command["vol_nano"] | {symbol: vol_nano}

    return spoil


def without_mark(bank, command):
    command["instrument"] = "UNHEARD"


def mark_of_billions(bank, command):
    bank.do(bank.prints({"UNHEARD": "9000000000"}))
    command |= {"instrument": "UNHEARD", "rate_nano": 10**9}


def indebted(bank, command):
    """Let Bob owe more than half of what a column holds, in USDC, against bitcoin and gold."""
    bank.do(deposit(BOB, "6000000000 GOLD"), deposit(MAKER, "14000000000 BTC"))
    bank.do(trade(BOB, 13_000_000_000, "LOAN", "90"))


R = Reason
UNKNOWN = {R.ACCOUNT_UNKNOWN: fields(account=999)}
ASSET = {R.ASSET_UNKNOWN: fields(asset="GELD")}
INSTRUMENT = {R.INSTRUMENT_UNKNOWN: fields(instrument="GELD")}
STATE = {R.PRICE_DOUBTFUL: stale, R.UNDER_LIQUIDATION: under_liquidation}

# Per command: what it is unspoilt, and how each of its reasons comes about.
CASES = {
    "open": (
        {"account": 200, "mode": Mode.CROSS, "parent": None},
        commands.OpenAccount,
        {
            R.AMOUNT_INVALID: fields(account=99),
            R.ACCOUNT_EXISTS: fields(account=ANN),
            R.ACCOUNT_UNKNOWN: fields(parent=999, mode=Mode.ISOLATED),
            R.ACCOUNT_MODE: fields(mode=Mode.ISOLATED),
        },
    ),
    "deposit": (
        {"account": ANN, "asset": "USDT", "quanta": 1},
        commands.Deposit,
        {
            R.AMOUNT_INVALID: fields(quanta=0),
            **UNKNOWN,
            R.ACCOUNT_MODE: fields(account=CHILD),
            **ASSET,
            R.OVERFLOW: fields(quanta=QUANTA_MAX),
        },
    ),
    "withdraw": (
        {"account": ANN, "asset": "USDT", "quanta": 1},
        commands.Withdraw,
        {
            R.AMOUNT_INVALID: fields(quanta=0),
            **UNKNOWN,
            R.ACCOUNT_MODE: fields(account=CHILD),
            **ASSET,
            **STATE,
            R.CASH_SHORT: fields(quanta=100 * 10**6 + 1),
            R.MARGIN_SHORT: fields(quanta=50 * 10**6 + 1),
        },
    ),
    "transfer": (
        {"source": ANN, "target": MAKER, "asset": "USDT", "quanta": 1},
        commands.Transfer,
        {
            R.AMOUNT_INVALID: lambda _, command: command.update(target=command["source"]),
            R.ACCOUNT_UNKNOWN: fields(source=999),
            R.ACCOUNT_MODE: fields(target=CHILD, source=BOB),
            **ASSET,
            R.OVERFLOW: fields(quanta=QUANTA_MAX),
            **STATE,
            R.CASH_SHORT: fields(quanta=100 * 10**6 + 1),
            R.MARGIN_SHORT: fields(quanta=50 * 10**6 + 1),
        },
    ),
    "trade": (
        {"instrument": "PERP", "buyer": ANN, "seller": MAKER, "lots": 1, "price_nano": nano("100")},
        commands.ReportTrade,
        {
            R.AMOUNT_INVALID: fields(lots=0),
            R.ACCOUNT_UNKNOWN: fields(buyer=999),
            R.ACCOUNT_MODE: fields(buyer=CHILD, instrument="SPOT"),
            **INSTRUMENT,
            R.INSTRUMENT_UNMARGINED: fields(instrument="CALL"),
            R.INSTRUMENT_EXPIRED: expired("FUTURE"),
            R.OVERFLOW: fields(lots=QUANTA_MAX),
            **STATE,
            R.CASH_SHORT: fields(instrument="SPOT", lots=2),
            R.MARGIN_SHORT: fields(lots=6),
        },
    ),
    "rest": (
        {"order": 8, "account": ANN, "instrument": "PERP", "lots": 1, "limit_nano": nano("90")},
        commands.RestOrder,
        {
            R.AMOUNT_INVALID: fields(limit_nano=0),
            **UNKNOWN,
            R.ACCOUNT_MODE: fields(account=CHILD, instrument="SPOT"),
            **INSTRUMENT,
            R.INSTRUMENT_UNMARGINED: fields(instrument="CALL"),
            R.INSTRUMENT_EXPIRED: expired("FUTURE"),
            R.ORDER_EXISTS: order_rests,
            R.OVERFLOW: fields(lots=QUANTA_MAX),
            **STATE,
            R.MARGIN_SHORT: fields(lots=6),
        },
    ),
    "cancel": ({"order": 8}, commands.CancelOrder, {R.ORDER_UNKNOWN: fields()}),
    "observe": (
        {"prints": ()},
        commands.ObservePrices,
        {
            R.AMOUNT_INVALID: said(later_ns=1),
            R.INSTRUMENT_UNKNOWN: said(factor="GELD"),
            R.OVERFLOW: said(price_nano=INT64_MAX + 1),
        },
    ),
    "surface": (
        {"vol_nano": {}},
        commands.AdoptSurface,
        {R.AMOUNT_INVALID: vol("CALL", 0), R.INSTRUMENT_UNKNOWN: vol("GELD", nano("0.5"))},
    ),
    "funding": (
        {"instrument": "PERP", "rate_nano": 1},
        commands.AccrueFunding,
        {
            R.AMOUNT_INVALID: fields(rate_nano=10**9 + 1),
            **INSTRUMENT,
            R.OVERFLOW: mark_of_billions,
            R.PRICE_DOUBTFUL: without_mark,
        },
    ),
    "interest": (
        {"asset": "USDC", "rate_nano": 10**9},
        commands.ChargeInterest,
        {R.AMOUNT_INVALID: fields(rate_nano=0), **ASSET, R.OVERFLOW: indebted},
    ),
    "settle": (
        {"instrument": "FUTURE", "price_nano": nano("100")},
        commands.SettleExpiry,
        {
            R.AMOUNT_INVALID: fields(price_nano=0),
            **INSTRUMENT,
            R.INSTRUMENT_EXPIRED: settled,
            R.INSTRUMENT_LIVE: fields(instrument="PERP"),
            R.OVERFLOW: fields(price_nano=INT64_MAX),
        },
    ),
    "fill": (
        {
            "order": 1,
            "counterparty": MAKER,
            "lots": -1,
            "price_nano": nano("83"),
            "arrival_nano": nano("83"),
            "final": True,
        },
        commands.ReportFill,
        {
            R.AMOUNT_INVALID: fields(price_nano=0),
            R.ACCOUNT_UNKNOWN: fields(counterparty=999),
            R.ORDER_UNKNOWN: fields(order=9),
            R.LIMIT_BROKEN: fields(price_nano=nano("81")),
            R.OVERFLOW: fields(arrival_nano=INT64_MAX, lots=-400),
        },
    ),
    "cure": ({"account": ANN}, commands.CureBreach, {**UNKNOWN}),
}
ALONE = [(name, reason) for name, (_, _, spoilers) in CASES.items() for reason in spoilers]
PAIRS = [
    (name, first, second)
    for name, (_, _, spoilers) in CASES.items()
    for first, second in itertools.combinations(sorted(spoilers, key=list(Reason).index), 2)
]
# Reasons that need a venue of their own; each has its test below.
APART = {R.RULES_MISSING, R.RULES_INVALID}


def prepared(name):
    """Return a venue in which the unspoilt command of that name would go through."""
    rules = tree()
    rules["instruments"].append(rules["instruments"][2] | {"symbol": "UNHEARD"})
    rules["prices"]["UNHEARD"] = rules["prices"]["PERP"]
    bank = Bank(rules).found()
    many = 100 if name == "fill" else 1
    bank.do(deposit(ANN, f"{100 * many} USDT"), trade(ANN, 5 * many, "PERP", "100"))
    if name == "settle":
        bank.do(deposit(BOB, "10000 USDT"), trade(BOB, 500, "FUTURE", "100"))
        bank.pass_time(DAYS_2, usd="100")
    if name == "fill":
        bank.pass_time(1, usd="83")
    return bank


def spoilt(name, *reasons):
    """Return a venue and a command that all those reasons speak against."""
    sound, build, spoilers = CASES[name]
    bank, command = prepared(name), dict(sound)
    for reason in sorted(reasons, key=list(Reason).index, reverse=True):
        spoilers[reason](bank, command)
    return bank, build(**command)


def test_every_reason_has_a_command_that_gets_it():
    assert {reason for _, reason in ALONE} | APART == set(Reason)


def test_every_command_that_can_be_refused_has_a_case():
    never = {commands.AdvanceTime, commands.SweepAccounts, commands.ActivateRules}
    runtime = {commands.DeferReactions, commands.ResumeReactions}
    covered = {build for _, build, _ in CASES.values()} | {commands.AdoptRules}
    assert covered | never | runtime == set(Command.__args__)


@pytest.mark.parametrize("name", [name for name in CASES if name not in ("cancel", "cure")])
def test_the_unspoilt_command_is_carried_out(name):
    bank, command = spoilt(name)
    bank.do(command)
    bank.check()


@pytest.mark.parametrize(("name", "reason"), ALONE)
def test_each_reason_is_given_alone(name, reason):
    bank, command = spoilt(name, reason)
    assert bank.refused(command) is reason


@pytest.mark.parametrize(("name", "first", "second"), PAIRS)
def test_of_two_reasons_the_first_is_given(name, first, second):
    bank, command = spoilt(name, first, second)
    assert bank.refused(command) is first


@pytest.mark.parametrize("name", CASES)
def test_of_all_reasons_the_first_is_given(name):
    reasons = sorted(CASES[name][2], key=list(Reason).index)
    bank, command = spoilt(name, *reasons)
    assert bank.refused(command) is reasons[0]
