"""What is asked of whoever takes over something of an account in liquidation, as the auditor asks.

Sources: ``docs/concepts/auctions.md``, ``docs/concepts/backstop.md``: who may not, what is in
doubt, and the margin that is left afterwards.
"""

from hullmark.sim._auditor_desk import AuditorDesk
from hullmark.sim._auditor_market import AuditorMarket
from hullmark.sim._auditor_notes import AuditorNotes
from hullmark.sim._auditor_policies import LIQUIDATE, RAISE_RISK


class AuditorBidders:
    """Judges takers: keepers, makers and pools."""

    def __init__(self, market: AuditorMarket, desk: AuditorDesk, notes: AuditorNotes) -> None:
        self._market = market
        self._desk = desk
        self._notes = notes

    def check_before(self, account: int, taker: int) -> None:
        """Judge a taker before it has taken: another user's, calm, at prices that allow it."""
        parents = self._desk.parents
        if taker not in self._market.modes:
            self._notes.differ(taker, "account", "open to users", taker)
        if {taker, parents.get(taker)} & {account, parents.get(account, account)} - {None}:
            self._notes.differ(taker, "taker", f"no relative of {account}", taker)
        if taker in self._desk.cases:
            self._notes.differ(taker, "taker", "in no liquidation", taker)
        self._desk.check_prices(account, LIQUIDATE)
        self._desk.check_prices(taker, RAISE_RISK)

    def check_after(self, taker: int) -> None:
        """Judge the margin of a taker, once all has been posted."""
        after = self._market.standing(taker)
        if after is None or not after.at_risk:
            return
        spare_usd = after.usd(after.initial_equity - after.initial_margin)
        slack_usd = after.usd(after.slack) + self._market.dust(taker)
        if spare_usd < -slack_usd:
            self._notes.differ(taker, "initial equity less margin", ">= 0", spare_usd)
