"""The time of a simulation: it stands until someone moves it."""


class SimulatedClock:
    """A clock that a runtime reads and a simulation sets; it is called like `time.time_ns`."""

    def __init__(self, now_ns: int) -> None:
        self.now_ns = now_ns

    def __call__(self) -> int:
        """Return the instant, nanoseconds since 1970 UTC."""
        return self.now_ns
