"""A world in which whatever users, markets and operators can do to a small venue happens.

A history is a list of steps, each a kind and a few small numbers. What a step asks for depends on
the facts that it meets, so that fills answer orders that are there. Many commands are refused, as
they would be; `test_the_histories_meet_everything` says that enough are not.
"""

import copy
import random

from hypothesis import strategies as st

from hullmark.clearing import Views
from hullmark.core import nano
from hullmark.domain import Mode, SystemAccount, commands, events
from hullmark.journal import Journal
from hullmark.runtime import Venue

from .small_venue import (
    ACCOUNTS,
    CHILD,
    EXPIRY_NS,
    INSTRUMENTS,
    LOTTED,
    MAKER,
    PARENT,
    PORTFOLIOS,
    STAGED,
    STAKED,
    START_NS,
    TREE,
    USERS,
    VAULT,
    adopt,
)
from .stages import KINDS as STAGE_KINDS, StageSteps

SECOND_NS = 10**9
QUANTA = {"USDT": 10**6, "BTC": 10**8, "GOLD": 10**3}
KINDS = (
    ("prices", 6),
    ("trade", 8),
    ("fill", 6),
    ("deposit", 3),
    ("withdraw", 2),
    ("transfer", 2),
    ("rest", 2),
    ("cancel", 1),
    ("funding", 1),
    ("interest", 1),
    ("time", 2),
    ("rules", 1),
    ("expiry", 1),
    ("surface", 1),
    ("operator", 1),
    ("bust", 1),
    ("adjust", 1),
)
ALL_KINDS = (*KINDS, *STAGE_KINDS)
HANDS = (*USERS, CHILD, MAKER, *SystemAccount)  # between which cash is adjusted
SIGNED = {"authorisers": ("Ada", "Grace"), "reason": "a mistake"}


numbers = st.integers(0, 999)


def drawn(kinds):
    """Return a strategy for histories of steps of some kinds, by weight."""
    weighed = [kind for kind, weight in kinds for _ in range(weight)]
    steps = st.tuples(st.sampled_from(weighed), numbers, numbers, numbers)
    return st.lists(steps, max_size=40)


histories = drawn(KINDS)
staged_histories = drawn(ALL_KINDS)
lives = st.one_of(  # a history, and the rules that it begins with
    st.tuples(histories, st.just(TREE)),
    st.tuples(staged_histories, st.sampled_from([STAGED, LOTTED])),
)


