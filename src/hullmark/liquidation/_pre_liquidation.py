"""Bonus liquidation of a debt that is counted in shares, and the gentler kind before it."""

from dataclasses import dataclass
from typing import NamedTuple

from hullmark.errors import InvalidInputError
from hullmark.liquidation._bonus import incentive_factor_wad
from hullmark.liquidation._close_factor import WAD

PRICE_SCALE = 10**36  # of a price of collateral in the debt's asset
_VIRTUAL_SHARES, _VIRTUAL_ASSETS = 10**6, 1


@dataclass(frozen=True, slots=True)
class DebtShares:
    """A market's debt, in assets and in the shares that borrowers hold of it.

    Attributes
    ----------
    assets, shares : int, >= 0

    References
    ----------
    Morpho, ``morpho-blue`` [3085651], ``SharesMathLib``: a million virtual shares and one virtual
    asset, so that the first borrower cannot choose the price of a share.

    >>> DebtShares(100, 100 * 10**6).shares_up(1), DebtShares(100, 100 * 10**6).assets_up(1)
    (1000000, 1)
    """

    assets: int
    shares: int

    def assets_down(self, shares: int) -> int:
        """Return what shares are worth, rounded down."""
        return shares * (self.assets + _VIRTUAL_ASSETS) // (self.shares + _VIRTUAL_SHARES)

    def assets_up(self, shares: int) -> int:
        """Return what shares are worth, rounded up."""
        return _up(shares * (self.assets + _VIRTUAL_ASSETS), self.shares + _VIRTUAL_SHARES)

    def shares_up(self, assets: int) -> int:
        """Return the shares that assets are, rounded up."""
        return _up(assets * (self.shares + _VIRTUAL_SHARES), self.assets + _VIRTUAL_ASSETS)


class ShareLiquidation(NamedTuple):
    """What a liquidation in shares comes to.

    Attributes
    ----------
    seized : int, units of the collateral
    repaid_shares : int
    repaid : int, units of the debt's asset
    incentive : int, 1e-18
        Factor of the collateral's value over what is repaid.
    bad_debt_shares : int
        Debt that is left where no collateral is; the lenders have lost it.
    bad_debt : int, units of the debt's asset
    market : DebtShares
        After it.
    """

    seized: int
    repaid_shares: int
    repaid: int
    incentive: int
    bad_debt_shares: int
    bad_debt: int
    market: DebtShares


class PreTerms(NamedTuple):
    """Where a position is between two levels: bonus and share that may be closed.

    Attributes
    ----------
    loan_to_value : int, 1e-18, rounded up
    incentive, close_factor : int, 1e-18
    repayable_shares : int
        The most that one step may repay.
    """

    loan_to_value: int
    incentive: int
    close_factor: int
    repayable_shares: int


@dataclass(frozen=True, slots=True)
class PreLiquidation:
    """Terms of a pre-liquidation that a borrower has opted in to.

    Attributes
    ----------
    start, end : int, 1e-18, start < end
        Loan to value at which it begins, and at which liquidation does.
    close_first, close_last : int, 1e-18
        Share that may be closed at both; above 1e18, all may be.
    incentive_first, incentive_last : int, 1e-18, >= 1e18

    References
    ----------
    Morpho, ``pre-liquidation`` [bc5432e], ``PreLiquidation``, 2024.
    """

    start: int
    end: int
    close_first: int
    close_last: int
    incentive_first: int
    incentive_last: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise InvalidInputError(f"start must be in [0, {self.end}), was {self.start}")
        if not 0 <= self.close_first <= self.close_last:
            raise InvalidInputError(
                f"close_first must be in [0, {self.close_last}], was {self.close_first}"
            )
        if not WAD <= self.incentive_first <= self.incentive_last:
            raise InvalidInputError(
                f"incentive_first must be in [{WAD}, {self.incentive_last}], "
                f"was {self.incentive_first}"
            )


