"""What the versions of Aave v3 liquidate by, as data."""

from dataclasses import dataclass, replace

from hullmark.liquidation import CloseFactor, Rounding, Roundings

BASE = 10**8  # base units in a dollar, where the pool's oracle quotes dollars
_HALF_UP = Roundings(Rounding.HALF_UP, Rounding.HALF_UP, Rounding.HALF_UP, Rounding.HALF_UP)
_HALF_UP_SAVE_REPAID = _HALF_UP._replace(repaid=Rounding.CEIL)


@dataclass(frozen=True, slots=True)
class LiquidationRules:
    """The procedure of one version.

    Attributes
    ----------
    close_factor : CloseFactor
        How much of a debt one call may repay.
    left_min : int or None, base units
        What must be left of debt and collateral where something of both is; ``None``: no rule.
    roundings : Roundings
        Of what is seized.
    debt_value : Rounding
        Of a debt's value in base units; a collateral's is rounded down.
    fee_counts : bool
        Whether the protocol's fee is out of the collateral that is left, where dust is asked for.
    burns_bad_debt : bool
        Whether debts are burned, and booked as a deficit, where no collateral is left.
    average_first : bool
        Whether thresholds are averaged, and cut to basis points, before health is computed.
    """

    close_factor: CloseFactor
    left_min: int | None
    roundings: Roundings
    debt_value: Rounding
    fee_counts: bool
    burns_bad_debt: bool
    average_first: bool


V3_0 = LiquidationRules(
    close_factor=CloseFactor(of_total=False),
    left_min=None,
    roundings=_HALF_UP,
    debt_value=Rounding.FLOOR,
    fee_counts=False,
    burns_bad_debt=False,
    average_first=True,
)

V3_3 = LiquidationRules(
    close_factor=CloseFactor(full_below_value=2_000 * BASE),
    left_min=1_000 * BASE,
    roundings=_HALF_UP,
    debt_value=Rounding.FLOOR,
    fee_counts=False,
    burns_bad_debt=True,
    average_first=False,
)

V3_5 = replace(V3_3, roundings=_HALF_UP_SAVE_REPAID, debt_value=Rounding.CEIL, fee_counts=True)

V3_7 = replace(V3_5, roundings=Roundings())
