"""Tests of the auditor on market makers: quotes, what is taken of them; one forgery each."""

import pytest

from .told_stages import ANN, BOB, CAT, DAN, USDT, forge, made, more, true


@pytest.fixture(scope="module")
def history():
    return true(made())


@pytest.mark.parametrize(
    ("kind", "where", "change", "says"),
    [
        ("QuotePosted", {"quote": 2}, {"quote": 1}, "quote must be a new number, was 1"),
        ("QuotePosted", {}, {"maker": 999}, "maker must be a user in no liquidation"),
        ("QuotePosted", {}, {"lots": 0}, "a quote must be of lots"),
        ("QuotePosted", {}, {"offset_nano": 10**9}, "a quote must be of lots, at an offset in"),
        ("QuotePosted", {}, {"expires_ns": 5}, "expires_ns must be >"),
        ("QuotePosted", {}, {"instrument": "SPOT"}, "instrument must be a contract that trades"),
        ("QuotePosted", {}, {"account": BOB}, "account must be one that quotes are asked for"),
        ("QuotePosted", {}, {"lots": 80}, "initial equity less margin must be >= 0"),
        ("QuotesRequested", {}, {"lots": {"PERP": -7}}, "lots must be {'PERP': -8}"),
        ("QuotesRequested", {}, {"until_ns": more(1)}, "until_ns must be"),
        ("QuotesRequested", {}, {"account": BOB}, "account must be in a liquidation"),
        ("QuoteEnded", {"quote": 3}, {"quote": 7}, "quote must be open, was 7"),
        ("QuoteEnded", {"quote": 3}, {"reason": "all of it is taken"}, "a quote must be one that"),
        ("QuoteEnded", {"quote": 3}, {"quote": 1}, "one that ends, as its time is over"),
        ("BackstopFilled", {}, {"quote": 9}, f"quote must be open, of {DAN} for PERP"),
        ("BackstopFilled", {}, {"maker": CAT}, f"quote must be open, of {CAT} for PERP"),
        ("BackstopFilled", {}, {"lots": -9}, "a fill must be within -8 lots held"),
        ("BackstopFilled", {}, {"lots": 1}, "a fill must be within -50 lots of the quote"),
        ("BackstopFilled", {}, {"price_nano": more(-1)}, "price_nano must be 90000000000"),
        ("BackstopFilled", {}, {"cost_quanta": more(-1)}, "cost_quanta must be"),
        ("BackstopFilled", {}, {"penalty_quanta": more(1)}, "penalty_quanta must be"),
        ("BackstopFilled", {}, {"participation_quanta": 1}, "participation_quanta must be 0"),
    ],
)
def test_makers_are_held_to_what_is_documented(history, kind, where, change, says):
    forge(kind, where, change, says, history)


def test_the_better_price_has_its_turn_first():
    history = true(made())
    swapped = [
        ({**event, "offset_nano": 10**7}, *rest)
        if event["type"] == "QuotePosted" and event["quote"] == 2
        else (event, *rest)
        for event, *rest in history
    ]
    forge("BackstopFilled", {}, {}, "price_nano must be 89100000000", swapped)


def test_a_maker_takes_no_more_of_a_market_than_its_share_of_the_depth():
    """Half of 2,000 USD are 11 lots at 90; a tenth of it are two."""
    history = told_with(true(made()), '"depth_share":"0.5"', '"depth_share":"0.1"')
    forge("BackstopFilled", {}, {}, "what a maker holds must be <= 200.00 USD", history)


def test_a_maker_takes_no_more_of_a_market_than_its_share_of_what_it_is_worth():
    history = told_with(true(made()), '"capital_share":"2"', '"capital_share":"0.25"')
    forge("BackstopFilled", {}, {}, "what a maker holds must be <= 225.00 USD", history)


def test_nothing_is_taken_before_the_stage_is_there(history):
    old, new = '{"stage":"backstop","request_s":"10"', '{"stage":"partial","x":"1"'
    without = told_with(history, old, new)
    forge("BackstopFilled", {}, {}, "stage must be backstop", without)


def test_the_fills_of_a_unit_raise_health_together():
    """At a price of nothing the account is worse off than before."""
    history = true(made())
    change = {"price_nano": 1, "cost_quanta": 0, "penalty_quanta": 0}
    forge("BackstopFilled", {}, change, "health after its fills must be higher", history)


def test_who_waits_for_quotes_is_not_found_again(history):
    place = next(n for n, (event, *_) in enumerate(history) if event["type"] == "QuotesRequested")
    told = {"type": "BreachesFound", "accounts": (ANN,)}
    again = [*history[: place + 1], (told, *history[place][1:]), *history[place + 1 :]]
    forge("BreachesFound", {"accounts": (ANN,)}, {}, "without order and pause", again)


def test_an_answer_is_for_whom_it_was_asked_about(history):
    where, change = {"quote": 2}, {"account": BOB}
    forge("QuotePosted", where, change, "one that quotes are asked for", history)
    forge("QuotePosted", where, change, "of account 102", history, at="BackstopFilled")


def test_a_maker_that_has_lost_what_it_allowed_for_takes_no_more():
    """A quote ends with its loss, and not before."""
    bank = made()
    bank.pass_time(1, usd="88")
    history = true(bank)
    ended = [e for e, *_ in history if e["type"] == "QuoteEnded" and e["quote"] == 2]
    assert [e["reason"] for e in ended] == [
        "its maker has lost as much on what it took as it allowed for"
    ]
    change, says = {"loss_quanta_max": 500 * USDT}, "a quote must be one that ends"
    forge("QuotePosted", {"quote": 2}, change, says, history, at="QuoteEnded")


def told_with(history, old, new):
    """Return a history told under other rules."""
    (rules, *rest), *others = history
    assert old in rules["rules"], rules["rules"]
    return [({**rules, "rules": rules["rules"].replace(old, new)}, *rest), *others]
