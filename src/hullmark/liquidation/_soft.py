"""Before the breach: a small part of an account that asked for it, and a saviour that tops it up.

An account is in this stage between a level of its margin ratio and 1. It asked for it, it pays no
penalty, and it is left alone below the level. Past 1 it is in breach, and other stages have it.
"""

from decimal import ROUND_CEILING, Decimal
from enum import Enum, auto
from typing import NamedTuple

from hullmark.core import (
    NANO,
    Number,
    decimal_of,
    exactly,
    not_negative,
    positive,
    rounded,
    share,
)
from hullmark.errors import InvalidInputError


class Saved(Enum):
    """What a saviour did."""

    SAVED = auto()  # it added collateral, or repaid debt
    NOTHING = auto()  # it left everything as it was
    FAILED = auto()  # it came to no end; nothing is changed
    REFUSED = auto()  # it took collateral, or added debt; nothing is changed


class Vault(NamedTuple):
    """Collateral and debt that a saviour may change, in the contract's whole units."""

    collateral: int
    debt: int


class SaviourResult(NamedTuple):
    """A vault after its saviour, and what that one did."""

    vault: Vault
    saved: Saved


class Standing(NamedTuple):
    """Maintenance equity and maintenance margin of an account, in one unit."""

    equity: int
    maintenance: int


def soft_begun(standing: Standing, *, level_nano: int) -> bool:
    """Return whether an account is in the stage: above its level, and not in breach.

    Parameters
    ----------
    standing : Standing
    level_nano : int in (0, 1)
        Maintenance margin over maintenance equity, itself outside.

    >>> [soft_begun(Standing(100, n), level_nano=800_000_000) for n in (80, 81, 100, 101)]
    [False, True, True, False]
    """
    if not 0 < level_nano < NANO:
        raise InvalidInputError(f"level_nano must be > 0 and < {NANO}, was {level_nano}")
    above = standing.maintenance * NANO > level_nano * standing.equity
    return above and standing.maintenance <= standing.equity


def soft_share_nano(
    standing: Standing, *, level_nano: int, share_min_nano: int, share_max_nano: int
) -> int:
    """Return the share of a position that may be closed, rounded down; 0 outside the stage.

    It lies on a line from *share_min_nano* at the level to *share_max_nano* at a ratio of 1.

    Parameters
    ----------
    standing : Standing
    level_nano : int in (0, 1)
    share_min_nano, share_max_nano : int in [0, 1], the first at most the second

    References
    ----------
    Morpho, ``pre-liquidation``, 2024: a close factor on a line between two levels, for those who
    opted in.

    >>> soft_share_nano(Standing(100, 90), level_nano=800_000_000, share_min_nano=100_000_000,
    ...                 share_max_nano=500_000_000)
    300000000
    """
    if not 0 <= share_min_nano <= share_max_nano <= NANO:
        raise InvalidInputError(
            f"the shares must rise in [0, {NANO}], was {share_min_nano}, {share_max_nano}"
        )
    if not soft_begun(standing, level_nano=level_nano):
        return 0
    over = standing.maintenance * NANO - level_nano * standing.equity
    way = (NANO - level_nano) * standing.equity
    return share_min_nano + (share_max_nano - share_min_nano) * over // way


