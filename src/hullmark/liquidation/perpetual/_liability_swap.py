"""A liability taken over for an asset: how much covers a shortage, what pays for it, at which fee.

The same whole numbers as of the shortage of a perpetual: prices and quote in millionths, fees and
multipliers in millionths, weights in ten thousandths, tokens in their smallest units. Quotients are
truncated, unless the text says up.
"""

from typing import NamedTuple

from hullmark.errors import InvalidInputError
from hullmark.liquidation.perpetual._shortage import left_of

_PRICE = 10**6
_QUOTE = 10**6
_FEE = 10**6
_WEIGHT = 10**4
_MORE = 10  # by which weights are widened before they are divided


class SwapToken(NamedTuple):
    """What a token counts for where it goes to the liquidator, or its debt does.

    Attributes
    ----------
    multiplier : int, 1e-6
        1 and a fee for the asset, 1 less a fee for the liability.
    decimals : int >= 0
        Of its smallest units.
    price : int > 0, 1e-6 USD
    """

    multiplier: int
    decimals: int
    price: int


def liability_to_cover(
    shortage: int,
    *,
    asset_weight: int,
    asset_multiplier: int,
    liability_weight: int,
    liability: SwapToken,
    fund_fee: int = 0,
    least: int = 0,
) -> int | None:
    """Return the liability that must be taken over, for an asset, to cover a shortage of margin.

    ``shortage / (price * (w_l - w_a * m_a / m_l) - price * fund fee * w_l)``.

    Parameters
    ----------
    shortage : int >= 0, 1e-6 USD
    asset_weight, liability_weight : int, 1e-4
        Maintenance weights.
    asset_multiplier : int, 1e-6
        As of `SwapToken`.
    liability : SwapToken
    fund_fee : int, 1e-6
    least : int
        Returned in place of less; later versions have 1.

    Returns
    -------
    int or None
        The liability's smallest units; ``None``: no amount covers it, the swap frees no margin.

    Raises
    ------
    InvalidInputError
        If the fund's fee takes what the swap frees, or the liability's multiplier is 0.

    References
    ----------
    Drift, ``protocol-v2``, ``programs/drift/src/math/liquidation.rs``, function
    ``calculate_liability_transfer_to_cover_margin_shortage``.

    >>> liability_to_cover(10 * 10**6, asset_weight=8_000, asset_multiplier=10**6,
    ...     liability_weight=12_000, liability=SwapToken(10**6, 9, 100 * 10**6), fund_fee=10_000)
    257731958
    """
    if asset_weight >= liability_weight:
        return None
    if liability.multiplier <= 0:
        raise InvalidInputError(f"liability.multiplier must be > 0, was {liability.multiplier}")
    owed = liability_weight * _MORE
    lent = asset_weight * _MORE * asset_multiplier // liability.multiplier
    if lent >= owed:
        return None
    charge = liability.price * fund_fee // _FEE * liability_weight * _MORE
    freed = left_of("fund_fee", liability.price * (owed - lent) - charge, fund_fee)
    up, down = _scales(liability.decimals, 6)
    covered: int = shortage * up * (_PRICE * _WEIGHT * _MORE) // freed // down
    return max(covered, least)


def liability_for_asset(asset_amount: int, *, asset: SwapToken, liability: SwapToken) -> int:
    """Return the liability that all of an asset pays for, rounded up.

    Parameters
    ----------
    asset_amount : int >= 0, the asset's smallest units
    asset, liability : SwapToken

    References
    ----------
    Drift, ``protocol-v2``, ``programs/drift/src/math/liquidation.rs``, function
    ``calculate_liability_transfer_implied_by_asset_amount``.

    >>> liability_for_asset(10**7, asset=SwapToken(1_010_000, 6, 10**6),
    ...                     liability=SwapToken(990_000, 9, 10**8))
    98019802
    """
    up, down = _scales(liability.decimals, asset.decimals)
    paid = asset_amount * up * asset.price * liability.multiplier
    return _up(_up(paid, liability.price * asset.multiplier), down)


