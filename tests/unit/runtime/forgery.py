"""A day at a venue that ends in bad debt, and the means to forge its journal."""

import json
import tomllib

from hullmark.domain import Mode, SystemAccount, commands, events
from hullmark.journal import Journal, Unit
from hullmark.journal.sqlite import SqliteStore
from hullmark.runtime import Venue

START_NS = 1_760_054_400_000_000_000  # 10 October 2025
MINUTE_NS = 60 * 10**9
BTC = "BTC-PERP"


VENUE = """
name = "test"
assets.USDT = { decimals = 6, peg = "1" }
margin.cross = "tiered"
margin.tiered.BTC-PERP.tiers = [{ floor_usd = "0", initial = "0.05", maintenance = "0.025" }]
prices.BTC-PERP = { sources = ["mark"], sources_min = 1, staleness_s_max = "600" }
[[instruments]]
kind = "perpetual"
symbol = "BTC-PERP"
underlying = "BTC"
settlement = "USDT"
lot = "0.001"
"""


def rules(**liquidation):
    tree = tomllib.loads(VENUE) | {"liquidation": liquidation}
    return commands.AdoptRules(rules=json.dumps(tree))


def observed(price_usd, now_ns):
    said = commands.Print(
        factor=BTC, source="mark", price_nano=price_usd * 10**9, observed_ns=now_ns
    )
    return commands.ObservePrices(prints=(said,))


class Day:
    """A venue on a clock of its own, through the fall of one account."""

    def __init__(self, path):
        self.now_ns = START_NS
        self.venue = Venue(Journal(SqliteStore(path)), clock=lambda: self.now_ns)

    def begin(self):
        """Let one account buy more than it can hold through a fall."""
        self.venue.submit_all(
            [
                rules(),
                commands.Deposit(account=SystemAccount.FUND, asset="USDT", quanta=10 * 10**6),
                *(commands.OpenAccount(account=a, mode=Mode.CROSS) for a in (100, 101, 102)),
                commands.Deposit(account=100, asset="USDT", quanta=6_000 * 10**6),
                commands.Deposit(account=101, asset="USDT", quanta=500_000 * 10**6),
                commands.Deposit(account=102, asset="USDT", quanta=9_000 * 10**6),
                observed(100_000, self.now_ns),
                commands.ReportTrade(
                    instrument=BTC,
                    buyer=100,
                    seller=101,
                    lots=1_000,
                    price_nano=100_000 * 10**9,
                    buyer_fee_quanta=7,
                ),
                commands.AccrueFunding(instrument=BTC, rate_nano=10**6),
                commands.Withdraw(account=102, asset="USDT", quanta=10**6),
                commands.Withdraw(account=102, asset="USDT", quanta=10**15),  # refused
            ]
        )

    def crash(self):
        """Let the price fall, and the account be liquidated below its last cent."""
        self.now_ns += MINUTE_NS
        found = self.venue.submit(observed(93_000, self.now_ns))
        (order,) = [
            e for u in found.units for e in u.events if isinstance(e, events.LiquidationOrdered)
        ]
        self.now_ns += 1
        self.venue.submit(
            commands.ReportFill(
                order=order.order,
                counterparty=101,
                lots=order.lots,
                price_nano=92_500 * 10**9,
                arrival_nano=92_800 * 10**9,
                final=True,
            )
        )


def after(last, *found, place=1, command=None, **fields):
    """Return a unit that follows *last* and holds the events given."""
    defaults = {
        "sequence": last.sequence + place,
        "time_ns": last.time_ns,
        "command": command or commands.AdvanceTime(),
        "events": found,
    }
    return Unit(**defaults | fields)


def covered(*, fund=0, bad_debt=0):
    causes = {"gap_quanta": fund + bad_debt, "latency_quanta": 0, "impact_quanta": 0}
    split = {"fund_quanta": fund, "bad_debt_quanta": bad_debt}
    return events.DeficitCovered(account=102, asset="USDT", **split, **causes)


def deposited(quanta, account=102):
    return events.Deposited(account=account, asset="USDT", quanta=quanta)
