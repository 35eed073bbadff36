"""The laws of makers and pools: of turns and rooms by themselves, and in a venue where all happens.

In the venue users trade on margin while the price of bitcoin goes up and down; makers promise to
take over what is liquidated, and a pool takes the rest, both within caps.
"""

import copy
import random
from fractions import Fraction

from hypothesis import given, strategies as st

from hullmark.clearing import State, Views, books, pool_standing, state_hash
from hullmark.core import NANO
from hullmark.domain import Mode, commands, events
from hullmark.journal import Journal, read
from hullmark.journal.memory import MemoryStore
from hullmark.journal.sqlite import SqliteStore
from hullmark.liquidation import FirmQuote, allocate_quotes, quote_price_nano, room_lots
from hullmark.runtime import Venue, replay, verify

from .small_venue import START_NS, TREE, adopt

POOL = 150
USERS, MAKERS = (101, 102, 103), (160, 161)
USDT, SECOND_NS = 10**6, 10**9
CAP_USD, DEPTH_USD, DEPTH_SHARE, LOSS_USD = 3_000, 4_000, Fraction(1, 4), 150
numbers = st.integers(0, 999)

quotes = st.lists(
    st.builds(
        FirmQuote,
        quote=st.integers(1, 30),
        maker=st.integers(100, 103),
        lots=st.integers(-20, 20).filter(bool),
        offset_nano=st.sampled_from([0, 10**6, 10**7, 10**8]),
        posted_ns=st.integers(0, 3),
        expires_ns=st.integers(1, 9),
    ),
    max_size=8,
    unique_by=lambda quote: quote.quote,
)
rooms = st.dictionaries(st.integers(100, 103), st.integers(0, 25))


@given(st.integers(-50, 50), quotes, rooms, st.randoms(use_true_random=False))
def test_lots_go_to_the_first_in_turn_and_to_nobody_more_than_he_may_take(
    lots, given_, room, chance
):
    found = allocate_quotes(lots, given_, now_ns=4, rooms=room)
    shuffled = list(given_)
    chance.shuffle(shuffled)
    assert allocate_quotes(lots, shuffled, now_ns=4, rooms=room) == found
    of, by = {quote.quote: quote for quote in given_}, dict[int, int]()
    for part in found:
        quote = of[part.quote]
        assert part.lots * lots > 0 > part.lots * quote.lots
        assert abs(part.lots) <= abs(quote.lots)
        assert quote.expires_ns > 4
        by[part.maker] = by.get(part.maker, 0) + abs(part.lots)
    assert sum(by.values()) <= abs(lots)
    assert all(taken <= room.get(maker, taken) for maker, taken in by.items())
    turns = [(of[p.quote].offset_nano, of[p.quote].posted_ns, p.quote) for p in found]
    assert turns == sorted(turns)
    if sum(by.values()) < abs(lots):  # nobody who could take more was left out
        taken = {part.quote: abs(part.lots) for part in found}
        for quote in given_:
            firm = quote.lots * lots < 0 and quote.expires_ns > 4
            full = taken.get(quote.quote, 0) == abs(quote.lots)
            assert not firm or full or by.get(quote.maker, 0) == room.get(quote.maker)


@given(st.integers(1, 10**15), st.integers(-9, 9).filter(bool), st.integers(0, NANO - 1))
def test_a_price_is_never_better_than_the_mark_nor_worse_than_its_offset(mark, lots, offset):
    price = quote_price_nano(mark, lots, offset_nano=offset)
    worse = (price - mark) * (1 if lots > 0 else -1)
    assert worse >= 0
    assert worse * NANO <= mark * offset


@given(st.integers(-99, 99), st.sampled_from([1, -1]), st.integers(1, 99), st.integers(0, 9_999))
def test_a_room_is_the_largest_there_is(held, side, lot, depth):
    room = room_lots(held, side, lot_usd=lot, depth_usd=depth, depth_share=1)
    after = held + side * room
    assert abs(after) * lot <= depth or room == 0
    assert (after + side) * side * lot > depth  # one more would be too many


