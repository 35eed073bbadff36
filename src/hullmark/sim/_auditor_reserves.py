"""What the steps of the waterfall can pay, as the auditor reckons it.

Source: ``docs/concepts/liquidation.md`` (the waterfall).
"""

from hullmark.sim._auditor_desk import AuditorDesk
from hullmark.sim._auditor_funds import AuditorFunds
from hullmark.sim._auditor_ledger import AuditorLedger
from hullmark.sim._auditor_market import AuditorMarket
from hullmark.sim._auditor_stage_terms import PoolTerms
from hullmark.sim._auditor_text import NANO


class AuditorReserves:
    """The fund and the staked backstop, and who holds what can be socialised."""

    def __init__(
        self,
        ledger: AuditorLedger,
        market: AuditorMarket,
        desk: AuditorDesk,
        funds: AuditorFunds,
    ) -> None:
        self._ledger = ledger
        self._market = market
        self._desk = desk
        self._funds = funds

    @property
    def backstop(self) -> PoolTerms | None:
        """The pool whose members pay, if the waterfall names one."""
        name = self._market.rules.waterfall.backstop
        return None if name is None else self._market.rules.pools[name]

    def backstop_quanta(self, account: int, asset: str) -> int:
        """Return what the staked backstop has for a loss of another account.

        Settled cash, the funding it owes taken off.
        """
        pool = self.backstop
        if pool is None or pool.asset != asset or pool.account not in self._market.modes:
            return 0
        if pool.account == account:
            return 0
        return max(self.settled(pool.account, asset), 0)

    def settled(self, account: int, asset: str) -> int:
        """Return cash once the account's funding has been settled."""
        instruments = self._market.rules.instruments
        due = sum(
            self._ledger.due(account, symbol)
            for symbol in self._ledger.positions[account]
            if instruments[symbol].settlement == asset
        )
        return self._ledger.cash[account][asset] - due

    def before_deleveraging(self, account: int, asset: str, deficit: int) -> int:
        """Return what the fund and the backstop pay of a deficit."""
        steps, paid = self._market.rules.waterfall.steps, 0
        if "fund" in steps:
            paid += self._funds.payable(self.market_of(account), asset, deficit)
        if "backstop" in steps:
            paid += min(self.backstop_quanta(account, asset), deficit - paid)
        return paid

    def market_of(self, account: int) -> str | None:
        """Return the market that a liquidation is counted to: most of its size at the trigger."""
        case = self._desk.cases.get(account)
        if case is None or not case.lots:
            return None
        instruments = self._market.rules.instruments
        worth = {
            symbol: abs(lots) * instruments[symbol].lot_nano * case.trigger_nano[symbol] // NANO
            for symbol, lots in case.lots.items()
        }
        return max(sorted(worth), key=lambda symbol: worth[symbol])

    def holders(self, asset: str, but: int) -> dict[int, int]:
        """Return the users that hold some of an asset, and how much.

        All but the one whose loss it is, and the staked backstop, which has paid before.
        """
        cash, pool, apart = self._ledger.cash, self.backstop, {but}
        if pool is not None and pool.asset == asset:
            apart.add(pool.account)
        held = {a: cash[a][asset] for a in self._market.modes if a not in apart}
        return {account: quanta for account, quanta in held.items() if quanta > 0}
