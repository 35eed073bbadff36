"""The sums of the ledger, brought up to date at the cost of the rows that changed."""

from collections.abc import Collection, Iterator
from itertools import zip_longest

from hullmark.clearing._laws import Books, law_broken
from hullmark.clearing._state import State
from hullmark.domain import SystemAccount

# What is never negative: its name, its account, and the sign that its cash has there.
_SIGNED = (
    ("custody", SystemAccount.CUSTODY, -1),
    ("fund", SystemAccount.FUND, 1),
    ("bad debt", SystemAccount.BAD_DEBT, -1),
)


class RunningBooks:
    """The books of a state, kept beside it: a check after every unit, not only at the end.

    Parameters
    ----------
    state : State
        The facts. What their ledger holds already is counted by the first call of `update`.
    """

    def __init__(self, state: State) -> None:
        self._ledger = state.ledger
        self._touched = state.ledger.watch()  # rows, since they were last counted
        self._touched.update(range(len(state.ledger.accounts)))
        self._rows: dict[int, tuple[list[int], dict[int, int]]] = {}  # what each added, if anything
        self._cash: list[int] = []  # per asset, over all rows, quote included
        self._lots: list[int] = []  # per instrument, over all rows
        self._owners = [(state.ledger.row_of[a], name, a, sign) for name, a, sign in _SIGNED]
        self._signed = {name: list[int]() for name, _, _ in _SIGNED}  # per asset
        self._least = 0  # of all that must not be negative
        self._broken: set[tuple[str, str]] = set()

    def update(self) -> tuple[str, ...]:
        """Count the rows that were touched again, and return the laws that have ceased to hold.

        A law is told when it breaks, and once more only after it has held in between.
        """
        if not self._touched:
            return ()
        rows = set(self._touched)
        self._touched.clear()
        self._grow()
        traded = set[int]()
        for row in rows:
            self._recount(row, traded)
        for row, name, account, sign in self._owners:
            if row in rows:
                assets = range(len(self._ledger.assets))
                self._signed[name] = [sign * self._ledger.cash(account, a) for a in assets]
                self._least = min(min(column, default=0) for column in self._signed.values())
        odd = any(self._cash) or self._least < 0 or any(self._lots[i] for i in traded)
        if not odd and not self._broken:
            return ()  # almost always; only where it is not, every law is put into words
        told = []
        for name, key, rule, value, holds in self._laws(traded):
            if holds:
                self._broken.discard((name, key))
            elif (name, key) not in self._broken:
                self._broken.add((name, key))
                told.append(law_broken(name, key, rule, value))
        return tuple(told)

    def books(self) -> Books:
        """Return the sums at the last `update`: those of `books`, if the ledger hides nothing."""
        self._grow()
        ledger = self._ledger
        symbols = [asset.symbol for asset in ledger.assets]
        signed = {n: dict(zip(symbols, quanta, strict=True)) for n, quanta in self._signed.items()}
        return Books(
            asset_sums=dict(zip(symbols, self._cash, strict=True)),
            lot_sums={c.symbol: n for c, n in zip(ledger.instruments, self._lots, strict=True)},
            custody=signed["custody"],
            fund=signed["fund"],
            bad_debt=signed["bad debt"],
        )

    def _grow(self) -> None:
        assets = len(self._ledger.assets) - len(self._cash)
        if assets:
            for column in (self._cash, *self._signed.values()):
                column.extend([0] * assets)
        self._lots.extend([0] * (len(self._ledger.instruments) - len(self._lots)))

    # Adds to *traded* the instruments of which the row has gained or lost lots.
    def _recount(self, row: int, traded: set[int]) -> None:
        cash_before, lots_before = self._rows.pop(row, ([], {}))
        cash, lots = self._ledger.row_totals(row)
        if lots or any(cash):
            self._rows[row] = cash, lots
        if cash_before != cash:
            for asset, (now, then) in enumerate(zip_longest(cash, cash_before, fillvalue=0)):
                self._cash[asset] += now - then
        for instrument, now in lots.items():
            then = lots_before.pop(instrument, 0)
            if now != then:
                self._lots[instrument] += now - then
                traded.add(instrument)
        for instrument, then in lots_before.items():  # closed since
            self._lots[instrument] -= then
            traded.add(instrument)

    # Name, key, rule and value of every law that may have changed, and whether it holds.
    def _laws(self, traded: Collection[int]) -> Iterator[tuple[str, str, str, int, bool]]:
        ledger = self._ledger
        for asset, total in zip(ledger.assets, self._cash, strict=True):
            yield "sum", asset.symbol, "0", total, total == 0
        for instrument in traded:
            total = self._lots[instrument]
            yield "lots", ledger.instruments[instrument].symbol, "0", total, total == 0
        for name, column in self._signed.items():
            for asset, quanta in zip(ledger.assets, column, strict=True):
                yield name, asset.symbol, ">= 0", quanta, quanta >= 0
