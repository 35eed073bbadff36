"""A value of a document with its path, so that every refusal can say where, which rule, what."""

import json
import re
import reprlib
from collections.abc import Callable, Iterable, Mapping, Set
from decimal import Decimal
from typing import Any, NamedTuple, NoReturn, TypeVar

from hullmark.core import parse_decimal, parse_instant
from hullmark.errors import DocumentError, InvalidInputError

Read = TypeVar("Read")

_NAME_LENGTH_MAX = 128  # characters of a key or a name: what a table and a message can hold
_PLACES_MAX = 18  # decimals of an exact decimal: what a chain's fixed point holds
_DIGITS_MAX = 15  # digits before the point
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(?:\.([0-9]+))?", re.ASCII)
_DEPTH_MAX = 32  # levels of a section that plug-ins read; no reader's stack depends on the input

_shown = reprlib.Repr()  # an offending value in part, however long or deep it is
_shown.maxstring = _shown.maxlong = _shown.maxother = 60
_shown.maxlist = _shown.maxdict = 4
_shown.maxlevel = 3


class Node(NamedTuple):
    """A value and where it stands."""

    path: str  # "" at the top, else like accounts[3].cash.USDC
    value: Any

    def refuse(self, rule: str) -> NoReturn:
        """Raise the error that this value must *rule*."""
        self.refuse_value(rule, self.value)

    def refuse_value(self, rule: str, value: object) -> NoReturn:
        """Raise the error that what stands here must *rule*, and was *value*."""
        raise DocumentError(f"{self.path or 'the document'} must {rule}, was {_shown.repr(value)}")

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
        table = self.table()
        for key in table:
            if not (key and _presentable(key)):
                self.refuse_value(f"have printable keys of 1 to {_NAME_LENGTH_MAX} characters", key)
        return {key: Node(f"{prefix}{key}", value) for key, value in table.items()}

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
        self._check_presentable()
        return self.value

    def scaled(self, decimals: int) -> int:
        """Return a decimal string as a whole number of ``10**-decimals``."""
        return parse_decimal(self.path, self.value, decimals)

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

    def decimal(self, *, minimum: Decimal | int | None = None) -> Decimal:
        """Return a decimal string exactly, of at most 18 decimals; no digit is ever lost."""
        found = _DECIMAL.fullmatch(self.value) if isinstance(self.value, str) else None
        if found is None:
            self.refuse('be a decimal string such as "12.5"')
        if len(found[1]) > _DIGITS_MAX or len(found[2] or "") > _PLACES_MAX:
            self.refuse(f"have at most {_DIGITS_MAX} digits and {_PLACES_MAX} decimals")
        number = Decimal(self.value)
        if minimum is not None and number < minimum:
            self.refuse(f"be >= {minimum}")
        return number

    def positive_decimal(self) -> Decimal:
        """Return a decimal string above zero, as `decimal` does."""
        number = self.decimal()
        if number <= 0:
            self.refuse("be > 0")
        return number

    def flag(self) -> bool:
        """Return a boolean."""
        if not isinstance(self.value, bool):
            self.refuse("be true or false")
        return self.value

    def whole(self, *, minimum: int) -> int:
        """Return a JSON whole number of at least *minimum*."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            self.refuse("be a whole number")
        if self.value < minimum:
            self.refuse(f"be >= {minimum}")
        return self.value

    def counted(self, *, minimum: int, maximum: int) -> int:
        """Return a decimal string that is a whole number of at least *minimum*, at most *maximum*.

        Parameters of a rule book are decimal strings all, counts among them.
        """
        number = self.decimal()
        if number != number.to_integral_value() or not minimum <= number <= maximum:
            self.refuse(f"be a whole number from {minimum} to {maximum}")
        return int(number)

    def choice(self, *names: str) -> str:
        """Return one of these strings."""
        if self.value not in names:
            self.refuse(f"be one of {', '.join(names)}")
        return str(self.value)

    def kind(self, names: Iterable[str]) -> str:
        """Return the ``kind`` of an object whose other keys depend on it, one of these strings."""
        items = self.items()
        if "kind" not in items:
            self.lacks("the key 'kind'")
        return items["kind"].choice(*sorted(names))

    def instant(self) -> int:
        """Return an ISO 8601 instant in nanoseconds."""
        return parse_instant(self.path, self.text())

    def instant_of(self, key: str) -> int:
        """Return the instant that is the key of this value, in nanoseconds."""
        return parse_instant(f"key of {self.path}", key)

    def check_tree(self, depth_max: int = _DEPTH_MAX) -> None:
        """Refuse a value that plug-ins could misread: a float, a null, a key that is there twice.

        What remains is objects, lists, strings, whole numbers and booleans, not too deep.
        """
        members: list[Node] = []
        if isinstance(self.value, Mapping):
            members = list(self.items().values())
        elif isinstance(self.value, list):
            members = self.entries()
        elif isinstance(self.value, str):
            self._check_presentable()
        elif not isinstance(self.value, int):
            self.refuse("be an object, a list, a string, a whole number or a boolean")
        if members and not depth_max:
            self.refuse(f"be nested at most {_DEPTH_MAX} deep")
        for member in members:
            member.check_tree(depth_max - 1)

    def _check_presentable(self) -> None:
        if not _presentable(self.value):
            self.refuse(f"be printable, of at most {_NAME_LENGTH_MAX} characters")


def _presentable(text: object) -> bool:
    return isinstance(text, str) and text.isprintable() and len(text) <= _NAME_LENGTH_MAX


class _Ambiguous(dict[str, Any]):
    """An object with a key that is there twice: JSON allows it, and no reading of it is safe."""

    key = ""


def read_json(text: str | bytes) -> object:
    """Read a JSON text in UTF-8; of what Python's reader would let pass, `Node` refuses the rest.

    A byte order mark at the beginning is ignored, as RFC 8259 allows.
    """
    try:
        decoded = text if isinstance(text, str) else text.decode("utf-8-sig")
        value: object = json.loads(decoded, object_pairs_hook=_object)
    except (ValueError, RecursionError) as e:
        raise DocumentError(f"the document must be JSON in UTF-8, was not: {e}") from e
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


def read_tree(tree: object, read: Callable[[Node], Read]) -> Read:
    """Return what *read* makes of a tree; what core refuses in it is a `DocumentError`, too."""
    try:
        return read(Node("", tree))
    except DocumentError:
        raise
    except InvalidInputError as e:  # a decimal or an instant
        raise DocumentError(str(e)) from e
