"""What a ledger holds: its columns, and every question about them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from hullmark.core import NANO, Asset, Bundle, IntArray, bundle
from hullmark.domain import Instrument, Option, Spot
from hullmark.errors import InvalidInputError
from hullmark.ledger._column import Column, exact_sum, exact_sums
from hullmark.ledger._directory import Directory
from hullmark.ledger._lines import Lines, read_lines
from hullmark.ledger._packed import checked_columns
from hullmark.ledger._position import FLAT, Position, funding_due
from hullmark.ledger._slots import Slots
from hullmark.ledger._trades import CONTRACT, NOTES_MAX, OPTION, SPOT, TERMS, LedgerArrays


class Holdings:
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
        self._directory = Directory()
        self._watchers: list[ref[set[int]]] = []
        self._account = Column()  # as `accounts`, for kernels
        self._cash = Column(width=0)  # rows by assets
        self._settlement: list[int] = []  # asset of each instrument
        self._funding = Column()  # cumulative, per instrument: what one long lot owes
        self._slots = Slots()
        self._terms = np.empty((0, TERMS), np.int64)  # per instrument, for kernels
        self._bundled: tuple[object, ...] = (None, None, None)  # the arrays that it is of
        self._bundle: Bundle

    @classmethod
    def from_columns(
        cls,
        columns: Mapping[str, NDArray[Any]],
        assets: Sequence[Asset],
        instruments: Sequence[Instrument],
    ) -> Self:
        """Return the ledger that `columns` was asked of.

        Parameters
        ----------
        columns : mapping of ndarray
            As `columns` returns them. They are copied.
        assets, instruments : sequence
            As the ledger knew them, in its order.

        Raises
        ------
        InvalidInputError
            If no ledger can have such columns: of other names, types or lengths; with an account
            or a position twice, or a flat one; with money or lots out of nowhere.
        """
        ledger = cls()
        ledger.extend(assets, instruments)
        found = checked_columns(columns, assets, instruments, ledger._settlement)
        rows = len(found["account"])
        ledger.accounts = found["account"].tolist()
        ledger.row_of = dict(zip(ledger.accounts, range(rows), strict=True))
        if len(ledger.row_of) != rows:
            raise InvalidInputError(
                f"account must be {rows} different numbers, was {len(ledger.row_of)}"
            )
        ledger._account.replace(found["account"], rows)
        ledger._cash.replace(found["cash"], rows)
        ledger._funding.replace(found["funding"], len(instruments))
        ledger._slots.unpack(found)
        return ledger

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return everything in the ledger as arrays of its own size, in the order of rows.

        ``account``, ``cash`` (quanta, rows by assets) and ``held`` (the number of positions) have a
        row per account; ``instrument``, ``lots``, ``quote`` and ``paid`` one per position, those of
        one account together and in the order of instruments; ``funding`` one per instrument.
        Ledgers with equal facts and equal rows have equal columns, however they came about.
        """
        rows = len(self.accounts)
        lines = self.lines(np.arange(rows))
        return {
            "account": self._account.array[:rows].copy(),
            "funding": self._funding.array.copy(),
            **{name: column.astype(np.int64) for name, column in lines._asdict().items()},
        }

    def lines(self, rows: IntArray) -> Lines:
        """Return what some rows hold, in the order in which they are named."""
        return read_lines(rows, self._cash.array, self._slots.arrays)

    @property
    def bundle(self) -> Bundle:
        """`LedgerArrays` for kernels; another one after an account or a position was added."""
        cash, paid, funding = self._bundled
        if (
            self._cash.array is not cash
            or self._slots.paid.array is not paid
            or self._funding.array is not funding
        ):  # the others grow with these
            self._bundled = self._cash.array, self._slots.paid.array, self._funding.array
            self._bundle = bundle(self._arrays(NOTES_MAX))
        return self._bundle

    def _arrays(self, notes: int) -> LedgerArrays:
        slots, scratch = self._slots, np.empty((notes, 3), np.int64)
        arrays = self._cash.array, slots.arrays, self._funding.array
        return LedgerArrays(*arrays, self._terms, slots.marks, scratch)

    @property
    def account_numbers(self) -> IntArray:
        """The account number of each row, as an array. To read, before the next one is opened."""
        numbers: IntArray = self._account.array[: len(self.accounts)]
        return numbers

    def rows_of(self, accounts: IntArray) -> IntArray:
        """Return the row of each account, -1 where none of that number is open."""
        return self._directory.rows_of(accounts, self.account_numbers)

    @property
    def funding_micro(self) -> Sequence[int]:
        """The cumulative funding of each instrument: what one long lot owes, in micro-quanta."""
        view: Sequence[int] = self._funding.view
        return view

    def extend(self, assets: Sequence[Asset], instruments: Sequence[Instrument]) -> None:
        """Make room for new assets and instruments, behind those that are known."""
        for asset in assets:
            self.asset_index[asset.symbol] = len(self.assets)
            self.assets.append(asset)
        self._cash.widen(len(assets))
        for instrument in instruments:
            self.instrument_index[instrument.symbol] = len(self.instruments)
            self.instruments.append(instrument)
            self._settlement.append(self.asset_index[instrument.settlement])
        self._funding.replace(self._funding.array, len(self.instruments))
        rows = [self._terms_row(i) for i in range(len(self._terms), len(self.instruments))]
        self._terms = np.array([*self._terms, *rows], np.int64).reshape(-1, TERMS)

    def open(self, account: int) -> int:
        """Open an account with nothing in it, and return its row."""
        row = len(self.accounts)
        assert account not in self.row_of, f"account {account} is open"
        for column in (self._account, self._cash, self._slots.head):
            column.reserve(row + 1)
        self.row_of[account] = row
        self.accounts.append(account)
        self._account.view[row] = account
        self._slots.head.view[row] = -1
        self._touch(row)
        return row

    def watch(self) -> set[int]:
        """Return a set of the caller's own, into which every row is put that is touched from now.

        The caller empties it. The ledger forgets it with the caller.
        """
        seen = set[int]()
        self._watchers = [kept for kept in self._watchers if kept() is not None]
        self._watchers.append(ref(seen))
        return seen

    def cash(self, account: int, asset: int) -> int:
        """Return an account's cash, in quanta."""
        quanta: int = self._cash.view[self.row_of[account], asset]
        return quanta

    def position(self, account: int, instrument: int) -> Position:
        """Return an account's position; flat if it has none."""
        slot, _ = self._slots.seek(self.row_of[account], instrument)
        return FLAT if slot < 0 else self._slots.at(slot)

    def positions(self, account: int) -> list[tuple[int, Position]]:
        """Return an account's open positions in the order of instruments."""
        return self._slots.held(self.row_of[account])

    def unsettled(self, account: int) -> list[tuple[int, Position]]:
        """Return the positions of an account on which funding is due, in order of instruments."""
        row, funding, slots = self.row_of[account], self._funding.view, self._slots
        following, numbers, paid = slots.following.view, slots.instrument.view, slots.paid.view
        found = []
        slot = slots.head.view[row]
        while slot >= 0:
            number = numbers[slot]
            if paid[slot] != funding[number]:
                found.append((number, slots.at(slot)))
            slot = following[slot]
        return found

    def settlement(self, instrument: int) -> int:
        """Return the index of the asset that an instrument settles in."""
        return self._settlement[instrument]

    def spot_lot_quanta(self, instrument: int) -> int:
        """Return how many quanta of the underlying one lot of a spot instrument is."""
        terms = self.instruments[instrument]
        base = self.assets[self.asset_index[terms.underlying]]
        return terms.lot_nano * base.quanta_per_unit // NANO

    def funding_owed(self, account: int, instrument: int) -> int:
        """Return what a position owes of funding and has not settled; negative: it is owed."""
        return funding_due(self.position(account, instrument), self._funding.view[instrument])

    def holders(self, instrument: int) -> list[int]:
        """Return the accounts with a position in an instrument, in order of row."""
        return list(map(self.accounts.__getitem__, self._rows_holding(instrument).tolist()))

    def creditors(self, asset: int) -> tuple[list[int], list[int]]:
        """Return the accounts with more than nothing of an asset, in order of row, and how much."""
        held = self._cash.array[: len(self.accounts), asset]
        rows = np.flatnonzero(held > 0)
        return list(map(self.accounts.__getitem__, rows.tolist())), held[rows].tolist()

    def cash_total(self, asset: int) -> int:
        """Return the sum of cash and quote over all accounts: zero, whatever has happened."""
        settles = np.array([*self._settlement, -1]) == asset  # -1: the instrument of free slots
        instruments, quote = self._slots.instrument.array, self._slots.quote.array
        quotes = quote[settles[instruments]]
        return exact_sum(self._cash.array[:, asset]) + exact_sum(quotes)

    def lots_total(self, instrument: int) -> int:
        """Return the sum of lots over all accounts: zero, whatever has happened."""
        return exact_sum(self._slots.lots.array[: self._slots.used][self._slots_of(instrument)])

    def lots_totals(self) -> list[int]:
        """Return `lots_total` of every instrument, in one pass over the positions."""
        slots, size = self._slots, len(self.instruments) + 1  # the last one is that of free slots
        keys = slots.instrument.array[: slots.used]
        return exact_sums(keys, slots.lots.array[: slots.used], size)[:-1]

    def row_totals(self, row: int) -> tuple[list[int], dict[int, int]]:
        """Return what a row adds to the sums: cash and quote per asset, lots per instrument."""
        cash = self._cash.array[row].tolist()
        held = self._slots.held(row)
        for instrument, position in held:
            cash[self._settlement[instrument]] += position.quote
        return cash, {instrument: position.lots for instrument, position in held}

    def facts(self) -> Iterator[tuple[str, int, str, tuple[int, ...]]]:
        """Yield every balance and position that is not zero: table, account, key, integers."""
        for row, account in enumerate(self.accounts):
            for asset, quanta in zip(self.assets, self._cash.array[row].tolist(), strict=True):
                if quanta:
                    yield "cash", account, asset.symbol, (quanta,)
            for instrument, position in self._slots.held(row):
                yield "position", account, self.instruments[instrument].symbol, position
        for instrument, index in enumerate(self._funding.array.tolist()):
            if index:
                yield "funding", 0, self.instruments[instrument].symbol, (index,)

    # Kind, settlement asset, asset of the underlying, its quanta in a lot: the last two of a spot.
    def _terms_row(self, instrument: int) -> tuple[int, int, int, int]:
        terms, settlement = self.instruments[instrument], self._settlement[instrument]
        if isinstance(terms, Spot):
            base = self.asset_index[terms.underlying]
            return SPOT, settlement, base, self.spot_lot_quanta(instrument)
        return (OPTION if isinstance(terms, Option) else CONTRACT), settlement, 0, 0

    def _slots_of(self, instrument: int) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = self._slots.instrument.array[: self._slots.used] == instrument
        return found

    def _rows_holding(self, instrument: int) -> NDArray[np.int32]:
        owner: NDArray[np.int32] = self._slots.owner.array[: self._slots.used]
        return np.sort(owner[self._slots_of(instrument)])

    def _touch_all(self, rows: Iterable[int]) -> None:
        for watcher in self._watchers:
            seen = watcher()
            if seen is not None:
                seen.update(rows)

    def _touch(self, row: int) -> None:
        for watcher in self._watchers:
            seen = watcher()
            if seen is not None:
                seen.add(row)
