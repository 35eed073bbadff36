"""Ways to be refused: per command what it is unspoilt, and how each of its reasons comes about.

A *spoiler* makes one reason hold, by changing a field of a command or the venue.
"""

import json

from msgspec.structs import asdict

from hullmark.clearing import evolve
from hullmark.core import INT64_MAX, nano
from hullmark.domain import Mode, Reason, SystemAccount, commands, events, pack_column

from .bank import (
    ANN,
    BOB,
    CHILD,
    EXPIRY_NS,
    FUND,
    MAKER,
    PORT,
    QUANTA_MAX,
    SECOND_NS,
    SIGNED,
    adjust,
    adopt,
    deposit,
    in_columns,
    opened,
    rest,
    trade,
    tree,
)

DAYS_2 = 2 * 86_400
OTHER = 105  # a second portfolio account
USDT = 10**6
R = Reason


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


def row(symbol=None, **numbers):
    """Return a spoiler that changes the only row of a round."""
    symbols = {} if symbol is None else {"symbols": (symbol,)}
    return fields(**symbols, **{name: pack_column([number]) for name, number in numbers.items()})


def under_liquidation(bank, command):
    bank.pass_time(1, usd="83")  # equity 15 against a margin of 20.75
    assert ANN in bank.state.episodes


def coins_on_sale(bank, command):
    """Let Bob owe more than his coins are worth."""
    bank.do(deposit(BOB, "10 BTC"), adjust(BOB, FUND, "2000 USDT"))
    assert at_work(bank, "SPOT").account == BOB


def coins_to_be_taken(bank, command):
    coins_on_sale(bank, command)
    command["asset"] = "BTC"


def owed_to_the_last(bank, command):
    bank.do(adjust(BOB, MAKER, "0.000001 USDT"))
    command["quanta"] = QUANTA_MAX


def at_work(bank, symbol):
    (order,) = (order for order in bank.orders() if order.instrument == symbol)
    return order


def coins_for_a_child(bank, command):
    coins_on_sale(bank, command)
    command |= {"order": at_work(bank, "SPOT").order, "counterparty": CHILD}


def calls_for_a_tiered_account(bank, command):
    """Let a portfolio account be short of calls, and of cash."""
    bank.do(bank.said("110"), opened(OTHER, Mode.PORTFOLIO))
    bank.do(deposit(OTHER, "1000 USDT"), deposit(PORT, "1000 USDT"))
    bank.do(trade(OTHER, 10, "CALL", "1", seller=PORT), adjust(PORT, FUND, "1000 USDT"))
    command["order"] = at_work(bank, "CALL").order


def calls_at_their_expiry(bank, command):
    bank.now_ns = EXPIRY_NS - SECOND_NS
    calls_for_a_tiered_account(bank, command)
    bank.now_ns = EXPIRY_NS


def future_at_its_expiry(bank, command):
    bank.do(deposit(BOB, "100 USDT"), trade(BOB, 8, "FUTURE", "83"))
    bank.now_ns = EXPIRY_NS - SECOND_NS
    bank.do(bank.said("83"), adjust(BOB, FUND, "100 USDT"))
    command["order"] = at_work(bank, "FUTURE").order
    bank.now_ns = EXPIRY_NS


def order_rests(bank, command):
    bank.do(rest(7, MAKER, 1, "PERP", "90"))
    command["order"] = 7


def settled(bank, command):
    bank.do(commands.SettleExpiry(instrument="FUTURE", price_nano=nano("100")))


def reversed_before(bank, command):
    moved = {"source": MAKER, "target": BOB, "asset": "USDT", "quanta": 1, "reverses": 7}
    event = events.CashAdjusted(**moved, **SIGNED)
    evolve(bank.state, event)
    bank.venue.views.apply(event)


def said(factor="PERP", price_nano=1):
    """Return a spoiler that adds a print to those of the command."""

    def spoil(bank, command):
        at = {"source": "a", "observed_ns": bank.now_ns}
        one = commands.Print(factor=factor, price_nano=price_nano, **at)
        command["prints"] = (*command["prints"], one)

    return spoil


def vol(symbol, vol_nano):
    def spoil(bank, command):
        command["vol_nano"] = command["vol_nano"] | {symbol: vol_nano}

    return spoil


def mark_of_billions(bank, command):
    bank.do(bank.prints({"UNHEARD": "9000000000"}))
    command |= {"instrument": "UNHEARD", "rate_nano": 10**9}


def indebted(bank, command):
    """Let Bob owe more than half of what a column holds, in USDC, against bitcoin and gold."""
    bank.do(deposit(BOB, "6000000000 GOLD"), deposit(MAKER, "14000000000 BTC"))
    bank.do(trade(BOB, 13_000_000_000, "LOAN", "90"))


def then(*spoilers):
    """Return a spoiler that is several, one after another."""

    def spoil(bank, command):
        for each in spoilers:
            each(bank, command)

    return spoil


def with_a_contract_unheard_of():
    """Return the rules with a perpetual more, of which there is no price."""
    rules = tree()
    rules["instruments"].append(rules["instruments"][2] | {"symbol": "UNHEARD"})
    rules["prices"]["UNHEARD"] = rules["prices"]["PERP"]
    return rules


RULES = with_a_contract_unheard_of()
STRICT = RULES | {"actions": {"settle": "valid"}}
stale_where_only_valid_settles = then(lambda bank, _: bank.do(adopt(STRICT)), stale)
UNKNOWN = {R.ACCOUNT_UNKNOWN: fields(account=999)}
ASSET = {R.ASSET_UNKNOWN: fields(asset="GELD")}
INSTRUMENT = {R.INSTRUMENT_UNKNOWN: fields(instrument="GELD")}
STATE = {R.PRICE_DOUBTFUL: stale, R.UNDER_LIQUIDATION: under_liquidation}
SHORT = {
    R.CASH_SHORT: fields(quanta=100 * USDT + 1),
    R.MARGIN_SHORT: fields(quanta=50 * USDT + 1),
}
EARLY = {R.AMOUNT_INVALID: fields(valuation_ns=0)}
UNSIGNED = {R.UNAUTHORISED: fields(authorisers=("Ada", " ADA "))}

