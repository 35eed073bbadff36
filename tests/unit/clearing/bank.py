"""A small venue in round numbers, on a clock that tests set, spoken to in decimals.

Bitcoin costs 100 and ether 10; a lot is one coin, and one dollar of the inverse contract. A tiered
account needs 10 % to open and 5 % to keep; orders may slip by 2 % and pay a penalty of 1 %.
"""

import copy
import json
from decimal import Decimal

from hullmark.clearing import state_hash
from hullmark.core import nano
from hullmark.domain import Mode, Reason, SystemAccount, commands, events, pack_column
from hullmark.journal import Journal
from hullmark.journal.memory import MemoryStore
from hullmark.runtime import Venue

START_NS = 1_760_054_400_000_000_000  # 10 October 2025
SECOND_NS = 10**9
EXPIRY_NS = START_NS + 86_400 * SECOND_NS
MAKER, ANN, BOB, CHILD, PORT = 100, 101, 102, 103, 104  # Ann's child; a portfolio account
FUND = SystemAccount.FUND
DECIMALS = {"USDT": 6, "USDC": 6, "BTC": 8, "GOLD": 3}
ON_BITCOIN = ("BTC", "SPOT", "LOAN", "PERP", "INVERSE", "FUTURE")
QUANTA_MAX = (2**63 - 1) // 4
SIGNED = {"authorisers": ("Ada", "Grace"), "reason": "the price was a typing error"}

_FLAT = {"tiers": [{"floor_usd": "0", "initial": "0.1", "maintenance": "0.05"}]}
_POLICY = {"sources": ["a", "b"], "sources_min": 2, "staleness_s_max": "60", "jump_max": "0.5"}
_DAY_LATER = "2025-10-11T00:00:00Z"


def _instrument(kind, symbol, underlying="BTC", settlement="USDT", **more):
    names = {"symbol": symbol, "underlying": underlying, "settlement": settlement}
    return {"kind": kind, "lot": "1"} | names | more


TREE = {
    "name": "small",
    "assets": {
        "USDT": {"decimals": 6, "peg": "1"},
        "USDC": {"decimals": 6, "peg": "1", "borrow": True},
        "BTC": {
            "decimals": 8,
            "shocked": True,
            "haircut_initial": "0.2",
            "haircut_maintenance": "0.1",
        },
        "GOLD": {  # nobody trades it here
            "decimals": 3,
            "peg": "50",
            "haircut_initial": "0.5",
            "haircut_maintenance": "0.5",
        },
    },
    "instruments": [
        _instrument("spot", "SPOT"),
        _instrument("spot", "LOAN", settlement="USDC"),
        _instrument("perpetual", "PERP"),
        _instrument("perpetual", "ETHER", underlying="ETH"),
        _instrument("perpetual", "INVERSE", settlement="BTC", inverse=True),
        _instrument("future", "FUTURE", expiry=_DAY_LATER),
        _instrument("option", "CALL", expiry=_DAY_LATER, strike="110", call=True),
    ],
    "margin": {
        "cross": "tiered",
        "isolated": "tiered",
        "portfolio": "scenario",
        "tiered": {s: copy.deepcopy(_FLAT) for s in ("PERP", "ETHER", "INVERSE", "FUTURE")},
        "scenario": {
            "moves": ["-0.2", "-0.1", "0", "0.1", "0.2"],
            "vol_up": "0.5",
            "vol_down": "0.25",
            "power_short": "0.3",
            "power_long": "0.13",
            "days_floor": "1",
            "vol_floor": "0",
            "initial_factor": "1.25",
            "maintenance_factor": "1",
        },
    },
    "prices": {factor: copy.deepcopy(_POLICY) for factor in (*ON_BITCOIN, "ETHER")},
    "liquidation": {
        "target": "0.8",
        "slippage": "0.02",
        "penalty": "0.01",
        "rounds_max": 2,
        "order_s": "30",
        "park_s": "60",
    },
}


