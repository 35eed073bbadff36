"""Risk tables: everything but the rows that the margin kernel reads."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from hullmark.collateral import CollateralTerms
from hullmark.core import FloatArray
from hullmark.domain import Instrument
from hullmark.errors import InvalidInputError
from hullmark.margin._lanes import BLOCK
from hullmark.margin._models import ScenarioModel, TieredModel
from hullmark.margin._tiers import TierSchedule


class Sides(NamedTuple):
    """What equity is counted at where prices have two sides; net value and margins stay between.

    The initial check is strict: what is owned or long is worth the least that it may be, what is
    owed or short the most. The maintenance check is lenient the other way round. So initial equity
    is at most, and maintenance equity at least, what it would be without sides; an account that is
    healthy without them is in no breach with them, which a trigger index rests on.
    """

    long_initial: FloatArray  # (I,) settlement units per contract unit; <= RiskTables.value
    short_initial: FloatArray  # (I,) >= the value
    long_maintenance: FloatArray  # (I,) >= the value
    short_maintenance: FloatArray  # (I,) <= the value
    credit_initial: FloatArray  # (A,) USD per unit, where an asset equity is above zero; <= price
    debt_initial: FloatArray  # (A,) USD per unit, elsewhere; >= the price
    credit_maintenance: FloatArray  # (A,) >= the price
    debt_maintenance: FloatArray  # (A,) <= the price


class RiskTables(NamedTuple):
    """``I`` instruments, ``A`` assets, ``S`` scenarios padded to ``S8``; C order throughout.

    ``blocks`` holds a zero per block of eight scenarios. Its *length* is part of its compiled type,
    so that the scenario loops have constant bounds; its content is never read.
    """

    value: FloatArray  # (I,) settlement units per contract unit
    settle: NDArray[np.int32]  # (I,) number of the settlement asset
    notional_usd: FloatArray  # (I,) USD per contract unit, >= 0
    tier_start: NDArray[np.int32]  # (I,) first tier
    tier_stop: NDArray[np.int32]  # (I,) behind the last tier; = start where there is no schedule
    risk: FloatArray  # (I, S8) USD per contract unit in each scenario
    tier_floor_usd: FloatArray  # (T,)
    tier_initial: FloatArray  # (T,) marginal rate
    tier_maintenance: FloatArray  # (T,) marginal rate
    tier_initial_base_usd: FloatArray  # (T,) requirement of a notional at the floor
    tier_maintenance_base_usd: FloatArray  # (T,)
    price_usd: FloatArray  # (A,) USD per unit
    haircut_initial: FloatArray  # (A,)
    haircut_maintenance: FloatArray  # (A,)
    cap_usd: FloatArray  # (A,) infinite where there is no cap
    asset_risk: FloatArray  # (A, S8) USD per unit held, in each scenario
    initial_factor: float
    maintenance_factor: float
    n_scenarios: int  # S; the padding behind repeats scenario 0
    blocks: tuple[int, ...]
    sides: Sides | None = None  # None: every price is its own two sides


_OF_VALUE = 4  # so many columns are per instrument, the others per asset
_LOW = frozenset({"long_initial", "short_maintenance", "credit_initial", "debt_maintenance"})


class RiskArraysLike(Protocol):
    """What the tables take of :class:`hullmark.scenarios.RiskArrays`."""

    @property
    def value(self) -> FloatArray: ...

    @property
    def notional_usd(self) -> FloatArray: ...

    @property
    def risk(self) -> FloatArray: ...

    @property
    def asset_risk(self) -> FloatArray: ...


def build_tables(
    instruments: Sequence[Instrument],
    assets: Sequence[str],
    arrays: RiskArraysLike,
    *,
    asset_price_usd: FloatArray,
    collateral: Mapping[str, CollateralTerms],
    tiered: TieredModel,
    scenario: ScenarioModel,
    sides: Sides | None = None,
) -> RiskTables:
    """Return the tables of a venue at a market.

    Parameters
    ----------
    instruments, assets : sequences, in venue order
        Rows of the risk arrays and of the asset columns.
    arrays : RiskArrays
        The instruments and assets revalued under each scenario.
    asset_price_usd : ndarray of float64, shape (n_assets,), USD
        As in `market.MarketView`; finite and not negative.
    collateral : mapping of str to CollateralTerms
        The terms of every asset.
    tiered, scenario : TieredModel, ScenarioModel
        An instrument without a tier schedule is infinitely expensive for a tiered account:
        `evaluate` refuses such a row.
    sides : Sides, optional
        Where prices have two; by default they have none.

    Raises
    ------
    InvalidInputError
        If an asset is unknown or has no terms, or an array has the wrong shape or is not finite, or
        a side is on the wrong side.
    """
    index = {symbol: a for a, symbol in enumerate(assets)}
    for symbol in assets:
        if symbol not in collateral:
            raise InvalidInputError(f"collateral must have the terms of {symbol}, was none")
    for instrument in instruments:
        if instrument.settlement not in index:
            raise InvalidInputError(
                f"settlement of {instrument.symbol} must be an asset of the venue,"
                f" was {instrument.settlement!r}"
            )
    terms = [collateral[symbol] for symbol in assets]
    nothing = np.zeros(0)
    static = RiskTables(
        value=nothing,
        settle=np.array([index[i.settlement] for i in instruments], np.int32),
        notional_usd=nothing,
        risk=nothing,
        price_usd=nothing,
        haircut_initial=np.array([t.haircut_initial for t in terms]),
        haircut_maintenance=np.array([t.haircut_maintenance for t in terms]),
        cap_usd=np.array([np.inf if t.cap_usd is None else t.cap_usd for t in terms]),
        asset_risk=nothing,
        initial_factor=scenario.initial_factor,
        maintenance_factor=scenario.maintenance_factor,
        n_scenarios=0,
        blocks=(),
        **_tier_columns([tiered.schedules.get(i.symbol) for i in instruments]),
    )
    return move_tables(static, arrays, asset_price_usd=asset_price_usd, sides=sides)


def move_tables(
    tables: RiskTables,
    arrays: RiskArraysLike,
    *,
    asset_price_usd: FloatArray,
    sides: Sides | None = None,
) -> RiskTables:
    """Return the same venue at another market: the rules are shared, what prices move is copied.

    The sides are those of the other market too; without them its prices have none.

    Raises
    ------
    InvalidInputError
        If an array has the wrong shape or is not finite, or a side is on the wrong side.
    """
    n_instruments, n_assets = tables.settle.size, tables.cap_usd.size
    n_scenarios = arrays.risk.shape[1] if arrays.risk.ndim == 2 else 0
    if n_scenarios < 1:
        raise InvalidInputError(f"risk must be (I, S) with S >= 1, was {arrays.risk.shape}")
    moved = tables._replace(
        value=_checked("value", arrays.value, (n_instruments,)),
        notional_usd=_checked("notional_usd", arrays.notional_usd, (n_instruments,), least=0.0),
        risk=_padded(_checked("risk", arrays.risk, (n_instruments, n_scenarios))),
        price_usd=_checked("asset_price_usd", asset_price_usd, (n_assets,), least=0.0),
        asset_risk=_padded(_checked("asset_risk", arrays.asset_risk, (n_assets, n_scenarios))),
        n_scenarios=n_scenarios,
        blocks=(0,) * -(-n_scenarios // BLOCK),
        sides=None,
    )
    return moved if sides is None else with_sides(moved, sides)


def with_sides(tables: RiskTables, sides: Sides | None) -> RiskTables:
    """Return the same tables, all else shared, with these sides or without any.

    Raises
    ------
    InvalidInputError
        If a side has the wrong shape, is not finite or on the wrong side.
    """
    if sides is None:
        return tables._replace(sides=None)
    checked = [
        _checked(name, side, tables.value.shape if n < _OF_VALUE else tables.price_usd.shape)
        for n, (name, side) in enumerate(zip(Sides._fields, sides, strict=True))
    ]
    for n, (name, side) in enumerate(zip(Sides._fields, checked, strict=True)):
        middle = tables.value if n < _OF_VALUE else tables.price_usd
        low = name in _LOW
        if not (good := side <= middle if low else side >= middle).all():
            at = int(np.flatnonzero(~good)[0])
            rule = f"{'<=' if low else '>='} the price between ({middle[at]:g})"
            raise InvalidInputError(f"{name}[{at}] must be {rule}, was {side[at]:g}")
    return tables._replace(sides=Sides(*checked))


# The tiers of all instruments end to end, and where those of each one lie.
def _tier_columns(schedules: Sequence[TierSchedule | None]) -> dict[str, Any]:
    counts = np.array([len(s.tiers) if s else 0 for s in schedules], np.int32)
    stop = np.cumsum(counts, dtype=np.int32)
    tiers = [tier for s in schedules if s for tier in s.tiers]
    bases = np.array([base for s in schedules if s for base in s.bases_usd()]).reshape(-1, 2)
    return {
        "tier_start": stop - counts,
        "tier_stop": stop,
        "tier_floor_usd": np.array([tier.floor_usd for tier in tiers], np.float64),
        "tier_initial": np.array([tier.initial for tier in tiers], np.float64),
        "tier_maintenance": np.array([tier.maintenance for tier in tiers], np.float64),
        "tier_initial_base_usd": bases[:, 0].copy(),
        "tier_maintenance_base_usd": bases[:, 1].copy(),
    }


# A copy: kernels are compiled for writable arrays in C order, and the caller's may change.
def _checked(
    name: str, values: FloatArray, shape: tuple[int, ...], *, least: float = -np.inf
) -> FloatArray:
    array = np.array(values, dtype=np.float64, order="C")
    if array.shape != shape:
        raise InvalidInputError(f"{name} must have the shape {shape}, was {array.shape}")
    if not (good := np.isfinite(array) & (array >= least)).all():
        rule = "finite" if least < 0 else f"finite and >= {least:g}"
        where = ", ".join(map(str, np.argwhere(~good)[0]))
        raise InvalidInputError(f"{name}[{where}] must be {rule}, was {array[~good][0]:g}")
    return array


# Rows begin at a cache line, which array allocation by itself does not see to.
def _padded(risk: FloatArray) -> FloatArray:
    shape = len(risk), risk.shape[1] + -risk.shape[1] % BLOCK
    memory = np.empty(shape[0] * shape[1] + BLOCK)
    first = -memory.ctypes.data % (8 * BLOCK) // 8
    padded = memory[first : first + shape[0] * shape[1]].reshape(shape)
    padded[:, : risk.shape[1]] = risk
    padded[:, risk.shape[1] :] = risk[:, :1]
    return padded
