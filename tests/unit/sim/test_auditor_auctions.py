"""Tests of the auditor on auctions: starts, resets, ends, and lots; one forgery each."""

import pytest

from .told_stages import ANN, BOB, EVA, forge, left_out, more, sold_as_lots, sold_in_shares, true


@pytest.fixture(scope="module")
def lots():
    return true(sold_as_lots())


@pytest.fixture(scope="module")
def shares():
    return true(sold_in_shares())


@pytest.mark.parametrize(
    ("kind", "where", "change", "says"),
    [
        ("AuctionStarted", {}, {"account": BOB}, "account must be in a liquidation"),
        ("AuctionStarted", {}, {"auction": 2}, "auction must be 1, was 2"),
        ("AuctionStarted", {}, {"kind": "share"}, "kind must be lot, was share"),
        ("AuctionStarted", {}, {"phase": "insolvent"}, "phase must be solvent"),
        ("AuctionStarted", {}, {"asset": "USDC"}, "asset must be USDT"),
        ("AuctionStarted", {}, {"lot_asset": "BTC"}, "lot_asset must be GOLD"),
        ("AuctionStarted", {}, {"lot_quanta": more(1)}, "lot_quanta must be 10000, was 10001"),
        ("AuctionStarted", {}, {"debt_quanta": more(-1)}, "debt_quanta must be 346700000"),
        ("AuctionStarted", {}, {"tab_quanta": more(1)}, "tab_quanta must be 350167000"),
        ("AuctionStarted", {}, {"top_nano": more(1)}, "top_nano must be 60000000000"),
        ("AuctionStarted", {}, {"notional_nano": more(1)}, "notional_nano must be 350167000000"),
        ("AuctionStarted", {}, {"notional_nano": 10**12}, "open auctions must be <= 900.0 USD"),
        ("AuctionTaken", {}, {"auction": 9}, "auction must be open, and of the account"),
        ("AuctionTaken", {}, {"lot_quanta": 0}, "lot_quanta must be in (0, 10000]"),
        ("AuctionTaken", {}, {"lot_quanta": 1_001}, "paid_quanta must be in [60060000, 60120000)"),
        (
            "AuctionTaken",
            {},
            {"paid_quanta": more(-1)},
            "paid_quanta must be in [60000000, 60060000)",
        ),
        ("AuctionTaken", {}, {"penalty_quanta": more(1)}, "penalty_quanta must be 594059"),
        ("AuctionTaken", {}, {"notional_nano": more(1)}, "notional_nano must be 60000000000"),
        ("AuctionTaken", {}, {"bidder": ANN}, f"taker must be no relative of {ANN}"),
        ("AuctionTaken", {}, {"bidder": EVA}, "account must be open to users"),
        ("AuctionTaken", {}, {"bidder": 103}, "taker must be no relative"),  # her child
        ("AuctionReset", {}, {"reward_quanta": more(1)}, "reward_quanta must be 1290167.0, was"),
        ("AuctionReset", {}, {"top_nano": more(-1)}, "top_nano must be 60000000000"),
        ("AuctionReset", {}, {"keeper": None}, "keeper must be there"),
        ("AuctionReset", {}, {"keeper": 999}, "account must be open to users"),
        ("AuctionReset", {}, {"account": BOB}, "auction must be open, and of a lot"),
        ("AuctionEnded", {}, {"reason": "nothing is left to sell"}, "one that ends, as nothing"),
        ("AuctionEnded", {}, {"account": BOB}, "auction must be open, and of the account"),
    ],
)
def test_a_lot_is_sold_as_documented(lots, kind, where, change, says):
    forge(kind, where, change, says, lots)


def test_a_lot_leaves_no_dust(lots):
    """Of 350.167 a purchase of 5.7 ounces leaves 8.167 to be raised, and 20 are dust."""
    change = {"lot_quanta": 5_700, "paid_quanta": 342_000_000}
    forge("AuctionTaken", {}, change, "left to be raised must be 0 or >= 20000000", lots)


def test_what_is_due_for_a_reset_is_not_bought(lots):
    """At the cusp it has to be offered anew first."""
    place = next(n for n, (event, *_) in enumerate(lots) if event["type"] == "AuctionReset")
    reset, *rest = lots[place]
    swapped = [*lots[:place], ({**reset, "type": "Refused"}, *rest), *lots[place + 1 :]]
    forge("AuctionTaken", {"lot_quanta": 4_836}, {}, "auction must be reset before", swapped)


@pytest.mark.parametrize(
    ("level", "kind"), [(1, "AuctionStarted"), (2, "AuctionReset"), (3, "AuctionTaken")]
)
def test_the_breaker_stops_it(lots, level, kind):
    place = next(n for n, (event, *_) in enumerate(lots) if event["type"] == kind)
    told = {"type": "BreakerSet", "level": level}
    stopped = [*lots[:place], (told, *lots[place][1:]), *lots[place:]]
    forge(kind, {}, {}, f"breaker must be < {level}", stopped)


@pytest.mark.parametrize(
    ("kind", "where", "change", "says"),
    [
        ("AuctionStarted", {}, {"phase": "insolvent"}, "phase must be solvent"),
        ("AuctionStarted", {}, {"top_nano": 5}, "top_nano must be 1000000000"),
        (
            "AuctionStarted",
            {},
            {"notional_nano": more(10**6)},
            "notional_nano must be 720000000000",
        ),
        ("AuctionStarted", {"auction": 2}, {"phase": "solvent"}, "phase must be insolvent"),
        ("AuctionEnded", {}, {"reason": "its time is over, and nobody has taken it"}, "that ends"),
        ("AuctionEnded", {"auction": 2}, {"account": BOB}, "auction must be open"),
    ],
)
def test_a_share_is_auctioned_as_documented(shares, kind, where, change, says):
    forge(kind, where, change, says, shares)


def test_only_a_stage_of_the_chain_auctions(shares):
    without = left_out(shares, "StageEntered")
    forge("AuctionStarted", {}, {}, "stage must be dutch-auction, was partial", without)


def test_an_account_has_one_auction_at_a_time(lots):
    place = next(n for n, (event, *_) in enumerate(lots) if event["type"] == "AuctionStarted")
    twice = [*lots[: place + 1], lots[place], *lots[place + 1 :]]
    forge("AuctionStarted", {}, {}, "account must be in no other auction", twice)


def test_who_waits_for_a_buyer_of_a_lot_is_not_found_in_breach_again(lots):
    place = next(n for n, (event, *_) in enumerate(lots) if event["type"] == "AuctionTaken")
    told = {"type": "BreachesFound", "accounts": (ANN,)}
    again = [*lots[: place + 1], (told, *lots[place][1:]), *lots[place + 1 :]]
    forge("BreachesFound", {"accounts": (ANN,)}, {}, "without order and pause", again)
