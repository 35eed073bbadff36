"""Soft liquidations worked by hand: a saviour's top-up, and small reductions before the breach.

Ann has 100 USDT and eight perpetuals bought at 100. At 92.5 she has 40 and needs 37, a ratio of
0.925; the stage begins at 0.8 with a tenth of each position, and ends at 1 with a half.
"""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings, strategies as st

from hullmark.core import nano
from hullmark.domain import HandOver, Parked, Stage, commands, events

from .bank import (
    ANN,
    BOB,
    CHILD,
    EIGHT,
    FUND,
    MAKER,
    Bank,
    deposit,
    events_of,
    fill,
    kinds,
    only,
    rest,
    trade,
    transfer,
    tree,
)

SOFT = {"stage": "soft", "level": "0.8", "share_min": "0.1", "share_max": "0.5"}
CHAIN = (SOFT, {"stage": "partial"})
USDT = 10**6


def soft(account=ANN, *, saviour=None, promised=None, asset="USDT"):
    """Return the command by which an account opts in; *promised* in whole units."""
    given = {} if saviour is None else {"asset": asset, "quanta_max": promised * USDT}
    return commands.SetSoftTerms(account=account, opted_in=True, saviour=saviour, **given)


def opted_in(*requests, terms=None, **liquidation):
    bank = Bank(tree(**{"chain": list(CHAIN)} | liquidation)).found()
    bank.do(*EIGHT, *requests, terms or soft())
    return bank


def test_an_account_that_has_not_opted_in_is_untouched_short_of_a_breach():
    bank = Bank(tree(chain=list(CHAIN))).found()
    bank.do(*EIGHT)
    assert kinds(bank.pass_time(1, usd="92.5")) == []
    assert bank.do(commands.CureBreach(account=ANN)) == []


def test_below_the_level_an_account_that_has_opted_in_is_untouched():
    bank = opted_in()
    assert kinds(bank.pass_time(1, usd="93.34")) == []
    assert bank.do(commands.CureBreach(account=ANN)) == []


def test_a_share_between_the_two_is_ordered_and_pays_no_penalty():
    """At 0.925 the share is 0.1 + 0.4 x 0.125 / 0.2 = 0.35: two of eight lots, rounded down."""
    bank = opted_in()
    found = bank.pass_time(1, usd="92.5")
    assert only(found, events.SoftBreachesFound).accounts == (ANN,)
    order = only(found, events.LiquidationOrdered)
    assert (order.lots, order.limit_nano, order.soft) == (-2, nano("90.65"), True)
    bank.do(fill(order.order, -2, "92.5"))
    assert (bank.held(ANN)[0], bank.cash(ANN)) == (-2 + 8, "85")
    assert bank.cash(FUND) == "0"
    bank.check()


def test_an_account_that_falls_under_the_level_is_let_go():
    """Six lots need 27.75 of 40: 0.69."""
    bank = opted_in()
    bank.pass_time(1, usd="92.5")
    found = bank.do(fill(1, -2, "92.5"))
    assert only(found, events.LiquidationEnded).cured
    assert bank.state.episodes == {}
    bank.do(trade(MAKER, 1, "PERP", "92.5", seller=ANN))


def test_rounds_of_reductions_are_finite_between_pauses():
    bank = opted_in(rounds_max=2)
    bank.pass_time(1, usd="92.5")
    bank.do(fill(1, 0, "92.5"))
    found = bank.do(fill(2, 0, "92.5"))
    assert only(found, events.LiquidationParked).reason is Parked.ROUNDS_EXHAUSTED
    assert kinds(bank.pass_time(59, usd="92.5")) == []
    assert kinds(bank.pass_time(1, usd="92.5")) == ["SoftBreachesFound", "LiquidationOrdered"]


def test_the_worst_ratio_is_first_and_equal_ones_by_number():
    bank = opted_in()
    bank.do(deposit(BOB, "91 USDT"), trade(BOB, 7, "PERP", "100"), soft(BOB))
    found = bank.pass_time(1, usd="92.5")
    assert only(found, events.SoftBreachesFound).accounts == (ANN, BOB)
    again = opted_in()
    again.do(deposit(BOB, "87 USDT"), trade(BOB, 7, "PERP", "100"), soft(BOB))
    assert only(again.pass_time(1, usd="92.5"), events.SoftBreachesFound).accounts == (BOB, ANN)


