"""What a replay of an incident is asked with: its files, its seed, and what is changed of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hullmark.feeds import Scenario, read_scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRequest:
    """What is played. What is ``None`` is taken from the scenario file."""

    scenario: Path
    venue: Path
    data: Path | None = None  # a folder of recorded prices; None: the scenario's published facts
    seed: int = 7
    accounts: int | None = None
    open_interest_usd: int | None = None

    def read(self, settings: Mapping[str, Any] | None = None) -> Scenario:
        """Return the scenario with other settings of its replay, the request's own over them."""
        changes = dict(settings or {})
        for name in ("accounts", "open_interest_usd"):
            if (value := getattr(self, name)) is not None:
                changes[name] = value
        scenario = read_scenario(self.scenario)
        return replace(scenario, replay=replace(scenario.replay, **changes))
