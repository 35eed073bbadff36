"""The margin models: their parameters, the laws they declare, and their codes in a book."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, Self

from msgspec import Struct

from hullmark.core import NANO, parse_decimal
from hullmark.errors import DocumentError, InvalidInputError
from hullmark.margin._tiers import TierSchedule

_COMMON = frozenset(
    {
        "finite",
        "equal inputs, equal bits",
        "initial >= maintenance",
        "more of a single position never needs less",
        "settlement cash adds itself to health",
    }
)
_SCENARIO_OWN = ("initial_factor", "maintenance_factor")


class MarginModel(Protocol):
    """What every model declares; ``tests/laws`` holds it to that.

    A model is a code in `book.Rows.model` and a branch of `evaluate_row`. The laws are those of
    the design: a law that a model does not name has a counterexample among its tests.
    """

    code: ClassVar[int]
    laws: ClassVar[frozenset[str]]


class TieredModel(Struct, frozen=True):
    """Marginal brackets per position, summed: nothing nets across instruments.

    Neither homogeneous nor subadditive: twice a position can need more than twice as much.
    """

    code: ClassVar[int] = 0
    laws: ClassVar[frozenset[str]] = _COMMON

    schedules: Mapping[str, TierSchedule] = {}

    @classmethod
    def parse(cls, tree: Mapping[str, Any]) -> Self:
        """Read the ``margin.tiered`` tree: per instrument its tiers.

        Raises
        ------
        DocumentError
            If it breaks its schema; the message has the path.
        """
        path = "margin.tiered"
        for symbol, entry in tree.items():
            if not isinstance(entry, Mapping):
                raise DocumentError(f"{path}.{symbol} must be a table, was {entry!r:.60}")
        return cls({s: TierSchedule.parse(f"{path}.{s}", entry) for s, entry in tree.items()})


class ScenarioModel(Struct, frozen=True, kw_only=True):
    """A factor times the worst loss of the whole account over the venue's scenarios.

    Positions net in full, in each scenario. The scenarios themselves are
    :class:`hullmark.scenarios.ScenarioSet`'s, which reads the other keys of the same tree.

    Raises
    ------
    InvalidInputError
        Unless ``0 < maintenance_factor <= initial_factor``, both finite.
    """

    code: ClassVar[int] = 1
    laws: ClassVar[frozenset[str]] = _COMMON | {"homogeneous", "subadditive"}

    initial_factor: float = 1.0
    maintenance_factor: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 < self.maintenance_factor <= self.initial_factor < float("inf"):
            raise InvalidInputError(
                "factors must satisfy 0 < maintenance_factor <= initial_factor,"
                f" was {self.maintenance_factor:g} and {self.initial_factor:g}"
            )

    @classmethod
    def parse(cls, tree: Mapping[str, Any]) -> Self:
        """Read the two factors from the ``margin.scenario`` tree; both must be there.

        Raises
        ------
        DocumentError
            If one is missing or breaks its rule; the message has the path.
        """
        path = "margin.scenario"
        try:
            if missing := [key for key in _SCENARIO_OWN if key not in tree]:
                raise InvalidInputError(f"{missing[0]} must be given, was absent")
            return cls(**{key: parse_decimal(key, tree[key]) / NANO for key in _SCENARIO_OWN})
        except InvalidInputError as e:
            raise DocumentError(f"{path}: {e}") from e


MODELS: Mapping[str, type[TieredModel] | type[ScenarioModel]] = MappingProxyType(
    {"tiered": TieredModel, "scenario": ScenarioModel}
)


def model_code(name: str) -> int:
    """Return the code that `book.Rows.model` holds for the model of that name.

    Raises
    ------
    InvalidInputError
        If there is no such model.
    """
    if name not in MODELS:
        raise InvalidInputError(
            f"margin model must be one of {', '.join(MODELS)}, was {name!r:.60}"
        )
    return MODELS[name].code
