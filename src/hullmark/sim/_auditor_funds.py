"""The insurance fund's parts and recorded losses, as the auditor follows them.

Sources: ``docs/concepts/insurance-fund.md``, ``docs/concepts/liquidation.md`` (the waterfall) and
the docstrings of the events.
"""

from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction

from hullmark.sim._auditor_ledger import FUND, AuditorLedger
from hullmark.sim._auditor_market import AuditorMarket
from hullmark.sim._auditor_notes import AuditorEvent, AuditorNotes
from hullmark.sim._auditor_winners import apportion


class AuditorFunds:
    """Judges and posts what is set aside, and what is paid back."""

    def __init__(self, ledger: AuditorLedger, market: AuditorMarket, notes: AuditorNotes) -> None:
        self._ledger = ledger
        self._market = market
        self._notes = notes
        self._parts: dict[tuple[str, str], int] = defaultdict(int)  # by market and asset
        self._losses: dict[tuple[int, str], int] = defaultdict(int)  # socialised, by payer
        self._drawn: dict[str, int] = {}  # by market, of the events just before this one
        self._drawn_at: tuple[int | None, int] = (None, 0)  # the unit and the last of them

    def handlers(self) -> dict[str, Callable[[AuditorEvent], None]]:
        """Return what takes each event, by its name."""
        return {"FundAllocated": self._allocate, "LossesRepaid": self._repay}

    def parts(self) -> dict[tuple[str, str], int]:
        """Return what each market has of the fund, by market and asset."""
        return {key: kept for key, kept in self._parts.items() if kept}

    def losses(self) -> dict[tuple[int, str], int]:
        """Return what is recorded of losses that were socialised, by payer and asset."""
        return {key: lost for key, lost in self._losses.items() if lost}

    def record(self, payer: int, asset: str, quanta: int) -> None:
        """Record what an account has paid of a loss that is not its own."""
        self._losses[payer, asset] += quanta

    def free(self, asset: str) -> int:
        """Return what no market has of the fund."""
        return max(self._ledger.cash[FUND][asset] - self._set_aside(asset), 0)

    def check_parts(self) -> None:
        """Hold the parts to what the fund has."""
        for asset in {asset for _, asset in self._parts}:
            fund = self._ledger.cash[FUND][asset]
            if self._set_aside(asset) > fund:
                rule = f"<= {fund}, what the fund has"
                self._notes.differ(FUND, f"parts in {asset}", rule, self._set_aside(asset))

    def payable(self, market: str | None, asset: str, deficit: int) -> int:
        """Return what the fund pays of a deficit, nothing of which has been drawn yet."""
        return sum(self._shares(self._of(asset), market, asset, deficit).values())

    def check_payment(self, market: str | None, asset: str, deficit: int, found: int) -> None:
        """Judge what the fund pays, and whose part it was: the parts have been told before it."""
        drawn = self._take_drawn()
        before = self._of(asset)
        for part, quanta in drawn.items():
            before[part] = before.get(part, 0) + quanta
        shares = self._shares(before, market, asset, deficit)
        self._notes.equal(FUND, "fund_quanta", sum(shares.values()), found)
        shares.pop(None, None)
        for name in shares.keys() | drawn.keys():
            slack = 0 if name == market else 1  # others in proportion, the largest remainder first
            ours, theirs = shares.get(name, 0), drawn.get(name or "", 0)
            self._notes.near(FUND, f"part of {name}", ours, theirs, slack)

    # First the market's own part, then what nobody has, then all others in proportion.
    def _shares(
        self, parts: dict[str, int], market: str | None, asset: str, deficit: int
    ) -> dict[str | None, int]:
        free = max(self._ledger.cash[FUND][asset] - sum(parts.values()), 0)
        shares: dict[str | None, int] = {}
        if market is not None:
            shares[market] = min(deficit, parts.get(market, 0))
        left = deficit - sum(shares.values())
        shares[None] = min(left, free)
        left -= shares[None]
        others = {name: quanta for name, quanta in parts.items() if name != market}
        if left and self._market.rules.waterfall.pooled and any(others.values()):
            total = sum(others.values())
            part = Fraction(min(left, total), total)
            named = sorted(others)
            ends = [int(part * sum(others[n] for n in named[: k + 1])) for k in range(len(named))]
            shares |= {n: b - a for n, a, b in zip(named, [0, *ends], ends, strict=False)}
        return shares

    def _of(self, asset: str) -> dict[str, int]:
        return {market: kept for (market, of), kept in self._parts.items() if of == asset and kept}

    def _set_aside(self, asset: str) -> int:
        return sum(self._of(asset).values())

    def _take_drawn(self) -> dict[str, int]:
        here = (self._notes.sequence, self._notes.number - 1)
        drawn, self._drawn = self._drawn, {}
        return drawn if self._drawn_at == here else {}

    def _allocate(self, event: AuditorEvent) -> None:
        market, asset, quanta = event["instrument"], event["asset"], event["quanta"]
        self._drawn = self._take_drawn()
        kept, free = self._parts[market, asset], self.free(asset)
        if not -kept <= quanta <= free or not quanta:
            self._notes.differ(FUND, "quanta", f"in [-{kept}, {free}], and not 0", quanta)
        if market not in self._market.rules.instruments:
            self._notes.differ(FUND, "instrument", "one of the rules'", market)
        self._parts[market, asset] += quanta
        if quanta < 0:
            self._drawn[market] = self._drawn.get(market, 0) - quanta
        self._drawn_at = (self._notes.sequence, self._notes.number)

    # To each in proportion, in whole quanta that add up, the largest remainders first.
    def _repay(self, event: AuditorEvent) -> None:
        asset, quanta = event["asset"], event["quanta"]
        owed = {payer: lost for (payer, of), lost in self._losses.items() if of == asset and lost}
        total = sum(owed.values())
        most = min(total, self.free(asset))
        if not 0 < quanta <= most:
            self._notes.differ(FUND, "quanta", f"in (0, {most}]", quanta)
            if not total:
                return
        parts = apportion(quanta, [owed[payer] for payer in sorted(owed)])
        for payer, part in zip(sorted(owed), parts, strict=True):
            self._ledger.move(FUND, payer, asset, part)
            self._losses[payer, asset] -= part
