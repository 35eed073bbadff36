"""How old gains are, as the auditor follows them: what may leave while losses are open.

Sources: ``docs/concepts/insurance-fund.md`` (gains that are not paid yet) and
``docs/reference/venue.md`` (``waterfall.season_s``).
"""

from collections import defaultdict
from dataclasses import dataclass

from hullmark.sim._auditor_desk import AuditorDesk
from hullmark.sim._auditor_ledger import BAD_DEBT, FUND, AuditorLedger
from hullmark.sim._auditor_market import AuditorMarket
from hullmark.sim._auditor_notes import AuditorNotes
from hullmark.sim._auditor_reserves import AuditorReserves


@dataclass(slots=True)
class _Season:
    """What an account has paid in of an asset, and its gain when gains were noted, twice."""

    paid: int = 0
    older: int = 0
    newer: int = 0


class AuditorSeasons:
    """Follows who has paid in what, and judges what leaves."""

    def __init__(
        self,
        ledger: AuditorLedger,
        market: AuditorMarket,
        desk: AuditorDesk,
        reserves: AuditorReserves,
        notes: AuditorNotes,
    ) -> None:
        self._ledger = ledger
        self._market = market
        self._desk = desk
        self._reserves = reserves
        self._notes = notes
        self._seasons: dict[tuple[int, str], _Season] = defaultdict(_Season)
        self._noted_ns = 0  # when gains were noted last, or it began; 0: they are not

    def seasons(self) -> dict[tuple[int, str], tuple[int, int, int]]:
        """Return what is noted of each account and asset: paid in, older and newer gains."""
        noted = {key: (one.paid, one.older, one.newer) for key, one in self._seasons.items()}
        return {key: numbers for key, numbers in noted.items() if any(numbers)}

    def paid(self, account: int, asset: str) -> int:
        """Return what an account has paid in of an asset, and not taken out again."""
        return self._seasons[account, asset].paid

    def adopt(self) -> None:
        """Begin, where rules ask for it, with all that is there as paid in; or end."""
        if not self._market.rules.waterfall.notes_gains:
            self._seasons.clear()
            self._noted_ns = 0
        elif not self._noted_ns:
            self._noted_ns = self._notes.now_ns
            for account in self._market.modes:
                for asset, quanta in self._desk.cash(account).items():
                    if quanta > 0:
                        self._seasons[account, asset].paid = quanta

    def pass_time(self) -> None:
        """Note the gains of all, if a season has passed since the last time."""
        season_ns = self._market.rules.waterfall.season_ns
        if season_ns is None or self._notes.now_ns - self._noted_ns < season_ns:
            return
        self._noted_ns = self._notes.now_ns
        held = {
            (account, asset)
            for account in self._market.modes
            for asset in self._market.rules.assets
            if self._ledger.cash[account][asset] > 0
        }
        for key in held | self._seasons.keys():
            season, gain = self._seasons[key], self._gain(*key)
            season.older, season.newer = min(season.newer, gain), gain

    def move(
        self,
        asset: str,
        quanta: int,
        source: int | None,
        target: int | None,
        paid_max: int | None = None,
    ) -> int | None:
        """Follow a payment, before it is posted: first goes what was paid in, then old gains.

        Returns how much of it counts as paid in; ``None``: nothing is followed.
        """
        if not self._market.rules.waterfall.notes_gains:
            return None
        paid = quanta
        if source in self._market.modes and source is not None:
            season, gain = self._seasons[source, asset], self._gain(source, asset)
            paid = min(quanta, season.paid, quanta if paid_max is None else paid_max)
            drawn = quanta - paid
            season.older = max(min(season.older, gain) - drawn, 0)
            season.newer = max(min(season.newer, gain) - drawn, 0)
            season.paid -= paid
        if target in self._market.modes and target is not None:
            self._seasons[target, asset].paid += paid
        return paid

    def check_leaving(self, account: int, asset: str, quanta: int) -> None:
        """Judge a withdrawal: no gain leaves that nothing covers, the young ones first."""
        if self._market.rules.waterfall.season_ns is None:
            return
        uncovered, slack = self._uncovered(asset)
        if uncovered <= slack:
            return
        old_all = young_all = 0
        for other in self._market.modes:
            old, young = self._gains(other, asset)
            old_all, young_all = old_all + old, young_all + young
        old, young = self._gains(account, asset)
        from_young = min(young_all, uncovered - slack)
        from_old = min(old_all, uncovered - slack - from_young)
        most = self._reserves.settled(account, asset) - old - young
        most = max(most, 0) + 2
        most += old * (old_all - from_old) // max(old_all, 1)
        most += young * (young_all - from_young) // max(young_all, 1)
        if quanta > most:
            self._notes.differ(account, "quanta paid in or covered", f"<= {most}", quanta)

    # What accounts in hand lack, and bad debt, beyond what the fund has.
    def _uncovered(self, asset: str) -> tuple[int, int]:
        lacking, slack = 0, 0
        for account, case in self._desk.cases.items():
            if case.asset == asset:
                net, near = self._market.net_quanta(account, asset)
                lacking, slack = lacking + max(-net, 0), slack + int(near)
        bad_debt = max(-self._ledger.cash[BAD_DEBT][asset], 0)
        return lacking + bad_debt - max(self._ledger.cash[FUND][asset], 0), slack

    def _gain(self, account: int, asset: str) -> int:
        return max(self._ledger.cash[account][asset] - self._seasons[account, asset].paid, 0)

    # Those a season old, and the young.
    def _gains(self, account: int, asset: str) -> tuple[int, int]:
        gain = self._gain(account, asset)
        old = min(self._seasons[account, asset].older, gain)
        return old, gain - old
