"""The laws of money, as a check that anyone can run on the facts at any time."""

from typing import NamedTuple

from hullmark.clearing._state import State
from hullmark.domain import SystemAccount


class Books(NamedTuple):
    """The proof that the books balance: every number but the last three columns is zero."""

    asset_sums: dict[str, int]  # cash and quote over all accounts, custody among them
    lot_sums: dict[str, int]
    custody: dict[str, int]  # what the venue holds for others; never negative
    fund: dict[str, int]  # never negative
    bad_debt: dict[str, int]  # deficits nobody has paid; never negative

    @property
    def accounts(self) -> dict[str, int]:
        """What belongs to everyone but the fund: users, fees, and what is between two users.

        It is all that custody holds, but for the fund and what nobody has paid.
        """
        return {
            asset: total + self.custody[asset] - self.fund[asset] + self.bad_debt[asset]
            for asset, total in self.asset_sums.items()
        }

    @property
    def broken(self) -> tuple[str, ...]:
        """The laws that do not hold, in words. Empty: the books balance."""
        sums = [
            law_broken(name, key, "0", value)
            for name, table in (("sum", self.asset_sums), ("lots", self.lot_sums))
            for key, value in table.items()
            if value
        ]
        signs = [
            law_broken(name, key, ">= 0", value)
            for name, table in (
                ("custody", self.custody),
                ("fund", self.fund),
                ("bad debt", self.bad_debt),
            )
            for key, value in table.items()
            if value < 0
        ]
        return (*sums, *signs)


def books(state: State) -> Books:
    """Add up the ledger."""
    ledger = state.ledger
    symbols = [a.symbol for a in ledger.assets]
    return Books(
        asset_sums={s: ledger.cash_total(i) for i, s in enumerate(symbols)},
        lot_sums=dict(
            zip((c.symbol for c in ledger.instruments), ledger.lots_totals(), strict=True)
        ),
        custody={s: -ledger.cash(SystemAccount.CUSTODY, i) for i, s in enumerate(symbols)},
        fund={s: ledger.cash(SystemAccount.FUND, i) for i, s in enumerate(symbols)},
        bad_debt={s: -ledger.cash(SystemAccount.BAD_DEBT, i) for i, s in enumerate(symbols)},
    )


def law_broken(name: str, key: str, rule: str, value: int) -> str:
    """Say which law does not hold, of what, and what was found."""
    return f"{name} of {key} must be {rule}, was {value}"
