"""What stands before money that leaves: doubt, margin, and losses that are open.

Nobody takes any out while open losses are more than what is there to pay them. As long as the price
of an insolvent auction is not known, its worst is counted: all that the account lacks of its
margin, which is where the price ends. Derive locks withdrawals by the same sum
(``derivexyz/v2-core``, ``src/liquidation/DutchAuction.sol``, ``getIsWithdrawBlocked``). And where
gains have a season, an account takes out no gain that nothing covers.
"""

from hullmark.clearing._checks import refuse, settled_cash
from hullmark.clearing._market_view import asset_price_nano
from hullmark.clearing._seasons import all_gains, gains_of
from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.core import NANO, mul_div_floor
from hullmark.domain import AuctionPhase, Reason, SystemAccount, events
from hullmark.market import Action
from hullmark.waterfall import covered_gains, seasoned_withdrawable


def need_trusted(views: Views, *accounts: int) -> events.Refused | None:
    """Refuse to pay out while a price of one of the accounts is in doubt."""
    for account in accounts:
        if doubt := views.doubt(account, Action.WITHDRAW):
            return refuse(Reason.PRICE_DOUBTFUL, doubt)
    return None


def need_withdrawable(
    state: State, views: Views, account: int, asset: str, quanta: int
) -> events.Refused | None:
    """Refuse to pay out what initial margin, or a gain that is not settled, stands on."""
    spare_usd = views.withdrawable_usd(account, state.ledger.asset_index[asset], quanta)
    if spare_usd >= 0:
        return None
    detail = (
        f"net value of account {account} without unsettled gains, less initial margin, must stay "
        f">= 0, would be {spare_usd:.2f} USD"
    )
    return refuse(Reason.MARGIN_SHORT, detail)


def need_gate_open(state: State, views: Views) -> events.Refused | None:
    """Refuse withdrawals while insolvent auctions may cost more than the fund has."""
    open_usd = sum(
        max(-views.health(auction.account).health, 0.0)
        for _, auction in sorted(state.auctions.items())
        if auction.phase is AuctionPhase.INSOLVENT
    )
    if not open_usd:
        return None
    fund_usd = _fund_usd(state)
    if open_usd <= fund_usd:
        return None
    detail = (
        f"insolvent auctions must not cost more than the fund, {fund_usd:,.2f} USD, might cost "
        f"{open_usd:,.2f}"
    )
    return refuse(Reason.WITHDRAWALS_GATED, detail)


def need_covered(
    state: State, views: Views, account: int, asset: str, quanta: int
) -> events.Refused | None:
    """Refuse to pay out gains that nothing covers, while losses are open and gains have a season.

    What was paid in, and what the fund and those who lost can pay of gains, may leave: the young
    bear what is missing before the old.
    """
    most = covered_quanta(state, views, account, asset)
    if most is None or quanta <= most:
        return None
    detail = (
        f"quanta must not be more than was paid in and is covered of gains, {most}, was {quanta}"
    )
    return refuse(Reason.WITHDRAWALS_GATED, detail)


def covered_quanta(state: State, views: Views, account: int, asset: str) -> int | None:
    """Return the most that an account may take out now for its gains; ``None``: all of them."""
    if state.in_force.waterfall.season_ns is None:
        return None
    uncovered = _uncovered_quanta(state, views, asset)
    if uncovered <= 0:
        return None
    gains = gains_of(state, account, asset)
    covered = covered_gains(all_gains(state, asset), uncovered)
    paid_in = settled_cash(state, account, asset) - sum(gains)
    return max(paid_in, 0) + seasoned_withdrawable(gains, covered)


# What accounts in hand lack of an asset, and bad debt in it, beyond what the fund has of it.
def _uncovered_quanta(state: State, views: Views, asset: str) -> int:
    ledger, index = state.ledger, state.ledger.asset_index[asset]
    lacking = sum(
        max(-views.net_quanta(account, index), 0)
        for account, episode in state.episodes.items()
        if episode.asset == asset
    )
    bad_debt = max(-ledger.cash(SystemAccount.BAD_DEBT, index), 0)
    return lacking + bad_debt - max(ledger.cash(SystemAccount.FUND, index), 0)


def _fund_usd(state: State) -> float:
    ledger = state.ledger
    worth_nano = sum(
        mul_div_floor(
            max(ledger.cash(SystemAccount.FUND, index), 0),
            asset_price_nano(state, index),
            asset.quanta_per_unit,
        )
        for index, asset in enumerate(ledger.assets)
    )
    return worth_nano / NANO