def pre_liquidation_terms(
    rule: PreLiquidation, *, collateral: int, price: int, debt_shares: int, market: DebtShares
) -> PreTerms:
    """Return bonus and share that may be closed of a position, or refuse one that is not between.

    Parameters
    ----------
    rule : PreLiquidation
    collateral : int, units of the collateral
    price : int, 1e-36
        Of one unit of collateral, in units of the debt's asset.
    debt_shares : int
        The position's.
    market : DebtShares

    Raises
    ------
    InvalidInputError
        If the position is healthier than *start*, or at more than *end* and so to be liquidated.

    References
    ----------
    As `PreLiquidation`.
    """
    quoted = collateral * price // PRICE_SCALE
    borrowed = market.assets_up(debt_shares)
    if borrowed > quoted * rule.end // WAD:
        most = quoted * rule.end // WAD
        raise InvalidInputError(f"debt must be <= {most}, or it is liquidated, was {borrowed}")
    if borrowed <= quoted * rule.start // WAD:
        least = quoted * rule.start // WAD
        raise InvalidInputError(f"debt must be > {least} to be pre-liquidated, was {borrowed}")
    level = _up(borrowed * WAD, quoted)
    part = (level - rule.start) * WAD // (rule.end - rule.start)
    incentive = part * (rule.incentive_last - rule.incentive_first) // WAD + rule.incentive_first
    close = part * (rule.close_last - rule.close_first) // WAD + rule.close_first
    return PreTerms(level, incentive, close, debt_shares * close // WAD)


def pre_liquidate(
    rule: PreLiquidation,
    *,
    collateral: int,
    price: int,
    debt_shares: int,
    market: DebtShares,
    seized: int = 0,
    repaid_shares: int = 0,
) -> ShareLiquidation:
    """Return what a step before liquidation comes to; one of *seized* and *repaid_shares* is given.

    Raises
    ------
    InvalidInputError
        As `pre_liquidation_terms`; if both or none is given, more than may be closed is repaid,
        more collateral taken than there is, or the position is to be liquidated after the step.

    References
    ----------
    As `PreLiquidation`.

    >>> rule = PreLiquidation(8 * 10**17, 9 * 10**17, 10**17, 10**18, 10**18, 105 * 10**16)
    >>> pre_liquidate(rule, collateral=1_000, price=PRICE_SCALE, debt_shares=850 * 10**6,
    ...               market=DebtShares(850, 850 * 10**6), seized=205)[:4]
    (205, 200000000, 200, 1025000000000000000)
    """
    terms = pre_liquidation_terms(
        rule, collateral=collateral, price=price, debt_shares=debt_shares, market=market
    )
    seized, repaid_shares = _sides(seized, repaid_shares, price, terms.incentive, market)
    if repaid_shares > terms.repayable_shares:
        raise InvalidInputError(
            f"repaid_shares must be <= {terms.repayable_shares}, was {repaid_shares}"
        )
    step = _step(collateral, debt_shares, market, seized, repaid_shares, terms.incentive)
    owed = step.market.assets_up(debt_shares - repaid_shares)
    most = (collateral - seized) * price // PRICE_SCALE * rule.end // WAD
    if owed > most:
        raise InvalidInputError(f"debt must be <= {most} after the step, was {owed}")
    return step


def share_liquidate(
    threshold: int,
    *,
    collateral: int,
    price: int,
    debt_shares: int,
    market: DebtShares,
    seized: int = 0,
    repaid_shares: int = 0,
) -> ShareLiquidation:
    """Return what a liquidation comes to; one of *seized* and *repaid_shares* is given.

    There is no close factor. Where all collateral is gone, what is left of the debt is taken from
    the lenders at once.

    Parameters
    ----------
    threshold : int, 1e-18, in [0, 1e18]
        Loan to value beyond which a position is liquidated.
    collateral, price, debt_shares, market
        As of `pre_liquidation_terms`.
    seized : int, units of the collateral
    repaid_shares : int

    Raises
    ------
    InvalidInputError
        If the position is healthy, both or none is given, or more than there is.

    References
    ----------
    Morpho, ``morpho-blue`` [3085651], ``Morpho.liquidate``.

    >>> share_liquidate(8 * 10**17, collateral=100, price=PRICE_SCALE, debt_shares=95 * 10**6,
    ...                 market=DebtShares(95, 95 * 10**6), seized=100)[:4]
    (100, 95000000, 95, 1063829787234042553)
    """
    borrowed = market.assets_up(debt_shares)
    most = collateral * price // PRICE_SCALE * threshold // WAD
    if borrowed <= most:
        raise InvalidInputError(f"debt must be > {most} to be liquidated, was {borrowed}")
    incentive = incentive_factor_wad(threshold)
    seized, repaid_shares = _sides(seized, repaid_shares, price, incentive, market)
    step = _step(collateral, debt_shares, market, seized, repaid_shares, incentive)
    if seized < collateral:
        return step
    bad_shares, after = debt_shares - repaid_shares, step.market
    bad = min(after.assets, after.assets_up(bad_shares))
    after = DebtShares(after.assets - bad, after.shares - bad_shares)
    return step._replace(bad_debt_shares=bad_shares, bad_debt=bad, market=after)


# The side that is not given, against the liquidator: shares up, collateral down.
def _sides(
    seized: int, repaid_shares: int, price: int, incentive: int, market: DebtShares
) -> tuple[int, int]:
    if (seized == 0) == (repaid_shares == 0):
        raise InvalidInputError(
            f"one of seized and repaid_shares must be 0, were {seized} and {repaid_shares}"
        )
    if seized:
        quoted = _up(seized * price, PRICE_SCALE)
        return seized, market.shares_up(_up(quoted * WAD, incentive))
    worth = market.assets_down(repaid_shares) * incentive // WAD
    return worth * PRICE_SCALE // price, repaid_shares


def _step(
    collateral: int,
    debt_shares: int,
    market: DebtShares,
    seized: int,
    repaid_shares: int,
    incentive: int,
) -> ShareLiquidation:
    if repaid_shares > debt_shares:
        raise InvalidInputError(f"repaid_shares must be <= {debt_shares}, was {repaid_shares}")
    if seized > collateral:
        raise InvalidInputError(f"seized must be <= {collateral}, was {seized}")
    repaid = market.assets_up(repaid_shares)
    # Rounded up it can be one more than the market owes; the original sets that to zero too.
    after = DebtShares(max(market.assets - repaid, 0), market.shares - repaid_shares)
    return ShareLiquidation(seized, repaid_shares, repaid, incentive, 0, 0, after)


def _up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)
