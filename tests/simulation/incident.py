"""An incident on the stage: its file in ``scenarios/incidents``, the real venue, and who spoke.

Of every source the price between two published points runs straight in its logarithm; before its
first point and after its last it says that point again. ``silent`` says nothing from there on.
"""

import copy
import json
import math
import tomllib
from decimal import Decimal
from pathlib import Path

import hullmark
from hullmark.core import INT64_MAX, nano, parse_instant
from hullmark.domain import Mode, Reason, SystemAccount, commands, events
from hullmark.market import Grade

FOLDER = Path(__file__).resolve().parents[2] / "scenarios" / "incidents"
SECOND_NS = 10**9
MAKER, ANN, BOB, CAROL = 100, 101, 102, 103
FUND = SystemAccount.FUND


def load(name):
    """Return the file of an incident."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


class Incident:
    """A venue that lives through an incident: as defended, or with the guard that broke."""

    def __init__(self, name, *, defended=True, **prices):
        self.file = load(name)
        self.rules = copy.deepcopy(self.file["venue"])
        if not defended:
            self.rules["prices"] |= copy.deepcopy(self.file.get("undefended", {}))
            for section, changes in self.file.get("undefended_venue", {}).items():
                self.rules[section] |= copy.deepcopy(changes)
        for factor, changes in prices.items():
            self.rules["prices"][factor] |= changes
        self.start_ns = parse_instant("start", self.file["start"])
        self.now_ns = self.start_ns
        self.orders = []
        self.venue = hullmark.open(self.rules, clock=lambda: self.now_ns, port=self)
        self.happened = []

    def send(self, order):
        """Take an order from the venue, and leave it lying: the market is not in the test."""
        self.orders.append(order)

    def do(self, *requests):
        """Carry out commands, none of which may be refused, and return all events."""
        answers = self.venue.submit_all(requests)
        refusals = [answer.refusal for answer in answers if answer.refusal]
        assert not refusals, refusals[0]
        found = [e for answer in answers for unit in answer.units for e in unit.events]
        self.happened += found
        return found

    def refused(self, request):
        """Return why a command is refused; ``None``: it was carried out."""
        refusal = self.venue.submit(request).refusal
        return None if refusal is None else Reason(refusal.reason)

    def open(self, account, **cash):
        """Open a cross account, and pay in decimal amounts by asset."""
        self.do(commands.OpenAccount(account=account, mode=Mode.CROSS))
        self.pay(account, **cash)

    def pay(self, account, **cash):
        """Pay decimal amounts into an account or the fund."""
        for asset, amount in cash.items():
            quanta = self.venue.quanta(asset, amount)
            self.do(commands.Deposit(account=account, asset=asset, quanta=quanta))

    def trade(self, buyer, size, instrument, price, *, seller=MAKER):
        """Return a trade, its size and price in decimals."""
        return commands.ReportTrade(
            instrument=instrument,
            buyer=buyer,
            seller=seller,
            lots=self.venue.lots(instrument, size),
            price_nano=nano(price),
        )

    def withdrawal(self, account, asset, quanta):
        """Return the withdrawal of some quanta."""
        return commands.Withdraw(account=account, asset=asset, quanta=quanta)

    def at(self, second):
        """Set the clock, and let every source say what it said then; return all events."""
        self.now_ns = self.start_ns + round(second * SECOND_NS)
        prints = [
            commands.Print(
                factor=factor, source=source, price_nano=price_nano, observed_ns=self.now_ns
            )
            for factor, sources in self.file["path"].items()
            for source, points in sources.items()
            if (price_nano := _price_nano(points, second)) is not None
        ]
        return self.do(commands.ObservePrices(prints=tuple(prints)))

    def run(self, since, until):
        """Live through the seconds from one to another, and yield each that was spoken in."""
        step, second = int(self.file["step_s"]), since
        while second <= until:
            self.at(second)
            yield second
            second += step

    def price(self, factor):
        """Return grade, reason and USD of a price."""
        found = self.venue.state.prices[factor]
        return Grade(found.grade).name, found.reason, found.price_nano / 1e9

    def liquidated_usd(self):
        """Return the notional that liquidations ordered, each account's positions once."""
        first = {}
        for order in self.orders:
            first.setdefault((order.account, order.instrument), order.notional_nano / 1e9)
        return sum(first.values())

    def taken_in_hand(self):
        """Return the accounts whose liquidation began."""
        return {e.account for e in self.happened if isinstance(e, events.LiquidationStarted)}

    def check(self):
        """Insist that the books balance, and that what is on the file has a source."""
        assert self.venue.books().broken == ()
        assert all(s["publisher"] and s["date"] and s["url"] for s in self.file["source"])


def rules_command(rules):
    """Return the command that adopts a venue tree."""
    return commands.AdoptRules(rules=json.dumps(rules))


# What a source says at a second: of points ["second", "price"], straight in the logarithm between.
def _price_nano(points, second):
    times = [float(t) for t, _ in points]
    after = next((n for n, t in enumerate(times) if t > second), len(points))
    said = points[max(after - 1, 0)][1]
    if said == "silent":
        return None
    before = Decimal(said)
    if after in (0, len(points)) or points[after][1] in ("silent", "0") or before <= 0:
        return min(int(before.scaleb(9)), INT64_MAX)
    share = (second - times[after - 1]) / (times[after] - times[after - 1])
    low, high = math.log(before), math.log(Decimal(points[after][1]))
    return nano(f"{math.exp(low + share * (high - low)):.9f}")
