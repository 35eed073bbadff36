"""What is closed at the end of a ``with`` statement."""

from types import TracebackType
from typing import Self


class Closing:
    """A holder of something that must be let go: ``with`` closes it, whatever happens inside."""

    def close(self) -> None:
        """Let go of what is held; a second call does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
