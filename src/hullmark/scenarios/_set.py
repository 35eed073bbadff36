"""The grid of scenarios: relative moves of spot, each with volatility down, the same or up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from hullmark.core import NANO, YEAR_DAYS, FloatArray, parse_decimal
from hullmark.errors import DocumentError, InvalidInputError
from hullmark.scenarios._term import term_scale

_MOVES_MAX = 64  # a finer grid costs memory in every instrument and adds no information

_REQUIRED = ("moves", "vol_up", "vol_down", "power_short", "power_long", "days_floor", "vol_floor")
_OPTIONAL = ("edges_up_only",)
_OF_MODEL = ("initial_factor", "maintenance_factor")  # in the same table; the margin model's


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioSet:
    """Spot moves times vol shocks, in order of the moves and, within one, of down, same, up.

    A vol shock is relative and scaled by ``(30 / days)**power``, days to expiry but at least
    *days_floor*, with *power_short* up to 30 days and *power_long* beyond, as in Deribit's
    portfolio margin [1]_. Volatility shocked up is not below *vol_floor*, shocked down not below 0.

    >>> grid = ScenarioSet(moves=(-0.16, 0.0, 0.16), vol_up=0.5, vol_down=0.25, power_short=0.3,
    ...     power_long=0.13, days_floor=1.0, vol_floor=0.5, edges_up_only=True)
    >>> grid.labels
    ('-16% vol up', '+0% vol down', '+0% vol same', '+0% vol up', '+16% vol up')

    Parameters
    ----------
    moves : tuple of float
        Relative moves of spot, ascending, above -1, with 0 among them.
    vol_up, vol_down : float
        Relative vol shocks at 30 days, not negative; 0.5 is half as much again.
    power_short, power_long : float
        Exponents of the term structure of the shock, not negative.
    days_floor : float
        Days to expiry below which the shock grows no further; above 0.
    vol_floor : float
        The least volatility after a shock up, a fraction per square-root year.
    edges_up_only : bool
        Whether the outermost moves come with volatility up alone.

    Raises
    ------
    InvalidInputError
        If a number breaks its rule above.

    References
    ----------
    .. [1] Deribit, "Portfolio Margin", knowledge base: volatility shock per days to expiry.
    """

    moves: tuple[float, ...]
    vol_up: float
    vol_down: float
    power_short: float
    power_long: float
    days_floor: float
    vol_floor: float
    edges_up_only: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.moves) <= _MOVES_MAX:
            raise InvalidInputError(f"moves must be 1 to {_MOVES_MAX}, was {len(self.moves)}")
        for i, move in enumerate(self.moves):
            if not -1.0 < move < np.inf:
                raise InvalidInputError(f"moves[{i}] must be finite and > -1, was {move:g}")
            if i and not move > self.moves[i - 1]:
                raise InvalidInputError(
                    f"moves[{i}] must be > the move before it, {self.moves[i - 1]:g}, was {move:g}"
                )
        if 0.0 not in self.moves:
            raise InvalidInputError(f"moves must contain 0, was {self.moves}")
        for name in ("vol_up", "vol_down", "power_short", "power_long", "vol_floor"):
            if not 0.0 <= getattr(self, name) < np.inf:
                raise InvalidInputError(
                    f"{name} must be finite and >= 0, was {getattr(self, name):g}"
                )
        if not 0.0 < self.days_floor < np.inf:
            raise InvalidInputError(f"days_floor must be finite and > 0, was {self.days_floor:g}")

    @classmethod
    def parse(cls, tree: Mapping[str, Any], *, path: str = "margin.scenario") -> Self:
        """Read the ``margin.scenario`` table of a venue file or a document: decimals as strings.

        The margin model's own factors may stand in the same table and are left to it.

        Raises
        ------
        DocumentError
            If a key is missing or unknown, or a value breaks its rule; the message has the path.
        """
        if not isinstance(tree, Mapping):
            raise DocumentError(f"{path} must be a table, was {tree!r:.60}")
        if missing := [key for key in _REQUIRED if key not in tree]:
            raise DocumentError(f"{path} must have the key {missing[0]!r}, and has not")
        if unknown := sorted(set(tree) - {*_REQUIRED, *_OPTIONAL, *_OF_MODEL}):
            raise DocumentError(f"{path} has an unknown key {unknown[0]!r:.60}")
        if not isinstance(tree["moves"], list | tuple):
            raise DocumentError(f"{path}.moves must be a list, was {tree['moves']!r:.60}")
        edges = tree.get("edges_up_only", False)
        if not isinstance(edges, bool):
            raise DocumentError(f"{path}.edges_up_only must be a boolean, was {edges!r:.60}")
        moves = tuple(_decimal(f"{path}.moves[{i}]", m) for i, m in enumerate(tree["moves"]))
        numbers = {key: _decimal(f"{path}.{key}", tree[key]) for key in _REQUIRED[1:]}
        try:
            return cls(moves=moves, **numbers, edges_up_only=edges)
        except InvalidInputError as e:
            raise DocumentError(f"{path}.{e}") from e

    @property
    def grid(self) -> tuple[tuple[float, int], ...]:
        """Each scenario: the move of spot, and -1, 0 or 1 for volatility down, same or up."""
        edges = {0, len(self.moves) - 1} if self.edges_up_only and len(self.moves) > 1 else set()
        return tuple(
            (move, vol)
            for i, move in enumerate(self.moves)
            for vol in ((1,) if i in edges else (-1, 0, 1))
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """The name of each scenario, such as ``-16% vol up``."""
        words = {-1: "down", 0: "same", 1: "up"}
        return tuple(f"{100 * move:+.10g}% vol {words[vol]}" for move, vol in self.grid)

    def shocked_vol(self, vol: FloatArray, years: FloatArray) -> dict[int, FloatArray]:
        """Return the volatilities after each shock: under -1 down, 0 as they are, 1 up.

        *vol* is a fraction per square-root year, *years* the time to expiry of each option.
        """
        scale = term_scale(
            years * YEAR_DAYS,
            floor_days=self.days_floor,
            power_short=self.power_short,
            power_long=self.power_long,
        )
        down = vol * np.maximum(1.0 - self.vol_down * scale, 0.0)
        up = np.maximum(vol * (1.0 + self.vol_up * scale), self.vol_floor)
        return {-1: down, 0: vol, 1: up}


def _decimal(path: str, text: object) -> float:
    try:
        return parse_decimal(path, text) / NANO
    except InvalidInputError as e:
        raise DocumentError(str(e)) from e
