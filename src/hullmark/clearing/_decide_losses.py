"""Deciding on losses: who pays when an account has nothing left, in the order of the waterfall."""

from collections.abc import Mapping, Sequence

from hullmark.clearing._causes import Causes, split_causes
from hullmark.clearing._deleveraging_candidates import candidates_of
from hullmark.clearing._fund_parts import (
    backstop_quanta,
    before_deleveraging,
    fund_pays,
    market_of,
)
from hullmark.clearing._haircuts import haircut
from hullmark.clearing._loss_bearers import bearers, net_after
from hullmark.clearing._price_sides import lenient_net_usd
from hullmark.clearing._stage_facts import Course
from hullmark.clearing._stage_step import bounded, park
from hullmark.clearing._state import State
from hullmark.clearing._unwinds import net_worth
from hullmark.clearing._views import Views
from hullmark.domain import Event, Parked, events
from hullmark.waterfall import (
    GAINS,
    Candidate,
    Inventory,
    LotPrice,
    PriceRule,
    allocate,
    apportion,
    load_policy,
)


# Collateral without a market goes to the fund that pays. Worth more than the debt, it is not for
# the taking.
def close_books(state: State, views: Views, account: int) -> Sequence[Event]:
    """Share what an account owes that has nothing left to sell, or let it wait."""
    ledger = state.ledger
    net_quanta = views.net_quanta(account, views.deepest_debt(account))
    if net_quanta > 0 or lenient_net_usd(views.row(account).balance, views.tables) > 0.0:
        return (park(state, account, Parked.NOTHING_HELPS),)
    told: list[Event] = [
        events.CollateralSeized(account=account, asset=asset.symbol, quanta=quanta)
        for index, asset in enumerate(ledger.assets)
        if (quanta := ledger.cash(account, index)) > 0
    ]
    for index in range(len(ledger.assets)):
        if (deficit := -ledger.cash(account, index)) > 0 or _is_paid(state, account, index):
            told.extend(_shared(state, views, account, index, deficit=max(deficit, 0), told=told))
    return (*told, events.LiquidationEnded(account=account, cured=False))


def _is_paid(state: State, account: int, asset: int) -> bool:
    episode, course = state.episodes.get(account), state.courses.get(account, Course())
    symbol = state.ledger.assets[asset].symbol
    return bool(course.haircut_quanta) and episode is not None and episode.asset == symbol


# What those paid already against whom positions were closed is a part of the deficit: the causes
# are those of all that was missing.
def _shared(
    state: State,
    views: Views,
    account: int,
    asset: int,
    *,
    deficit: int,
    told: Sequence[Event] = (),
) -> Sequence[Event]:
    symbol = state.ledger.assets[asset].symbol
    course, episode = state.courses.get(account, Course()), state.episodes.get(account)
    closed = course.haircut_quanta if _is_paid(state, account, asset) else 0
    causes = split_causes(
        deficit + closed,
        episode,
        symbol,
        course=course,
        elsewhere_quanta=bounded(_elsewhere_quanta(state, account, asset)),
    )
    return paid_by_steps(
        state, views, account, asset, deficit, causes=causes, closed=closed, told=told
    )


# What is left in other assets. A gain in this one, of an account that has recovered, is not
# elsewhere: it explains nothing of what was missing before.
def _elsewhere_quanta(state: State, account: int, asset: int) -> int:
    cash = [state.ledger.cash(account, other) for other in range(len(state.ledger.assets))]
    cash[asset] = 0
    return net_worth(state, (), (), cash, asset)


def let_go(state: State, views: Views, account: int) -> Sequence[Event]:
    """Return the end of a liquidation whose account is healthy again, or has been made empty.

    What others paid when its positions were closed against theirs is told with its causes.
    """
    told, ledger = haircuts_told(state, views, account), state.ledger
    cash = (ledger.cash(account, asset) for asset in range(len(ledger.assets)))
    is_empty = not ledger.positions(account) and not any(cash)
    return (*told, events.LiquidationEnded(account=account, cured=not (told and is_empty)))


def haircuts_told(state: State, views: Views, account: int) -> Sequence[Event]:
    """Return what others have paid already of a liquidation that ends without a deficit."""
    if not state.courses.get(account, Course()).haircut_quanta:
        return ()
    asset = state.ledger.asset_index[state.episodes[account].asset]
    return _shared(state, views, account, asset, deficit=0)


