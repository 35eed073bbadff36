"""The ledger: who has what, in 64-bit columns and by double entry.

Every method here moves quanta between accounts or inside one; none makes or loses any. The columns
are ``array('q')``: an integer that does not fit raises before it is stored. A ledger that raised
may have done half of what it was told, and is to be thrown away.
"""

from array import array
from collections.abc import Iterator, Sequence

from hullmark.core import NANO, Asset, int64
from hullmark.domain import Instrument, Option, Spot, SystemAccount, is_system
from hullmark.errors import AmountOverflowError
from hullmark.ledger._cost import payoff_ratio
from hullmark.ledger._position import FLAT, Position, fill, funding_due


class Ledger:
    """Cash per account and asset, lots and quote per account and instrument.

    Accounts are known by number outside and by row inside; a row is never reused. Positions that
    become flat leave their slot to the next one.
    """

    def __init__(self) -> None:
        self.assets: list[Asset] = []
        self.instruments: list[Instrument] = []
        self.accounts: list[int] = []  # account number of each row
        self.row_of: dict[int, int] = {}
        self.asset_index: dict[str, int] = {}
        self.instrument_index: dict[str, int] = {}
        self.funding_micro: list[int] = []  # cumulative, per instrument: what one long lot owes
        self.changed: set[int] = set()  # rows touched since someone last looked
        self._cash: list[array[int]] = []  # one column per asset
        self._settlement: list[int] = []  # asset of each instrument
        self._lots, self._quote, self._paid = array("q"), array("q"), array("q")
        self._held: list[dict[int, int]] = []  # per row: instrument -> slot in the three above
        self._free: list[int] = []

    def extend(self, assets: Sequence[Asset], instruments: Sequence[Instrument]) -> None:
        """Make room for new assets and instruments, behind those that are known."""
        for asset in assets:
            self.asset_index[asset.symbol] = len(self.assets)
            self.assets.append(asset)
            self._cash.append(array("q", bytes(8 * len(self.accounts))))
        for instrument in instruments:
            self.instrument_index[instrument.symbol] = len(self.instruments)
            self.instruments.append(instrument)
            self._settlement.append(self.asset_index[instrument.settlement])
            self.funding_micro.append(0)

    def open(self, account: int) -> int:
        """Open an account with nothing in it, and return its row."""
        row = len(self.accounts)
        assert account not in self.row_of, f"account {account} is open"
        self.row_of[account] = row
        self.accounts.append(account)
        self._held.append({})
        for column in self._cash:
            column.append(0)
        self.changed.add(row)
        return row

    def cash(self, account: int, asset: int) -> int:
        """Return an account's cash, in quanta."""
        return self._cash[asset][self.row_of[account]]

    def position(self, account: int, instrument: int) -> Position:
        """Return an account's position; flat if it has none."""
        slot = self._held[self.row_of[account]].get(instrument)
        if slot is None:
            return FLAT
        return Position(self._lots[slot], self._quote[slot], self._paid[slot])

    def positions(self, account: int) -> list[tuple[int, Position]]:
        """Return an account's open positions in the order of instruments."""
        lots, quote, paid = self._lots, self._quote, self._paid
        return [
            (instrument, Position(lots[slot], quote[slot], paid[slot]))
            for instrument, slot in sorted(self._held[self.row_of[account]].items())
        ]

    def settlement(self, instrument: int) -> int:
        """Return the index of the asset that an instrument settles in."""
        return self._settlement[instrument]

    def move(self, source: int, target: int, asset: int, quanta: int) -> None:
        """Move cash between two accounts. The only way that cash changes hands."""
        self._credit(asset, self.row_of[source], -quanta)
        self._credit(asset, self.row_of[target], quanta)

    def trade(self, buyer: int, seller: int, instrument: int, *, lots: int, cost: int) -> None:
        """Give *lots* to the buyer and *cost* quanta to the seller."""
        terms, settlement = self.instruments[instrument], self._settlement[instrument]
        if isinstance(terms, Spot):
            base = self.asset_index[terms.underlying]
            self.move(seller, buyer, base, lots * self.spot_lot_quanta(instrument))
            self.move(buyer, seller, settlement, cost)
        elif isinstance(terms, Option):  # the premium is paid at once, so nothing is owed later
            self._fill(buyer, instrument, lots, 0)
            self._fill(seller, instrument, -lots, 0)
            self.move(buyer, seller, settlement, cost)
        else:
            self._fill(buyer, instrument, lots, cost)
            self._fill(seller, instrument, -lots, -cost)

    def spot_lot_quanta(self, instrument: int) -> int:
        """Return how many quanta of the underlying one lot of a spot instrument is."""
        terms = self.instruments[instrument]
        base = self.assets[self.asset_index[terms.underlying]]
        return terms.lot_nano * base.quanta_per_unit // NANO

    def accrue_funding(self, instrument: int, step_micro: int) -> None:
        """Let every long lot owe, and every short lot be owed, *step_micro* more."""
        index = self.funding_micro[instrument] + step_micro
        self.funding_micro[instrument] = int64("a funding index", index)

    def settle_funding(self, account: int, instrument: int) -> None:
        """Pay what a position owes of funding, or is owed."""
        slot = self._held[self.row_of[account]].get(instrument)
        index = self.funding_micro[instrument]
        if slot is None or self._paid[slot] == index:
            return
        due = funding_due(self.position(account, instrument), index)
        self.move(account, SystemAccount.FUNDING, self._settlement[instrument], due)
        self._paid[slot] = index

    def funding_owed(self, account: int, instrument: int) -> int:
        """Return what a position owes of funding and has not settled; negative: it is owed."""
        return funding_due(self.position(account, instrument), self.funding_micro[instrument])

    def charge_interest(self, asset: int, rate_nano: int) -> None:
        """Let every negative balance of a user pay interest, rounded up."""
        column = self._cash[asset]
        for row, account in enumerate(self.accounts):
            if column[row] < 0 and not is_system(account):
                owed = -(column[row] * rate_nano // NANO)
                self.move(account, SystemAccount.INTEREST, asset, owed)

    def settle_expiry(self, instrument: int, price_nano: int) -> None:
        """Close every position at its payoff, each rounded against its holder.

        The payoff comes from the venue's settlement account, the quote from the position itself.
        Lots sum to zero, so what the roundings leave in that account is never negative.
        """
        terms, asset = self.instruments[instrument], self._settlement[instrument]
        over, under = payoff_ratio(terms, price_nano, self.assets[asset].quanta_per_unit)
        for account in self.holders(instrument):
            self.settle_funding(account, instrument)
            lots, quote, _ = self.position(account, instrument)
            row = self.row_of[account]
            self._store(row, instrument, FLAT)
            self._credit(asset, row, quote)  # inside one account: quotes need not sum to zero
            self.move(SystemAccount.SETTLEMENT, account, asset, lots * over // under)

    def holders(self, instrument: int) -> list[int]:
        """Return the accounts with a position in an instrument, in order of row."""
        return [a for a, held in zip(self.accounts, self._held, strict=True) if instrument in held]

    def cash_total(self, asset: int) -> int:
        """Return the sum of cash and quote over all accounts: zero, whatever has happened."""
        total = sum(self._cash[asset])
        for held in self._held:
            for instrument, slot in held.items():
                if self._settlement[instrument] == asset:
                    total += self._quote[slot]
        return total

    def lots_total(self, instrument: int) -> int:
        """Return the sum of lots over all accounts: zero, whatever has happened."""
        return sum(self._lots[held[instrument]] for held in self._held if instrument in held)

    def row_totals(self, row: int) -> tuple[list[int], dict[int, int]]:
        """Return what a row adds to the sums: cash and quote per asset, lots per instrument."""
        settlement, quote, held = self._settlement, self._quote, self._held[row]
        cash = [column[row] for column in self._cash]
        for instrument, slot in held.items():
            cash[settlement[instrument]] += quote[slot]
        return cash, {instrument: self._lots[slot] for instrument, slot in held.items()}

    def facts(self) -> Iterator[tuple[str, int, str, tuple[int, ...]]]:
        """Yield every balance and position that is not zero: table, account, key, integers."""
        for account, row in self.row_of.items():
            for asset, column in zip(self.assets, self._cash, strict=True):
                if column[row]:
                    yield "cash", account, asset.symbol, (column[row],)
            for instrument in self._held[row]:
                symbol = self.instruments[instrument].symbol
                yield "position", account, symbol, self.position(account, instrument)
        for instrument, index in enumerate(self.funding_micro):
            if index:
                yield "funding", 0, self.instruments[instrument].symbol, (index,)

    def _fill(self, account: int, instrument: int, lots: int, cost: int) -> None:
        self.settle_funding(account, instrument)
        before = self.position(account, instrument)
        after, realised = fill(before, lots, cost)
        row = self.row_of[account]
        self._store(row, instrument, after)
        if realised:  # inside one account: its quote fell by as much as its cash rises
            self._credit(self._settlement[instrument], row, realised)

    def _credit(self, asset: int, row: int, quanta: int) -> None:
        column = self._cash[asset]
        try:
            column[row] += quanta
        except OverflowError as e:
            raise AmountOverflowError(
                f"cash of account {self.accounts[row]} must fit in 64 bits, "
                f"was {column[row] + quanta} quanta of {self.assets[asset].symbol}"
            ) from e
        self.changed.add(row)

    def _store(self, row: int, instrument: int, position: Position) -> None:
        held = self._held[row]
        self.changed.add(row)
        slot = held.get(instrument)
        if position.lots == 0:
            if slot is not None:
                self._free.append(held.pop(instrument))
            return
        if slot is None:
            if self._free:
                slot = self._free.pop()
            else:
                slot = len(self._lots)
                for column in (self._lots, self._quote, self._paid):
                    column.append(0)
            held[instrument] = slot
            self._paid[slot] = self.funding_micro[instrument]
        self._lots[slot], self._quote[slot] = position.lots, position.quote
