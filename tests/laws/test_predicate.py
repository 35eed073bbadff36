"""The law of the predicate: whatever may be said of an account, nobody under its margin is spared.

After each command an account under its maintenance margin has an order at work, an auction, makers
who are asked, or a pause with its reason: one of them, whatever its mode is, whatever it has agreed
to, and whatever role it plays for others. Whoever adds a way to tell accounts apart adds it here.
"""

import itertools
from collections import Counter
from typing import NamedTuple

import pytest
from hypothesis import given, settings, strategies as st

from hullmark.core import nano
from hullmark.domain import Mode, Parked, commands, events

from ..unit.clearing.bank import (
    BOB,
    FUND,
    MAKER,
    SECOND_NS,
    Bank,
    deposit,
    events_of,
    fill,
    opened,
    rest,
    trade,
    transfer,
    tree,
)

POOL, STAKERS, PARENT, FIRST = 150, 151, 152, 200
CHAIN = (
    {"stage": "soft", "level": "0.8", "share_min": "0.1", "share_max": "0.5"},
    {"stage": "partial", "deadline_s": "90"},
    {
        "stage": "dutch-auction",
        "kind": "share",
        "curve": {"kind": "two-leg", "start": "1", "cutoff": "0.7", "fast_s": "60", "slow_s": "60"},
        "buffer": "0.1",
        "tail_s": "120",
        "insolvent_s": "60",
    },
    {"stage": "backstop", "request_s": "10"},
    {"stage": "takeover", "pool": "vault"},
)
WATERFALLS = {
    "bad debt": {"steps": ["fund", "bad-debt"]},
    "queue": {"steps": ["fund", "adl", "bad-debt"], "adl": {"policy": "queue"}},
    "shared": {"steps": ["fund", "backstop", "socialised", "bad-debt"], "backstop": "stakers"},
}


class Kind(NamedTuple):
    """All that can be said of an account, beside what it holds."""

    mode: Mode
    agreed: str  # to be reduced softly; and who tops it up
    role: str  # for others: a member of the pool, a maker with quotes, the pool itself
    rests: bool


KINDS = tuple(
    Kind(*found)
    for found in itertools.product(
        Mode, ("nothing", "softly", "saviour"), ("none", "member", "maker", "pool"), (False, True)
    )
    if not (found[0] is Mode.ISOLATED and found[2] == "pool")
)


class Court(Bank):
    """A venue with every stage, and accounts of any kind."""

    def __init__(self, chain, waterfall):
        rules = tree(chain=list(chain), rounds_max=2)
        rules["waterfall"] = WATERFALLS[waterfall]
        pools = {"vault": POOL, "stakers": STAKERS}
        rules["pools"] = {name: {"account": a, "asset": "USDT"} for name, a in pools.items()}
        super().__init__(rules)
        self.found()
        self.do(*(opened(a) for a in (STAKERS, PARENT)), deposit(FUND, "50 USDT"))
        self.do(deposit(PARENT, "100000 USDT"), deposit(STAKERS, "10 USDT"))
        self.seen, self.kinds = Counter(), {}

    def enter(self, kind, *, symbol, lots):
        """Open an account with as little as it may have, and let it say and do all that it is."""
        account = POOL if kind.role == "pool" else FIRST + len(self.kinds)
        if account in self.kinds:
            return
        child = kind.mode is Mode.ISOLATED
        self.do(opened(account, kind.mode, PARENT if child else None))
        price = 100 if symbol == "PERP" else 10
        needed = abs(lots) * price // 4 + 20
        source = (PARENT, account, f"{needed} USDT")
        self.do(transfer(*source) if child else deposit(account, f"{needed} USDT"))
        buyer, seller = (account, MAKER) if lots > 0 else (MAKER, account)
        self.do(trade(buyer, abs(lots), symbol, str(price), seller=seller))
        self.kinds[account] = kind
        self.agree(account, kind)
        self.play(account, kind)
        if kind.rests:
            limit = "500" if symbol == "PERP" else "50"
            self.venue.submit(rest(account, account, -1, symbol, limit))

    def agree(self, account, kind):
        """Let an account opt in, if that is its kind."""
        if kind.agreed == "nothing":
            return
        terms = {"account": account, "opted_in": True}
        if kind.agreed == "saviour":
            terms |= {"saviour": BOB, "asset": "USDT", "quanta_max": 5 * 10**6}
        self.venue.submit(commands.SetSoftTerms(**terms))

    def play(self, account, kind):
        """Let an account do for others what its kind does."""
        if kind.role == "member":
            self.venue.submit(commands.JoinPool(pool="vault", account=account, quanta=10**6))
        if kind.role == "maker":
            quote = {"instrument": "PERP", "lots": 1, "offset_nano": nano("0.05")}
            expires_ns = self.now_ns + 600 * SECOND_NS
            self.venue.submit(
                commands.PostQuote(quote=account, maker=account, expires_ns=expires_ns, **quote)
            )

    def excuse(self, account):
        """Return what is being done about an account in breach; ``None``: nothing."""
        state = self.state
        if account in state.working_of:
            return "order"
        if account in state.auction_of:
            return "auction"
        asked, pause = state.requests.get(account), state.parked.get(account)
        if asked is not None and asked.until_ns > state.now_ns:
            return "asked"
        if pause is not None and pause.until_ns > state.now_ns:
            return pause.reason
        return None

    def check(self):
        """Insist on the law for every account there is."""
        super().check()
        for account in self.state.modes:
            health = self.venue.views.health(account)
            if not health.in_breach:
                continue
            found = self.excuse(account)
            assert account in self.state.episodes, (account, self.kinds.get(account))
            assert found is not None, (account, self.kinds.get(account))
            self.seen[found] += 1


