"""The workload of a venue with a chain: what it asks for fits, and much of it is carried out."""

import pytest

from hullmark.clearing import Rules
from hullmark.domain import commands, events
from hullmark.journal import Journal, read
from hullmark.journal.memory import MemoryStore
from hullmark.runtime import Keyed, Venue
from hullmark.sim import SimulatedClock, Workload
from hullmark.sim._workload import STAGED_SEEDS, START_NS

ASKED = {
    commands.SetSoftTerms,
    commands.TakeAuction,
    commands.ResetAuction,
    commands.PostQuote,
    commands.JoinPool,
    commands.LeavePool,
    commands.SetBreaker,
    commands.HaltInstrument,
    commands.ResumeInstrument,
    commands.AllocateFund,
    commands.RepayLosses,
}


def played(seed, steps):
    """Return the commands that a workload asked for, and the journal of its venue."""
    clock, store = SimulatedClock(START_NS), MemoryStore()
    workload, venue = Workload(seed, clock), Venue(Journal(store), clock=clock)
    asked = list(workload.founding())
    venue.submit_all(asked)
    for _ in range(steps):
        requests = workload.step(venue)
        venue.submit_all(requests)
        asked += requests
    return [each.command if isinstance(each, Keyed) else each for each in asked], store


@pytest.mark.parametrize("seed", range(1, STAGED_SEEDS + 1))
def test_one_venue_of_five_has_a_chain(seed):
    tree = next(c.rules for c in Workload(seed, SimulatedClock(START_NS)).founding()
                if isinstance(c, commands.AdoptRules))  # fmt: skip
    assert bool(Rules.parse_text(tree).liquidation.chain) is (seed == STAGED_SEEDS - 1)


def test_everything_is_asked_for_and_some_of_it_carried_out():
    asked, store = played(STAGED_SEEDS - 1, 700)
    assert {type(command) for command in asked} >= ASKED
    units = [unit for unit in read(store) if type(unit.command) in ASKED]
    done = {
        type(unit.command)
        for unit in units
        if not any(isinstance(event, events.Refused) for event in unit.events)
    }
    seldom = {commands.ResetAuction, commands.RepayLosses, commands.TakeAuction}
    assert done >= ASKED - seldom
