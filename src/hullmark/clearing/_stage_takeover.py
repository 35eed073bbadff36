"""The stage of the pool: it takes all of an account over at once, where it can carry it."""

from hullmark.clearing._checks import need_live, need_margined, need_room, need_room_for_fill
from hullmark.clearing._decide_losses import haircuts_told
from hullmark.clearing._fills import Fill, pretend
from hullmark.clearing._market_view import asset_price_nano
from hullmark.clearing._moved import Part, moved_event, part_of, spare_initial_usd
from hullmark.clearing._stage_step import Answer, Step, bounded
from hullmark.core import NANO, mul_div_ceil
from hullmark.domain import HandOver, Mode, Parked, events
from hullmark.liquidation import PoolRules, TakeoverRules
from hullmark.market import Action


def take_step(step: Step) -> Answer:
    """Move everything to the pool at the marks, or say that it cannot take it.

    The pool's account must be open, be another one, and not be under liquidation itself; it must
    carry every contract, keep its initial margin, stay within its exposure in each market, and the
    account must not be worth less than the loss that the venue file allows.
    """
    state, rules = step.state, step.rules.takeover
    assert rules is not None, "the stage has its terms"
    pool = state.in_force.pools[rules.pool]
    if not _is_open(step, pool):
        return HandOver.POOL_SHORT
    if step.views.doubt(pool.account, Action.RAISE_RISK):
        return Parked.PRICE_DOUBTFUL
    asset = state.ledger.asset_index[pool.asset]
    net = step.views.net_quanta(step.account, asset)
    part = _everything(step)
    if not (_is_allowed(step, rules, asset, net) and _fits(step, rules, pool, part)):
        return HandOver.POOL_SHORT
    return (
        events.AccountTakenOver(
            account=step.account, pool=rules.pool, asset=pool.asset, net_quanta=bounded(net)
        ),
        moved_event(state, step.account, pool.account, part),
        *haircuts_told(state, step.views, step.account),
        events.LiquidationEnded(account=step.account, cured=False),
    )


def _is_open(step: Step, pool: PoolRules) -> bool:
    state, account = step.state, pool.account
    if account not in state.modes or state.modes[account] is Mode.ISOLATED:
        return False
    if account in state.episodes or account == step.account:
        return False
    # Else what a child has lost would be its parent's after all.
    return state.parents.get(step.account) != account


# All lots at their marks, and all cash that is there after that: nothing is left behind, not even
# the quanta by which costs are rounded.
def _everything(step: Step) -> Part:
    state, ledger = step.state, step.state.ledger
    whole = part_of(state, step.views, step.account, share_nano=NANO)
    cash, held = step.case.cash.copy(), dict(step.case.held)
    for fill in whole.given_up():
        pretend(ledger, fill, cash, held)
    return whole._replace(cash={asset: quanta for asset, quanta in enumerate(cash) if quanta})


def _is_allowed(step: Step, rules: TakeoverRules, asset: int, net: int) -> bool:
    price_nano = asset_price_nano(step.state, asset)
    unit = step.state.ledger.assets[asset].quanta_per_unit
    loss_nano = mul_div_ceil(max(-net, 0), price_nano, unit)
    return bool(price_nano) and loss_nano <= rules.loss_usd_nano


def _fits(step: Step, rules: TakeoverRules, pool: PoolRules, part: Part) -> bool:
    views, account = step.views, pool.account
    if not all(_fits_market(step, rules, account, fill) for fill in part.fills):
        return False
    for asset, quanta in part.cash.items():
        if need_room(step.state, account, step.state.ledger.assets[asset].symbol, quanta):
            return False
    taken = {asset: -quanta for asset, quanta in part.cash.items()}
    return spare_initial_usd(views, account, part.fills, taken) >= 0


# A pool that holds too much already may still take what makes it less.
def _fits_market(step: Step, rules: TakeoverRules, account: int, fill: Fill) -> bool:
    state, unwind = step.state, step.views.unwind(fill.instrument)
    if (
        need_margined(state, account, unwind.symbol)
        or need_live(state, unwind.symbol)
        or need_room_for_fill(state, account, unwind.symbol, fill.lots, fill.cost_quanta)
    ):
        return False
    held = state.ledger.position(account, fill.instrument).lots
    after = held + fill.lots
    if rules.exposure_usd_nano is None or abs(after) <= abs(held):
        return True
    return unwind.notional_nano(after) <= rules.exposure_usd_nano