def asset_for_liability(
    liability_amount: int, *, asset_amount: int, asset: SwapToken, liability: SwapToken
) -> int:
    """Return the asset that pays for a liability, or all of it where it comes out near enough.

    One unit at least; all where it is less than a dollar away. The original scales that distance by
    decimals the wrong way round, so that an asset of 9 decimals is taken whole only where it is
    less than a millionth of a dollar away; kept, since its figures are.

    Parameters
    ----------
    liability_amount : int >= 0, the liability's smallest units
    asset_amount : int >= 0, the asset's smallest units
        That the account has.
    asset, liability : SwapToken

    References
    ----------
    Drift, ``protocol-v2``, ``programs/drift/src/math/liquidation.rs``, function
    ``calculate_asset_transfer_for_liability_transfer``.

    >>> asset_for_liability(10**9, asset_amount=200 * 10**6, asset=SwapToken(1_010_000, 6, 10**6),
    ...                     liability=SwapToken(990_000, 9, 10**8))
    102020202
    """
    up, down = _scales(asset.decimals, liability.decimals)
    paid = liability_amount * up * liability.price * asset.multiplier
    taken = max(paid // (asset.price * liability.multiplier) // down, 1)
    more, less = _scales(asset.decimals, 6)
    apart = abs(taken - asset_amount) * asset.price // _PRICE * more // less
    return asset_amount if apart < _QUOTE else taken


def spot_fund_fee(
    shortage: int,
    *,
    liability_amount: int,
    asset_weight: int,
    asset_multiplier: int,
    liability_weight: int,
    liability: SwapToken,
    fee_max: int,
) -> int:
    """Return the fee that the fund may take of a liability without making the account bankrupt.

    ``(w_l - w_a * m_a / m_l - shortage / (amount * price)) / w_l``, at most *fee_max*.

    Parameters
    ----------
    shortage : int >= 0, 1e-6 USD
    liability_amount : int >= 0, its smallest units
    asset_weight, liability_weight, asset_multiplier : int
        As of `liability_to_cover`.
    liability : SwapToken
        Of a price or a multiplier of 0 no fee is taken.
    fee_max : int, 1e-6

    References
    ----------
    Drift, ``protocol-v2``, ``programs/drift/src/math/liquidation.rs``, function
    ``calculate_spot_if_fee``.

    >>> spot_fund_fee(5 * 10**6, liability_amount=10**9, asset_weight=10_000,
    ...     asset_multiplier=1_010_000, liability_weight=11_000,
    ...     liability=SwapToken(10**6, 9, 10**8), fee_max=50_000)
    36363
    """
    nothing = liability.price == 0 or liability_amount == 0 or liability.multiplier == 0
    if asset_weight >= liability_weight or nothing:
        return 0
    owed, lent = (weight * (_FEE // _WEIGHT) for weight in (liability_weight, asset_weight))
    there = max(owed - lent * asset_multiplier // liability.multiplier, 0)
    used: int = shortage * _FEE * 10**liability.decimals // liability_amount // liability.price
    return min(fee_max, max(there - used, 0) * _FEE // owed)


def swap_allowed(
    asset_amount: int, liability_amount: int, *, asset: SwapToken, liability: SwapToken
) -> bool:
    """Return whether a swap through a third party paid the account at least what taking over would.

    Parameters
    ----------
    asset_amount, liability_amount : int > 0 and >= 0, smallest units
        That left the account, and that came for it.
    asset, liability : SwapToken

    References
    ----------
    Drift, ``protocol-v2``, ``programs/drift/src/math/liquidation.rs``, function
    ``validate_swap_within_liquidation_boundaries``, 2025.

    >>> sol, usd = SwapToken(1_010_000, 9, 200 * 10**6), SwapToken(10**6, 6, 10**6)
    >>> [swap_allowed(10**9, dollars * 10**6, asset=sol, liability=usd) for dollars in (200, 198)]
    [True, False]
    """
    if asset_amount <= 0:
        raise InvalidInputError(f"asset_amount must be > 0, was {asset_amount}")
    got: int = (
        liability_amount * _PRICE // 10**liability.decimals * 10**asset.decimals // asset_amount
    )
    worst = asset.price * _PRICE * liability.multiplier // liability.price // asset.multiplier
    return got >= worst


def _scales(more: int, less: int) -> tuple[int, int]:
    return (10 ** (more - less), 1) if more > less else (1, 10 ** (less - more))


def _up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)
