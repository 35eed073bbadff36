"""Who pays what a liquidation has left, as the auditor follows it, and how the loss is explained.

Source: ``docs/concepts/liquidation.md``, the waterfall and where a deficit came from.
"""

from collections.abc import Callable
from fractions import Fraction

from hullmark.sim._auditor_desk import AuditorDesk
from hullmark.sim._auditor_ledger import BAD_DEBT, CUSTODY, FUND, AuditorLedger
from hullmark.sim._auditor_market import TOLERANCE, AuditorMarket
from hullmark.sim._auditor_notes import AuditorEvent, AuditorNotes
from hullmark.sim._auditor_sides import cash_at
from hullmark.sim._auditor_text import NANO

CAUSES = ("gap", "latency", "impact")


class AuditorLosses:
    """Judges and posts what empty accounts leave to the venue."""

    def __init__(
        self, ledger: AuditorLedger, market: AuditorMarket, desk: AuditorDesk, notes: AuditorNotes
    ) -> None:
        self._ledger = ledger
        self._market = market
        self._desk = desk
        self._notes = notes

    def handlers(self) -> dict[str, Callable[[AuditorEvent], None]]:
        """Return what takes each event, by its name."""
        return {"CollateralSeized": self._seize, "DeficitCovered": self._cover}

    def check_reserves(self) -> None:
        """Hold the venue's own accounts to their signs: the fund has, custody and bad debt owe."""
        for account, sign in ((FUND, 1), (CUSTODY, -1), (BAD_DEBT, -1)):
            for asset, quanta in self._ledger.cash[account].items():
                if sign * quanta < 0:
                    rule = ">= 0" if sign > 0 else "<= 0"
                    self._notes.differ(account, f"cash in {asset}", rule, quanta)

    # Only of an account that owes at least as much, and only what nobody here buys for the debt.
    def _seize(self, event: AuditorEvent) -> None:
        account, asset, notes = event["account"], event["asset"], self._notes
        cash, case = self._desk.cash(account), self._desk.case(account)
        if case.closing is None:
            case.closing = cash
        notes.positive(account, "quanta", event["quanta"])
        notes.equal(account, f"all of its {asset}", cash.get(asset, 0), event["quanta"])
        debts = {a for a, quanta in cash.items() if quanta < 0}
        if not debts or self._ledger.positions[account]:
            notes.differ(account, "a seized account", "empty and in debt", cash)
        prices = {a: self._market.usd(a) or Fraction() for a in case.closing}
        values = [quanta * prices[a] for a, quanta in case.closing.items()]
        slack = sum(prices.values()) + TOLERANCE * sum(abs(value) for value in values)
        if sum(values) > slack:  # a part of a quantum of each is nobody's
            notes.differ(account, "value with what is seized", "<= 0", float(sum(values)))
        lenient = self._market.lenient
        if lenient is not None and cash_at(case.closing, self._market.rules, lenient) > slack:
            notes.differ(account, "value at the account-safe sides", "<= 0", case.closing)
        unit = self._market.rules.assets[asset].unit
        for symbol, terms in self._market.rules.instruments.items():
            sells = terms.kind == "spot" and terms.underlying == asset and terms.settlement in debts
            lot_quanta = terms.lot_nano * unit // NANO
            if sells and event["quanta"] >= lot_quanta and self._market.mark(symbol):
                notes.differ(account, "collateral with a market", f"sold as {symbol}", asset)
        self._ledger.move(account, FUND, asset, event["quanta"])

    def _cover(self, event: AuditorEvent) -> None:
        account, asset, notes = event["account"], event["asset"], self._notes
        deficit = -self._desk.cash(account).get(asset, 0)
        if deficit <= 0 or self._ledger.positions[account]:
            notes.differ(account, "a covered account", "empty and in debt", deficit)
        left, paid = deficit, {"fund": 0, "bad-debt": 0}
        for step in self._market.rules.steps:
            most = left if step == "bad-debt" else self._ledger.cash[FUND][asset]
            paid[step] = min(left, most)
            left -= paid[step]
        notes.equal(account, "fund_quanta", paid["fund"], event["fund_quanta"])
        notes.equal(account, "bad_debt_quanta", paid["bad-debt"], event["bad_debt_quanta"])
        causes = [event[f"{cause}_quanta"] for cause in CAUSES]
        notes.equal(account, "gap, latency and impact", deficit, sum(causes))
        self._check_causes(account, asset, deficit, causes)
        self._ledger.move(FUND, account, asset, event["fund_quanta"])
        self._ledger.move(BAD_DEBT, account, asset, event["bad_debt_quanta"])

    # The documented formulas. Net is without what the account had or owed in other assets in the
    # end, and a deficit in another asset than was foreseen counts as gap.
    def _check_causes(self, account: int, asset: str, deficit: int, causes: list[int]) -> None:
        case, notes = self._desk.case(account), self._notes
        if case.closing is None:
            case.closing = self._desk.cash(account)
        gap, latency, slack = Fraction(deficit), Fraction(0), Fraction(0)
        if case.asset == asset:
            usd, others = self._market.usd(asset), {**case.closing}
            others.pop(asset, None)
            prices = {other: self._market.usd(other) for other in others}
            if not usd or None in prices.values():
                return
            values = [quanta * (prices[a] or 0) / usd for a, quanta in others.items()]
            net = Fraction(case.net_quanta - sum(values))
            late = case.late_quanta.get(asset, 0)
            gap = max(Fraction(0), -net)
            latency = max(Fraction(0), late - net) - gap
            slack = len(others) + TOLERANCE * sum(abs(value) for value in values)
        notes.near(account, "gap_quanta", gap, causes[0], slack)
        notes.near(account, "latency_quanta", latency, causes[1], 2 * slack)