def rules():
    """Return the venue of the histories with makers, a pool, and caps on both."""
    tree = copy.deepcopy(TREE)
    tree["pools"] = {"vault": {"account": POOL, "asset": "USDT", "notice_s": "20"}}
    tree["liquidation"] |= {
        "chain": [
            {"stage": "backstop", "request_s": "2", "depth_share": "0.25"},
            {
                "stage": "takeover",
                "pool": "vault",
                "exposure_usd_max": str(CAP_USD),
                "loss_usd_max": str(LOSS_USD),
            },
        ],
        "depth_usd": {"PERP": str(DEPTH_USD)},
    }
    tree["waterfall"] = {"steps": ["fund", "backstop", "bad-debt"], "backstop": "vault"}
    return tree


class World:
    """The venue, its clock, and what each number of a step means."""

    def __init__(self, store):
        self.store, self.now_ns, self.cents = store, START_NS, 10_000
        self.venue = Venue(Journal(self.store), clock=lambda: self.now_ns)
        opened = [(a, Mode.CROSS) for a in (100, POOL, *USERS, *MAKERS)]
        self.venue.submit_all([
            adopt(rules()),
            *(commands.OpenAccount(account=a, mode=mode) for a, mode in opened),
            *(self.paid(a, 300) for a in USERS),
            *(self.paid(a, 600) for a in MAKERS),
            self.paid(100, 10**6),
            self.observed(),
            *(self.member(a, 200) for a in MAKERS),
        ])  # fmt: skip

    def paid(self, account, usdt):
        """Return a deposit."""
        return commands.Deposit(account=account, asset="USDT", quanta=usdt * USDT)

    def member(self, account, usdt):
        """Return what somebody pays into the pool."""
        return commands.JoinPool(pool="vault", account=account, quanta=usdt * USDT)

    def observed(self):
        """Return prints of everything at the present price."""
        said = [
            commands.Print(
                factor=f, source=s, price_nano=self.cents * 10**7, observed_ns=self.now_ns
            )
            for f in TREE["prices"]
            for s in ("a", "b")
        ]
        return commands.ObservePrices(prints=tuple(said))

    def do(self, step):
        """Carry a step out; it may be refused."""
        kind, a, b, c = step
        self.venue.submit(getattr(self, kind)(a, b, c))

    def price(self, a, b, c):
        """Return a price up to 7 % away, a second later."""
        self.now_ns += SECOND_NS
        self.cents = min(max(self.cents * (930 + a % 141) // 1_000, 7_000), 13_000)
        return self.observed()

    def trade(self, a, b, c):
        """Return a trade of a user with one who is rich."""
        long = (a % 3 == 0) == (b % 5 > 0)  # each has a side that he is mostly on
        buyer, seller = (USERS[a % 3], 100) if long else (100, USERS[a % 3])
        return commands.ReportTrade(
            instrument="PERP",
            buyer=buyer,
            seller=seller,
            lots=1 + c % 40,
            price_nano=self.cents * 10**7,
        )

    def quote(self, a, b, c):
        """Return a promise, now and then in answer to a request."""
        asked = sorted(self.venue.state.requests)
        return commands.PostQuote(
            quote=1 + a % 50,
            maker=MAKERS[a % 2],
            instrument="PERP",
            lots=(1 + c % 20) * (1 if b % 2 else -1),
            offset_nano=b % 30 * 10**6,
            expires_ns=self.now_ns + (1 + c % 100) * SECOND_NS,
            account=asked[0] if asked and b % 3 == 0 else None,
            loss_quanta_max=(1 + c % 60) * USDT if c % 4 == 0 else None,
        )

    def join(self, a, b, c):
        """Return a payment into the pool."""
        return self.member((*MAKERS, *USERS)[a % 5], 1 + b % 100)

    def leave(self, a, b, c):
        """Return a notice, or a payment out of the pool."""
        member = (*MAKERS, *USERS)[a % 5]
        return commands.LeavePool(pool="vault", account=member, quanta=(1 + b % 90) * USDT)

    def deposit(self, a, b, c):
        """Return fresh cash."""
        return self.paid((*USERS, *MAKERS)[a % 5], 1 + b % 200)

    def wait(self, a, b, c):
        """Return time."""
        self.now_ns += (1 + a % 30) * SECOND_NS
        return commands.AdvanceTime()


KINDS = (
    "price",
    "price",
    "price",
    "trade",
    "trade",
    "quote",
    "quote",
    "join",
    "leave",
    "deposit",
    "wait",
)
histories = st.lists(st.tuples(st.sampled_from(KINDS), numbers, numbers, numbers), max_size=40)


def lived(history, store=None):
    world = World(store or MemoryStore())
    for step in history:
        world.do(step)
    return world


def check_taken_over(state, views, unit, before):
    """Check what holds after a unit for those who took something over in it."""
    perp = state.ledger.instrument_index["PERP"]
    mark_usd = Fraction(views.mark_nano(perp), NANO)
    for event in unit.events:
        if isinstance(event, events.BackstopFilled):
            lots = state.ledger.position(event.maker, perp).lots
            smaller = abs(lots) <= abs(before.get(event.maker, 0))
            assert smaller or abs(lots) * mark_usd <= DEPTH_SHARE * DEPTH_USD
            assert views.health(event.maker).spare_initial >= -1e-6
            assert event.penalty_quanta == 0 or views.net_quanta(event.account, 0) >= 0
        if isinstance(event, events.AccountTakenOver):
            lots = state.ledger.position(POOL, perp).lots
            assert abs(lots) <= abs(before.get(POOL, 0)) or abs(lots) * mark_usd <= CAP_USD
            assert event.net_quanta >= -LOSS_USD * USDT
            assert views.health(POOL).spare_initial >= -1e-6
            left = state.ledger.cash(event.account, 0), state.ledger.position(event.account, perp)
            assert (left[0], left[1].lots) == (0, 0)


def check_history(store):
    """Check after every unit of a journal what must hold, and return the hash of the facts."""
    state = State()
    for unit in read(store):
        held = {}
        if state.rules is not None:
            perp = state.ledger.instrument_index["PERP"]
            held = {a: state.ledger.position(a, perp).lots for a in state.modes}
        replay(state, unit)
        views = Views(state)
        assert books(state).broken == ()
        check_taken_over(state, views, unit, held)
        if POOL in state.modes and state.prices:
            standing = pool_standing(state, views, "vault")
            assert sum(standing.stakes.values()) <= max(standing.worth_quanta, 0)
            assert standing.residual_quanta >= 0
    return state_hash(state)


@given(histories)
def test_whoever_takes_over_stays_within_his_caps_and_his_margin(history):
    world = lived(history)
    assert check_history(world.store) == world.venue.state_hash()


@given(histories)
def test_a_fill_of_a_maker_cures_or_closes_and_never_makes_it_worse(history):
    world, state = lived(history), State()
    for unit in read(world.store):
        was = {a: Views(state).health(a) for a in state.episodes}
        prices = dict(state.prices)
        replay(state, unit)
        views = Views(state)
        filled = {e.account for e in unit.events if isinstance(e, events.BackstopFilled)}
        for account in filled & was.keys():
            if dict(state.prices) == prices and views.row(account).size.size:
                assert views.health(account).health > was[account].health


def test_a_long_history_meets_everything_and_is_decided_again_without_a_difference(tmp_path):
    chance, path = random.Random(11), tmp_path / "journal.db"
    history = [
        (chance.choice(KINDS), *(chance.randrange(1_000) for _ in range(3))) for _ in range(900)
    ]
    with lived(history, SqliteStore(path)).venue as venue:
        expected = venue.state_hash()
    with Journal(SqliteStore(path)) as kept:
        happened = {type(e) for unit in kept.units() for e in unit.events}
    assert happened >= {
        events.QuotePosted, events.QuotesRequested, events.BackstopFilled, events.QuoteEnded,
        events.PoolJoined, events.PoolLeaveNoticed, events.PoolLeft, events.AccountTakenOver,
        events.PortfolioMoved, events.StageEntered,
    }  # fmt: skip
    assert check_history(SqliteStore(path)) == expected
    found = verify(path, redecide=True)
    assert (found.broken, found.differences, found.state_hash) == ((), (), expected)
