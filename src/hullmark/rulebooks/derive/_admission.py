"""Derive's admission of changes to an account: when a manager checks risk, and against what.

A batch of changes is checked as a whole, on the account as it will be. Margins come in as account
values (above zero is room, below it is short), in any one unit. A refusal is data; where several
hold, the one that stands first in `Inadmissible` is given, as the contracts revert on the first.

References
----------
``derivexyz/v2-core``: ``src/risk-managers/StandardManager.sol``, commits 12cb35a5 (the newest
stored), 65102003 and 0131e42b; ``PMRM_2_1.sol``, commit 2e9b75c6; ``BaseManager.sol``.
"""

from enum import StrEnum

from msgspec import Struct

from hullmark.errors import InvalidInputError


class Holding(StrEnum):
    """What a change of an account is a change of."""

    CASH = "cash"
    OPTION = "option"
    PERP = "perp"
    BASE = "base"


class Inadmissible(StrEnum):
    """Every reason to refuse a batch, in order of precedence."""

    PAUSED = "the guardian has paused the manager"
    CAP = "an asset's total would rise above the manager's cap"
    AUCTION = "the account is in a liquidation auction"
    UNSUPPORTED = "the manager takes no such asset"
    ASSETS = "the account would hold more assets than allowed, and more than before"
    BORROWING = "cash would be taken below zero where the manager lends none"
    MARGIN = "the account would be under its margin"


class Change(Struct, frozen=True, kw_only=True):
    """One line of a batch.

    Parameters
    ----------
    holding : Holding
    delta : int
        What is added to the account, or taken for less than zero.
    after : int or None
        What the account holds of it after the batch; looked at for a perpetual only, which counts
        as enlarged where it is not told.
    """

    holding: Holding
    delta: int
    after: int | None = None


class AdmissionRule(Struct, frozen=True, kw_only=True):
    """What one manager does before it lets a batch pass.

    Parameters
    ----------
    perp_reduction_free : bool
        Whether a batch that only reduces a perpetual passes without a check; else any trade of one
        is checked.
    base_withdrawal_free : bool
        Whether taking collateral out passes without a check.
    risk_reduction : bool
        Whether an account under its initial margin may change if that raises its maintenance
        margin, to above zero.
    trusted : bool
        Whether callers that the venue trusts are checked on maintenance margin only.
    auction_freezes : bool
        Whether an account in an auction takes no change at all; else none that adds risk.
    assets_max : int, >= 1
        Assets that an account may hold.
    """

    perp_reduction_free: bool
    base_withdrawal_free: bool = False
    risk_reduction: bool = False
    trusted: bool = True
    auction_freezes: bool = True
    assets_max: int

    def __post_init__(self) -> None:
        if self.assets_max < 1:
            raise InvalidInputError(f"assets_max must be >= 1, was {self.assets_max}")


# Numbers of assets: script config-mainnet.sol, commit 037ee3ac.
ADMISSION_STANDARD = AdmissionRule(perp_reduction_free=True, assets_max=48)
ADMISSION_PORTFOLIO = AdmissionRule(perp_reduction_free=False, assets_max=128)
# The standard manager as it was before the source became BUSL-1.1 (commit 0131e42b).
ADMISSION_STANDARD_FIRST = AdmissionRule(
    perp_reduction_free=True,
    base_withdrawal_free=True,
    risk_reduction=True,
    trusted=False,
    auction_freezes=False,
    assets_max=48,
)


class MarginValues(Struct, frozen=True, kw_only=True):
    """An account's margins, as values: equity less requirement.

    Parameters
    ----------
    initial, maintenance : float
        After the batch.
    maintenance_before : float or None
        Before it; needed by a rule with risk reduction only.
    maintenance_basis : float or None
        After it, over the three basis scenarios alone (spot up, spot down, unchanged, no change of
        volatility); None for the standard manager, which has no scenarios.
    """

    initial: float
    maintenance: float
    maintenance_before: float | None = None
    maintenance_basis: float | None = None


