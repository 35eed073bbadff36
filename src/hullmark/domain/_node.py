"""A value of a document with its path, so that every refusal can say where, which rule, what."""

import json
import re
from collections.abc import Mapping, Set
from typing import Any, NamedTuple, NoReturn

from hullmark.core import parse_instant, parse_scaled
from hullmark.errors import AmountOverflowError, DocumentError, InvalidInputError

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")  # no exponent, no spaces, no underscores
_SHOWN = 60  # characters of an offending value


class Node(NamedTuple):
    """A value and where it stands."""

    path: str  # "" at the top, else like accounts[3].cash.USDC
    value: Any

    def refuse(self, rule: str) -> NoReturn:
        """Raise the error that this value must *rule*."""
        self.refuse_value(rule, self.value)

    def refuse_value(self, rule: str, value: object) -> NoReturn:
        """Raise the error that what stands here must *rule*, and was *value*."""
        shown = repr(value)
        if len(shown) > _SHOWN:
            shown = f"{shown[:_SHOWN]}..."
        raise DocumentError(f"{self.path or 'the document'} must {rule}, was {shown}")

    def lacks(self, what: str) -> NoReturn:
        """Raise the error that *what* is missing here."""
        raise DocumentError(f"{self.path or 'the document'} must have {what}, and has not")

    def table(self) -> Mapping[str, Any]:
        """Return the value as an object."""
        if not isinstance(self.value, Mapping):
            self.refuse("be an object")
        if isinstance(self.value, _Ambiguous):
            self.refuse_value("have each key once", self.value.key)
        return self.value

    def items(self) -> dict[str, "Node"]:
        """Return the members of an object with free keys."""
        prefix = f"{self.path}." if self.path else ""
        return {key: Node(f"{prefix}{key}", value) for key, value in self.table().items()}

    def fields(self, required: Set[str], optional: Set[str] = frozenset()) -> dict[str, "Node"]:
        """Return the members of an object with these keys and no others."""
        items = self.items()
        if missing := sorted(required - items.keys()):
            self.lacks(f"the key {missing[0]!r}")
        if unknown := sorted(items.keys() - required - optional):
            known = ", ".join(sorted(required | optional))
            self.refuse_value(f"have no keys but {known}", unknown[0])
        return items

    def entries(self) -> list["Node"]:
        """Return the members of a list."""
        if not isinstance(self.value, list):
            self.refuse("be a list")
        return [Node(f"{self.path}[{i}]", value) for i, value in enumerate(self.value)]

    def text(self) -> str:
        """Return a string that is not empty."""
        if not isinstance(self.value, str) or not self.value:
            self.refuse("be a string that is not empty")
        return self.value

    def scaled(self, decimals: int) -> int:
        """Return a decimal string as a whole number of ``10**-decimals``."""
        if not isinstance(self.value, str) or not _DECIMAL.fullmatch(self.value):
            self.refuse('be a decimal string such as "12.5"')
        try:
            return parse_scaled(self.path, self.value, decimals)
        except AmountOverflowError:
            raise
        except InvalidInputError:
            self.refuse(f"have at most {decimals} decimals")

    def nano(self, *, minimum: int | None = None) -> int:
        """Return a decimal string in nanos."""
        nano = self.scaled(9)
        if minimum is not None and nano < minimum:
            self.refuse(f"be >= {minimum}")
        return nano

    def positive_nano(self) -> int:
        """Return a decimal string above zero in nanos."""
        nano = self.scaled(9)
        if nano <= 0:
            self.refuse("be > 0")
        return nano

    def instant(self) -> int:
        """Return an ISO 8601 instant in nanoseconds."""
        return parse_instant(self.path, self.text())

    def instant_of(self, key: str) -> int:
        """Return the instant that is the key of this value, in nanoseconds."""
        return parse_instant(f"key of {self.path}", key)

    def check_tree(self) -> None:
        """Refuse a value that plug-ins could misread: a float, a null, a key that is there twice.

        What remains is objects, lists, strings, whole numbers and booleans.
        """
        if isinstance(self.value, Mapping):
            for item in self.items().values():
                item.check_tree()
        elif isinstance(self.value, list):
            for entry in self.entries():
                entry.check_tree()
        elif not isinstance(self.value, str | int):
            self.refuse("be an object, a list, a string, a whole number or a boolean")


class _Ambiguous(dict[str, Any]):
    """An object with a key that is there twice: JSON allows it, and no reading of it is safe."""

    key = ""


def read_json(text: str | bytes) -> object:
    """Read a JSON text; of what Python's reader would let pass, `Node` refuses the rest."""
    try:
        value: object = json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError) as e:
        raise DocumentError(f"the document must be JSON, was not: {e}") from e
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) == len(pairs):
        return table
    ambiguous = _Ambiguous(table)
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            ambiguous.key = key
        seen.add(key)
    return ambiguous
