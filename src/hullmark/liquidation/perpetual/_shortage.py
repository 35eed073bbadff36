"""The shortage of margin: how much must be closed to cover it, at which fees, and how fast.

Whole numbers as the program on chain counts them: prices and quote in millionths, base in
billionths, margin ratios in ten thousandths, fees in millionths. Quotients are truncated, unless
the text says up.
"""

from hullmark.errors import InvalidInputError
from hullmark.liquidation._sizes import raised_to_step

_PRICE = 10**6
_QUOTE = 10**6
_BASE = 10**9
_FEE = 10**6
_PERCENT = 10**4
_FEE_OF_MARGIN = 100  # a fee's millionths in a ten thousandth of a margin ratio
_UINT32_MAX = 2**32 - 1
SMALL_USD = 50  # dollars below which nothing is closed in parts
GRACE_SLOTS = 1_500  # about ten minutes in which the fee stands
_FEE_MAX_MULTIPLE = 3


def left_of(name: str, freed: int, fee: int) -> int:
    """Return what a fee leaves of the margin that closing frees, or refuse the fee."""
    if freed <= 0:
        raise InvalidInputError(f"{name} must leave some of what closing frees, was {fee}")
    return freed


def base_to_cover(
    shortage: int,
    *,
    margin_ratio: int,
    fee: int,
    fund_fee: int,
    price: int,
    quote_price: int = _PRICE,
) -> int | None:
    """Return the base that must leave a position so that a shortage of margin is covered.

    ``shortage / (price * (margin ratio - fee) - price * fund fee)``.

    Parameters
    ----------
    shortage : int >= 0, 1e-6 USD
        Maintenance margin with its buffer, less collateral.
    margin_ratio : int, 1e-4
        Maintenance ratio with the buffer.
    fee, fund_fee : int, 1e-6
        The liquidator's, and the fund's.
    price, quote_price : int >= 0, 1e-6
        The oracle's, of the base in the quote asset and of that one in USD.

    Returns
    -------
    int or None
        1e-9 of the base unit, before steps; ``None``: no size covers it, since there is no price or
        the fee takes what closing frees.

    Raises
    ------
    InvalidInputError
        If the fund's fee takes what the other one leaves.

    References
    ----------
    Drift, ``protocol-v2``, ``programs/drift/src/math/liquidation.rs``, function
    ``calculate_base_asset_amount_to_cover_margin_shortage``.

    >>> base_to_cover(10 * 10**6, margin_ratio=1_000, fee=10_000, fund_fee=10_000, price=10**8)
    1250000000
    """
    ratio = margin_ratio * _FEE_OF_MARGIN
    if price == 0 or ratio <= fee:
        return None
    freed = price * quote_price // _PRICE * (ratio - fee) // _FEE - price * fund_fee // _FEE
    return shortage * _BASE // left_of("fund_fee", freed, fund_fee)


def freeable_share(
    shortage: int,
    *,
    freed: int,
    elapsed_slots: int,
    share: int = 1_000,
    duration_slots: int = 150,
) -> int:
    """Return which share of what is to be closed may be closed now, in ten thousandths.

    ``share + elapsed / duration`` of the shortage that the liquidation began with, less what was
    freed; all of it below 50 USD.

    Parameters
    ----------
    shortage : int >= 0, 1e-6 USD
        That is left.
    freed : int >= 0, 1e-6 USD
        Since the liquidation began.
    elapsed_slots : int >= 0
        Since the account was last active.
    share : int in [0, 10,000], 1e-4
        At once.
    duration_slots : int >= 0
        In which the whole comes free; 0: at once.

    References
    ----------
    Drift, ``protocol-v2``, ``programs/drift/src/math/liquidation.rs``, function
    ``calculate_max_pct_to_liquidate``.

    >>> freeable_share(100 * 10**6, freed=0, elapsed_slots=0)
    1000
    >>> freeable_share(90 * 10**6, freed=10 * 10**6, elapsed_slots=75)
    5555
    """
    if shortage < SMALL_USD * _QUOTE:
        return _PERCENT
    ramp = elapsed_slots * _PERCENT // duration_slots if duration_slots else _PERCENT
    begun = min(ramp + share, _PERCENT)
    most = (shortage + freed) * begun // _PERCENT
    return max(most - freed, 0) * _PERCENT // shortage