class World(StageSteps):
    """A venue, its clock, the price of bitcoin in cents, and what each number of a step means."""

    def __init__(self, store, tree=TREE):
        self.tree = tree
        self.assets = list(tree["assets"])
        self.now_ns = START_NS
        self.cents = 10_000
        self.trades = []  # units in which one is recorded
        self.venue = Venue(Journal(store), clock=lambda: self.now_ns)
        self.venue.submit_all([adopt(tree), *self._founding()])

    def _founding(self):
        for account in (MAKER, *USERS):
            yield commands.OpenAccount(account=account, mode=Mode.CROSS)
        for account in PORTFOLIOS:
            yield commands.OpenAccount(account=account, mode=Mode.PORTFOLIO)
        for account in (VAULT, STAKED) if "pools" in self.tree else ():
            yield commands.OpenAccount(account=account, mode=Mode.CROSS)
        yield commands.OpenAccount(account=CHILD, mode=Mode.ISOLATED, parent=PARENT)
        for account, cash in ((MAKER, 10**6), *((a, 100) for a in (*USERS, *PORTFOLIOS))):
            yield commands.Deposit(account=account, asset="USDT", quanta=cash * 10**6)
        yield commands.Deposit(account=MAKER, asset="BTC", quanta=10**12)
        yield commands.Deposit(account=SystemAccount.FUND, asset="USDT", quanta=20 * 10**6)
        yield self.observed({})
        yield commands.AdoptSurface(vol_nano={"CALL": nano("0.5")})

    @property
    def state(self):
        """The facts."""
        return self.venue.state

    def observed(self, odd, sources=("a", "b")):
        """Return prints of everything at the present price, but for some."""
        prices = dict.fromkeys(self.tree["prices"], self.cents * 10**7) | odd
        said = [
            commands.Print(factor=f, source=s, price_nano=p, observed_ns=self.now_ns)
            for f, p in prices.items()
            for s in sources
        ]
        return commands.ObservePrices(prints=tuple(said))

    def price_nano(self, number):
        """Return a price within two per cent of the market."""
        return self.cents * 10**7 * (980 + number % 41) // 1_000

    def do(self, step):
        """Submit what a step asks for, and check what it led to."""
        kind, a, b, c = step
        found = getattr(self, kind)(a, b, c)
        units = () if found is None else self.venue.submit(found).units
        self.trades += [u for u in units for e in u.events if isinstance(e, events.Traded)]
        return units

    def prices(self, a, b, c):
        """Return calm prices; or a jump, a crash, nonsense, silence, or half of the sources."""
        self.now_ns += (1 + c % 5) * SECOND_NS
        before = self.cents
        change = (990 + a % 21) if b % 4 else (650 + a % 700)
        self.cents = min(max(before * change // 1_000, 2_000), 60_000)
        factor = list(self.tree["prices"])[c % len(self.tree["prices"])]
        match b % 12:
            case 0:
                return self.observed({factor: None})
            case 1:
                return self.observed({factor: [0, -5, 10**18, 1][a % 4]})
            case 2:
                return self.observed({}, sources=("a",))
            case _:
                return self.observed({})

    def trade(self, a, b, c):
        """Return a trade of some account with the maker, or of any two."""
        one, other = ACCOUNTS[a % len(ACCOUNTS)], MAKER
        if b % 7 == 0 or one in PORTFOLIOS:
            other = (PORTFOLIOS if one in PORTFOLIOS else ACCOUNTS)[c % 2]
        buyer, seller = (one, other) if c % 2 else (other, one)
        symbol = INSTRUMENTS[b % len(INSTRUMENTS)]
        price = self.price_nano(c) if symbol != "CALL" else nano("0.5") + c
        return commands.ReportTrade(
            instrument=symbol,
            buyer=buyer,
            seller=seller,
            lots=(1 + a % 9) * (100 if symbol == "INVERSE" else 1),
            price_nano=price,
            buyer_fee_quanta=b % 3,
            seller_fee_quanta=c % 3,
        )

    def fill(self, a, b, c):
        """Return an answer to an order at work: all, a part, nothing, or what is not allowed."""
        if not self.state.working:
            return self.prices(a, 1 + b % 3 * 4, c)
        order = list(self.state.working.values())[a % len(self.state.working)]
        left = self.state.unfilled[order.order]
        lots = {0: left * 2, 1: -left, 2: 0, 3: left // 2}.get(b % 9, left)
        worse = (-1 if left < 0 else 1) * (nano("0.5") if c % 9 == 0 else 0)
        self.now_ns += (c % 3) * SECOND_NS
        counterparty = PORTFOLIOS[0] if order.instrument == "CALL" or c % 11 == 0 else MAKER
        return commands.ReportFill(
            order=order.order,
            counterparty=counterparty,
            lots=lots,
            price_nano=max(order.limit_nano + worse, 1),
            arrival_nano=self.price_nano(c),
            final=b % 5 > 0,
        )

    def deposit(self, a, b, c):
        """Return a deposit; now and then of nothing, or to where none may go."""
        account = (*ACCOUNTS, SystemAccount.FUND, SystemAccount.FEES)[a % (len(ACCOUNTS) + 2)]
        asset = self.assets[b % len(self.assets)]
        return commands.Deposit(account=account, asset=asset, quanta=c % 60 * QUANTA[asset] // 10)

    def withdraw(self, a, b, c):
        """Return a withdrawal of some share of what can be, or of one quantum more."""
        account, asset = ACCOUNTS[a % len(ACCOUNTS)], self.assets[b % len(self.assets)]
        most = self.venue.withdrawable(account, asset).quanta
        wanted = most + 1 if c % 5 == 0 else most * (c % 11) // 10
        return commands.Withdraw(account=account, asset=asset, quanta=wanted)

    def transfer(self, a, b, c):
        """Return a transfer, mostly between the parent and its child."""
        pairs = [(PARENT, CHILD), (CHILD, PARENT), (PARENT, USERS[1]), (USERS[1], CHILD)]
        source, target = pairs[a % len(pairs)]
        return commands.Transfer(source=source, target=target, asset="USDT", quanta=c * 10**5)

    def rest(self, a, b, c):
        """Return an order near the market."""
        account, symbol = ACCOUNTS[a % len(ACCOUNTS)], INSTRUMENTS[b % len(INSTRUMENTS)]
        return commands.RestOrder(
            order=1 + c % 7,
            account=account,
            instrument=symbol,
            lots=a % 9 - 4,
            limit_nano=self.price_nano(b),
        )

    def cancel(self, a, b, c):
        """Return a cancellation."""
        return commands.CancelOrder(order=1 + a % 7)

    def funding(self, a, b, c):
        """Return a funding payment, either way signed."""
        symbol = ("PERP", "INVERSE")[a % 2]
        return commands.AccrueFunding(instrument=symbol, rate_nano=(b - 500) * 10**4 + c)

    def interest(self, a, b, c):
        """Return a charge of up to a tenth of a per cent."""
        return commands.ChargeInterest(
            asset=self.assets[a % len(self.assets)], rate_nano=1 + b * 1_000
        )

    def time(self, a, b, c):
        """Return time: a second, a pause, or so long that prices are stale."""
        self.now_ns += (1, 30, 61, 200)[a % 4] * SECOND_NS + b
        return commands.AdvanceTime()

    def rules(self, a, b, c):
        """Return changed rules, at once or later; some of them take something away."""
        tree = copy.deepcopy(self.tree)
        tree["liquidation"]["target"] = f"0.{5 + a % 4}"
        tree["liquidation"]["rounds_max"] = 1 + b % 3
        for schedule in tree["margin"]["tiered"].values():
            schedule["tiers"][0]["maintenance"] = f"0.0{3 + c % 5}"
        if a % 5 == 0:
            del tree["margin"]["tiered"]["INVERSE"]
        if "pools" in tree:
            self.vary_chain(tree, a, c)
        return adopt(tree, None if b % 2 else self.now_ns + c * SECOND_NS)

    def expiry(self, a, b, c):
        """Return a settlement, now and then after a jump to the instant from which it is due."""
        if a % 20 == 0:
            self.now_ns = max(self.now_ns, EXPIRY_NS)
        symbol = ("FUTURE", "CALL", "PERP")[b % 3]
        return commands.SettleExpiry(instrument=symbol, price_nano=self.price_nano(c))

    def surface(self, a, b, c):
        """Return another vol."""
        return commands.AdoptSurface(vol_nano={"CALL": nano("0.01") * (1 + a % 200)})

    def operator(self, a, b, c):
        """Return what nobody has to ask for."""
        cure = commands.CureBreach(account=ACCOUNTS[b % len(ACCOUNTS)])
        return (commands.SweepAccounts(), commands.ActivateRules(), cure)[a % 3]

    def bust(self, a, b, c):
        """Return the reversal of some trade, now and then of one that was reversed before."""
        if not self.trades:
            return self.trade(a, b, c)
        unit = self.trades[-1 - a % min(len(self.trades), 4)]
        recorded = {n: getattr(unit.events[0], n) for n in unit.events[0].__struct_fields__}
        return commands.BustTrade(sequence=unit.sequence, **recorded, **SIGNED)

    def adjust(self, a, b, c):
        """Return cash that moves, now and then without a second signature."""
        source, target = HANDS[a % len(HANDS)], HANDS[b % len(HANDS)]
        signed = SIGNED if c % 9 else SIGNED | {"authorisers": ("Ada", "ada")}
        moved = {"source": source, "target": target, "asset": self.assets[c % len(self.assets)]}
        return commands.AdjustCash(**moved, quanta=1 + c * 10**4, **signed)


def lived(history, tree, store):
    """Return the world after a history, its views compared with fresh ones at every step."""
    world = World(store, tree)
    for step in history:
        world.do(step)
        kept = world.venue.views
        assert kept.book == Views(world.state).book
    return world


def long_history(seed, length=1_500, *, kinds=KINDS):
    """Return one history that does not depend on how examples are drawn."""
    chance = random.Random(seed)
    kinds = [kind for kind, weight in kinds for _ in range(weight)]
    numbers_of = [[chance.randrange(1_000) for _ in range(3)] for _ in range(length)]
    return [(chance.choice(kinds), *three) for three in numbers_of]
