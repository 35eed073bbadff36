"""Paying into a pool and taking out: who may, when, and what it is worth."""

import pytest

from hullmark.clearing._decide_pools import pool_worth
from hullmark.core import nano
from hullmark.domain import Mode, Reason, commands, events
from hullmark.errors import InvalidInputError

from .backed import CAT, DAN, POOL, USDT, VAULT, backed, joined, left, rules
from .bank import (
    ANN,
    BOB,
    CHILD,
    FUND,
    MAKER,
    QUANTA_MAX,
    SECOND_NS,
    Bank,
    adjust,
    adopt,
    deposit,
    events_of,
    only,
    opened,
    trade,
    transfer,
)

R = Reason


def pooled(*chain, notice_s="0", **more):
    """Return the venue in whose pool Cat has 300 and Dan 100."""
    bank = backed(*(chain or (VAULT,)), notice_s=notice_s, **more)
    bank.do(joined(CAT, 300), joined(DAN, 100))
    return bank


def test_what_is_paid_in_is_the_pools_and_a_stake_of_that_worth():
    bank = pooled()
    assert (bank.cash(POOL), bank.cash(CAT), bank.cash(DAN)) == ("400", "700", "900")
    standing = bank.venue.pool("vault")
    assert (standing.asset, standing.worth_quanta) == ("USDT", 400 * USDT)
    assert standing.stakes == {CAT: 300 * USDT, DAN: 100 * USDT}
    assert (standing.residual_quanta, standing.due_ns) == (0, {})
    bank.check()


def test_a_stake_can_be_taken_out_again_in_parts_and_in_full():
    bank = pooled()
    told = only(bank.do(left(CAT, 100)), events.PoolLeft)
    assert (told.quanta, told.worth_quanta) == (100 * USDT, 400 * USDT)
    bank.do(left(CAT, 200))
    assert bank.cash(CAT) == "1000"
    assert ("vault", CAT) not in bank.state.stakes
    assert bank.venue.pool("vault").stakes == {DAN: 100 * USDT}
    bank.check()


def test_gains_and_losses_are_shared_before_anybody_comes_or_goes():
    """The pool buys two ether at 10; at 14 it is worth 408."""
    bank = pooled()
    bank.do(trade(POOL, 2, "ETHER", "10"))
    bank.pass_time(1, usd="100", ETHER="14")
    bank.do(deposit(BOB, "200 USDT"), joined(BOB, 102))
    assert bank.venue.pool("vault").stakes == {
        CAT: 306 * USDT,
        DAN: 102 * USDT,
        BOB: 102 * USDT,
    }
    bank.pass_time(1, usd="100", ETHER="10")
    standing = bank.venue.pool("vault")
    assert sum(standing.stakes.values()) <= standing.worth_quanta == 502 * USDT
    assert standing.stakes[CAT] == 301_200_000


def test_what_is_not_a_members_stays_with_the_pool():
    bank = pooled()
    bank.do(trade(POOL, 1, "ETHER", "10"))
    bank.pass_time(1, usd="100", ETHER="10.000001")
    standing = bank.venue.pool("vault")
    assert sum(standing.stakes.values()) + standing.residual_quanta == standing.worth_quanta


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (commands.JoinPool(pool="vault", account=CAT, quanta=0), R.AMOUNT_INVALID),
        (joined(999, 1), R.ACCOUNT_UNKNOWN),
        (joined(CHILD, 1), R.ACCOUNT_MODE),
        (joined(POOL, 1), R.ACCOUNT_MODE),
        (commands.JoinPool(pool="well", account=CAT, quanta=1), R.POOL_UNKNOWN),
        (commands.JoinPool(pool="vault", account=MAKER, quanta=QUANTA_MAX), R.OVERFLOW),
        (joined(CAT, 701), R.CASH_SHORT),
        (joined(ANN, 21), R.MARGIN_SHORT),  # eight at 100 need 80 of her 100
        (commands.LeavePool(pool="vault", account=CAT, quanta=0), R.AMOUNT_INVALID),
        (left(999, 1), R.ACCOUNT_UNKNOWN),
        (commands.LeavePool(pool="well", account=CAT, quanta=1), R.POOL_UNKNOWN),
        (left(DAN, 101), R.STAKE_SHORT),
        (left(ANN, 1), R.STAKE_SHORT),
        (left(CAT, 401), R.CASH_SHORT),
    ],
)
def test_what_cannot_be_paid_in_or_out_is_refused(command, reason):
    assert pooled().refused(command) is reason