def paid_by_steps(
    state: State,
    views: Views,
    account: int,
    asset: int,
    deficit: int,
    *,
    causes: Causes,
    closed: int = 0,
    told: Sequence[Event] = (),
) -> Sequence[Event]:
    """Return who pays a deficit into an account, in the order of the waterfall.

    *closed* is what those have paid already against whom its positions were closed; *told* is what
    has been decided of its deficits in other assets, and has not happened yet.
    """
    earlier = [event for event in told if isinstance(event, events.HaircutTaken)]
    steps, symbol = state.in_force.waterfall.steps, state.ledger.assets[asset].symbol
    market = market_of(state, account)
    fund, parts = fund_pays(state, market, asset, deficit)
    haircuts = _haircuts(state, views, account, asset, deficit, earlier) if "adl" in steps else []
    available = {
        "fund": fund,
        "backstop": backstop_quanta(state, account, asset),
        "adl": sum(paid.quanta for paid in haircuts),
    }
    held, base = dict[int, int](), 0
    if "socialised" in steps and deficit > sum(available[s] for s in steps if s in available):
        held = bearers(state, views, asset, account, [*earlier, *haircuts])
        base = sum(held.values())
    available["socialised"] = base
    paid = {share.step: share.quanta for share in allocate(deficit, steps, available)}
    found: list[Event] = [*haircuts]
    if socialised := paid.get("socialised", 0):
        found.append(
            events.LossSocialised(
                account=account,
                asset=symbol,
                quanta=socialised,
                base_quanta=base,
                parts=_parts(state, held, socialised),
            )
        )
    found.extend(
        events.FundAllocated(instrument=part.market, asset=symbol, quanta=-part.quanta)
        for part in parts
        if part.market is not None and paid.get("fund", 0)
    )
    covered = events.DeficitCovered(
        account=account,
        asset=symbol,
        fund_quanta=paid.get("fund", 0),
        bad_debt_quanta=paid["bad-debt"],
        gap_quanta=causes.gap,
        latency_quanta=causes.latency,
        impact_quanta=causes.impact,
        participation_quanta=causes.participation,
        oracle_quanta=causes.oracle,
        backstop_quanta=paid.get("backstop", 0),
        haircut_quanta=paid.get("adl", 0) + closed,
        socialised_quanta=socialised,
        market=market,
    )
    return (*found, covered)


# From those on the other side of what the account held at the trigger, position by position, what
# the steps before have not paid. Nothing is closed: there is nothing left to close.
def _haircuts(
    state: State,
    views: Views,
    account: int,
    asset: int,
    deficit: int,
    earlier: Sequence[events.HaircutTaken],
) -> list[events.HaircutTaken]:
    rules, ledger = state.in_force.waterfall.deleveraging, state.ledger
    assert rules is not None, "the step stands in the rules with its terms"
    course = state.courses.get(account, Course())
    market = market_of(state, account)
    left = deficit - before_deleveraging(state, account, market, asset, deficit)
    policy = load_policy(rules.policy)
    taken: dict[int, int] = {}
    for number, name in enumerate(contract.symbol for contract in ledger.instruments):
        lots = course.lots.get(name, 0)
        if not lots:
            continue
        if left <= 0 or ledger.settlement(number) != asset or not views.mark_nano(number):
            continue
        found = candidates_of(state, views, number, side=-1 if lots > 0 else 1)
        candidates = [
            _after(state, views, one, asset, taken, earlier)
            for one in found
            if one.account != account
        ]
        mark = LotPrice(*views.unwind(number).lot_ratio)
        inventory = Inventory(instrument=name, lots=lots, mark=mark, deficit_quanta=left)
        books = policy.allocate(inventory, candidates, price_rule=PriceRule.MARK)
        for payer, quanta in books.haircuts:
            taken[payer] = taken.get(payer, 0) + quanta
            left -= quanta
    return [
        haircut(state, views, account, payer, asset, quanta)
        for payer, quanta in sorted(taken.items())
    ]


# What a candidate has gained and is worth once it has paid for other positions and in other assets.
def _after(
    state: State,
    views: Views,
    one: Candidate,
    asset: int,
    taken: Mapping[int, int],
    earlier: Sequence[events.HaircutTaken],
) -> Candidate:
    paid, net = taken.get(one.account, 0), one.net_quanta
    if any(event.payer == one.account for event in earlier):
        net = net_after(state, views, one.account, asset, earlier)
    return one._replace(gain_quanta=one.gain_quanta - paid, net_quanta=net - paid)


# Named only where it is not by balances, which the events before it tell.
def _parts(state: State, held: Mapping[int, int], quanta: int) -> tuple[events.LossPart, ...]:
    if state.in_force.waterfall.socialised_by != GAINS:
        return ()
    shares = zip(held, apportion(quanta, list(held.values())), strict=True)
    return tuple(events.LossPart(payer=payer, quanta=part) for payer, part in shares if part)
