"""What the insurance fund and the staked backstop can pay, and which market's part pays first."""

from collections.abc import Mapping, Sequence

from hullmark.clearing._checks import settled_cash
from hullmark.clearing._stage_facts import Course
from hullmark.clearing._state import State
from hullmark.clearing._unwinds import Unwind
from hullmark.core import NANO, mul_div_floor
from hullmark.domain import SystemAccount
from hullmark.ledger import Position
from hullmark.waterfall import Allocations, FundPart


def allocations_of(state: State, asset: int) -> Allocations:
    """Return the parts of the fund in an asset."""
    symbol = state.ledger.assets[asset].symbol
    markets = {market: kept for (market, of), kept in state.allocations.items() if of == symbol}
    fund = state.ledger.cash(SystemAccount.FUND, asset)
    return Allocations(max(fund - sum(markets.values()), 0), markets)


def market_of(state: State, account: int) -> str | None:
    """Return the market that a liquidation is counted to: most of its notional at the trigger."""
    course, episode = state.courses.get(account, Course()), state.episodes.get(account)
    if episode is None or not course.lots:
        return None
    return largest_market(state, course.lots, episode.trigger_nano)


def market_now(
    state: State, account: int, unwinds: Sequence[Unwind], held: Sequence[tuple[int, Position]]
) -> str | None:
    """Return the market of a liquidation that may begin with what is decided.

    At the trigger itself it is not among the facts yet: it begins with what is held now.
    """
    if account in state.episodes:
        return market_of(state, account)
    lots = {u.symbol: position.lots for u, (_, position) in zip(unwinds, held, strict=True)}
    return largest_market(state, lots, {unwind.symbol: unwind.mark_nano for unwind in unwinds})


def largest_market(
    state: State, lots: Mapping[str, int], price_nano: Mapping[str, int]
) -> str | None:
    """Return the contract that most of a notional is in, of equal ones the first by name."""
    ledger = state.ledger
    sizes = {
        symbol: abs(count) * ledger.instruments[ledger.instrument_index[symbol]].lot_nano
        for symbol, count in lots.items()
    }
    worth = {s: mul_div_floor(n, price_nano.get(s, 0), NANO) for s, n in sizes.items()}
    return max(sorted(worth), key=worth.__getitem__, default=None)


def fund_pays(
    state: State, market: str | None, asset: int, deficit: int
) -> tuple[int, tuple[FundPart, ...]]:
    """Return what the fund pays of a deficit of a market, and out of which of its parts."""
    pooled = state.in_force.waterfall.fund.pooled
    _, parts, left = allocations_of(state, asset).paid(market or "", deficit, pooled=pooled)
    return deficit - left, parts


def backstop_quanta(state: State, account: int, asset: int) -> int:
    """Return what the staked backstop has in an asset for a loss of an account.

    Nothing where there is none, and for a loss of its own.
    """
    name = state.in_force.waterfall.backstop
    if name is None:
        return 0
    pool, symbol = state.in_force.pools[name], state.ledger.assets[asset].symbol
    if pool.account not in state.modes or pool.asset != symbol or pool.account == account:
        return 0
    return max(settled_cash(state, pool.account, symbol), 0)


def before_deleveraging(
    state: State, account: int, market: str | None, asset: int, deficit: int
) -> int:
    """Return what the steps before deleveraging pay of an account's deficit, of a market."""
    steps, paid = state.in_force.waterfall.steps, 0
    if "fund" in steps:
        paid += fund_pays(state, market, asset, deficit)[0]
    if "backstop" in steps:
        paid += min(backstop_quanta(state, account, asset), deficit - paid)
    return paid
