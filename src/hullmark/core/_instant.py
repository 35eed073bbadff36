"""Instants: nanoseconds since 1970-01-01T00:00Z, as plain integers named ``..._ns``."""

import re
from datetime import UTC, datetime

from hullmark.core._exact import int64
from hullmark.errors import InvalidInputError

SECOND_NS = 10**9
DAY_NS = 86_400 * SECOND_NS
YEAR_DAYS = 365.25  # Deribit's year, on which its published times to maturity are counted
YEAR_NS = int(YEAR_DAYS * DAY_NS)

_BELOW_MICROS = re.compile(r"[.,]\d{6}(\d+)")  # digits that datetime drops without a word


def parse_instant(name: str, text: str) -> int:
    """Return an ISO 8601 instant in nanoseconds, exactly; without an offset it is UTC.

    Raises
    ------
    InvalidInputError
        If it is none, or has more than nine decimals of a second.
    AmountOverflowError
        If it is before 1677 or after 2262, and so not in 64 bits.

    Examples
    --------
    >>> parse_instant("at", "2025-10-10T21:15:00Z")
    1760130900000000000
    """
    try:
        moment = datetime.fromisoformat(text)
    except (ValueError, TypeError) as e:
        raise InvalidInputError(f"{name} must be an ISO 8601 instant, was {text!r}") from e
    found = _BELOW_MICROS.search(text)
    below = found[1] if found else ""
    if len(below) > 3:
        raise InvalidInputError(f"{name} must have at most 9 decimals of a second, was {text!r}")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    elapsed = moment - datetime(1970, 1, 1, tzinfo=UTC)
    seconds = elapsed.days * 86_400 + elapsed.seconds
    micros = seconds * 1_000_000 + elapsed.microseconds
    return int64(name, micros * 1_000 + int(below.ljust(3, "0")))


def format_instant(instant_ns: int) -> str:
    """Write an instant as ISO 8601 in UTC, to the second or finer if it needs it.

    >>> format_instant(1_760_130_900_000_000_000)
    '2025-10-10T21:15:00Z'
    """
    seconds, rest_ns = divmod(instant_ns, SECOND_NS)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{rest_ns:09d}".rstrip("0") if rest_ns else ""
    return f"{text}{fraction}Z"
