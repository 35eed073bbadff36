"""One parameter set by its dotted path, as ``--set vol_shock.up=0.6`` has it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hullmark.domain import Node, read_json
from hullmark.errors import DocumentError

_PLACE = re.compile(r"[0-9]{1,6}")  # in a list


def with_parameter(tree: Mapping[str, Any], assignment: str) -> dict[str, Any]:
    """Return *tree* with one value in the place that ``path=value`` names.

    A path leads through keys and, in lists, places from 0: ``scenarios.3.weight``. The value is a
    decimal or a word, or JSON where it begins like an object, a list or a boolean.

    >>> with_parameter({"basis": {"up": "1.05", "add": "1"}}, "basis.up=1.1")
    {'basis': {'up': '1.1', 'add': '1'}}

    Raises
    ------
    DocumentError
        If there is no such path.
    """
    path, equals, text = assignment.partition("=")
    if not equals or not path:
        raise DocumentError(f"a setting must be such as vol_shock.up=0.6, was {assignment!r:.80}")
    changed: dict[str, Any] = _put(tree, path.split("."), _value(path, text), path)
    return changed


def _value(path: str, text: str) -> Any:  # noqa: ANN401 - what JSON gives
    if not text.startswith(("{", "[")) and text not in ("true", "false"):
        return text
    try:
        value = read_json(text)
    except DocumentError as e:
        raise DocumentError(f"the setting of {path} must be JSON, was not: {e}") from e
    Node(path, value).check_tree()
    return value


def _put(tree: Any, keys: Sequence[str], value: Any, path: str) -> Any:  # noqa: ANN401
    if not keys:
        return value
    key, rest = keys[0], keys[1:]
    if isinstance(tree, Mapping) and key in tree:
        return {**tree, key: _put(tree[key], rest, value, path)}
    if isinstance(tree, list) and _PLACE.fullmatch(key) and int(key) < len(tree):
        place = int(key)
        return [*tree[:place], _put(tree[place], rest, value, path), *tree[place + 1 :]]
    known = tree if isinstance(tree, Mapping) else ()
    names = ", ".join(map(str, range(len(tree)) if isinstance(tree, list) else known)) or "nothing"
    raise DocumentError(f"parameter {path} must exist; where {key!r} should be there is {names}")
