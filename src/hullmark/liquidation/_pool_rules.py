"""The pools of a venue: an account that members share, by which asset they pay in and are paid."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hullmark.core import NANO, SECOND_NS, parse_nano
from hullmark.domain import FIRST_ACCOUNT
from hullmark.errors import DocumentError


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolRules:
    """One pool: an ordinary account of the venue, whose net value its members share."""

    account: int
    asset: str
    notice_ns: int = 0  # between giving notice and leaving

    @classmethod
    def parse(cls, tree: Mapping[str, Any]) -> "PoolRules":
        """Read one table of the section ``pools`` of a venue tree."""
        if unknown := sorted(set(tree) - {"account", "asset", "notice_s"}):
            raise DocumentError(f"unknown key {unknown[0]!r}; known: account, asset, notice_s")
        account, asset = tree.get("account"), tree.get("asset")
        if not isinstance(account, int) or isinstance(account, bool) or account < FIRST_ACCOUNT:
            raise DocumentError(f"account must be a number >= {FIRST_ACCOUNT}, was {account!r:.60}")
        if not isinstance(asset, str):
            raise DocumentError(f"asset must name an asset, was {asset!r:.60}")
        notice_ns = parse_nano("notice_s", tree.get("notice_s", "0")) * SECOND_NS // NANO
        if notice_ns < 0:
            raise DocumentError(f"notice_s must be >= 0, was {tree['notice_s']}")
        return cls(account=account, asset=asset, notice_ns=notice_ns)