def tree(**liquidation):
    """Return the rules of the small venue, some of its liquidation changed."""
    found = copy.deepcopy(TREE)
    found["liquidation"] |= liquidation
    return found


def adopt(rules, effective_ns=None):
    return commands.AdoptRules(rules=json.dumps(rules), effective_ns=effective_ns)


def quanta(amount):
    """Return ``"12.5 USDT"`` as the name of the asset and its quanta."""
    number, asset = amount.split()
    return asset, int(Decimal(number).scaleb(DECIMALS[asset]))


def opened(account, mode=Mode.CROSS, parent=None):
    return commands.OpenAccount(account=account, mode=mode, parent=parent)


def deposit(account, amount):
    asset, count = quanta(amount)
    return commands.Deposit(account=account, asset=asset, quanta=count)


def withdraw(account, amount):
    asset, count = quanta(amount)
    return commands.Withdraw(account=account, asset=asset, quanta=count)


def transfer(source, target, amount):
    asset, count = quanta(amount)
    return commands.Transfer(source=source, target=target, asset=asset, quanta=count)


def trade(buyer, lots, symbol, price, *, seller=MAKER, fees=(0, 0)):
    """Return a trade at a price; fees in quanta, the buyer's first."""
    return commands.ReportTrade(
        instrument=symbol,
        buyer=buyer,
        seller=seller,
        lots=lots,
        price_nano=nano(price),
        buyer_fee_quanta=fees[0],
        seller_fee_quanta=fees[1],
    )


def in_columns(*trades):
    """Return trades as one command."""
    symbols = list(dict.fromkeys(each.instrument for each in trades))
    names = ("buyer", "seller", "lots", "price_nano", "buyer_fee_quanta", "seller_fee_quanta")
    return commands.ReportTrades(
        symbols=tuple(symbols),
        instrument=pack_column(symbols.index(each.instrument) for each in trades),
        **{name: pack_column(getattr(each, name) for each in trades) for name in names},
    )


def bust(unit, **changed):
    """Return the correction of the trade that a unit recorded, some of its fields changed."""
    (traded,) = unit.events
    recorded = {name: getattr(traded, name) for name in traded.__struct_fields__}
    return commands.BustTrade(**recorded | {"sequence": unit.sequence} | SIGNED | changed)


def adjust(source, target, amount, **changed):
    asset, count = quanta(amount)
    moved = {"source": source, "target": target, "asset": asset, "quanta": count}
    return commands.AdjustCash(**moved | SIGNED | changed)


def rest(order, account, lots, symbol, limit):
    return commands.RestOrder(
        order=order, account=account, instrument=symbol, lots=lots, limit_nano=nano(limit)
    )


def fill(order, lots, price, *, arrival=None, counterparty=MAKER, final=True):
    return commands.ReportFill(
        order=order,
        counterparty=counterparty,
        lots=lots,
        price_nano=nano(price),
        arrival_nano=nano(arrival or price),
        final=final,
    )


EIGHT = (deposit(ANN, "100 USDT"), trade(ANN, 8, "PERP", "100"))


