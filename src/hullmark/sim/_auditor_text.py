"""How the auditor reads what a venue file writes as text: decimals and instants."""

from datetime import UTC, datetime
from fractions import Fraction

NANO = 10**9
PRICE_NANO_MAX = 2**63 - 1  # the highest price that can be told


def read_nano(text: str) -> int:
    """Return a decimal in billionths."""
    return int(Fraction(text) * NANO)


# Nine decimals of a second are three more than datetime keeps, so they are read apart.
def read_instant(text: str) -> int:
    """Return an ISO 8601 instant in nanoseconds since 1970 UTC."""
    whole, dot, rest = text.partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))] if dot else ""
    zone = rest[len(digits) :]
    read = datetime.fromisoformat(whole + zone)
    since = read if read.tzinfo is not None else read.replace(tzinfo=UTC)
    gone = since - datetime(1970, 1, 1, tzinfo=UTC)
    return (gone.days * 86_400 + gone.seconds) * NANO + int(digits.ljust(9, "0") or "0")
