"""Loss that all bear through an index, settled when an account is touched.

As Drift v2 and Mango v4 do it: by open interest through cumulative funding, and by deposits through
the deposit index. No account is visited; each finds the loss in the index when it comes.
"""

from decimal import Decimal
from typing import NamedTuple

from hullmark.core import (
    Number,
    decimal_of,
    exactly,
    mul_div_ceil,
    not_negative,
    positive,
)
from hullmark.errors import InvalidInputError

_BASE = 10**9  # Drift, `AMM_RESERVE_PRECISION`
_FUNDING_TO_QUOTE = 10**3  # `FUNDING_RATE_TO_QUOTE_PRECISION_PRECISION_RATIO`
_BALANCE_DECIMALS = 19  # 9 of a balance and 10 of its index


class FundingIndex(NamedTuple):
    """Cumulative funding of both sides: a long pays what the first grows by, a short the second."""

    long: int
    short: int

    def socialised(self, delta: int) -> "FundingIndex":
        """Return it after a loss: longs pay more, and shorts get less of what falls."""
        return FundingIndex(self.long + delta, self.short - delta)


def funding_delta(loss: int, *, base_long: int, base_short: int) -> int:
    """Return by how much cumulative funding moves so that open interest bears a loss, rounded up.

    Parameters
    ----------
    loss : int, quote units of 1e-6, either sign
    base_long, base_short : int, base units of 1e-9, either sign
        Open interest of both sides, which bear alike.

    Raises
    ------
    InvalidInputError
        If there is no open interest.

    References
    ----------
    Drift, ``protocol-v2`` [0ae3e3b], ``programs/drift/src/math/liquidation.rs``,
    ``calculate_funding_rate_deltas_to_resolve_bankruptcy``.

    >>> funding_delta(-100 * 10**6, base_long=7 * 10**9, base_short=-4 * 10**9)
    9090910000
    """
    base = abs(base_long) + abs(base_short)
    if not base:
        raise InvalidInputError("open interest must be > 0, was 0")
    return mul_div_ceil(abs(loss), _BASE, base) * _FUNDING_TO_QUOTE


def token_amount(balance: int, index: int, *, decimals: int) -> int:
    """Return the tokens of a deposit, rounded down: its balance times the deposit index.

    References
    ----------
    Drift, ``protocol-v2`` [0ae3e3b], ``programs/drift/src/math/spot_balance.rs``,
    ``get_token_amount``.

    >>> token_amount(120 * 10**9, 10**10, decimals=6)
    120000000
    """
    if not 0 <= decimals <= _BALANCE_DECIMALS:
        raise InvalidInputError(f"decimals must be in [0, {_BALANCE_DECIMALS}], was {decimals}")
    if balance < 0 or index < 0:
        raise InvalidInputError(f"balance and index must be >= 0, was {min(balance, index)}")
    return int(balance * index // 10 ** (_BALANCE_DECIMALS - decimals))


def deposit_index_delta(
    loss: int, *, index: int, deposits: int, left_min: int | None = None
) -> int:
    """Return by how much the deposit index falls so that deposits bear a loss, rounded up.

    Parameters
    ----------
    loss : int, token units, >= 0
    index : int, > 0
    deposits : int, token units, >= 0
        Without deposits nothing falls.
    left_min : int, optional
        What is left of the index at least: 1 in later versions, so that it cannot become zero.

    References
    ----------
    Drift, ``protocol-v2`` [0ae3e3b], ``programs/drift/src/math/liquidation.rs``,
    ``calculate_cumulative_deposit_interest_delta_to_resolve_bankruptcy``.

    >>> deposit_index_delta(11 * 10**6, index=10**10, deposits=120 * 10**6)
    916666667
    """
    for name, value in (("loss", loss), ("index", index), ("deposits", deposits)):
        if value < 0:
            raise InvalidInputError(f"{name} must be >= 0, was {value}")
    if not deposits:
        return 0
    delta = mul_div_ceil(index, loss, deposits)
    return delta if left_min is None else min(delta, max(0, index - left_min))


def loss_per_lot(loss: Number, open_interest: int, *, fraction_bits: int | None = None) -> Decimal:
    """Return what a loss comes to per lot of open interest; 0 where there is none.

    Long funding falls by it and short funding grows by it, so that a negative loss costs both.

    Parameters
    ----------
    loss : number <= 0, settlement units
    open_interest : int, lots, >= 0
    fraction_bits : int, optional
        Binary digits that are kept, the rest cut towards zero: 48 in the original. Without it the
        quotient has 60 digits.

    References
    ----------
    Mango v4 [1303a4a], ``programs/mango-v4/src/state/perp_market.rs``, ``socialize_loss``.

    >>> loss_per_lot(-30, 4)
    Decimal('-7.5')
    """
    lost = decimal_of("loss", loss)
    if lost > 0:
        raise InvalidInputError(f"loss must be <= 0, was {lost}")
    if open_interest < 0:
        raise InvalidInputError(f"open_interest must be >= 0, was {open_interest}")
    if not open_interest:
        return Decimal(0)
    return _quotient(lost, Decimal(open_interest), fraction_bits)


def deposit_index_after(
    loss: Number, *, index: Number, indexed_deposits: Number, fraction_bits: int | None = None
) -> Decimal:
    """Return the deposit index after deposits have borne a loss.

    ``index - loss / indexed_deposits``, so that what is deposited falls by the loss exactly.

    Raises
    ------
    InvalidInputError
        If there are no deposits, or the loss is more than all of them: the original asks whether
        that can happen, and would give an index below zero.

    References
    ----------
    Mango v4 [1303a4a], ``instructions/token_liq_bankruptcy.rs``.

    >>> deposit_index_after(25, index="1.1", indexed_deposits=1000)
    Decimal('1.075')
    """
    lost, was = not_negative("loss", loss), positive("index", index)
    held = positive("indexed_deposits", indexed_deposits)
    with exactly(200):
        after = was - _quotient(lost, held, fraction_bits)
    if after < 0:
        raise InvalidInputError(f"loss must be <= all deposits, was {lost}")
    return after


def share_value_after(loss: Number, *, share_value: Number, shares: Number) -> tuple[Decimal, bool]:
    """Return the value of a share after depositors have borne a loss, and whether all is gone.

    A loss of all deposits or more leaves a value of 0 and closes the bank.

    References
    ----------
    ``mrgnlabs/marginfi-v2``, ``programs/marginfi/src/state/bank.rs``, ``socialize_loss``, 2025.

    >>> share_value_after(25, share_value="1.1", shares=1000)
    (Decimal('1.075'), False)
    """
    lost, value = not_negative("loss", loss), not_negative("share_value", share_value)
    held = positive("shares", shares)
    with exactly():
        whole = held * value
        return (Decimal(0), True) if whole <= lost else ((whole - lost) / held, False)


# Binary digits are cut as fixed-point types of that many do: both numbers are scaled to integers,
# and the division of integers goes towards zero.
def _quotient(above: Decimal, below: Decimal, fraction_bits: int | None) -> Decimal:
    if fraction_bits is None:
        with exactly():
            return above / below
    if fraction_bits < 0:
        raise InvalidInputError(f"fraction_bits must be >= 0, was {fraction_bits}")
    scale = 1 << fraction_bits
    with exactly(400):
        over, under = int(abs(above) * scale), int(abs(below) * scale)
        if not under:
            raise InvalidInputError(f"divisor must be >= 2**-{fraction_bits}, was {below}")
        cut = Decimal(over * scale // under) / scale
        return -cut if above < 0 else cut