def test_a_pool_without_an_account_is_no_pool_yet():
    bank = Bank(rules(VAULT)).found()
    assert bank.refused(joined(MAKER, 1)) is R.POOL_UNKNOWN
    with pytest.raises(InvalidInputError, match="account must be an open user account, was 150"):
        bank.venue.pool("vault")
    with pytest.raises(InvalidInputError, match="pool must be one of the rules', was 'well'"):
        bank.venue.pool("well")


def test_at_prices_in_doubt_a_pool_is_shut():
    bank = pooled()
    bank.do(trade(POOL, 2, "ETHER", "10"))
    bank.pass_time(61)
    assert bank.refused(joined(CAT, 1)) is R.PRICE_DOUBTFUL
    assert bank.refused(left(CAT, 1)) is R.PRICE_DOUBTFUL


def test_a_pool_under_liquidation_is_closed_to_both():
    bank = pooled()
    bank.do(trade(POOL, 200, "ETHER", "10"))
    bank.pass_time(1, usd="100", ETHER="8.3")
    assert POOL in bank.state.episodes
    assert bank.refused(joined(CAT, 1)) is R.UNDER_LIQUIDATION
    assert bank.refused(left(CAT, 1)) is R.UNDER_LIQUIDATION


def test_a_member_under_liquidation_pays_nothing_in_and_may_take_out():
    bank = pooled({"stage": "partial"})
    bank.do(trade(CAT, 100, "ETHER", "10"), adjust(CAT, MAKER, "680 USDT"))
    assert CAT in bank.state.episodes
    assert bank.refused(joined(CAT, 1)) is R.UNDER_LIQUIDATION
    bank.do(left(CAT, 100))


def test_the_pool_keeps_its_initial_margin_when_members_leave():
    """200 ether at 10 need 200 of 400."""
    bank = pooled()
    bank.do(trade(POOL, 200, "ETHER", "10"))
    assert bank.refused(left(CAT, 201)) is R.MARGIN_SHORT
    bank.do(left(CAT, 200))


def test_members_leave_by_what_is_settled_and_not_by_gains_on_paper():
    bank = pooled()
    bank.do(left(CAT, 300), left(DAN, 1), trade(POOL, 20, "ETHER", "10"))
    bank.pass_time(1, usd="100", ETHER="14")
    assert bank.venue.pool("vault").worth_quanta == 179 * USDT
    assert bank.refused(left(DAN, 100)) is R.CASH_SHORT
    assert bank.refused(left(DAN, 72)) is R.MARGIN_SHORT  # 28 at 10 % of 280
    bank.do(left(DAN, 71))


def test_whoever_leaves_gives_notice_and_is_paid_when_it_has_run():
    bank = pooled(notice_s="60")
    noticed = only(bank.do(left(CAT, 300)), events.PoolLeaveNoticed)
    assert noticed.due_ns == bank.now_ns + 60 * SECOND_NS
    assert bank.venue.pool("vault").due_ns == {CAT: noticed.due_ns}
    bank.pass_time(59, usd="100")
    assert bank.refused(left(CAT, 300)) is R.NOTICE_RUNNING
    bank.pass_time(1, usd="100")
    bank.do(left(CAT, 200), left(CAT, 100))
    assert bank.cash(CAT) == "1000"


def test_a_notice_is_no_standing_way_out():
    """It is good for as long as it ran; and whoever pays in again has given none."""
    bank = pooled(notice_s="60")
    bank.do(left(CAT, 300))
    bank.pass_time(119, usd="100")
    bank.do(left(CAT, 100))
    bank.pass_time(1, usd="100")
    assert events_of(bank.do(left(CAT, 200)), events.PoolLeaveNoticed)
    bank.pass_time(60, usd="100")
    bank.do(joined(CAT, 1))
    assert events_of(bank.do(left(CAT, 1)), events.PoolLeaveNoticed)


def test_who_has_given_notice_bears_what_is_lost_until_it_has_run():
    bank = pooled(notice_s="60")
    bank.do(left(CAT, 300), trade(POOL, 10, "ETHER", "10"))
    bank.pass_time(60, usd="100", ETHER="6")
    assert bank.venue.pool("vault").stakes == {CAT: 270 * USDT, DAN: 90 * USDT}
    assert bank.refused(left(CAT, 271)) is R.STAKE_SHORT