def live(court, steps):
    """Move prices and time, halt and resume, answer orders, and check each time."""
    prices = {"PERP": 100, "ETHER": 10}
    for what, number in steps:
        if what == "fall":
            prices["PERP"] = max(40, prices["PERP"] - number)
        elif what == "rise":
            prices["PERP"] = min(200, prices["PERP"] + number)
        elif what == "ether":
            prices["ETHER"] = max(3, min(20, prices["ETHER"] + number % 5 - 2))
        elif what == "halt":
            court.venue.submit(commands.HaltInstrument(instrument=("PERP", "ETHER")[number % 2]))
        elif what == "resume":
            court.venue.submit(commands.ResumeInstrument(instrument=("PERP", "ETHER")[number % 2]))
        elif what == "fill":
            for order in list(court.state.working.values()):
                lots, limit = order.lots * (number % 3) // 2, f"{order.limit_nano / 10**9:.9f}"
                court.venue.submit(fill(order.order, lots, limit))
                court.check()
        elif what == "take":
            for auction in list(court.state.auctions):
                bid = {"bidder": BOB, "share_nano": nano("0.3"), "pay_quanta_max": 10**15}
                court.venue.submit(commands.TakeAuction(auction=auction, **bid))
                court.check()
        said = {"PERP": str(prices["PERP"]), "ETHER": str(prices["ETHER"])}
        if what == "silent":
            court.pass_time(61)
        else:
            court.pass_time(7 + number, usd=f"{prices['PERP']}", **said)
        court.check()


kinds = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.sampled_from(["PERP", "PERP", "ETHER"]),
        st.sampled_from([-8, 4, 6, 8]),
    ),
    min_size=2,
    max_size=5,
)
steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["fall", "fall", "rise", "ether", "halt", "resume", "fill", "take", "silent", "wait"]
        ),
        st.integers(0, 30),
    ),
    min_size=3,
    max_size=12,
)
chains = (
    st.lists(st.sampled_from(range(len(CHAIN))), min_size=1, unique=True)
    .filter(lambda places: places != [0])  # it sells nothing, and is refused
    .map(lambda places: [CHAIN[place] for place in sorted(places)])
)


@settings(max_examples=25)
@given(crowd=kinds, steps=steps, chain=chains, waterfall=st.sampled_from(sorted(WATERFALLS)))
def test_nobody_under_its_margin_is_left_without_anything_being_done(
    crowd, steps, chain, waterfall
):
    court = Court(chain, waterfall)
    for kind, symbol, lots in crowd:
        court.enter(kind, symbol=symbol, lots=lots)
    court.check()
    live(court, steps)


def begun(court):
    """Let the price fall through everybody's margin, and return whose liquidation began."""
    told = []
    for usd in (95, 90, 80, 75, 74):
        told += court.pass_time(5, usd=str(usd), ETHER="10")
        court.check()
    return {event.account for event in events_of(told, events.LiquidationStarted)}


@pytest.mark.parametrize("first", range(len(CHAIN)), ids=[stage["stage"] for stage in CHAIN])
def test_a_fall_takes_accounts_of_every_kind_in_hand(first):
    court = Court(CHAIN[first:], "queue")
    for kind in KINDS:
        court.enter(kind, symbol="PERP", lots=8)
    assert len(court.kinds) == len([kind for kind in KINDS if kind.role != "pool"]) + 1
    assert begun(court) == set(court.kinds)
    assert MAKER not in court.state.episodes


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.role == "pool"], ids=str)
def test_the_account_of_a_pool_is_an_account_like_others(kind):
    court = Court(CHAIN, "shared")
    court.enter(kind, symbol="PERP", lots=8)
    assert begun(court) == {POOL}


# Each excuse is one that a caller can be told, and all of them occur.
def test_what_is_done_instead_of_an_order_is_told_with_its_reason():
    court = Court(CHAIN[1:2], "bad debt")
    for number, symbol in enumerate(("PERP", "ETHER", "PERP")):
        kind = Kind(Mode.CROSS, "nothing", "none", rests=False)
        court.enter(kind, symbol=symbol, lots=8 * (1 + number % 2 * 9))
    court.do(commands.HaltInstrument(instrument="ETHER"))
    court.pass_time(1, usd="74", ETHER="7.4")
    court.check()
    assert court.seen == {"order": 2, Parked.HALTED: 1}
    court.pass_time(61)
    court.check()
    assert set(court.seen) == {"order", Parked.HALTED, Parked.PRICE_DOUBTFUL}
