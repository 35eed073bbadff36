"""Deciding on pools: who may pay in, who may take out, and when.

What a pool is worth is the net value of its account, at prices that are in no doubt. Paying in asks
of a member what a transfer asks. Taking out asks of the pool what a transfer asks, so that those
who stay have a pool that can still do its work. A pool that is being liquidated is closed both
ways, and a notice stands between a breach and those who would leave its loss to the others.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hullmark.clearing._checks import (
    need_account,
    need_calm,
    need_cash,
    need_in_range,
    need_room,
    refuse,
)
from hullmark.clearing._evolve_stages import counted
from hullmark.clearing._stage_facts import Membership
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.clearing._withdrawal_gate import need_trusted, need_withdrawable
from hullmark.domain import Event, Mode, Reason, commands, events


class PoolStanding(NamedTuple):
    """What a pool is worth now, and what of it is whose, in quanta of its asset."""

    asset: str
    worth_quanta: int  # below zero: its account owes more than it has
    stakes: Mapping[int, int]  # what each member's stake is worth, rounded down, by account
    due_ns: Mapping[int, int]  # from when on a member may leave, of those that gave notice

    @property
    def residual_quanta(self) -> int:
        """What is no member's: cut off by rounding, or gained when there was none."""
        return max(self.worth_quanta, 0) - sum(self.stakes.values())


def join_pool(state: State, views: Views, command: commands.JoinPool) -> Sequence[Event]:
    """Take in what a member pays, for a stake of that worth."""
    account, quanta = command.account, command.quanta
    refused = (
        need_in_range("quanta", quanta, 1)
        or need_account(state, account)
        or _need_own_money(state, account)
        or _need_pool(state, command.pool)
    )
    if refused:
        return (refused,)
    rules = state.in_force.pools[command.pool]
    refused = (
        need_room(state, rules.account, rules.asset, quanta)
        or need_trusted(views, account, rules.account)
        or need_calm(state, account)
        or need_calm(state, rules.account)
        or need_cash(state, account, rules.asset, quanta)
    )
    if refused:
        return (refused,)
    worth = pool_worth(state, views, command.pool)
    refused = need_withdrawable(state, views, account, rules.asset, quanta) or _need_worth(
        rules.account, worth
    )
    if refused:
        return (refused,)
    counted(state, command.pool, worth).join(quanta)  # what does not fit is an overflow, here
    return (
        events.PoolJoined(pool=command.pool, account=account, quanta=quanta, worth_quanta=worth),
    )


def leave_pool(state: State, views: Views, command: commands.LeavePool) -> Sequence[Event]:
    """Take a notice, or pay out what a stake is worth once the notice has run.

    A notice is good for as long as it ran: whoever does not leave then has to give another.
    """
    account, quanta = command.account, command.quanta
    refused = (
        need_in_range("quanta", quanta, 1)
        or need_account(state, account)
        or _need_pool(state, command.pool)
    )
    if refused:
        return (refused,)
    rules = state.in_force.pools[command.pool]
    member = state.stakes.get((command.pool, account))
    notices = bool(rules.notice_ns) and not _has_notice(state, member, rules.notice_ns)
    refused = (
        need_room(state, account, rules.asset, quanta)
        or need_trusted(views, rules.account)
        or need_calm(state, rules.account)
        or (None if notices else need_cash(state, rules.account, rules.asset, quanta))
    )
    if refused:
        return (refused,)
    worth = pool_worth(state, views, command.pool)
    refused = _need_stake(state, command, member, worth) or _need_notice_run(state, member, notices)
    if refused is None and not notices:
        refused = need_withdrawable(state, views, rules.account, rules.asset, quanta)
    if refused:
        return (refused,)
    if notices:
        due_ns = state.now_ns + rules.notice_ns
        return (events.PoolLeaveNoticed(pool=command.pool, account=account, due_ns=due_ns),)
    return (events.PoolLeft(pool=command.pool, account=account, quanta=quanta, worth_quanta=worth),)


def pool_worth(state: State, views: Views, name: str) -> int:
    """Return the net value of a pool's account in quanta of its asset, rounded down."""
    rules = state.in_force.pools[name]
    if rules.account not in state.modes:
        return 0
    return views.net_quanta(rules.account, state.ledger.asset_index[rules.asset])


def pool_standing(state: State, views: Views, name: str) -> PoolStanding:
    """Return where a pool of the rules stands at the accepted prices."""
    worth = pool_worth(state, views, name)
    pool = counted(state, name, worth)
    members = {
        who: found for (of, who), found in state.stakes.items() if of == name and found.stake.quanta
    }
    return PoolStanding(
        asset=state.in_force.pools[name].asset,
        worth_quanta=worth,
        stakes={who: pool.worth(member.stake) for who, member in members.items()},
        due_ns={who: m.due_ns for who, m in members.items() if m.due_ns is not None},
    )


def need_no_pool(state: State, account: int) -> events.Refused | None:
    """Refuse to take money out of a pool's account: it is its members', and only they take it."""
    for name, rules in state.in_force.pools.items():
        if rules.account == account:
            detail = f"money of account {account} must be taken out by members of pool {name!r}"
            return refuse(Reason.ACCOUNT_MODE, detail)
    return None


# A pool in a pool would be worth what it is worth itself; an isolated account lives on what its
# parent gives it.
def _need_own_money(state: State, account: int) -> events.Refused | None:
    if state.modes[account] is Mode.ISOLATED:
        detail = f"isolated account {account} must be funded from and paid out to its parent"
        return refuse(Reason.ACCOUNT_MODE, detail)
    return need_no_pool(state, account)


def _need_pool(state: State, name: str) -> events.Refused | None:
    rules = state.in_force.pools.get(name)
    if rules is not None and rules.account in state.modes:
        return None
    detail = f"pool must be one of the rules', its account open, was {name!r}"
    return refuse(Reason.POOL_UNKNOWN, detail)


# Whoever paid into a hole would own less than he paid.
def _need_worth(account: int, worth: int) -> events.Refused | None:
    if worth >= 0:
        return None
    detail = f"net value of the pool's account {account} must be >= 0 quanta, was {worth}"
    return refuse(Reason.MARGIN_SHORT, detail)


def _need_stake(
    state: State, command: commands.LeavePool, member: Membership | None, worth: int
) -> events.Refused | None:
    have = 0 if member is None else counted(state, command.pool, worth).worth(member.stake)
    if have >= command.quanta:
        return None
    detail = f"stake of account {command.account} must be worth {command.quanta} quanta, was {have}"
    return refuse(Reason.STAKE_SHORT, detail)


def _has_notice(state: State, member: Membership | None, notice_ns: int) -> bool:
    if member is None or member.due_ns is None:
        return False
    return state.now_ns < member.due_ns + notice_ns


def _need_notice_run(
    state: State, member: Membership | None, notices: bool
) -> events.Refused | None:
    if notices or member is None or member.due_ns is None or state.now_ns >= member.due_ns:
        return None
    detail = f"the notice must have run until {member.due_ns}, was at {state.now_ns}"
    return refuse(Reason.NOTICE_RUNNING, detail)
