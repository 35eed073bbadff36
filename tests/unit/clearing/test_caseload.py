"""How long a case and a plan are those of the facts: until the market moves, or the account."""

import pytest

from hullmark.clearing._caseload import Case, Caseload, Planned
from hullmark.domain import events
from hullmark.liquidation import Plan, load_engine

from .bank import ANN, BOB, EIGHT, START_NS, Bank, deposit, tree

FOUND = events.BreachesFound(accounts=(ANN, BOB))
STARTED = events.LiquidationStarted(account=ANN, asset="USDT", net_quanta=0, trigger_nano={})


def case(account):
    return Case(account, [], [0], True, -1.0, 0.0)


def plan(account, lots):
    return Planned(Plan(account=account, lots=(lots,), reason="as a test wants it"), [lots], None)


@pytest.fixture
def caseload(bank):
    bank.do(*EIGHT)
    found = Caseload(bank.state)
    found.apply(FOUND)
    return found


def test_those_that_wait_come_as_one_batch_and_once(caseload):
    assert caseload.batch_of(BOB) == (ANN, BOB)
    assert caseload.batch_of(BOB) == (BOB,)


def test_who_does_not_wait_is_alone(caseload):
    assert caseload.batch_of(999) == (999,)


def test_a_case_lasts_while_nothing_of_it_moves(caseload):
    kept = case(ANN)
    caseload.take_cases([kept])
    caseload.apply(STARTED)
    assert caseload.case(ANN) is kept
    assert caseload.case(BOB) is None


def test_a_case_ends_with_a_movement_of_its_account_alone(bank, caseload):
    caseload.take_cases([case(ANN), case(BOB)])
    bank.do(deposit(ANN, "1 USDT"))
    assert caseload.case(ANN) is None
    assert caseload.case(BOB) is not None
    caseload.take_cases([case(ANN)])
    assert caseload.case(ANN) is not None


@pytest.mark.parametrize(
    "event",
    [
        events.TimeAdvanced(now_ns=START_NS),
        events.FundingAccrued(instrument="PERP", rate_nano=1, price_nano=1, step_micro=1),
        events.SurfaceAdopted(vol_nano={}),
        FOUND,
    ],
)
def test_all_cases_and_plans_end_when_the_market_moves(caseload, event):
    engine = load_engine("partial")
    caseload.take_cases([case(ANN)])
    caseload.take_plans(engine, {ANN: plan(ANN, -8)})
    caseload.apply(event)
    assert caseload.case(ANN) is None
    assert caseload.plan(ANN, engine) is None


def test_a_plan_is_of_one_engine(caseload):
    first, second = load_engine("partial"), load_engine("partial")
    caseload.take_cases([case(ANN), case(BOB)])
    assert [c.account for c in caseload.unplanned(ANN, first)] == [ANN, BOB]
    caseload.take_plans(first, {ANN: plan(ANN, -8), BOB: plan(BOB, 3)})
    assert (caseload.plan(ANN, first), caseload.plan(ANN, second)) == (plan(ANN, -8), None)
    assert [c.account for c in caseload.unplanned(ANN, second)] == [ANN]
    caseload.take_plans(second, {ANN: plan(ANN, -1)})
    assert (caseload.plan(ANN, second), caseload.plan(BOB, second)) == (plan(ANN, -1), None)


def test_a_new_case_has_no_plan_yet(caseload):
    engine = load_engine("partial")
    caseload.take_cases([case(ANN)])
    caseload.take_plans(engine, {ANN: plan(ANN, -8)})
    caseload.take_cases([case(ANN)])
    assert caseload.plan(ANN, engine) is None


@pytest.mark.parametrize("sizes", [None, {"share": "0.5"}])
def test_where_orders_have_sizes_a_plan_ends_with_an_order_and_with_time(sizes):
    bank = Bank(tree(**({} if sizes is None else {"sizes": sizes}))).found()
    bank.do(*EIGHT)
    found, engine = Caseload(bank.state), load_engine("partial")
    ordered = events.LiquidationOrdered(
        order=1,
        account=ANN,
        instrument="PERP",
        lots=-1,
        limit_nano=1,
        deadline_ns=START_NS,
        notional_nano=1,
    )
    kept = plan(ANN, -8) if sizes is None else None
    found.take_cases([case(ANN)])
    found.take_plans(engine, {ANN: plan(ANN, -8)})
    found.apply(ordered)
    assert found.plan(ANN, engine) == kept
    found.take_plans(engine, {ANN: plan(ANN, -8)})
    bank.state.now_ns += 1
    assert found.plan(ANN, engine) == kept