def test_orders_that_rest_are_released_first():
    bank = opted_in(rest(1, ANN, -1, "PERP", "120"))
    found = bank.pass_time(1, usd="92.5")
    assert kinds(found)[1:] == ["OrderReleased", "LiquidationStarted", "LiquidationOrdered"]


def test_a_reduction_that_costs_more_than_it_frees_is_not_made():
    """Closing two at 10 % below costs 18.50 and frees 9.25."""
    bank = opted_in(slippage="0.1")
    found = bank.pass_time(1, usd="92.5")
    assert only(found, events.LiquidationParked).reason is Parked.NOTHING_HELPS
    assert bank.held(ANN)[0] == 8


def test_a_pause_from_before_the_breach_does_not_hold_it_off():
    """At 90 the account has 20 and needs 36: what helped no reduction is not waited for."""
    bank = opted_in(slippage="0.1")
    found = bank.pass_time(1, usd="92.5")
    assert only(found, events.LiquidationParked).reason is Parked.NOTHING_HELPS
    assert kinds(bank.pass_time(1, usd="92.5")) == []
    found = bank.pass_time(1, usd="90")
    assert only(found, events.StageEntered).reason is HandOver.SAVIOUR_SHORT


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ((), Parked.THROTTLED),
        ((commands.HaltInstrument(instrument="PERP"),), Parked.HALTED),
    ],
)
def test_what_stands_in_the_way_of_a_reduction_is_told(changes, reason):
    throttle = {"burst_usd": "90", "refill_usd_per_s": "1"}
    bank = opted_in(*changes, throttle=throttle)
    found = bank.pass_time(1, usd="92.5")
    assert only(found, events.LiquidationParked).reason is reason


def test_a_price_in_doubt_is_waited_for():
    bank = opted_in(trade(ANN, 1, "ETHER", "10"))
    bank.pass_time(61, usd="92.4", ETHER=None)
    assert bank.state.parked[ANN].reason is Parked.PRICE_DOUBTFUL


def test_a_saviour_gives_the_least_that_brings_the_account_to_the_level():
    """37 is 0.8 of 46.25: 6.25 are short."""
    bank = opted_in(deposit(BOB, "50 USDT"), terms=soft(saviour=BOB, promised=20))
    found = bank.pass_time(1, usd="92.5")
    assert kinds(found)[1:] == ["LiquidationStarted", "ToppedUp", "LiquidationEnded"]
    assert only(found, events.ToppedUp).quanta == 6_250_000
    assert (bank.cash(BOB), bank.state.soft[ANN].quanta_max) == ("43.75", 13_750_000)
    bank.check()


@pytest.mark.parametrize(("promised", "held", "given"), [(2, 50, 2), (20, 3, 3)])
def test_a_saviour_gives_no_more_than_it_promised_and_could_withdraw(promised, held, given):
    """What is still to be cured is then reduced: there is a part of each position less to sell."""
    bank = opted_in(deposit(BOB, f"{held} USDT"), terms=soft(saviour=BOB, promised=promised))
    found = bank.pass_time(1, usd="92.5")
    assert only(found, events.ToppedUp).quanta == given * USDT
    assert only(found, events.LiquidationOrdered).soft


def test_a_saviour_keeps_what_its_own_margin_needs():
    """Its ten need 92.50 to be open, and 106.25 less 75 is left: nothing can be withdrawn."""
    bank = opted_in(deposit(BOB, "106 USDT"), terms=soft(saviour=BOB, promised=20))
    bank.do(trade(BOB, 10, "PERP", "100"))
    found = bank.pass_time(1, usd="92.5")
    assert events_of(found, events.ToppedUp) == []


def test_in_breach_a_saviour_is_asked_once_and_what_it_gives_cures():
    """At 90 she has 20 and needs 36: 25 more bring her to 0.8."""
    bank = opted_in(deposit(BOB, "50 USDT"), terms=soft(saviour=BOB, promised=40))
    found = bank.pass_time(1, usd="90")
    assert kinds(found) == ["LiquidationStarted", "ToppedUp", "LiquidationEnded"]
    assert only(found, events.ToppedUp).quanta == 25 * USDT


