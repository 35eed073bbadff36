"""The fitted parameters of a drawn book, and the one door through which they are read."""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from typing import Any, Self

from hullmark.errors import DocumentError


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationParameters:
    """What ``tools/fit_population.py`` measured; shares and quantiles are fractions of accounts."""

    quantiles: tuple[float, ...]
    leverage: tuple[float, ...]
    equity_usd: tuple[float, ...]
    gross_usd: tuple[float, ...]  # reported beside what is drawn
    rank_correlation: float  # of leverage and equity
    long_share: float  # reported beside what is drawn
    long_by_quarter: tuple[float, ...]  # of leverage, from the lowest
    coins: tuple[float, ...]  # accounts with 1, 2, ... positions
    opposite_share: float  # of lesser positions, against the side of the largest
    isolated_share: float
    tail_start: float  # the quantile where the Pareto law takes over
    tail_exponent: float
    tail_ratio_max: float
    tail_quantiles: tuple[float, ...]
    tail_ratio: tuple[float, ...]  # reported beside what is drawn

    @classmethod
    def parse(cls, tree: Mapping[str, Any]) -> Self:
        """Read the tree of a parameter file, or name the first number that breaks its rule.

        Raises
        ------
        DocumentError
            If a number is missing or breaks its rule.
        """
        users, tail = _section(tree, "hyperliquid"), _section(tree, "aave")
        quantiles = _numbers(users, "quantiles", 0, 1)
        for path, knots in (
            ("hyperliquid", quantiles),
            ("aave", _numbers(tail, "quantiles", 0, 1)),
        ):
            if any(a >= b for a, b in pairwise(knots)):
                raise DocumentError(f"{path}.quantiles must rise, was {knots}")
        parameters = cls(
            quantiles=quantiles,
            leverage=_table(users, "leverage", quantiles),
            equity_usd=_table(users, "equity_usd", quantiles),
            gross_usd=_table(users, "gross_usd", quantiles),
            rank_correlation=_number(users, "rank_correlation", -1, 1),
            long_share=_number(users, "long_share", 0, 1),
            long_by_quarter=_numbers(users, "long_by_quarter", 0, 1),
            coins=_numbers(users, "coins", 0, 1),
            opposite_share=_number(users, "opposite_share", 0, 1),
            isolated_share=_number(users, "isolated_share", 0, 1),
            tail_start=_number(tail, "start", quantiles[0], quantiles[-1]),
            tail_exponent=_number(tail, "exponent", 0.1, 10),
            tail_ratio_max=_number(tail, "ratio_max", 1, 1e6),
            tail_quantiles=_numbers(tail, "quantiles", 0, 1),
            tail_ratio=_table(tail, "ratio", _numbers(tail, "quantiles", 0, 1)),
        )
        if len(parameters.long_by_quarter) != 4:
            raise DocumentError(
                f"hyperliquid.long_by_quarter must have 4 numbers, was {parameters.long_by_quarter}"
            )
        if not math.isclose(sum(parameters.coins), 1, abs_tol=1e-3):
            raise DocumentError(f"hyperliquid.coins must sum to 1, was {parameters.coins}")
        return parameters


def load_parameters() -> PopulationParameters:
    """Read the parameters that are shipped with the package."""
    text = files("hullmark.sim").joinpath("population.toml").read_text(encoding="utf-8")
    return PopulationParameters.parse(tomllib.loads(text))


def _section(tree: Mapping[str, Any], name: str) -> dict[str, Any]:
    if not isinstance(tree.get(name), dict):
        raise DocumentError(f"{name} must be a table, was {tree.get(name)!r}")
    return {**tree[name], "": name}


def _number(section: Mapping[str, Any], key: str, least: float, most: float) -> float:
    return _inside(f"{section['']}.{key}", section.get(key), least, most)


def _numbers(section: Mapping[str, Any], key: str, least: float, most: float) -> tuple[float, ...]:
    path, values = f"{section['']}.{key}", section.get(key)
    if not isinstance(values, list) or not values:
        raise DocumentError(f"{path} must be an array of numbers, was {values!r}")
    return tuple(_inside(f"{path}[{i}]", value, least, most) for i, value in enumerate(values))


def _table(section: Mapping[str, Any], key: str, quantiles: Sequence[float]) -> tuple[float, ...]:
    values = _numbers(section, key, 1e-9, 1e15)
    if len(values) != len(quantiles) or any(a > b for a, b in pairwise(values)):
        raise DocumentError(
            f"{section['']}.{key} must have one number per quantile and not fall, was {values}"
        )
    return values


def _inside(path: str, value: object, least: float, most: float) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most:
        return float(value)
    raise DocumentError(f"{path} must be a number in [{least:g}, {most:g}], was {value!r}")
