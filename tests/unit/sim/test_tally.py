"""Tests of the tally: what it counts is what the journal and the ledger say."""

import pytest

from hullmark.domain import commands, events
from hullmark.journal import read
from hullmark.sim._stage import read_path
from hullmark.sim._tally import Flow, Tally


def events_of(run):
    return [event for unit in read(run.store) for event in unit.events]


@pytest.fixture(params=range(5), scope="module")
def run(request, replay):
    return (*replay.runs, replay.upper_bound)[request.param]


def test_counts_are_those_of_the_journal(run):
    happened = events_of(run)
    fills = [e for e in happened if isinstance(e, events.LiquidationFilled) and e.lots]
    tally = run.tally
    assert tally.episodes == sum(isinstance(e, events.LiquidationStarted) for e in happened)
    assert tally.orders == sum(isinstance(e, events.LiquidationOrdered) for e in happened)
    assert tally.fills == len(fills)
    assert tally.liquidated == {e.account for e in fills}
    assert tally.notional_quanta == sum(abs(e.cost_quanta) for e in fills)
    assert tally.penalty_quanta == sum(e.penalty_quanta for e in fills)
    assert sum(tally.parked.values()) == sum(
        isinstance(e, events.LiquidationParked) for e in happened
    )


def test_the_fund_is_what_flowed_into_and_out_of_it(run):
    used = sum(event.fund_quanta for event in run.tally.deficits)
    expected = run.tally.fund_start_quanta + run.tally.penalty_quanta - used
    assert run.tally.fund_line()[-1] == expected
    (fund,) = run.books.fund.values()
    assert fund == expected


def test_causes_add_up_to_every_deficit_to_the_quantum(run):
    assert run.tally.deficits
    for event in run.tally.deficits:
        causes = event.gap_quanta + event.participation_quanta + event.latency_quanta
        causes += event.oracle_quanta + event.impact_quanta
        assert causes == event.fund_quanta + event.bad_debt_quanta


def test_a_curve_of_funds_passes_through_the_fund_that_was(run):
    tally = run.tally
    bad_debt = sum(event.bad_debt_quanta for event in tally.deficits)
    assert tally.bad_debt_at(tally.fund_start_quanta) == bad_debt
    without = tally.bad_debt_at(0)
    assert bad_debt <= without <= run.deficit_quanta
    assert tally.bad_debt_at(10 * run.deficit_quanta) == 0


def test_instruments_and_bins_add_up_to_the_whole(run):
    tally = run.tally
    ones = tally.instruments.values()
    assert sum(one.notional_quanta for one in ones) == tally.notional_quanta
    assert sum(one.penalty_quanta for one in ones) == tally.penalty_quanta
    assert sum(one.deficit_quanta for one in ones) == run.deficit_quanta
    assert sum(tally.notional_by_bin) == tally.notional_quanta
    assert tally.breaches_by_bin.sum() == tally.episodes
    assert set().union(*(one.accounts for one in ones)) == tally.liquidated


def test_the_curve_pays_in_order_of_time():
    tally = Tally.__new__(Tally)  # flows are all it reads
    tally.flows = [Flow(0, 50), Flow(100, 0), Flow(0, 120)]
    assert tally.bad_debt_at(0) == 50 + 20
    assert tally.bad_debt_at(30) == 20 + 20
    assert tally.bad_debt_at(70) == 0


def test_the_slowest_step_names_its_command(run, replay):
    assert run.tally.slowest.command in {
        type(unit.command).__name__ for unit in read(run.store)
    } & {commands.ObservePrices.__name__, commands.ReportFill.__name__, "AccrueFunding"}
    path = read_path(replay.scenario, None, order=run.settings.order)
    assert run.tally.slowest.time_ns >= path.start_ns
