"""What every event is: an immutable struct, known by its tag, that leaves out its defaults."""

from msgspec import Struct


class Recorded(
    Struct,
    frozen=True,
    kw_only=True,
    gc=False,
    tag=True,
    omit_defaults=True,
    forbid_unknown_fields=True,  # a fact of the future is refused, not forgotten
):
    """The base of all events; a command's is the same for commands."""
