"""The cheapest first: against a slow search that asks account by account, and worked by hand."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hullmark.liquidation._cheapest import AHEAD, STEPS, cheapest_first
from hullmark.liquidation._cost import lot_costs_usd
from hullmark.liquidation._fills import trial_of

from .accounts import (
    SCENARIO,
    STEEP,
    TIERED,
    after,
    at_target,
    closing_of,
    make_breach,
    make_tables,
)

TABLES = make_tables(STEEP, STEEP, STEEP)
LOTS = st.tuples(*[st.integers(-300, 300)] * 3).filter(any)
EQUAL = 1 + 1e-9  # within so much two positions are equally good
PARTS = st.tuples(*[st.floats(0, 1)] * 3)


def found(one, run=cheapest_first):
    closing, trades = closing_of(one), np.zeros_like(one.lots)
    costs = lot_costs_usd(closing, one.tables)
    trial = trial_of(max(one.lots.size, STEPS), closing, one.tables)
    return bool(run(closing, one.tables, *costs, trial, trades)), trades.tolist()


class Slow:
    """The same search, one account after the other."""

    def __init__(self, one):
        self.one, self.closed = one, [0] * one.lots.size
        self.first, self.rise = lot_costs_usd(closing_of(one), one.tables)
        self.noise = 1e-12 * self._then(self.closed).gross_notional

    def _then(self, closed):
        return after(self.one, -np.sign(self.one.lots) * np.array(closed))

    def _at_target(self, closed):
        return at_target(self.one, -np.sign(self.one.lots) * np.array(closed))

    def step(self, j):
        """Return what is closed after one more step of a position, what it cures and costs."""
        size, before = abs(int(self.one.lots[j])), self.closed[j]
        lots = min(-(-size // STEPS), int(self.one.lots_max[j]) - before)
        closed = [n + lots * (k == j) for k, n in enumerate(self.closed)]
        now, then = self._then(self.closed), self._then(closed)
        missing = [h.maintenance - self.one.target * h.equity_maintenance for h in (now, then)]
        cured = missing[0] - missing[1]
        cost = lots * (self.first[j] + self.rise[j] * (before + 0.5 * lots))
        helps = lots > 0 and min(cured, then.health - now.health) > self.noise
        return closed, (cured if helps else 0.0), cost

    def ranked(self):
        """Return the positions that help, the best in front and equals in their order."""
        left = [j for j in range(self.one.lots.size) if self.step(j)[1] > 0]
        order = []
        while left:
            best = left[0]
            for j in left[1:]:
                (_, cured, cost), (_, most, its_cost) = self.step(j), self.step(best)
                best = j if cured * its_cost > most * cost * EQUAL else best
            order.append(best)
            left.remove(best)
        return order

    def search(self):
        """Return whether the target is reached, and the trades."""
        if self._at_target(self.closed):
            return True, self._trades()
        while order := self.ranked():
            best, rival, rival_cost = order[0], 0.0, 1.0
            if len(order) > 1:
                _, rival, rival_cost = self.step(order[1])
            _, cured, cost = self.step(best)
            taken = 0
            while taken == 0 or (
                taken < AHEAD and cured > 0 and cured * rival_cost * EQUAL >= rival * cost
            ):
                before, (self.closed, _, _) = self.closed, self.step(best)
                if self._at_target(self.closed):
                    self._fewest(best, before)
                    return True, self._trades()
                (_, cured, cost), taken = self.step(best), taken + 1
        return False, self._trades()

    def _fewest(self, j, before):
        low, high = before[j], self.closed[j]
        while high - low > 1:
            self.closed = [(low + high) // 2 if k == j else n for k, n in enumerate(before)]
            middle = self.closed[j]
            low, high = (low, middle) if self._at_target(self.closed) else (middle, high)
        self.closed = [high if k == j else n for k, n in enumerate(before)]

    def _trades(self):
        return [int(n) for n in -np.sign(self.one.lots) * np.array(self.closed)]


@pytest.mark.parametrize("model", [TIERED, SCENARIO])
@given(
    LOTS,
    st.floats(0, 2_000),
    PARTS,
    st.tuples(*[st.sampled_from([0.0, 0.001, 0.003, 0.02])] * 3),
    st.tuples(*[st.sampled_from([2e4, 1e6, np.inf])] * 3),
)
def test_it_is_what_the_slow_search_finds(model, lots, cash, caps, slips, depth_usd):
    lots_max = np.ceil(np.abs(lots) * np.sqrt(caps)).astype(np.int64)
    one = make_breach(
        TABLES, lots, cash, model=model, slip=slips, lots_max=lots_max, depth_usd=depth_usd
    )
    assert found(one) == Slow(one).search()


@given(LOTS, st.floats(-99, 2_000))
def test_the_compiled_kernel_agrees_with_its_source(lots, cash):
    one = make_breach(TABLES, lots, cash, slip=0.001)
    assert found(one) == found(one, cheapest_first.py_func)


@pytest.mark.parametrize(
    ("slip", "closed", "why"),
    [
        # A lot of A frees 4.50 and costs 0.90 of penalty, and 0.09 or 1.80 of slippage; B a ninth.
        ((0.02, 0.001, 0), [0, -441], "900 - 0.5 n <= 0.8 x (898 - 0.11 n) from n = 440.8 on"),
        ((0.001, 0.02, 0), [-49, 0], "900 - 4.5 n <= 0.8 x (898 - 0.99 n) from n = 48.97 on"),
    ],
)
def test_the_position_that_cures_more_per_cost_is_closed_alone(slip, closed, why):
    one = make_breach(make_tables(), (100, 900, 0), 898, slip=slip)
    assert found(one) == (True, closed), why


def test_of_equals_the_first_instrument_is_closed():
    one = make_breach(make_tables(), (100, 900, 180), 1_349, slip=0.01)
    reached, (first, *others) = found(one)
    assert reached
    assert first < 0 == others[0] == others[1]


def test_the_last_step_is_cut_to_the_fewest_lots():
    one = make_breach(make_tables(), (1_600, 0, 0), 7_000)
    reached, (lots,) = found(one)
    assert reached
    assert at_target(one, [lots])
    assert not at_target(one, [lots + 1])
    assert lots % (1_600 // STEPS)


def test_a_deep_market_is_left_for_a_shallow_one_as_its_price_moves():
    """Half of its way is paid: at equal depths both are closed alike, to a step."""
    depth_usd = (5e4, 5e4, 5e4)
    one = make_breach(make_tables(), (100, 900, 0), 780, depth_usd=depth_usd, penalty=0.0)
    reached, (first, second) = found(one)
    assert reached
    assert abs(first * 90 - second * 10) <= 9_000 / STEPS


def test_a_hedge_that_would_lower_health_stays():
    """Short B covers some of long A, with which it moves; C stands by itself."""
    one = make_breach(make_tables(), (100, -450, 20), 850, model=SCENARIO, slip=0.001)
    assert after(one, (0, 45, 0)).health < after(one, (0, 0, 0)).health
    reached, (_, hedge, _) = found(one)
    assert reached
    assert hedge == 0


def test_nothing_is_closed_where_every_position_hedges_another():
    one = make_breach(make_tables(), (100, -900, 0), -1, model=SCENARIO)
    assert found(one) == (False, [0, 0])


def test_a_cap_sends_the_search_to_the_next_position():
    slip, lots_max = (0.001, 0.02, 0), (30, 900, 0)
    one = make_breach(make_tables(), (100, 900, 0), 898, slip=slip, lots_max=lots_max)
    reached, (first, second) = found(one)
    assert reached
    assert first == -30
    assert second < 0


def test_an_account_at_its_target_is_left_alone():
    assert found(make_breach(make_tables(), (100, 0, 0), 10_000)) == (True, [0])
