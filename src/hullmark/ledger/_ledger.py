"""The ledger: who has what, in 64-bit columns and by double entry.

Every method here moves quanta between accounts or inside one; none makes or loses any. An integer
that does not fit into its column raises before it is stored. A ledger that raised may have done
half of what it was told, and is to be thrown away, but for `Ledger.trade_many`.
"""

from collections.abc import Iterable, Sequence
from math import gcd

import numpy as np
from numpy.typing import ArrayLike

from hullmark.core import INT64_MAX, NANO, IntArray, int64
from hullmark.domain import FIRST_ACCOUNT, Option, Spot, SystemAccount
from hullmark.errors import AmountOverflowError, InvalidInputError
from hullmark.ledger._cost import payoff_ratio
from hullmark.ledger._holdings import Holdings
from hullmark.ledger._position import Position, fill, funding_due
from hullmark.ledger._sweeps import expiry_kernel, interest_kernel
from hullmark.ledger._trades import NOTES_MAX, trade_kernel, trade_many_kernel, trades_table

# As plain numbers, which are quicker keys.
_FEES, _FUNDING = int(SystemAccount.FEES), int(SystemAccount.FUNDING)


class Ledger(Holdings):
    """What accounts hold, and everything that can happen to it."""

    def move(self, source: int, target: int, asset: int, quanta: int) -> None:
        """Move cash between two accounts. The only way that cash changes hands."""
        self._credit(asset, self.row_of[source], -quanta)
        self._credit(asset, self.row_of[target], quanta)

    def trade(
        self,
        buyer: int,
        seller: int,
        instrument: int,
        *,
        lots: int,
        cost: int,
        buyer_fee: int = 0,
        seller_fee: int = 0,
    ) -> None:
        """Give *lots* to the buyer and *cost* quanta to the seller, and take the fee of each."""
        row_of = self.row_of
        bought, sold = row_of[buyer], row_of[seller]
        fees, funding = row_of.get(_FEES, -1), row_of.get(_FUNDING, -1)
        charged = (buyer_fee, seller_fee, fees, funding)
        self._slots.reserve(2)
        try:
            done = trade_kernel(self.bundle, bought, sold, instrument, lots, cost, *charged)
        except OverflowError:  # no kernel takes such a number
            done = -1
        if done < 0:  # what no kernel can count may fit in the end
            self._trade(buyer, seller, instrument, lots, cost)
            for payer, fee in ((buyer, buyer_fee), (seller, seller_fee)):
                if fee:
                    self.move(payer, _FEES, self._settlement[instrument], fee)
            return
        touched = {bought, sold}
        if buyer_fee or seller_fee:
            touched.add(fees)
        if done:
            touched.add(funding)
        self._touch_all(touched)

    # The trade without fees, in integers of any width.
    def _trade(self, buyer: int, seller: int, instrument: int, lots: int, cost: int) -> None:
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

    def trade_many(
        self,
        *,
        buyers: ArrayLike,
        sellers: ArrayLike,
        instruments: ArrayLike,
        lots: ArrayLike,
        costs: ArrayLike,
        buyer_fees: ArrayLike,
        seller_fees: ArrayLike,
    ) -> None:
        """Carry out trades in order, each with its fees, exactly as one by one; or none of them.

        Parameters
        ----------
        buyers, sellers : array_like of int, shape (n,)
            Account numbers.
        instruments : array_like of int, shape (n,)
            Indices of instruments.
        lots, costs : array_like of int, shape (n,), lots and settlement quanta
            As `trade` takes them.
        buyer_fees, seller_fees : array_like of int, shape (n,), settlement quanta
            What each side pays to the account of fees, after the trade.

        Raises
        ------
        InvalidInputError
            If the lengths differ, or an account or instrument is unknown. Nothing has changed.
        AmountOverflowError
            If something does not fit. The message names the trade; nothing has changed.
        """
        numbers = (instruments, lots, costs, buyer_fees, seller_fees)
        trades = trades_table(buyers, sellers, *numbers)
        outside = (trades[:, 2] < 0) | (trades[:, 2] >= len(self.instruments))
        if outside.any():
            k = int(np.flatnonzero(outside)[0])
            rule = f"instruments[{k}] must be in [0, {len(self.instruments)})"
            raise InvalidInputError(f"{rule}, was {trades[k, 2]}")
        by_row = trades.copy()
        for column, name in enumerate(("buyers", "sellers")):
            by_row[:, column] = self.rows_of(trades[:, column])
            if (unknown := np.flatnonzero(by_row[:, column] < 0)).size:
                rule = f"{name}[{unknown[0]}] must be an open account"
                raise InvalidInputError(f"{rule}, was {trades[unknown[0], column]}")
        if self._trade_rows(by_row) < len(trades):  # what no kernel can count may fit in the end
            by_account = trades.tolist()
            try:
                self._excerpt(trades[:, :2].ravel().tolist())._trade_each(by_account)
            except AmountOverflowError as e:
                raise AmountOverflowError(f"trades must fit in 64 bits, but {e}") from e
            self._trade_each(by_account)

    def accrue_funding(self, instrument: int, step_micro: int) -> None:
        """Let every long lot owe, and every short lot be owed, *step_micro* more."""
        index = self._funding.view[instrument] + step_micro
        self._funding.view[instrument] = int64("a funding index", index)

    def settle_all_funding(self, account: int) -> None:
        """Pay what all positions of an account owe of funding, or are owed."""
        for instrument, _ in self.unsettled(account):
            self.settle_funding(account, instrument)

    def settle_funding(self, account: int, instrument: int) -> None:
        """Pay what a position owes of funding, or is owed."""
        row = self.row_of[account]
        slot, _ = self._slots.seek(row, instrument)
        if slot >= 0:
            self._settle(row, slot, instrument)

    def realise(self, account: int, instrument: int, quanta: int) -> None:
        """Turn so much of a position's unrealised gain into cash of the account; it keeps its lots.

        The quote falls by as much as the cash rises, so nobody else is touched. What the position
        owes of funding is settled first. The account has to hold the instrument.
        """
        row = self.row_of[account]
        slot, _ = self._slots.seek(row, instrument)
        assert slot >= 0, "nothing is realised of what is not held"
        self._settle(row, slot, instrument)
        self._slots.quote.view[slot] -= quanta
        self._credit(self._settlement[instrument], row, quanta)

    def charge_interest(self, asset: int, rate_nano: int) -> None:
        """Let every negative balance of a user pay interest, rounded up."""
        rows = len(self.accounts)
        column, target = self._cash.array[:, asset], self.row_of[SystemAccount.INTEREST]
        owes = (column[:rows] < 0) & (self._account.array[:rows] >= FIRST_ACCOUNT)
        debtors, done = np.flatnonzero(owes), 0
        while (done := interest_kernel(column, debtors, done, target, rate_nano)) < len(debtors):
            account = self.accounts[debtors[done]]
            owed = -(self.cash(account, asset) * rate_nano // NANO)
            self.move(account, SystemAccount.INTEREST, asset, owed)
            done += 1
        self._touch_all([target, *debtors.tolist()] if len(debtors) else ())

    def settle_expiry(self, instrument: int, price_nano: int) -> None:
        """Close every position at its payoff, each rounded against its holder.

        The payoff comes from the venue's settlement account, the quote from the position itself.
        Lots sum to zero, so what the roundings leave in that account is never negative.
        """
        terms, asset = self.instruments[instrument], self._settlement[instrument]
        over, under = payoff_ratio(terms, price_nano, self.assets[asset].quanta_per_unit)
        common = gcd(over, under)
        payoff = over // common, under // common
        in_kernel = abs(payoff[0]) <= INT64_MAX >= payoff[1]
        funding, pool = (self.row_of[a] for a in (SystemAccount.FUNDING, SystemAccount.SETTLEMENT))
        column, index = self._cash.array[:, asset], self._funding.view[instrument]
        holding, slots, done = self._rows_holding(instrument), self._slots, 0
        while done < len(holding):
            if in_kernel:
                done, slots.free = expiry_kernel(
                    column,
                    slots.arrays,
                    holding,
                    done,
                    slots.free,
                    instrument,
                    index,
                    payoff,
                    (funding, pool),
                )
            if done < len(holding):
                self._expire(int(holding[done]), instrument, payoff)
                done += 1
        self._touch_all([funding, pool, *holding.tolist()] if done else ())

    # Closes one position, in integers of any width.
    def _expire(self, row: int, instrument: int, payoff: tuple[int, int]) -> None:
        asset, pool = self._settlement[instrument], self.row_of[SystemAccount.SETTLEMENT]
        slot, before = self._slots.seek(row, instrument)
        self._settle(row, slot, instrument)
        lots, quote, _ = self._slots.at(slot)
        self._slots.remove(row, slot, before)
        self._credit(asset, row, quote)  # inside one account: quotes need not sum to zero
        worth = lots * payoff[0] // payoff[1]
        self._credit(asset, pool, -worth)
        self._credit(asset, row, worth)

    # Returns how many trades are done: all, or none and the first that does not fit in a kernel.
    def _trade_rows(self, trades: IntArray) -> int:
        slots, n = self._slots, len(trades)
        slots.reserve(2 * n)
        venue = self.row_of[_FEES], self.row_of[_FUNDING]
        done: int = trade_many_kernel(self._arrays(NOTES_MAX * n), trades, venue)
        if done == n:
            self._touch_all({*venue, *trades[:, :2].ravel().tolist()} if n else ())
        return done

    def _trade_each(self, trades: Iterable[Sequence[int]]) -> None:
        for buyer, seller, instrument, lots, cost, buyer_fee, seller_fee in trades:
            fees = {"buyer_fee": buyer_fee, "seller_fee": seller_fee}
            self.trade(buyer, seller, instrument, lots=lots, cost=cost, **fees)

    # A ledger of some accounts and the venue's own, to try something out: its sums are not zero.
    def _excerpt(self, accounts: Iterable[int]) -> "Ledger":
        found = Ledger()
        found.extend(self.assets, self.instruments)
        found._funding.replace(self._funding.array, len(self.instruments))
        for account in {*accounts, SystemAccount.FEES, SystemAccount.FUNDING}:
            row = found.open(account)
            found._cash.array[row] = self._cash.array[self.row_of[account]]
            before = -1
            for instrument, position in self.positions(account):
                before = slot = found._slots.insert(row, instrument, before)
                for column, number in zip(found._slots.columns[-3:], position, strict=True):
                    column.view[slot] = number
        return found

    def _settle(self, row: int, slot: int, instrument: int) -> None:
        paid, index = self._slots.paid.view, self._funding.view[instrument]
        if paid[slot] != index:
            due, asset = funding_due(self._slots.at(slot), index), self._settlement[instrument]
            self._credit(asset, row, -due)
            self._credit(asset, self.row_of[SystemAccount.FUNDING], due)
            paid[slot] = index

    def _fill(self, account: int, instrument: int, lots: int, cost: int) -> None:
        row, slots = self.row_of[account], self._slots
        slot, before = slots.seek(row, instrument)
        if slot < 0:
            was = Position(0, 0, self._funding.view[instrument])
        else:
            self._settle(row, slot, instrument)
            was = slots.at(slot)
        after, realised = fill(was, lots, cost)
        if after.lots:
            if slot < 0:
                slot = slots.insert(row, instrument, before)
                slots.paid.view[slot] = after.paid_micro
            slots.lots.view[slot], slots.quote.view[slot] = after.lots, after.quote
        elif slot >= 0:
            slots.remove(row, slot, before)
        self._touch(row)
        if realised:  # inside one account: its quote fell by as much as its cash rises
            self._credit(self._settlement[instrument], row, realised)

    def _credit(self, asset: int, row: int, quanta: int) -> None:
        view = self._cash.view
        try:
            view[row, asset] += quanta
        except ValueError as e:
            raise AmountOverflowError(
                f"cash of account {self.accounts[row]} must fit in 64 bits, "
                f"was {view[row, asset] + quanta} quanta of {self.assets[asset].symbol}"
            ) from e
        self._touch(row)
