"""What the auditor writes down: where in the history it is, and what does not agree."""

from typing import Any

AuditorEvent = Any  # a mapping of plain builtins, its name under ``type``


class AuditorNotes:
    """The place in a history, and the disagreements found so far: a sentence each."""

    def __init__(self) -> None:
        self.disagreements: list[str] = []
        self.number = 0  # of the event that was taken last, from 1
        self.kind = ""
        self.now_ns = 0
        self.sequence: int | None = None  # of the event's unit

    def differ(self, who: int | str, what: str, ours: object, theirs: object) -> None:
        """Note that the engine's value is not the auditor's, or breaks its rule."""
        place = f"event {self.number} {self.kind}, {who}"
        self.disagreements.append(f"{place}: {what} must be {ours!s:.160}, was {theirs!s:.160}")

    def equal(self, who: int | str, what: str, ours: object, theirs: object) -> None:
        """Note a value that is another."""
        if ours != theirs:
            self.differ(who, what, ours, theirs)

    def near(self, who: int | str, what: str, ours: Any, theirs: Any, slack: Any) -> None:  # noqa: ANN401
        """Note a number that is further from the auditor's than *slack*."""
        if abs(ours - theirs) > slack:
            self.differ(who, what, float(ours), float(theirs))

    def positive(self, who: int | str, what: str, number: int) -> None:
        """Note a number that is not above zero."""
        if number <= 0:
            self.differ(who, what, "> 0", number)
