"""The queue of reactions: in order, each once, and nothing left behind."""

from hullmark.domain import commands
from hullmark.runtime._reactions import Reaction, Reactions

SWEEP = commands.SweepAccounts()
ONE, TWO = (commands.CureBreach(account=account) for account in (101, 102))


def test_reactions_come_out_in_the_order_in_which_they_were_asked_for():
    reactions = Reactions()
    reactions.ask((ONE, TWO), 5)
    reactions.ask((SWEEP,), 6)
    taken = [reactions.take() for _ in range(3)]
    assert taken == [Reaction(ONE, 5), Reaction(TWO, 5), Reaction(SWEEP, 6)]
    assert not reactions


def test_what_waits_is_not_asked_for_twice_and_what_ran_can_be_again():
    reactions = Reactions()
    reactions.ask((SWEEP,), 5)
    reactions.ask((SWEEP,), 6)
    assert reactions.take() == Reaction(SWEEP, 5)
    assert not reactions
    reactions.ask((SWEEP,), 7)
    assert reactions.take_all() == (SWEEP,)
    reactions.ask((SWEEP,), 8)
    assert reactions.take() == Reaction(SWEEP, 8)
