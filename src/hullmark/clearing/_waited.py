"""What marks have lost between the trigger of a liquidation and now, on what is closed now."""

from hullmark.clearing._state import State
from hullmark.clearing._views import Views
from hullmark.ledger import value_floor


def lost_by_waiting(state: State, views: Views, account: int, number: int, held: int) -> int:
    """Return what lots, signed as they are held, have lost at the mark since the trigger.

    In quanta; those of another asset than that of the deficit to come do not explain it: nothing.
    """
    ledger, episode = state.ledger, state.episodes.get(account)
    terms, asset = ledger.instruments[number], ledger.assets[ledger.settlement(number)]
    mark_nano = views.mark_nano(number)
    if episode is None or episode.asset != asset.symbol:
        return 0
    trigger_nano = episode.trigger_nano.get(terms.symbol, mark_nano)
    if not trigger_nano:
        return 0
    unit = asset.quanta_per_unit
    at_trigger = value_floor(terms, held, trigger_nano, unit)
    return at_trigger - value_floor(terms, held, mark_nano, unit)
