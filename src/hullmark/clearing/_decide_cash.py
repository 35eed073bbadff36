"""Deciding on accounts and their cash: open, deposit, withdraw, transfer, interest."""

from collections.abc import Sequence

from hullmark.clearing._checks import (
    need_account,
    need_asset,
    need_calm,
    need_cash,
    need_in_range,
    need_room,
    refuse,
    settled_cash,
)
from hullmark.clearing._decide_pools import need_no_pool
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.clearing._withdrawal_gate import (
    covered_quanta,
    need_covered,
    need_gate_open,
    need_trusted,
    need_withdrawable,
)
from hullmark.core import NANO, mul_div_ceil
from hullmark.domain import FIRST_ACCOUNT, Event, Mode, Reason, SystemAccount, commands, events
from hullmark.market import Action


def open_account(state: State, command: commands.OpenAccount) -> Sequence[Event]:
    """Open a cross, portfolio or isolated account."""
    account, parent = command.account, command.parent
    refused = need_in_range("account", account, FIRST_ACCOUNT)
    if refused is None and account in state.modes:
        refused = refuse(Reason.ACCOUNT_EXISTS, f"account must be new, was {account}")
    if refused is None and parent is not None:
        refused = need_account(state, parent)
    if refused is None and (parent is None) == (command.mode is Mode.ISOLATED):
        detail = f"an isolated account, and no other, must have a parent, was {parent}"
        refused = refuse(Reason.ACCOUNT_MODE, detail)
    if refused is None and parent is not None and state.modes[parent] is Mode.ISOLATED:
        detail = f"parent must not be isolated itself, was {parent}"
        refused = refuse(Reason.ACCOUNT_MODE, detail)
    if refused is None and command.mode not in state.in_force.margin.model_of:
        detail = f"the rules must name a margin model for {command.mode} accounts"
        refused = refuse(Reason.ACCOUNT_MODE, detail)
    if refused:
        return (refused,)
    return (events.AccountOpened(account=account, mode=command.mode, parent=parent),)


def deposit(state: State, command: commands.Deposit) -> Sequence[Event]:
    """Credit an account, or the insurance fund, with what custody has received."""
    account = command.account
    refused = need_in_range("quanta", command.quanta, 1)
    if refused is None and account != SystemAccount.FUND:
        refused = need_account(state, account)
    refused = (
        refused
        or _need_parent_deposit(state, account)
        or need_asset(state, command.asset)
        or need_room(state, account, command.asset, command.quanta)
        or need_room(state, SystemAccount.CUSTODY, command.asset, -command.quanta)
    )
    if refused:
        return (refused,)
    return (events.Deposited(account=account, asset=command.asset, quanta=command.quanta),)


def withdraw(state: State, views: Views, command: commands.Withdraw) -> Sequence[Event]:
    """Pay out settled cash that initial margin does not need."""
    account, asset, quanta = command.account, command.asset, command.quanta
    refused = (
        need_in_range("quanta", quanta, 1)
        or need_account(state, account)
        or _need_parent_deposit(state, account)
        or need_no_pool(state, account)
        or need_asset(state, asset)
        or need_trusted(views, account)
        or need_calm(state, account)
        or need_cash(state, account, asset, quanta)
        or _need_custody(state, asset, quanta)
        or need_gate_open(state, views)
        or need_covered(state, views, account, asset, quanta)
        or need_withdrawable(state, views, account, asset, quanta)
    )
    if refused:
        return (refused,)
    return (events.Withdrawn(account=account, asset=asset, quanta=quanta),)