CASES = {
    "adopt": (
        {"rules": json.dumps(RULES)},
        commands.AdoptRules,
        {R.RULES_INVALID: fields(rules="{}")},
    ),
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
            **SHORT,
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
            **SHORT,
        },
    ),
    "trade": (
        {"instrument": "PERP", "buyer": ANN, "seller": MAKER, "lots": 1, "price_nano": nano("100")},
        commands.ReportTrade,
        {
            R.AMOUNT_INVALID: fields(lots=0),
            R.ACCOUNT_UNKNOWN: fields(seller=999),
            R.ACCOUNT_MODE: fields(buyer=CHILD, instrument="SPOT"),
            **INSTRUMENT,
            R.INSTRUMENT_UNMARGINED: fields(instrument="CALL"),
            R.INSTRUMENT_EXPIRED: expired("FUTURE"),
            R.OVERFLOW: fields(lots=QUANTA_MAX),
            **STATE,
            R.CASH_SHORT: fields(instrument="SPOT", price_nano=nano("101")),
            R.MARGIN_SHORT: fields(lots=6),
        },
    ),
    "round": (
        asdict(in_columns(trade(ANN, 1, "PERP", "100"))),
        commands.ReportTrades,
        {
            R.AMOUNT_INVALID: row(lots=0),
            R.ACCOUNT_UNKNOWN: row(seller=999),
            R.ACCOUNT_MODE: row("SPOT", buyer=CHILD),
            R.INSTRUMENT_UNKNOWN: row("GELD"),
            R.INSTRUMENT_UNMARGINED: row("CALL"),
            R.INSTRUMENT_EXPIRED: then(expired("FUTURE"), row("FUTURE", instrument=0)),
            R.OVERFLOW: row(lots=QUANTA_MAX),
            **STATE,
            R.CASH_SHORT: row("SPOT", price_nano=nano("101")),
            R.MARGIN_SHORT: row(lots=6),
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
    "cancel": ({"order": 8}, commands.CancelOrder, {R.ORDER_UNKNOWN: fields(order=9)}),
    "bust": (
        {
            "sequence": 7,
            "instrument": "PERP",
            "buyer": ANN,
            "seller": MAKER,
            "lots": 5,
            "price_nano": nano("100"),
            "cost_quanta": 500 * USDT,
            "buyer_fee_quanta": 1,
            "seller_fee_quanta": 1,
            **SIGNED,
        },
        commands.BustTrade,
        {
            **UNSIGNED,
            R.AMOUNT_INVALID: fields(lots=0),
            R.ACCOUNT_UNKNOWN: fields(seller=999),
            **INSTRUMENT,
            R.INSTRUMENT_EXPIRED: expired("FUTURE"),
            R.CORRECTED_BEFORE: reversed_before,
            R.OVERFLOW: fields(cost_quanta=-QUANTA_MAX),
            R.UNDER_LIQUIDATION: under_liquidation,
            R.CASH_SHORT: fields(buyer_fee_quanta=2),
        },
    ),
    "adjust": (
        {"source": BOB, "target": MAKER, "asset": "USDT", "quanta": 1, "reverses": 7, **SIGNED},
        commands.AdjustCash,
        {
            **UNSIGNED,
            R.AMOUNT_INVALID: fields(quanta=0),
            R.ACCOUNT_UNKNOWN: fields(source=999),
            **ASSET,
            R.CORRECTED_BEFORE: reversed_before,
            R.OVERFLOW: owed_to_the_last,
            R.UNDER_LIQUIDATION: coins_to_be_taken,
            R.CASH_SHORT: fields(source=FUND),
            R.DEBT_SHORT: fields(target=SystemAccount.BAD_DEBT),
        },
    ),
    "observe": (
        {"prints": ()},
        commands.ObservePrices,
        {R.INSTRUMENT_UNKNOWN: said("GELD"), R.OVERFLOW: said(price_nano=INT64_MAX + 1)},
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
            R.PRICE_DOUBTFUL: fields(instrument="UNHEARD"),
        },
    ),
    "interest": (
        {"asset": "USDC", "rate_nano": 10**9},
        commands.ChargeInterest,
        {R.AMOUNT_INVALID: fields(rate_nano=10**9 + 1), **ASSET, R.OVERFLOW: indebted},
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
            R.PRICE_DOUBTFUL: stale_where_only_valid_settles,
        },
    ),
    "time": ({"valuation_ns": None}, commands.AdvanceTime, EARLY),
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
            R.ACCOUNT_MODE: coins_for_a_child,
            R.INSTRUMENT_UNMARGINED: calls_for_a_tiered_account,
            R.INSTRUMENT_EXPIRED: future_at_its_expiry,
            R.ORDER_UNKNOWN: fields(order=9),
            R.LIMIT_BROKEN: fields(price_nano=nano("81")),
            R.OVERFLOW: fields(arrival_nano=INT64_MAX, lots=-400),
        },
    ),
    "sweep": ({}, commands.SweepAccounts, {}),
    "cure": ({"account": ANN}, commands.CureBreach, {**UNKNOWN}),
    "activate": ({}, commands.ActivateRules, {}),
    "defer": ({"commands": ()}, commands.DeferReactions, {}),
    "resume": ({}, commands.ResumeReactions, {}),
}