class AccountState(Struct, frozen=True, kw_only=True):
    """What else of an account and its venue a check looks at.

    Parameters
    ----------
    cash_after : int
        Its cash after the batch.
    assets_before, assets_after : int
        How many assets it holds.
    borrowing, paused, in_auction, over_cap, unsupported : bool
        Whether the manager lends cash, is paused, has the account in an auction, would see an
        asset's total rise above its cap, and does not take some asset of the batch.
    """

    cash_after: int = 0
    assets_before: int = 0
    assets_after: int = 0
    borrowing: bool = True
    paused: bool = False
    in_auction: bool = False
    over_cap: bool = False
    unsupported: bool = False


def adds_risk(rule: AdmissionRule, changes: tuple[Change, ...]) -> bool:
    """Return whether a batch is checked: it takes something out, or enlarges a perpetual.

    Adding cash, options or collateral never is. A perpetual turned over is enlarged.
    """
    return any(_adds_risk(rule, change) for change in changes)


def _adds_risk(rule: AdmissionRule, change: Change) -> bool:
    if change.holding is Holding.PERP:
        turned = change.after is None or change.delta * change.after > 0  # not known: checked
        return not rule.perp_reduction_free or turned
    if change.holding is Holding.BASE and rule.base_withdrawal_free:
        return False
    return change.delta < 0


def enough_margin(rule: AdmissionRule, margins: MarginValues, *, trusted: bool) -> bool:
    """Return whether an account may be in the state that these margins describe.

    Zero is enough, but for a reduction of risk, which has to end above it.

    Raises
    ------
    InvalidInputError
        If the rule allows reductions of risk and the margin before the batch is missing.
    """
    if rule.trusted and trusted:
        basis = margins.maintenance_basis
        return (margins.maintenance if basis is None else basis) >= 0
    if margins.initial >= 0:
        return True
    if not rule.risk_reduction:
        return False
    if margins.maintenance_before is None:
        raise InvalidInputError("maintenance_before must be given where a rule needs it, was None")
    return margins.maintenance > max(margins.maintenance_before, 0)


def admit(
    rule: AdmissionRule,
    changes: tuple[Change, ...],
    margins: MarginValues,
    account: AccountState | None = None,
    *,
    trusted: bool = False,
) -> Inadmissible | None:
    """Return why a batch of changes to an account is refused, or None: it is admitted.

    Parameters
    ----------
    rule : AdmissionRule
    changes : tuple of Change
    margins : MarginValues
        Looked at only where the batch adds risk.
    account : AccountState or None
        None stands for one that nothing but its margin can stop.
    trusted : bool
        Whether the caller is a trusted risk assessor: the venue's order book, which has checked the
        whole account itself.

    Raises
    ------
    InvalidInputError
        As `enough_margin`.
    """
    account = account or AccountState()
    for holds, reason in (
        (account.paused, Inadmissible.PAUSED),
        (account.over_cap, Inadmissible.CAP),
        (account.in_auction and rule.auction_freezes, Inadmissible.AUCTION),
        (account.unsupported, Inadmissible.UNSUPPORTED),
        (account.assets_after > max(rule.assets_max, account.assets_before), Inadmissible.ASSETS),
    ):
        if holds:
            return reason
    if not adds_risk(rule, changes):
        return None
    return _refused_risk(rule, changes, margins, account, trusted)


def _refused_risk(
    rule: AdmissionRule,
    changes: tuple[Change, ...],
    margins: MarginValues,
    account: AccountState,
    trusted: bool,
) -> Inadmissible | None:
    if account.in_auction:
        return Inadmissible.AUCTION
    taken = any(change.holding is Holding.CASH and change.delta < 0 for change in changes)
    if taken and account.cash_after < 0 and not account.borrowing:
        return Inadmissible.BORROWING
    return None if enough_margin(rule, margins, trusted=trusted) else Inadmissible.MARGIN