def test_the_waterfall_draws_on_the_pool_and_its_members_bear_it_in_proportion():
    """Ann sold at 83 is 36 under; the fund has 16."""
    found = rules({"stage": "partial"})
    found["waterfall"] = {"steps": ["fund", "backstop", "bad-debt"], "backstop": "vault"}
    bank = Bank(found).found()
    bank.do(*(opened(account) for account in (POOL, CAT, DAN)))
    bank.do(*(deposit(account, "1000 USDT") for account in (CAT, DAN)), deposit(FUND, "16 USDT"))
    bank.do(joined(CAT, 300), joined(DAN, 100), deposit(ANN, "100 USDT"))
    bank.do(trade(ANN, 8, "PERP", "100"))
    bank.pass_time(1, usd="83")
    covered = only(
        bank.do(commands.ReportFill(
            order=1, counterparty=MAKER, lots=-8, price_nano=nano("83"), arrival_nano=nano("83"),
            final=True,
        )),
        events.DeficitCovered,
    )  # fmt: skip
    assert (covered.fund_quanta, covered.backstop_quanta) == (16 * USDT, 20 * USDT)
    assert covered.bad_debt_quanta == 0
    assert bank.venue.pool("vault").stakes == {CAT: 285 * USDT, DAN: 95 * USDT}
    bank.check()


def test_a_pool_that_has_lost_everything_starts_anew_with_who_comes_then():
    bank = pooled()
    bank.do(adjust(POOL, MAKER, "400 USDT"))
    assert bank.venue.pool("vault").stakes == {CAT: 0, DAN: 0}
    assert bank.refused(left(CAT, 1)) is R.CASH_SHORT
    bank.do(joined(DAN, 10))
    assert bank.venue.pool("vault").stakes == {CAT: 0, DAN: 10 * USDT}


def test_a_pool_saves_nobody_out_of_its_members_money():
    bank = pooled()
    terms = {"saviour": POOL, "asset": "USDT", "quanta_max": USDT}
    wanted = commands.SetSoftTerms(account=ANN, opted_in=True, **terms)
    assert bank.refused(wanted) is R.ACCOUNT_MODE


def test_a_gift_to_the_pool_is_its_members():
    bank = pooled()
    bank.do(transfer(CAT, POOL, "40 USDT"))
    assert bank.venue.pool("vault").stakes == {CAT: 330 * USDT, DAN: 110 * USDT}


def test_rules_may_not_take_a_pool_away_from_its_members():
    bank = pooled()
    for changed in ({}, {"vault": {"account": 151, "asset": "USDT"}}):
        new = rules(VAULT) | {"pools": changed}
        new["liquidation"]["chain"] = [{"stage": "partial"}]
        assert bank.refused(adopt(new)) is R.RULES_INVALID
    longer = rules(VAULT, notice_s="9")
    bank.do(adopt(longer))


def test_a_portfolio_may_be_a_member():
    bank = pooled()
    bank.do(opened(170, Mode.PORTFOLIO), deposit(170, "5 USDT"), joined(170, 5))
    assert bank.venue.pool("vault").stakes[170] == 5 * USDT


def test_a_pool_that_owes_has_nothing_that_is_nobodys():
    """Three hundred ether from 10 are worth 600 less at 8: the pool owes 200."""
    bank = pooled()
    bank.do(trade(POOL, 300, "ETHER", "10"))
    bank.pass_time(1, usd="100", ETHER="8")
    standing = bank.venue.pool("vault")
    assert (standing.worth_quanta, standing.residual_quanta) == (-200 * USDT, 0)
    assert standing.stakes == {CAT: 0, DAN: 0}


def test_each_pool_has_its_own_members():
    both = rules(VAULT)
    both["pools"]["well"] = {"account": CAT, "asset": "USDT"}
    bank = Bank(both).found()
    bank.do(*(opened(account) for account in (POOL, CAT, DAN)))
    bank.do(deposit(DAN, "100 USDT"), deposit(BOB, "100 USDT"), joined(DAN, 30))
    bank.do(commands.JoinPool(pool="well", account=BOB, quanta=20 * USDT))
    assert bank.venue.pool("vault").stakes == {DAN: 30 * USDT}
    assert bank.venue.pool("well").stakes == {BOB: 20 * USDT}


def test_a_notice_is_taken_of_more_than_the_pool_has_in_cash():
    """All of its 400 are in gold; who leaves in ten seconds may be paid by then."""
    bank = pooled(notice_s="10")
    bank.do(deposit(POOL, "50 GOLD"), adjust(POOL, MAKER, "400 USDT"))
    told = only(bank.do(left(CAT, 100)), events.PoolLeaveNoticed)
    assert told.due_ns == bank.now_ns + 10 * SECOND_NS
    bank.now_ns += 10 * SECOND_NS
    assert bank.refused(left(CAT, 100)) is R.CASH_SHORT


def test_a_pool_whose_account_is_not_open_is_worth_nothing():
    venue = Bank(rules(VAULT)).venue
    assert pool_worth(venue.state, venue.views, "vault") == 0