def withdrawable_quanta(state: State, views: Views, account: int, asset: str) -> int:
    """Return the most that an account could be paid out now, to the quantum.

    What is left falls ever faster as more is paid, so it changes sign once: what cannot begin is
    nothing, and the last quantum that can be paid is found by halving.
    """
    index = state.ledger.asset_index[asset]
    most = settled_cash(state, account, asset)
    if account not in state.parents:  # an isolated one gives back to its parent, inside the venue
        most = min(most, _held_in_custody(state, asset))
        covered = covered_quanta(state, views, account, asset)
        most = most if covered is None else min(most, covered)
    paid, unpaid = 0, most + 1  # the one can be paid, the other not
    if need_no_pool(state, account):
        return 0
    if need_calm(state, account) or views.doubt(account, Action.WITHDRAW):
        return 0
    if unpaid <= 1 or views.withdrawable_usd(account, index, 0) < 0:
        return 0
    if views.withdrawable_usd(account, index, unpaid - 1) >= 0:
        return unpaid - 1
    while unpaid - paid > 1:
        middle = (paid + unpaid) // 2
        if views.withdrawable_usd(account, index, middle) >= 0:
            paid = middle
        else:
            unpaid = middle
    return paid


def transfer(state: State, views: Views, command: commands.Transfer) -> Sequence[Event]:
    """Move cash between two accounts; the source is held to the rule of a withdrawal."""
    source, target, asset = command.source, command.target, command.asset
    refused = (
        need_in_range("quanta", command.quanta, 1)
        or _need_two(source, target)
        or need_account(state, source)
        or need_account(state, target)
        or _need_family(state, source, target)
        or need_no_pool(state, source)
        or need_asset(state, asset)
        or need_room(state, target, asset, command.quanta)
        or need_trusted(views, source)
        or need_calm(state, source)
        or need_cash(state, source, asset, command.quanta)
        or need_withdrawable(state, views, source, asset, command.quanta)
    )
    if refused:
        return (refused,)
    moved = events.Transferred(source=source, target=target, asset=asset, quanta=command.quanta)
    return (moved,)


def charge_interest(state: State, command: commands.ChargeInterest) -> Sequence[Event]:
    """Charge one period's interest on every negative balance of an asset."""
    refused = (
        need_in_range("rate_nano", command.rate_nano, 1, NANO)
        or need_asset(state, command.asset)
        or _need_room_for_interest(state, command)
    )
    if refused:
        return (refused,)
    return (events.InterestCharged(asset=command.asset, rate_nano=command.rate_nano),)


# Gains that others lost and could not pay stand in the accounts, but are not there to be paid out.
def _need_custody(state: State, asset: str, quanta: int) -> events.Refused | None:
    held = _held_in_custody(state, asset)
    if held >= quanta:
        return None
    detail = f"custody must hold the {quanta} quanta of {asset} that are paid out, was {held}"
    return refuse(Reason.CASH_SHORT, detail)


def _held_in_custody(state: State, asset: str) -> int:
    return -state.ledger.cash(SystemAccount.CUSTODY, state.ledger.asset_index[asset])


# An isolated account lives on what its parent gives it, and gives back to nobody else.
def _need_parent_deposit(state: State, account: int) -> events.Refused | None:
    if account not in state.parents:
        return None
    detail = f"isolated account {account} must be funded from and paid out to its parent"
    return refuse(Reason.ACCOUNT_MODE, detail)


def _need_two(source: int, target: int) -> events.Refused | None:
    if source != target:
        return None
    return refuse(Reason.AMOUNT_INVALID, f"target must not be the source, was {target}")


def _need_family(state: State, source: int, target: int) -> events.Refused | None:
    for child, other in ((source, target), (target, source)):
        if child in state.parents and state.parents[child] != other:
            detail = f"isolated account {child} must be funded from and paid out to its parent"
            return refuse(Reason.ACCOUNT_MODE, f"{detail} {state.parents[child]}, was {other}")
    return None


# Every debtor must have room for what it owes, and the venue's account for all of it.
def _need_room_for_interest(
    state: State, command: commands.ChargeInterest
) -> events.Refused | None:
    index, total = state.ledger.asset_index[command.asset], 0
    for account in state.modes:
        debt = -state.ledger.cash(account, index)
        if debt > 0:
            owed = mul_div_ceil(debt, command.rate_nano, NANO)
            total += owed
            if refused := need_room(state, account, command.asset, -owed):
                return refused
    return need_room(state, SystemAccount.INTEREST, command.asset, total)
