"""Ways to be refused in auctions, of the fund, and what others may lose by them; as in `refused`.

What a spoiler says of the books it says by an event, so that nothing reacts to it.
"""

from hullmark.clearing import evolve
from hullmark.core import NANO, nano
from hullmark.domain import Mode, Reason, commands, events

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
    adjust,
    adopt,
    deposit,
    fill,
    opened,
    trade,
    withdraw,
)
from .refused import ASSET, INSTRUMENT, OTHER, RULES, USDT, fields, then
from .test_decide_auctions import LOT, SHARE

R = Reason
HOUR_NS = 3_600 * SECOND_NS


def chained(*stages):
    """Return the rules with some stages after one order in parts."""
    chain = [{"stage": "partial"}, *stages]
    return RULES | {"liquidation": RULES["liquidation"] | {"chain": chain, "rounds_max": 1}}


def told(*facts):
    """Return a spoiler after which some events have happened."""

    def spoil(bank, command):
        for event in facts:
            evolve(bank.state, event)
            bank.venue.views.apply(event)

    return spoil


def later(seconds):
    """Return a spoiler after which the clock is on, and nobody has said a price."""

    def spoil(bank, command):
        bank.now_ns += seconds * SECOND_NS

    return spoil


def at_the_expiry(bank, command):
    bank.now_ns = EXPIRY_NS


def broken_off(level):
    return told(events.BreakerSet(level=level))


def in_hand(account):
    """Return a spoiler after which an account is being liquidated."""
    begun = {"asset": "USDT", "net_quanta": 0, "trigger_nano": {}, "lots": {}}
    return told(events.LiquidationStarted(account=account, **begun))


def bought(account, lots, cost_quanta=0):
    return told(
        events.Traded(
            instrument="PERP",
            buyer=account,
            seller=MAKER,
            lots=lots,
            price_nano=nano("85"),
            cost_quanta=cost_quanta,
        )
    )


def taken_out(account, quanta):
    return told(events.Withdrawn(account=account, asset="USDT", quanta=quanta))


def insolvent_auction(bank, command):
    """Let Bob lack more in an auction than the fund has."""
    bank.do(adopt(chained(SHARE)), deposit(BOB, "100 USDT"))
    bank.do(trade(BOB, 80, "ETHER", "10"), adjust(BOB, MAKER, "200 USDT"))
    bank.do(fill(bank.only_order().order, 0, "9"))
    assert BOB in bank.state.auction_of


def with_gate(cases):
    """Return cases of which withdrawals are refused while losses are open, too."""
    sound, build, spoilers = cases["withdraw"]
    more = {R.WITHDRAWALS_GATED: insolvent_auction}
    return cases | {"withdraw": (sound, build, spoilers | more)}


def _share_of_calls(bank):
    """Let a portfolio account with perpetuals and calls be in an auction before they expire."""
    bank.do(adopt(chained(SHARE)), opened(OTHER, Mode.PORTFOLIO))
    bank.do(deposit(OTHER, "10000 USDT"), deposit(PORT, "1000 USDT"), deposit(BOB, "10000 USDT"))
    bank.now_ns = EXPIRY_NS - HOUR_NS
    bank.do(bank.said("100"))
    bank.do(trade(PORT, 16, "PERP", "100", seller=OTHER), trade(PORT, 1, "CALL", "1", seller=OTHER))
    bank.pass_time(1, usd="95")
    assert not bank.state.episodes
    bank.do(adjust(PORT, OTHER, "700 USDT"))
    bank.do(*(fill(o.order, 0, "95", counterparty=OTHER) for o in bank.orders()))
    assert bank.state.auction_of == {PORT: 1}


def _lot_of_gold(bank):
    """Let Ann owe 346.70 USDT, with ten ounces of gold in an auction, as in `of_lot`."""
    bank.do(adopt(chained(LOT)), commands.Deposit(account=ANN, asset="GOLD", quanta=10_000))
    bank.do(deposit(BOB, "5000 USDT"), deposit(FUND, "50 USDT"), withdraw(ANN, "100 USDT"))
    bank.do(trade(ANN, 15, "PERP", "100"), trade(BOB, 1, "PERP", "100"))
    bank.pass_time(1, usd="85")
    order = bank.only_order()
    bank.do(fill(order.order, order.lots, "83.5"))
    assert bank.state.auction_of == {ANN: 1}


def _losses(bank):
    """Let the maker have borne eight quanta of the loss of a child of Ann's."""
    bank.do(deposit(FUND, "0.001 USDT"))
    shared = {"asset": "USDT", "quanta": 8, "base_quanta": 1_000_100 * USDT}
    told(events.LossSocialised(account=CHILD, **shared))(bank, {})
    assert bank.state.losses == {(MAKER, "USDT"): 8}


def prepare(name, bank):
    """Make the unspoilt command of that name go through."""
    match name:
        case "take-share":
            _share_of_calls(bank)
        case "take-lot":
            _lot_of_gold(bank)
        case "reset":
            _lot_of_gold(bank)
            bank.pass_time(3_601, usd="85")
            bought(ANN, 1, 85 * USDT)(bank, {})  # so that a price may be doubtful
        case "allocate":
            bank.do(deposit(FUND, "0.000005 USDT"))
        case "repay":
            _losses(bank)