def test_in_breach_a_saviour_may_give_less_than_reaches_the_level_if_it_cures():
    """With 17 of 16 that are missing she is at 36 / 37, and is reduced softly from there."""
    bank = opted_in(deposit(BOB, "50 USDT"), terms=soft(saviour=BOB, promised=17))
    found = bank.pass_time(1, usd="90")
    assert only(found, events.ToppedUp).quanta == 17 * USDT
    assert only(found, events.LiquidationOrdered).soft


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        (commands.SetSoftTerms(account=ANN, opted_in=False), HandOver.OPTED_OUT),
        (soft(), HandOver.SAVIOUR_SHORT),
        (soft(saviour=BOB, promised=15), HandOver.SAVIOUR_SHORT),
    ],
)
def test_in_breach_the_next_stage_is_entered_for_a_reason(terms, reason):
    bank = opted_in(deposit(BOB, "50 USDT"))
    bank.do(terms)
    found = bank.pass_time(1, usd="90")
    entered = only(found, events.StageEntered)
    assert (entered.stage, entered.reason, entered.place) == (Stage.PARTIAL, reason, 1)
    assert bank.cash(BOB) == "50"
    assert not bank.only_order().soft


def test_a_liquidation_that_has_gone_on_is_let_go_before_it_is_soft_again():
    """At 90 six lots are left to the market; back at 93 she is near, and no more in breach."""
    bank = opted_in()
    bank.pass_time(1, usd="90")
    bank.do(fill(1, 0, "90"))
    bank.do(fill(2, 0, "90"))
    first = bank.pass_time(1, usd="93")
    assert only(first, events.LiquidationEnded).cured
    assert events_of(first, events.LiquidationOrdered) == []
    assert only(bank.pass_time(1, usd="93"), events.LiquidationOrdered).soft


def test_a_parent_saves_its_child():
    bank = Bank(tree(chain=list(CHAIN))).found()
    bank.do(deposit(ANN, "200 USDT"), transfer(ANN, CHILD, "100 USDT"))
    bank.do(trade(CHILD, 8, "PERP", "100"), soft(CHILD, saviour=ANN, promised=50))
    found = bank.pass_time(1, usd="92.5")
    assert only(found, events.ToppedUp).saviour == ANN
    assert bank.cash(CHILD) == "106.25"


def test_collateral_tops_up_at_what_counts_of_it():
    """A bitcoin counts 90 %: 6.25 USD are 0.07507508 of one at 92.5, rounded up."""
    bank = opted_in(deposit(BOB, "1 BTC"), terms=soft(saviour=BOB, promised=100, asset="BTC"))
    given = only(bank.pass_time(1, usd="92.5"), events.ToppedUp)
    assert (given.asset, given.quanta) == ("BTC", 7_507_508)


FLAGS = st.fixed_dictionaries(
    {
        "limit": st.sampled_from(["slippage", "sliding"]),
        "choice": st.sampled_from(["share", "cheapest"]),
        "exit": st.sampled_from(["breach", "target"]),
        "slippage": st.sampled_from(["0", "0.001", "0.02"]),
        "penalty": st.sampled_from(["0", "0.01", "0.04"]),
        "target": st.sampled_from(["0.5", "0.8", "1"]),
        "rounds_max": st.integers(1, 3),
        "chain": st.sampled_from(
            [[*CHAIN], [CHAIN[1]], [SOFT | {"level": "0.5"}, {"stage": "backstop"}]]
        ),
        "calls": st.just(["0.5", "0.9"]),
    },
    optional={
        "sizes": st.just({"share": "0.3"}),
        "throttle": st.just({"burst_usd": "300", "refill_usd_per_s": "1"}),
    },
)


@given(FLAGS, st.integers(8_800, 9_700))
@settings(max_examples=60, deadline=None)
def test_no_flag_touches_who_is_healthy_but_for_those_who_opted_in_and_pay_no_penalty(flags, cents):
    """Bob is as Ann is, but has not opted in: he is in breach where 40 % p is above 8 p - 700."""
    bank = Bank(tree(**flags)).found()
    bank.do(*EIGHT, deposit(BOB, "100 USDT"), trade(BOB, 8, "PERP", "100"), soft())
    price = Fraction(cents, 100)
    equity, margin = 8 * price - 700, 2 * price / 5
    level = Fraction(flags["chain"][0].get("level", "1"))
    found = bank.pass_time(1, usd=f"{cents / 100:.2f}")
    started = {e.account for e in events_of(found, events.LiquidationStarted)}
    assert (BOB in started) == (margin > equity)
    assert (ANN in started) == (margin > level * equity)
    for order in bank.orders():
        assert order.soft == (margin <= equity)
        unit = fill(order.order, order.lots, str(Decimal(order.limit_nano).scaleb(-9)))
        filled = only(bank.do(unit), events.LiquidationFilled)
        assert order.soft <= (filled.penalty_quanta == filled.surplus_quanta == 0)
    bank.check()