def soft_lots(
    position_lots: int,
    standing: Standing,
    *,
    level_nano: int,
    share_min_nano: int,
    share_max_nano: int,
) -> int:
    """Return how many lots of a position may be closed, rounded down: in the stage one at least.

    Parameters
    ----------
    position_lots : int, signed
    standing, level_nano, share_min_nano, share_max_nano
        As of `soft_share_nano`.

    >>> soft_lots(-55, Standing(100, 90), level_nano=800_000_000, share_min_nano=100_000_000,
    ...           share_max_nano=500_000_000)
    16
    """
    part = soft_share_nano(
        standing,
        level_nano=level_nano,
        share_min_nano=share_min_nano,
        share_max_nano=share_max_nano,
    )
    if position_lots == 0 or not soft_begun(standing, level_nano=level_nano):
        return 0
    return max(abs(position_lots) * part // NANO, 1)


def top_up_needed(
    equity: Number,
    maintenance: Number,
    *,
    target: Number,
    haircut: Number = 0,
    quantum: Number | None = None,
) -> Decimal:
    """Return what must be added so that maintenance margin is at most *target* times equity.

    ``(maintenance / target - equity) / (1 - haircut)``, and 0 where nothing is needed.

    Parameters
    ----------
    equity : number, one unit
    maintenance : number >= 0, that unit
    target : number > 0
        Maintenance margin over maintenance equity.
    haircut : number in [0, 1)
        Share of what is added that does not count.
    quantum : number > 0, optional
        Rounded up to a multiple of it.

    >>> top_up_needed(100, 90, target="0.75"), top_up_needed(100, 90, target="0.75", haircut="0.2")
    (Decimal('20'), Decimal('25'))
    """
    have, need = decimal_of("equity", equity), not_negative("maintenance", maintenance)
    ratio, cut = positive("target", target), share("haircut", haircut)
    if cut == 1:
        raise InvalidInputError("haircut must be < 1, was 1")
    with exactly():
        lacking = (need - have * ratio) / (ratio * (1 - cut))
        return rounded(max(lacking, Decimal(0)), quantum, ROUND_CEILING)


def top_up_quanta(standing: Standing, *, target_nano: int, haircut_nano: int = 0) -> int:
    """Return `top_up_needed` in whole quanta, rounded up.

    >>> top_up_quanta(Standing(100, 91), target_nano=750_000_000)
    22
    """
    if target_nano <= 0:
        raise InvalidInputError(f"target_nano must be > 0, was {target_nano}")
    if not 0 <= haircut_nano < NANO:
        raise InvalidInputError(f"haircut_nano must be in [0, {NANO}), was {haircut_nano}")
    lacking = standing.maintenance * NANO - standing.equity * target_nano
    return max(-(-lacking * NANO // (target_nano * (NANO - haircut_nano))), 0)


def save_allowed(before: Standing, after: Standing) -> bool:
    """Return whether a saviour may leave an account so: no less equity, no more margin.

    >>> before = Standing(90, 100)
    >>> save_allowed(before, Standing(95, 100)), save_allowed(before, Standing(95, 101))
    (True, False)
    """
    return after.equity >= before.equity and after.maintenance <= before.maintenance


def saviour_hook(before: Vault, after: Vault | None) -> SaviourResult:
    """Return a vault after its saviour was called, before it is seized.

    Nobody owes the saviour trust: it is called once, may fail, and may only add collateral or repay
    debt. Afterwards the vault is asked again whether it is unsafe, and liquidated if it is.

    Parameters
    ----------
    before : Vault
    after : Vault or None
        As it left the vault; ``None``: it failed.

    Returns
    -------
    SaviourResult
        In the original a hook that was `REFUSED` takes back the whole liquidation; here it changes
        nothing, so that no saviour can hold one up.

    References
    ----------
    Reflexer, ``geb``, ``src/LiquidationEngine.sol``, function ``liquidateSAFE``, 2021.

    >>> saviour_hook(Vault(10, 5), Vault(12, 5))
    SaviourResult(vault=Vault(collateral=12, debt=5), saved=<Saved.SAVED: 1>)
    >>> saviour_hook(Vault(10, 5), Vault(12, 6)).saved.name
    'REFUSED'
    """
    if after is None:
        return SaviourResult(before, Saved.FAILED)
    if after.collateral < before.collateral or after.debt > before.debt:
        return SaviourResult(before, Saved.REFUSED)
    return SaviourResult(after, Saved.NOTHING if after == before else Saved.SAVED)


def vault_unsafe(vault: Vault, *, liquidation_price: int, rate: int) -> bool:
    """Return whether ``collateral * price < debt * rate``; equality is safe, and so is no price.

    Parameters
    ----------
    vault : Vault, 1e-18
    liquidation_price, rate : int >= 0, 1e-27
        The collateral's price over its liquidation ratio, and the accumulated interest.

    References
    ----------
    Reflexer, ``geb``, ``src/LiquidationEngine.sol``, function ``liquidateSAFE``, 2021.

    >>> vault_unsafe(Vault(10, 5), liquidation_price=1, rate=2)
    False
    """
    return liquidation_price > 0 and vault.collateral * liquidation_price < vault.debt * rate
