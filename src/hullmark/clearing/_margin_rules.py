"""Which margin model each kind of account is under, and the models' parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hullmark.domain import Instrument, Mode, Spot
from hullmark.errors import DocumentError, InvalidInputError
from hullmark.margin import MODELS, ScenarioModel, TieredModel, model_code
from hullmark.scenarios import ScenarioSet

_KEYS = frozenset({*Mode, *MODELS})
_STILL = ScenarioSet(
    moves=(0.0,),
    vol_up=0.0,
    vol_down=0.0,
    power_short=0.0,
    power_long=0.0,
    days_floor=1.0,
    vol_floor=0.0,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginRules:
    """The section ``margin`` of a venue tree or a document's parameters."""

    model_of: Mapping[Mode, str]  # accounts of a mode that is not named cannot be opened
    tiered: TieredModel
    scenario: ScenarioModel
    scenarios: ScenarioSet

    @classmethod
    def parse(cls, tree: Mapping[str, Any], instruments: Sequence[Instrument]) -> "MarginRules":
        """Read the section; a model that a mode names must have its parameters.

        Raises
        ------
        DocumentError
            If the section breaks its schema; the path in the message begins with ``margin``.
        """
        if not isinstance(tree, Mapping):
            raise DocumentError(f"margin must be a table, was {tree!r:.60}")
        if unknown := sorted(set(tree) - _KEYS):
            raise DocumentError(f"margin has an unknown key {unknown[0]!r:.60}")
        for model in MODELS:
            if model in tree and not isinstance(tree[model], Mapping):
                raise DocumentError(f"margin.{model} must be a table, was {tree[model]!r:.60}")
        model_of = {mode: tree[mode] for mode in Mode if mode in tree}
        if not model_of:
            raise DocumentError(f"margin must name a model for one of {', '.join(Mode)}")
        for mode, model in model_of.items():
            if not isinstance(model, str):
                raise DocumentError(f"margin.{mode} must name a margin model, was {model!r:.60}")
            try:
                model_code(model)
            except InvalidInputError as e:
                raise DocumentError(f"margin.{mode}: {e}") from e
            if model not in tree:
                raise DocumentError(f"margin.{mode} must have a section margin.{model}")
        tiered = TieredModel.parse(tree.get("tiered", {}))
        known = {i.symbol for i in instruments if not isinstance(i, Spot)}
        if unknown := sorted(set(tiered.schedules) - known):
            raise DocumentError(f"margin.tiered.{unknown[0]} must name a contract of these rules")
        if "scenario" not in tree:
            return cls(model_of=model_of, tiered=tiered, scenario=ScenarioModel(), scenarios=_STILL)
        return cls(
            model_of=model_of,
            tiered=tiered,
            scenario=ScenarioModel.parse(tree["scenario"]),
            scenarios=ScenarioSet.parse(tree["scenario"]),
        )

    def code(self, mode: Mode) -> int:
        """Return the number by which kernels know the model of a mode."""
        return model_code(self.model_of[mode])

    def carries(self, mode: Mode, instrument: Instrument) -> bool:
        """Whether the model of a mode has parameters for an instrument."""
        return self.model_of[mode] != "tiered" or instrument.symbol in self.tiered.schedules