def base_to_close(
    position: int,
    *,
    cover: int | None,
    share: int,
    price: int,
    step: int,
    liquidator_most: int | None = None,
) -> int:
    """Return the base that a liquidation may take of a position, raised to a step.

    The share of what covers the shortage; the whole of a position of 50 USD or less; never more
    than it, or than the liquidator wants.

    Parameters
    ----------
    position : int >= 0, 1e-9
        Its sign aside.
    cover : int or None
        Of `base_to_cover`; it is raised to a step first.
    share : int, 1e-4
        Of `freeable_share`.
    price : int, 1e-6
    step : int > 0, 1e-9
    liquidator_most : int or None, 1e-9

    Returns
    -------
    int
        0 where the share comes to nothing.

    References
    ----------
    Drift, ``protocol-v2``, ``programs/drift/src/controller/liquidation.rs``, function
    ``liquidate_perp``.

    >>> base_to_close(10**9, cover=4 * 10**8, share=1_000, price=10**8, step=10**6)
    40000000
    """
    allowed = None if cover is None else raised_to_step(cover, step) * share // _PERCENT
    if allowed == 0 or (allowed is None and share == 0):
        return 0
    whole = position if position * price // _BASE <= SMALL_USD * _QUOTE else 0
    taken = position if allowed is None else min(position, max(allowed, whole))
    if liquidator_most is not None:
        taken = min(taken, liquidator_most // step * step)
    return raised_to_step(taken, step)


def perp_fund_fee(
    shortage: int,
    *,
    base: int,
    margin_ratio: int,
    fee: int,
    price: int,
    fee_max: int,
    quote_price: int = _PRICE,
    kept: tuple[int, int] = (19, 20),
) -> int:
    """Return the fee that the fund may take of a perpetual without making the account bankrupt.

    ``kept * (margin ratio - fee - shortage / (base * price))``, at most *fee_max*, at least 0.

    Parameters
    ----------
    shortage : int >= 0, 1e-6 USD
        Of the account or of this market.
    base : int >= 0, 1e-9
        Of the position, its sign aside.
    margin_ratio : int, 1e-4
        With the buffer.
    fee, fee_max : int, 1e-6
        The liquidator's, and the most of the fund's.
    price, quote_price : int >= 0, 1e-6
    kept : pair of int
        The fraction that is taken of what is there; ``(1, 1)`` in versions before 2025.

    References
    ----------
    Drift, ``protocol-v2``, ``programs/drift/src/math/liquidation.rs``, function
    ``calculate_perp_if_fee``.

    >>> perp_fund_fee(20 * 10**6, base=10**10, margin_ratio=500, fee=10_000, price=10**8,
    ...               fee_max=50_000, kept=(1, 1))
    20000
    """
    ratio = margin_ratio * _FEE_OF_MARGIN
    worth = price * quote_price // _PRICE
    if worth == 0 or ratio <= fee or base == 0:
        return 0
    used = min(shortage * _BASE // base * _PRICE // worth, _UINT32_MAX)
    there = max(max(ratio - fee, 0) - used, 0)
    return min(fee_max, there * kept[0] // kept[1])


def ramped_fee(fee: int, *, fee_max: int, elapsed_slots: int, fee_per_slot: int = 1) -> int:
    """Return the liquidator's fee, which grows where nobody came for 1,500 slots.

    ``fee + elapsed * fee_per_slot``, at most *fee_max*; before that the fee.

    Parameters
    ----------
    fee, fee_max, fee_per_slot : int, 1e-6
    elapsed_slots : int >= 0
        Since the account was last active.

    References
    ----------
    Drift, ``protocol-v2``, ``programs/drift/src/math/liquidation.rs``, function
    ``get_liquidation_fee``.

    >>> [ramped_fee(10_000, fee_max=12_000, elapsed_slots=n) for n in (1_499, 1_500, 9_999)]
    [10000, 11500, 12000]
    """
    if elapsed_slots < GRACE_SLOTS:
        return fee
    return min(fee + elapsed_slots * fee_per_slot, fee_max)


def fee_most(fee: int, *, maintenance_ratio: int) -> int:
    """Return the most that a fee grows to: three times itself, or the maintenance ratio if lower.

    Parameters
    ----------
    fee : int, 1e-6
    maintenance_ratio : int, 1e-4

    References
    ----------
    Drift, ``protocol-v2`` [2.95], ``programs/drift/src/state/perp_market.rs``, function
    ``get_max_liquidation_fee``.

    >>> fee_most(10_000, maintenance_ratio=500), fee_most(10_000, maintenance_ratio=200)
    (30000, 20000)
    """
    return min(fee * _FEE_MAX_MULTIPLE, maintenance_ratio * _FEE_OF_MARGIN)


def fee_limit(price: int, *, fee: int, long: bool) -> int:
    """Return the price at which a position is taken, or the limit of its order in a book.

    The oracle's less the fee for a long that is closed, plus it for a short; the fee is truncated.

    References
    ----------
    Drift, ``protocol-v2``, ``programs/drift/src/math/liquidation.rs``, function
    ``get_liquidation_order_params``.

    >>> fee_limit(999, fee=10_000, long=True), fee_limit(999, fee=10_000, long=False)
    (990, 1008)
    """
    return price - price * fee // _FEE if long else price + price * fee // _FEE