class Bank:
    """A venue, its clock, its journal, and what it said last."""

    def __init__(self, rules=None):
        self.now_ns = START_NS
        self.store = MemoryStore()
        self.venue = Venue(Journal(self.store), clock=lambda: self.now_ns)
        self.do(adopt(rules or tree()))

    @property
    def state(self):
        """The facts."""
        return self.venue.state

    def found(self):
        """Open five accounts, of which the maker is rich, and say the first prices."""
        self.do(
            *(opened(account) for account in (MAKER, ANN, BOB)),
            opened(CHILD, Mode.ISOLATED, parent=ANN),
            opened(PORT, Mode.PORTFOLIO),
            *(deposit(MAKER, f"1000000 {asset}") for asset in ("USDT", "USDC", "BTC")),
            self.said(),
            commands.AdoptSurface(vol_nano={"CALL": nano("0.5")}),
        )
        return self

    def said(self, usd="100", **other):
        """Return prints of every price: bitcoin at *usd*, ether at 10, or as said otherwise."""
        prices = dict.fromkeys(ON_BITCOIN, usd) | {"ETHER": "10"} | other
        return self.prints({f: p for f, p in prices.items() if p is not None})

    def prints(self, prices, sources=("a", "b")):
        """Return prints of some prices by some sources."""
        said = [
            commands.Print(factor=f, source=s, price_nano=nano(p), observed_ns=self.now_ns)
            for f, p in prices.items()
            for s in sources
        ]
        return commands.ObservePrices(prints=tuple(said))

    def pass_time(self, seconds, usd=None, **other):
        """Move the clock; then say all prices, or, without one, only that time has passed."""
        self.now_ns += int(seconds * SECOND_NS)
        return self.do(commands.AdvanceTime() if usd is None else self.said(usd, **other))

    def do(self, *requests):
        """Carry out commands, none of which may be refused, and return all events."""
        answers = self.venue.submit_all(requests)
        assert not [answer.refusal for answer in answers if answer.refusal]
        return [e for answer in answers for unit in answer.units for e in unit.events]

    def refused(self, request):
        """Submit what must be refused and change nothing but the time, and return the reason."""
        before = self.facts()
        answer = self.venue.submit(request)
        assert self.facts() == before
        assert answer.refusal is not None, f"{request} was carried out: {answer.events}"
        assert len(answer.units) == len(answer.events) == 1
        assert " must " in answer.refusal.detail, answer.refusal.detail
        return answer.refusal.reason

    def tell(self, *statement):
        """Go through a statement: each row a command and its refusal, or the event it leads to."""
        for command, expected in statement:
            if isinstance(expected, Reason):
                assert self.refused(command) is expected, command
                continue
            (event,) = self.venue.submit(command).events
            for name, value in expected.items():
                assert getattr(event, name) == value, (command, event)

    def facts(self):
        """Return the hash of the facts, the time left out."""
        now_ns, self.state.now_ns = self.state.now_ns, 0
        found = state_hash(self.state)
        self.state.now_ns = now_ns
        return found

    def cash(self, account, asset="USDT"):
        """Return an account's cash as a decimal string."""
        return str(self.venue.cash(account, asset)).removesuffix(f" {asset}")

    def held(self, account, symbol="PERP"):
        """Return lots and quote of a position."""
        ledger = self.state.ledger
        lots, quote, _ = ledger.position(account, ledger.instrument_index[symbol])
        return lots, quote

    def orders(self):
        """Return the liquidation orders at work."""
        return list(self.state.working.values())

    def only_order(self):
        """Return the one liquidation order at work."""
        (order,) = self.orders()
        return order

    def check(self):
        """Insist that the books balance."""
        assert self.venue.books().broken == ()


def kinds(found):
    """Return the names of the events, prices and sweeps left out."""
    dull = events.PricesAccepted | events.BreachesFound | events.TimeAdvanced
    return [type(e).__name__ for e in found if not isinstance(e, dull)]


def events_of(found, kind):
    return [e for e in found if isinstance(e, kind)]


def only(found, kind):
    (event,) = events_of(found, kind)
    return event


def taken_in_hand(usd="90", **liquidation):
    """Return a venue at which Ann's order is at work since the price fell.

    She has 100 USDT and eight perpetuals bought at 100; at 90 that is 20 left, and 36 are needed.
    """
    bank = Bank(tree(**liquidation)).found()
    bank.do(*EIGHT)
    bank.pass_time(1, usd=usd)
    return bank


def parked(bank):
    """Return why Ann waits, and until which second of the day."""
    pause = bank.state.parked[ANN]
    return pause.reason, (pause.until_ns - START_NS) / SECOND_NS
