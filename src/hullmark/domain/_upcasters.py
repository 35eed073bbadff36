"""How commands and events of earlier versions are read: as the ones that mean the same today.

A shape is known by its tag, the ``type`` under which it is stored: the name of its class, and once
its fields have changed in a way that old records do not fit, the name with a number, ``Traded.2``.
A new field with a default needs neither. Each old tag has an entry here, which turns the stored
mapping into that of the next shape; so one that is three versions old takes three steps. Nothing is
rewritten: a journal stays as it was written, hash and all.
"""

from collections.abc import Callable, Mapping
from typing import Any

Tree = dict[str, Any]


# Up to release 0.1.0 every price moved the valuation time.
def _prices_accepted_2(tree: Tree) -> Tree:
    return {**tree, "type": "PricesAccepted.2", "values_time": True}


UPCASTERS: Mapping[str, Callable[[Tree], Tree]] = {"PricesAccepted": _prices_accepted_2}


def upcast(tree: object) -> object:
    """Return stored builtins with every old shape in them brought up to date, nested ones too.

    >>> upcast([{"type": "TimeAdvanced", "now_ns": 5}])
    [{'type': 'TimeAdvanced', 'now_ns': 5}]
    """
    if isinstance(tree, list):
        return [upcast(item) for item in tree]
    if not isinstance(tree, dict):
        return tree
    fresh: Tree = {key: upcast(value) for key, value in tree.items()}
    while step := UPCASTERS.get(str(fresh.get("type"))):
        fresh = step(fresh)
    return fresh
