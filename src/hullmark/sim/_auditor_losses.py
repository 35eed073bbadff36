"""Who pays what a liquidation has left, as the auditor follows it, and how the loss is explained.

Source: ``docs/concepts/liquidation.md``, the waterfall and where a deficit came from.
"""

import math
from collections.abc import Callable
from fractions import Fraction

from hullmark.sim._auditor_cases import Case
from hullmark.sim._auditor_deleveraging import AuditorDeleveraging
from hullmark.sim._auditor_desk import AuditorDesk
from hullmark.sim._auditor_funds import AuditorFunds
from hullmark.sim._auditor_ledger import BAD_DEBT, CUSTODY, FUND, AuditorLedger, ceiling
from hullmark.sim._auditor_market import TOLERANCE, AuditorMarket
from hullmark.sim._auditor_notes import AuditorEvent, AuditorNotes
from hullmark.sim._auditor_reserves import AuditorReserves
from hullmark.sim._auditor_seasons import AuditorSeasons
from hullmark.sim._auditor_sides import cash_at
from hullmark.sim._auditor_text import NANO
from hullmark.sim._auditor_winners import apportion

CAUSES = ("gap", "participation", "latency", "oracle", "impact")


class AuditorLosses:
    """Judges and posts what empty accounts leave to the venue."""

    def __init__(
        self,
        ledger: AuditorLedger,
        market: AuditorMarket,
        desk: AuditorDesk,
        funds: AuditorFunds,
        deleveraging: AuditorDeleveraging,
        seasons: AuditorSeasons,
        notes: AuditorNotes,
    ) -> None:
        self._ledger = ledger
        self._market = market
        self._desk = desk
        self._funds = funds
        self._deleveraging = deleveraging
        self._seasons = seasons
        self._reserves = AuditorReserves(ledger, market, desk, funds)
        self._notes = notes
        self._socialised: dict[int, tuple[int, int]] = {}  # by account: quanta, and the base
        self._paid_in: dict[int, tuple[int, dict[str, int]]] = {}  # into accounts in an auction
        desk.before_payment.append(self._note_cash)

    def handlers(self) -> dict[str, Callable[[AuditorEvent], None]]:
        """Return what takes each event, by its name."""
        return {
            "CollateralSeized": self._seize,
            "LossSocialised": self._socialise,
            "DeficitCovered": self._cover,
        }

    def check_reserves(self) -> None:
        """Hold the venue's own accounts to their signs: the fund has, custody and bad debt owe."""
        for account, sign in ((FUND, 1), (CUSTODY, -1), (BAD_DEBT, -1)):
            for asset, quanta in self._ledger.cash[account].items():
                if sign * quanta < 0:
                    rule = ">= 0" if sign > 0 else "<= 0"
                    self._notes.differ(account, f"cash in {asset}", rule, quanta)
        self._funds.check_parts()

    def check_paid_in(self, account: int, asset: str, paid: int, share: Fraction) -> None:
        """Judge what was paid into an account so that its taker could be paid, and its causes."""
        total, causes = self._paid_in.pop(account, (0, {}))
        self._notes.equal(account, "what the taker is paid", total, paid)
        case = self._desk.case(account)
        if total and case.asset == asset:
            whole = ceiling(*(total / share).as_integer_ratio())
            for cause, quanta in split(case, asset, whole, Fraction(case.net_quanta)).items():
                slack = 2 if cause != "impact" else 6
                self._notes.near(account, f"{cause}_quanta", quanta * share, causes[cause], slack)

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

    # By all who hold some, in whole quanta that add up, the largest remainders first.
    def _socialise(self, event: AuditorEvent) -> None:
        account, asset, quanta = event["account"], event["asset"], event["quanta"]
        base, notes = event["base_quanta"], self._notes
        self._tell_payment(account)
        notes.positive(account, "quanta", quanta)
        if "socialised" not in self._market.rules.waterfall.steps:
            notes.differ(account, "steps", "with socialised", self._market.rules.waterfall.steps)
        if quanta > base:
            notes.differ(account, "quanta", f"<= {base}", quanta)
        if self._market.rules.waterfall.by_gains:
            paid = {part["payer"]: part["quanta"] for part in event.get("parts", ())}
            self._check_parts(account, asset, paid, quanta, base)
        else:
            holders = self._reserves.holders(asset, but=account)
            notes.equal(account, "base_quanta", sum(holders.values()), base)
            parts = apportion(quanta, list(holders.values()))
            paid = {payer: part for payer, part in zip(holders, parts, strict=True) if part}
        for payer, part in paid.items():
            self._ledger.move(payer, account, asset, part)
            self._funds.record(payer, asset, part)
        self._socialised[account] = quanta, base

    # By what each has gained beyond what it paid in, and no further than it is worth.
    def _check_parts(
        self, account: int, asset: str, paid: dict[int, int], quanta: int, base: int
    ) -> None:
        gained, exact = self._gained(account, asset)
        self._notes.equal(account, "parts together", quanta, sum(paid.values()))
        if exact:
            parts = apportion(quanta, list(gained.values()))
            ours = {payer: part for payer, part in zip(gained, parts, strict=True) if part}
            self._notes.equal(account, "base_quanta", sum(gained.values()), base)
            self._notes.equal(account, "parts", ours, paid)
        for payer in paid.keys() - gained.keys():
            self._notes.differ(payer, "who shares a loss", "with a gain", paid[payer])

    # What is there to be shared by; where floats could not tell, nothing is what it was.
    def _base(self, account: int, asset: str) -> int:
        if not self._market.rules.waterfall.by_gains:
            return sum(self._reserves.holders(asset, but=account).values())
        gained, exact = self._gained(account, asset)
        return sum(gained.values()) if exact else 0

    # Whole numbers, but for whoever holds an option.
    def _gained(self, account: int, asset: str) -> tuple[dict[int, int], bool]:
        found, exact, pool = dict[int, int](), True, self._reserves.backstop
        apart = {account} | ({pool.account} if pool is not None and pool.asset == asset else set())
        for user in self._market.modes:
            if user in apart:
                continue
            parts, blurs = self._market.parts(user)
            net, _ = self._market.net_quanta(user, asset)
            blur = math.ceil(sum(blurs.values()))
            most = min(parts.get(asset, 0) - self._seasons.paid(user, asset), net) + blur
            exact = exact and not blur
            if most > 0:
                found[user] = most
        return found, exact

    def _cover(self, event: AuditorEvent) -> None:
        account, asset, notes = event["account"], event["asset"], self._notes
        self._tell_payment(account)
        cash, taken = self._desk.cash(account).get(asset, 0), self._deleveraging.told(account)
        socialised, base = self._socialised.pop(account, (0, 0))
        named = {k: event.get(f"{k}_quanta", 0) for k in ("fund", "backstop", "bad_debt")}
        rest = sum(named.values())  # what this event pays, beside those before it
        if not self._desk.is_insolvent(account):
            if rest and self._ledger.positions[account]:
                notes.differ(account, "a covered account", "empty", self._ledger.positions[account])
            if rest or taken or socialised or not self._is_let_go(account, asset):
                notes.equal(account, "what is paid", max(-cash, 0), rest)
                rest = max(-cash, 0)
        deficit = rest + taken + socialised
        self._check_steps(event, deficit, taken, socialised, base)
        paid = self._desk.case(account).closed_quanta
        closed = taken if self._desk.is_insolvent(account) else paid.get(asset, 0)
        paid[asset] = paid.get(asset, 0) - closed
        self._desk.case(account).paid_by_others = bool(closed) and not deficit
        notes.equal(account, "haircut_quanta", closed, event.get("haircut_quanta", 0))
        notes.equal(account, "socialised_quanta", socialised, event.get("socialised_quanta", 0))
        total = rest + closed + socialised
        causes = {cause: event.get(f"{cause}_quanta", 0) for cause in CAUSES}
        notes.equal(account, "gap to impact", total, sum(causes.values()))
        if self._desk.is_insolvent(account):
            self._paid_in[account] = total, causes
        else:
            self._check_causes(account, asset, causes)
        if pool := self._reserves.backstop:
            self._ledger.move(pool.account, account, asset, named["backstop"])
        self._ledger.move(FUND, account, asset, named["fund"])
        self._ledger.move(BAD_DEBT, account, asset, named["bad_debt"])

    # Others have paid all that was missing before; what it owes besides, it has the worth for.
    def _is_let_go(self, account: int, asset: str) -> bool:
        paid = self._desk.case(account).closed_quanta.get(asset, 0)
        return paid > 0 and self._desk.wanted(account) is not True

    # In their order, each as far as it goes.
    def _check_steps(
        self, event: AuditorEvent, deficit: int, taken: int, socialised: int, base: int
    ) -> None:
        account, asset, notes = event["account"], event["asset"], self._notes
        steps, market = self._market.rules.waterfall.steps, self._reserves.market_of(account)
        notes.equal(account, "market", market, event.get("market"))
        left = deficit
        if "fund" in steps:
            self._funds.check_payment(market, asset, left, event["fund_quanta"])
        else:
            notes.equal(account, "fund_quanta", 0, event["fund_quanta"])
        left -= event["fund_quanta"]
        backstop = 0
        if "backstop" in steps:
            backstop = min(left, self._reserves.backstop_quanta(account, asset))
        notes.equal(account, "backstop_quanta", backstop, event.get("backstop_quanta", 0))
        left -= backstop
        if deficit or taken:
            self._deleveraging.check_books(account, asset, left)
        left -= taken
        if "socialised" in steps:
            base = base or self._base(account, asset)
            notes.equal(account, "socialised_quanta", min(left, base), socialised)
            left -= socialised
        notes.equal(account, "bad_debt_quanta", left, event["bad_debt_quanta"])

    # The documented formulas. Net is without what the account had or owed in other assets in the
    # end, and a deficit in another asset than was foreseen counts as gap.
    def _check_causes(self, account: int, asset: str, causes: dict[str, int]) -> None:
        case, notes, total = self._desk.case(account), self._notes, sum(causes.values())
        ours, slack = dict.fromkeys(CAUSES, Fraction(0)), Fraction(0)
        ours["gap"] = Fraction(total)
        if case.asset == asset:
            usd, others = self._market.usd(asset), {**(case.closing or {})}
            others.pop(asset, None)
            prices = {other: self._market.usd(other) for other in others}
            if not usd or None in prices.values():
                return
            values = [quanta * (prices[a] or 0) / usd for a, quanta in others.items()]
            ours = split(case, asset, total, case.net_quanta - sum(values, Fraction(0)))
            slack = len(others) + TOLERANCE * sum(abs(value) for value in values)
        for cause, quanta in ours.items():
            notes.near(account, f"{cause}_quanta", quanta, causes[cause], 2 * slack)

    # Before anybody pays anything into it, or takes anything out.
    def _note_cash(self, account: int) -> None:
        case = self._desk.case(account)
        if case.closing is None and not self._desk.is_insolvent(account):
            case.closing = self._desk.cash(account)

    def _tell_payment(self, account: int) -> None:
        for tell in self._desk.before_payment:
            tell(account)


def split(case: Case, asset: str, total: int, net: Fraction) -> dict[str, Fraction]:
    """Return the causes of a deficit: what of it there was already after each loss, in turn."""
    left, reached, found = net, max(Fraction(0), -net), dict[str, Fraction]()
    found["gap"] = reached
    lost = (case.participation_quanta, case.late_quanta, case.oracle_quanta)
    for cause, losses in zip(("participation", "latency", "oracle"), lost, strict=True):
        left -= losses.get(asset, 0)
        found[cause] = max(Fraction(0), -left) - reached
        reached = max(Fraction(0), -left)
    found["impact"] = total - reached
    return found
