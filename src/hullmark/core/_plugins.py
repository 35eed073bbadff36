"""Plug-ins: found by name among the installed distributions, ours registered like anyone's."""

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from hullmark.errors import PluginError


def find_plugin(group: str, name: str) -> EntryPoint:
    """Return the entry point *name* of *group*, which exactly one distribution must provide.

    Raises
    ------
    PluginError
        If none does, or several: a guess would choose whose rules count.
    """
    kind = group.removeprefix("hullmark.").replace("_", " ").removesuffix("s")
    installed = entry_points(group=group)
    claims = {point.value: point for point in installed.select(name=name)}  # equal ones are one
    match tuple(claims.values()):
        case (only,):
            return only
        case ():
            known = ", ".join(sorted(installed.names)) or "none"
            raise PluginError(f"no {kind} {name!r:.60}; installed: {known}")
        case several:
            rivals = ", ".join(claim.value for claim in several)
            raise PluginError(f"{kind} {name!r} is claimed by {rivals}")


def load_plugin(group: str, name: str) -> Any:  # noqa: ANN401 - the caller knows the protocol
    """Return the object that the entry point *name* of *group* names."""
    return find_plugin(group, name).load()


def plugin_names(group: str) -> tuple[str, ...]:
    """Return the names that are installed in *group*, sorted."""
    return tuple(sorted(entry_points(group=group).names))
