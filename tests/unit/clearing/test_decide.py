"""What holds for every decision; what each command leads to is tested beside its own module."""

import pytest

from hullmark.clearing import REFUSALS, State, Views, decide
from hullmark.domain import Mode, Reason, commands
from hullmark.liquidation import load_engine

from .bank import MAKER, opened


def test_the_first_command_adopts_rules():
    state = State()
    (answer,) = decide(state, Views(state), load_engine("partial"), opened(200, Mode.CROSS))
    assert answer.reason is Reason.RULES_MISSING


def test_a_refusal_that_the_catalogue_has_not_stops_the_venue(bank, monkeypatch):
    monkeypatch.setitem(REFUSALS, commands.OpenAccount, (Reason.RULES_MISSING,))
    with pytest.raises(AssertionError, match="OpenAccount is not refused for ACCOUNT_EXISTS"):
        decide(bank.state, bank.venue.views, load_engine("partial"), opened(MAKER))
