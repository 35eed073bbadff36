"""Setting money of the fund aside, giving it back, and paying losses back out of the rest."""

from hullmark.clearing._decide_funds import listing_parts, parts_given_back
from hullmark.clearing._rules import Rules
from hullmark.domain import Reason, commands, events

from .bank import FUND, Bank, adopt, deposit, only, tree

USDT = 10**6


def allot(quanta, instrument="PERP"):
    return commands.AllocateFund(instrument=instrument, asset="USDT", quanta=quanta)


def listed(*symbols, listing="0.1"):
    """Return the rules with some perpetuals more, each given a share of what the fund has free."""
    rules = tree()
    terms = rules["instruments"][2]
    rules["instruments"] += [terms | {"symbol": symbol} for symbol in symbols]
    rules["prices"] |= dict.fromkeys(symbols, rules["prices"]["PERP"])
    rules["waterfall"] = {"fund": {"listing": listing}}
    return rules


def test_only_what_is_free_can_be_set_aside(bank):
    bank.do(deposit(FUND, "10 USDT"), allot(6 * USDT))
    assert bank.refused(allot(4 * USDT + 1, "ETHER")) is Reason.FUND_SHORT
    bank.do(allot(4 * USDT, "ETHER"))
    assert bank.state.allocations == {("PERP", "USDT"): 6 * USDT, ("ETHER", "USDT"): 4 * USDT}


def test_only_what_a_market_has_can_be_given_back(bank):
    bank.do(deposit(FUND, "10 USDT"), allot(6 * USDT))
    assert bank.refused(allot(-6 * USDT - 1)) is Reason.FUND_SHORT
    assert bank.refused(allot(-1, "ETHER")) is Reason.FUND_SHORT
    bank.do(allot(-6 * USDT))
    assert not bank.state.allocations


def test_losses_that_nobody_has_recorded_are_not_paid_back(bank):
    bank.do(deposit(FUND, "10 USDT"))
    assert bank.refused(commands.RepayLosses(asset="USDT", quanta=1)) is Reason.DEBT_SHORT


def test_a_new_contract_is_given_its_share_of_what_is_free_and_the_next_of_the_rest():
    bank = Bank(listed()).found()
    bank.do(deposit(FUND, "100 USDT"), allot(20 * USDT))
    told = listing_parts(bank.state, Rules.parse(listed("ONE", "TWO")))
    assert [(e.instrument, e.quanta) for e in told] == [("ONE", 8 * USDT), ("TWO", 7_200_000)]


def test_adopting_rules_sets_the_parts_of_new_contracts_aside():
    bank = Bank(listed()).found()
    bank.do(deposit(FUND, "100 USDT"))
    found = bank.do(adopt(listed("ONE")))
    assert only(found, events.FundAllocated).quanta == 10 * USDT
    assert bank.state.allocations == {("ONE", "USDT"): 10 * USDT}


def test_first_rules_and_rules_without_a_share_set_nothing_aside():
    bank = Bank(listed()).found()
    assert listing_parts(bank.state, Rules.parse(listed("ONE"))) == []  # of an empty fund
    bank.do(deposit(FUND, "100 USDT"))
    assert listing_parts(bank.state, Rules.parse(listed("ONE", listing="0"))) == []


def test_a_settled_contract_gives_all_its_parts_back(bank):
    bank.do(deposit(FUND, "10 USDT"), deposit(FUND, "10 USDC"))
    bank.do(
        allot(6 * USDT),
        allot(USDT, "ETHER"),
        commands.AllocateFund(instrument="PERP", asset="USDC", quanta=3),
    )
    told = parts_given_back(bank.state, "PERP")
    assert {(e.asset, e.quanta) for e in told} == {("USDT", -6 * USDT), ("USDC", -3)}
    assert parts_given_back(bank.state, "FUTURE") == []
