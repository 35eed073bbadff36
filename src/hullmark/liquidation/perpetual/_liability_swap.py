"""A liability taken over for an asset: how much covers a shortage, what pays for it, at which fee.

The same whole numbers as of the shortage of a perpetual: prices and quote in millionths, fees and
multipliers in millionths, weights in ten thousandths, tokens in their smallest units. Quotients are
truncated, unless the text says up.
"""

from hullmark.errors import InvalidInputError
from hullmark.liquidation.perpetual._shortage import left_of

_PRICE = 10**6
_QUOTE = 10**6
_FEE = 10**6
_WEIGHT = 10**4
_MORE = 10  # by which weights are widened before they are divided


def liability_to_cover(
    shortage: int,
    *,
    asset_weight: int,
    asset_multiplier: int,
    liability_weight: int,
    liability_multiplier: int,
    liability_decimals: int,
    liability_price: int,
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
    asset_multiplier, liability_multiplier : int, 1e-6
        1 and a fee for the asset, 1 less a fee for the liability.
    liability_decimals : int >= 0
    liability_price : int > 0, 1e-6 USD
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
    ...     liability_weight=12_000, liability_multiplier=10**6, liability_decimals=9,
    ...     liability_price=100 * 10**6, fund_fee=10_000)
    257731958
    """
    if asset_weight >= liability_weight:
        return None
    if liability_multiplier <= 0:
        raise InvalidInputError(f"liability_multiplier must be > 0, was {liability_multiplier}")
    owed = liability_weight * _MORE
    lent = asset_weight * _MORE * asset_multiplier // liability_multiplier
    if lent >= owed:
        return None
    charge = liability_price * fund_fee // _FEE * liability_weight * _MORE
    freed = left_of("fund_fee", liability_price * (owed - lent) - charge, fund_fee)
    up, down = _scales(liability_decimals, 6)
    covered: int = shortage * up * (_PRICE * _WEIGHT * _MORE) // freed // down
    return max(covered, least)


def liability_for_asset(
    asset: int,
    *,
    asset_multiplier: int,
    asset_decimals: int,
    asset_price: int,
    liability_multiplier: int,
    liability_decimals: int,
    liability_price: int,
) -> int:
    """Return the liability that all of an asset pays for, rounded up.

    Parameters
    ----------
    asset : int >= 0, the asset's smallest units
    asset_multiplier, liability_multiplier, asset_decimals, liability_decimals : int
        As of `liability_to_cover`.
    asset_price, liability_price : int > 0, 1e-6 USD

    References
    ----------
    Drift, ``protocol-v2``, ``programs/drift/src/math/liquidation.rs``, function
    ``calculate_liability_transfer_implied_by_asset_amount``.

    >>> liability_for_asset(10**7, asset_multiplier=1_010_000, asset_decimals=6, asset_price=10**6,
    ...     liability_multiplier=990_000, liability_decimals=9, liability_price=10**8)
    98019802
    """
    up, down = _scales(liability_decimals, asset_decimals)
    paid = asset * up * asset_price * liability_multiplier
    return _up(_up(paid, liability_price * asset_multiplier), down)


def asset_for_liability(
    liability: int,
    *,
    asset: int,
    asset_multiplier: int,
    asset_decimals: int,
    asset_price: int,
    liability_multiplier: int,
    liability_decimals: int,
    liability_price: int,
) -> int:
    """Return the asset that pays for a liability, or all of it where it comes out near enough.

    One unit at least; all where it is less than a dollar away. The original scales that distance by
    decimals the wrong way round, so that an asset of 9 decimals is taken whole only where it is
    less than a millionth of a dollar away; kept, since its figures are.

    Parameters
    ----------
    liability : int >= 0, the liability's smallest units
    asset : int >= 0, the asset's smallest units
        That the account has.
    asset_multiplier, liability_multiplier, asset_decimals, liability_decimals : int
        As of `liability_to_cover`.
    asset_price, liability_price : int > 0, 1e-6 USD

    References
    ----------
    Drift, ``protocol-v2``, ``programs/drift/src/math/liquidation.rs``, function
    ``calculate_asset_transfer_for_liability_transfer``.

    >>> asset_for_liability(10**9, asset=200 * 10**6, asset_multiplier=1_010_000, asset_decimals=6,
    ...     asset_price=10**6, liability_multiplier=990_000, liability_decimals=9,
    ...     liability_price=10**8)
    102020202
    """
    up, down = _scales(asset_decimals, liability_decimals)
    paid = liability * up * liability_price * asset_multiplier
    taken = max(paid // (asset_price * liability_multiplier) // down, 1)
    more, less = _scales(asset_decimals, 6)
    apart = abs(taken - asset) * asset_price // _PRICE * more // less
    return asset if apart < _QUOTE else taken


def spot_fund_fee(
    shortage: int,
    *,
    liability: int,
    asset_weight: int,
    asset_multiplier: int,
    liability_weight: int,
    liability_multiplier: int,
    liability_decimals: int,
    liability_price: int,
    fee_max: int,
) -> int:
    """Return the fee that the fund may take of a liability without making the account bankrupt.

    ``(w_l - w_a * m_a / m_l - shortage / (liability * price)) / w_l``, at most *fee_max*.

    Parameters
    ----------
    shortage : int >= 0, 1e-6 USD
    liability : int >= 0, its smallest units
    asset_weight, liability_weight, asset_multiplier, liability_multiplier : int
        As of `liability_to_cover`.
    liability_decimals : int >= 0
    liability_price : int >= 0, 1e-6 USD
    fee_max : int, 1e-6

    References
    ----------
    Drift, ``protocol-v2``, ``programs/drift/src/math/liquidation.rs``, function
    ``calculate_spot_if_fee``.

    >>> spot_fund_fee(5 * 10**6, liability=10**9, asset_weight=10_000, asset_multiplier=1_010_000,
    ...     liability_weight=11_000, liability_multiplier=10**6, liability_decimals=9,
    ...     liability_price=10**8, fee_max=50_000)
    36363
    """
    nothing = liability_price == 0 or liability == 0 or liability_multiplier == 0
    if asset_weight >= liability_weight or nothing:
        return 0
    owed, lent = (weight * (_FEE // _WEIGHT) for weight in (liability_weight, asset_weight))
    there = max(owed - lent * asset_multiplier // liability_multiplier, 0)
    used: int = shortage * _FEE * 10**liability_decimals // liability // liability_price
    return min(fee_max, max(there - used, 0) * _FEE // owed)


def swap_allowed(
    asset: int,
    liability: int,
    *,
    asset_multiplier: int,
    asset_decimals: int,
    asset_price: int,
    liability_multiplier: int,
    liability_decimals: int,
    liability_price: int,
) -> bool:
    """Return whether a swap through a third party paid the account at least what taking over would.

    Parameters
    ----------
    asset, liability : int > 0 and >= 0, smallest units
        That left the account, and that came for it.
    asset_multiplier, liability_multiplier, asset_decimals, liability_decimals : int
        As of `liability_to_cover`.
    asset_price, liability_price : int > 0, 1e-6 USD

    References
    ----------
    Drift, ``protocol-v2``, ``programs/drift/src/math/liquidation.rs``, function
    ``validate_swap_within_liquidation_boundaries``, 2025.

    >>> terms = {"asset_multiplier": 1_010_000, "asset_decimals": 9, "asset_price": 200 * 10**6,
    ...          "liability_multiplier": 10**6, "liability_decimals": 6, "liability_price": 10**6}
    >>> swap_allowed(10**9, 200 * 10**6, **terms), swap_allowed(10**9, 198 * 10**6, **terms)
    (True, False)
    """
    if asset <= 0:
        raise InvalidInputError(f"asset must be > 0, was {asset}")
    got: int = liability * _PRICE // 10**liability_decimals * 10**asset_decimals // asset
    worst = asset_price * _PRICE * liability_multiplier // liability_price // asset_multiplier
    return got >= worst


def _scales(more: int, less: int) -> tuple[int, int]:
    return (10 ** (more - less), 1) if more > less else (1, 10 ** (less - more))


def _up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)
