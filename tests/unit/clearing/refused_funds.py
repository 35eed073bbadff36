"""Ways to be refused money of the fund that is set aside for a market; as in ``refused``."""

from hullmark.clearing import evolve
from hullmark.domain import Reason, commands, events

from .bank import FUND, MAKER, SIGNED

R = Reason


def set_aside(bank, command):
    """Give the fund a quantum, set it aside, and ask for it."""
    bank.do(
        commands.Deposit(account=FUND, asset="USDT", quanta=1),
        commands.AllocateFund(instrument="PERP", asset="USDT", quanta=1),
    )
    command["source"] = FUND


def emptied(bank, command):
    """Ask for money of the fund, which has none, whatever is set aside."""
    have = bank.state.ledger.cash(FUND, 0)
    moved = {"source": FUND, "target": MAKER, "asset": "USDT", "quanta": have}
    event = events.CashAdjusted(**moved, **SIGNED)
    evolve(bank.state, event)
    bank.venue.views.apply(event)
    command["source"] = FUND


def with_parts(cases):
    """Return cases of which a correction is refused what is set aside, too."""
    sound, build, spoilers = cases["adjust"]
    more = {R.CASH_SHORT: emptied, R.FUND_SHORT: set_aside}
    return cases | {"adjust": (sound, build, spoilers | more)}


APART = {("adjust", R.UNDER_LIQUIDATION, R.FUND_SHORT)}  # a user's money, or the fund's