UNKNOWN = {R.AUCTION_UNKNOWN: fields(auction=9)}
BID = {"auction": 1, "pay_quanta_max": 10**15}
STALE = {R.PRICE_DOUBTFUL: later(61)}
COINS = then(told(events.Deposited(account=PORT, asset="BTC", quanta=1)), fields(bidder=CHILD))
CASES = {
    "take-share": (
        BID | {"bidder": OTHER, "share_nano": NANO // 2, "quanta": None},
        commands.TakeAuction,
        {
            R.AMOUNT_INVALID: fields(share_nano=0),
            R.ACCOUNT_UNKNOWN: fields(bidder=999),
            R.ACCOUNT_MODE: COINS,
            R.INSTRUMENT_UNMARGINED: fields(bidder=BOB),
            R.INSTRUMENT_EXPIRED: at_the_expiry,
            R.INSTRUMENT_HALTED: told(events.InstrumentHalted(instrument="PERP")),
            **UNKNOWN,
            R.AUCTION_SELF: fields(bidder=PORT),
            R.BREAKER_SET: broken_off(3),
            R.LIMIT_BROKEN: fields(pay_quanta_max=0),
            R.DUST_LEFT: fields(share_nano=NANO // 20),  # no lot of sixteen
            R.OVERFLOW: bought(OTHER, QUANTA_MAX + 16),
            **STALE,
            R.UNDER_LIQUIDATION: in_hand(OTHER),
            R.MARGIN_SHORT: taken_out(OTHER, 11_000 * USDT),
        },
    ),
    "take-lot": (
        BID | {"bidder": BOB, "quanta": 1_000, "share_nano": None},
        commands.TakeAuction,
        {
            R.AMOUNT_INVALID: fields(quanta=0),
            R.ACCOUNT_UNKNOWN: fields(bidder=999),
            R.ACCOUNT_MODE: fields(bidder=CHILD),
            **UNKNOWN,
            R.AUCTION_SELF: fields(bidder=ANN),
            R.BREAKER_SET: broken_off(3),
            R.RESET_DUE: later(3_601),
            R.LIMIT_BROKEN: fields(pay_quanta_max=0),
            R.DUST_LEFT: lambda bank, _: bank.do(adopt(chained(LOT | {"dust_usd": "400"}))),
            R.OVERFLOW: told(events.Deposited(account=BOB, asset="GOLD", quanta=QUANTA_MAX)),
            **STALE,
            R.UNDER_LIQUIDATION: in_hand(BOB),
            R.CASH_SHORT: taken_out(BOB, 4_941 * USDT),
            R.MARGIN_SHORT: bought(BOB, 582, 582 * 85 * USDT),  # a tenth of that is needed
        },
    ),
    "reset": (
        {"auction": 1, "keeper": BOB},
        commands.ResetAuction,
        {
            R.ACCOUNT_UNKNOWN: fields(keeper=999),
            **UNKNOWN,
            R.AUCTION_SELF: fields(keeper=ANN),
            R.BREAKER_SET: broken_off(2),
            R.RESET_EARLY: told(events.AuctionReset(auction=1, account=ANN, top_nano=60 * NANO)),
            **STALE,
        },
    ),
    "allocate": (
        {"instrument": "PERP", "asset": "USDT", "quanta": 5},
        commands.AllocateFund,
        {
            R.AMOUNT_INVALID: fields(quanta=0),
            **ASSET,
            **INSTRUMENT,
            R.FUND_SHORT: fields(quanta=6),
        },
    ),
    "repay": (
        {"asset": "USDT", "quanta": 8},
        commands.RepayLosses,
        {
            R.AMOUNT_INVALID: fields(quanta=0),
            **ASSET,
            R.DEBT_SHORT: fields(quanta=1_000),
            R.FUND_SHORT: told(events.FundAllocated(instrument="PERP", asset="USDT", quanta=1_000)),
        },
    ),
}
TOGETHER = {
    ("take-share", R.ACCOUNT_MODE, R.INSTRUMENT_UNMARGINED): (COINS, fields(bidder=BOB)),
    ("take-lot", R.ACCOUNT_MODE, R.AUCTION_SELF): (fields(bidder=CHILD), fields(bidder=ANN)),
}
CARRIED = (R.INSTRUMENT_UNMARGINED, R.INSTRUMENT_EXPIRED, R.INSTRUMENT_HALTED)
APART = {
    ("take-share", R.ACCOUNT_UNKNOWN, R.INSTRUMENT_UNMARGINED),
    *(
        (name, *pair)
        for name in ("take-share", "take-lot")
        for pair in (
            (R.ACCOUNT_UNKNOWN, R.ACCOUNT_MODE),
            (R.ACCOUNT_MODE, R.AUCTION_UNKNOWN),  # nothing is for sale
        )
    ),
    *(("take-share", first, R.AUCTION_UNKNOWN) for first in CARRIED),  # nothing is for sale
    ("take-lot", R.ACCOUNT_UNKNOWN, R.AUCTION_SELF),
    ("reset", R.ACCOUNT_UNKNOWN, R.AUCTION_SELF),
    ("take-lot", R.LIMIT_BROKEN, R.DUST_LEFT),  # what nobody may buy has no price
}
