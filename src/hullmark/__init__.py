"""Hullmark keeps a derivatives venue solvent: margin, monitoring, liquidation, an exact ledger.

``hullmark.open`` gives a venue from a venue file and a journal. Importing the package loads nothing
else: the names below load what they need when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hullmark.core import nano
    from hullmark.runtime import Trade, open_venue as open  # noqa: A004

__all__ = ["Trade", "nano", "open"]

_HOMES = {
    "Trade": ("hullmark.runtime", "Trade"),
    "nano": ("hullmark.core", "nano"),
    "open": ("hullmark.runtime", "open_venue"),
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("hullmark")
    if name not in _HOMES:
        raise AttributeError(f"module 'hullmark' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES, "__version__"])
