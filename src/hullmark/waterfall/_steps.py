"""Splitting a deficit over the declared steps."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hullmark.domain import SystemAccount
from hullmark.errors import DocumentError, InvalidInputError

_ACCOUNTS = {"fund": SystemAccount.FUND, "bad-debt": SystemAccount.BAD_DEBT}
_DEFAULT = ("fund", "bad-debt")


class Share(NamedTuple):
    """What one account of the venue pays."""

    account: SystemAccount
    quanta: int


def parse_steps(tree: Mapping[str, Any]) -> tuple[str, ...]:
    """Read the section ``waterfall`` of a venue tree: its steps, the last of them bad debt."""
    if not isinstance(tree, Mapping):
        raise DocumentError(f"the steps must stand in a table, was {tree!r:.80}")
    if unknown := sorted(set(tree) - {"steps"}):
        raise DocumentError(f"unknown key {unknown[0]!r}; known: steps")
    listed = tree.get("steps", _DEFAULT)
    if not isinstance(listed, list | tuple):
        raise DocumentError(f"steps must be a list, was {listed!r:.80}")
    steps = tuple(listed)
    if unknown := [s for s in steps if not isinstance(s, str) or s not in _ACCOUNTS]:
        raise DocumentError(f"steps must be of {', '.join(_ACCOUNTS)}, was {unknown[0]!r}")
    if len(set(steps)) != len(steps) or not steps or steps[-1] != "bad-debt":
        raise DocumentError(f"steps must be distinct and end in bad-debt, was {list(steps)}")
    return steps


def allocate(
    deficit_quanta: int, steps: Sequence[str], available: Mapping[SystemAccount, int]
) -> tuple[Share, ...]:
    """Split a deficit over the steps.

    >>> shares = allocate(100, ("fund", "bad-debt"), {SystemAccount.FUND: 30})
    >>> [(share.account.name, share.quanta) for share in shares]
    [('FUND', 30), ('BAD_DEBT', 70)]
    """
    if deficit_quanta < 0:
        raise InvalidInputError(f"deficit_quanta must be >= 0, was {deficit_quanta}")
    shares, left = [], deficit_quanta
    for step in steps:
        account = _ACCOUNTS[step]
        part = left if step == "bad-debt" else min(left, max(available[account], 0))
        shares.append(Share(account, part))
        left -= part
    assert left == 0, "the last step takes everything"
    return tuple(shares)
