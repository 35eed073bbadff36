"""A dry run of rules on the whole book: whom they would bring under maintenance margin."""

from dataclasses import replace

from hullmark.clearing._pricing_order import accepted_prices
from hullmark.clearing._rules import Rules
from hullmark.clearing._state import State
from hullmark.clearing._table import Table
from hullmark.clearing._views import Views
from hullmark.domain import AcceptedPrice, Print
from hullmark.ledger import Ledger


def newly_under(state: State, rules: Rules) -> tuple[int, ...]:
    """Return the accounts that *rules* would bring under, were they in force now; worst first.

    What the sources have said last is weighed again by the policies of these rules, so that a
    price which they would cut counts as cut. Who is under already is left out. The rules have to
    leave what is in use, as `AdoptRules` asks; nothing changes.
    """
    there = replace(state, rules=rules, ledger=_extended(state.ledger, rules))
    spoken: dict[str, tuple[Print, ...]] = {
        factor: () for factor in rules.prices if factor in state.prints
    }
    prices = Table[str, AcceptedPrice]()
    prices.update(state.prices)
    prices.update({price.factor: price for price in accepted_prices(there, spoken)})
    there.prices = prices
    before = set(Views(state).breaches())
    return tuple(account for account in Views(there).breaches() if account not in before)


# What the rules add has its columns, empty ones, in a ledger of its own.
def _extended(ledger: Ledger, rules: Rules) -> Ledger:
    assets, instruments = len(ledger.assets), len(ledger.instruments)
    if (assets, instruments) == (len(rules.assets), len(rules.instruments)):
        return ledger
    copy = Ledger.from_columns(ledger.columns(), ledger.assets, ledger.instruments)
    copy.extend(rules.assets[assets:], rules.instruments[instruments:])
    return copy
