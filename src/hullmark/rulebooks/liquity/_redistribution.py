"""Debt and collateral that go to all other troves by stake: running terms of Liquity."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.liquity._ratios import UNIT, whole


@dataclass(frozen=True, slots=True)
class Redistribution:
    """The terms by which every trove's share is known without touching it.

    Attributes
    ----------
    collateral_term, debt_term : int, 1e-18 per unit of stake
        ``L_ETH`` and ``L_LUSDDebt``.
    collateral_error, debt_error : int
        What the last divisions dropped; it is added before the next.
    total_stakes : int, 1e-18
    stakes_snapshot, collateral_snapshot : int, 1e-18
        ``totalStakesSnapshot`` and ``totalCollateralSnapshot``, after the last liquidation.

    References
    ----------
    ``liquity/dev``, ``TroveManager.sol`` [bf638ec], ``_redistributeDebtAndColl``,
    ``_computeNewStake`` and ``_updateSystemSnapshots_excludeCollRemainder``; version 2 is alike.

    >>> terms = Redistribution(total_stakes=4 * UNIT).redistribute(100 * UNIT, UNIT)
    >>> terms.pending(3 * UNIT)
    Pending(collateral=750000000000000000, debt=75000000000000000000)
    """

    collateral_term: int = 0
    debt_term: int = 0
    collateral_error: int = 0
    debt_error: int = 0
    total_stakes: int = 0
    stakes_snapshot: int = 0
    collateral_snapshot: int = 0

    def redistribute(self, debt: int, collateral: int) -> "Redistribution":
        """Return the terms after a debt and its collateral have gone to all stakes.

        Without debt nothing happens, to the collateral either.

        Raises
        ------
        InvalidInputError
            If an amount is below zero, or there are no stakes.
        """
        whole("collateral", collateral)
        if whole("debt", debt) == 0:
            return self
        if self.total_stakes <= 0:
            raise InvalidInputError(f"total_stakes must be > 0, was {self.total_stakes}")
        per_collateral, collateral_error = divmod(
            collateral * UNIT + self.collateral_error, self.total_stakes
        )
        per_debt, debt_error = divmod(debt * UNIT + self.debt_error, self.total_stakes)
        return replace(
            self,
            collateral_term=self.collateral_term + per_collateral,
            debt_term=self.debt_term + per_debt,
            collateral_error=collateral_error,
            debt_error=debt_error,
        )

    def pending(self, stake: int, *, collateral_term: int = 0, debt_term: int = 0) -> "Pending":
        """Return what a stake has gained since its terms, each rounded down.

        Parameters
        ----------
        stake : int, 1e-18
        collateral_term, debt_term : int
            The terms when the trove was last touched.
        """
        gained = whole("stake", stake) * (self.collateral_term - collateral_term) // UNIT
        return Pending(gained, stake * (self.debt_term - debt_term) // UNIT)

    def stake_of(self, collateral: int) -> int:
        """Return the stake of a trove, so that collateral gained before does not count twice."""
        if self.collateral_snapshot == 0:
            return whole("collateral", collateral)
        return whole("collateral", collateral) * self.stakes_snapshot // self.collateral_snapshot

    def with_stakes(self, total_stakes: int) -> "Redistribution":
        """Return the terms with another sum of stakes."""
        return replace(self, total_stakes=whole("total_stakes", total_stakes))

    def snapshot(self, active: int, default: int, remainder: int = 0) -> "Redistribution":
        """Return the terms with snapshots of now, as taken after each liquidation.

        Parameters
        ----------
        active, default : int, 1e-18
            Collateral in both pools.
        remainder : int, 1e-18
            Part of *active* that is about to leave it, as gas compensation.
        """
        return replace(
            self,
            stakes_snapshot=self.total_stakes,
            collateral_snapshot=active - remainder + default,
        )


class Pending(NamedTuple):
    """What a trove has gained of others, in 1e-18."""

    collateral: int
    debt: int
