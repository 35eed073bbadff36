"""A history in which every fact about stages, pools and losses comes to be, event by event."""

import json

from hullmark.clearing import State, evolve, stamp
from hullmark.domain import (
    AuctionKind,
    AuctionPhase,
    HandOver,
    Mode,
    Stage,
    SystemAccount,
    events,
)

from .bank import TREE

START_NS = 1_760_054_400_000_000_000  # 10 October 2025
POOL, OWNER, BIDDER = 150, 151, 152
RULES = TREE | {
    "pools": {"vault": {"account": POOL, "asset": "USDT"}},
    "liquidation": TREE["liquidation"]
    | {
        "chain": [{"stage": "partial"}, {"stage": "backstop"}],
        "sizes": {"market_max_usd": "1000", "block_s": "60"},
    },
    "waterfall": {"season_s": "3600"},
}
FOUNDING = (
    events.RulesAdopted(rules=json.dumps(RULES)),
    *(events.AccountOpened(account=a, mode=Mode.CROSS) for a in (POOL, OWNER, BIDDER)),
    *(
        events.Deposited(account=a, asset="USDT", quanta=10**9)
        for a in (SystemAccount.FUND, POOL, OWNER, BIDDER)
    ),
    events.Deposited(account=OWNER, asset="BTC", quanta=10**8),
    events.Traded(
        instrument="PERP", buyer=OWNER, seller=BIDDER, lots=5, price_nano=10**9, cost_quanta=5_000
    ),
)
STAGES = (
    events.LiquidationStarted(
        account=OWNER,
        asset="USDT",
        net_quanta=-5,
        trigger_nano={"PERP": 9},
        lots={"PERP": 5},
    ),
    events.LiquidationOrdered(
        order=1,
        account=OWNER,
        instrument="PERP",
        lots=-1,
        limit_nano=10**9,
        deadline_ns=START_NS + 10**12,
        notional_nano=10**9,
    ),
    events.StageEntered(
        account=OWNER, place=1, stage=Stage.BACKSTOP, reason=HandOver.ROUNDS_EXHAUSTED
    ),
    events.SoftTermsSet(account=BIDDER, saviour=OWNER, asset="USDT", quanta_max=7),
    events.MarginCalled(account=BIDDER, level_nano=8 * 10**8),
    events.AuctionStarted(
        auction=1,
        account=OWNER,
        kind=AuctionKind.LOT,
        phase=AuctionPhase.SOLVENT,
        asset="USDT",
        top_nano=10**11,
        lot_asset="BTC",
        lot_quanta=10**8,
        tab_quanta=1_010,
        debt_quanta=1_000,
        notional_nano=10**9,
    ),
    events.AuctionTaken(
        auction=1,
        account=OWNER,
        bidder=BIDDER,
        lot_quanta=10**6,
        paid_quanta=101,
        penalty_quanta=1,
        notional_nano=10**8,
    ),
    events.AuctionReset(
        auction=1, account=OWNER, top_nano=9 * 10**10, keeper=BIDDER, reward_quanta=3
    ),
    events.QuotePosted(
        quote=5,
        maker=BIDDER,
        instrument="PERP",
        lots=10,
        offset_nano=10**7,
        expires_ns=START_NS + 10**12,
    ),
    events.QuotesRequested(account=OWNER, lots={"PERP": -5}, until_ns=START_NS + 10**10),
    events.BackstopFilled(
        quote=5,
        account=OWNER,
        maker=BIDDER,
        instrument="PERP",
        lots=-2,
        price_nano=10**9,
        cost_quanta=2_000,
        penalty_quanta=20,
        participation_quanta=4,
    ),
    events.PoolJoined(pool="vault", account=OWNER, quanta=10**6, worth_quanta=0),
    events.PoolLeaveNoticed(pool="vault", account=OWNER, due_ns=START_NS + 10**10),
    events.InstrumentHalted(instrument="ETHER", delisting=True),
    events.BreakerSet(level=2, until_ns=START_NS + 10**11),
    events.FundAllocated(instrument="PERP", asset="USDT", quanta=10**5),
    events.Deleveraged(
        account=OWNER,
        counterparty=BIDDER,
        instrument="PERP",
        lots=-1,
        price_nano=10**9,
        cost_quanta=1_000,
        haircut_quanta=6,
        rank=1,
    ),
    events.LossSocialised(account=OWNER, asset="USDT", quanta=10**4, base_quanta=10**9),
    events.PortfolioMoved(
        source=OWNER,
        target=BIDDER,
        lots={"PERP": 1},
        cost_quanta={"PERP": 1_000},
        cash_quanta={"USDT": -50, "BTC": 10**4},
    ),
)


def after_stages(length=None):
    """Return the facts after the founding and so many events of stages."""
    state = State()
    for second, event in enumerate((*FOUNDING, *STAGES[:length])):
        stamp(state, START_NS + second)
        evolve(state, event)
    return state
