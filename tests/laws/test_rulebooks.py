"""The laws that published rule books keep, and a counterexample for each that one does not.

*Finite*; *equal inputs, equal bits*, whatever stands beside an account; *initial >= maintenance*;
*cash adds itself*; *order does not matter*: every book keeps these at its own parameters.
*Homogeneous* and *subadditive* are kept by some.
"""

import copy
import json
import math
import random

import pytest
from hypothesis import given, settings, strategies as st

from hullmark.domain import Portfolio
from hullmark.rulebooks import rulebook_names, statements

from .books import document, gross, margin, margins, rulebook, text

BOOKS = rulebook_names()
PORTFOLIO_BOOKS = ("derive-portfolio", "derive-portfolio-2")
DERIVE = ("derive-portfolio", "derive-portfolio-2", "derive-standard")
OPTIONS_ONLY = ("aevo-standard", "bitcom-standard", "okx-simple")  # Bybit's reads entry prices
EXACT = 1e-12  # of the gross notional: the same numbers summed in another order
KINDS = ("perpetuals", "futures", "options", "orders")
quickly = settings(max_examples=4)


def on_documents(name, check, *, accounts=1):
    """Try a law on random documents of a rule book; it may make further choices by itself."""

    @quickly
    @given(st.integers(0, 2**32))
    def seeded(seed):
        check(document(name, seed, accounts=accounts), random.Random(seed))

    seeded()


def numbers(statement):
    """Yield every number of a statement."""
    yield from (statement.cash, statement.mark_to_market)
    yield from (statement.initial_margin, statement.maintenance_margin)
    for part in statement.underlyings:
        yield from (part.mark_to_market, part.initial, part.maintenance)
        yield from part.scenarios.values()
        for charge in part.charges:
            yield from (charge.initial, charge.maintenance)


def near(value, tree):
    return pytest.approx(value, rel=EXACT, abs=EXACT * gross(tree))


def scaled(account, factor):
    """Return an account whose every holding is so many times as large."""
    found = copy.deepcopy(account)
    for kind in KINDS:
        for holding in found.get(kind, []):
            for key in ("size", "unsettled"):
                if key in holding:
                    holding[key] = text(float(holding[key]) * factor, 9)
    for held in ("cash", "collaterals"):
        found[held] = {k: text(float(v) * factor, 9) for k, v in found.get(held, {}).items()}
    return found


def merged(first, second):
    """Return an account with the holdings of two; what is equal nets."""
    found = {"name": "both", "cash": {}, "collaterals": {}}
    for held in ("cash", "collaterals"):
        for account in (first, second):
            for asset, amount in account.get(held, {}).items():
                total = float(found[held].get(asset, 0)) + float(amount)
                found[held][asset] = text(total, 9)
    for kind in KINDS:
        nets = {}
        for holding in [*first.get(kind, []), *second.get(kind, [])]:
            key = tuple(holding.get(k) for k in ("underlying", "expiry", "strike", "type"))
            before = nets.get(key, {"size": "0"})
            size = text(float(before["size"]) + float(holding["size"]), 9)
            nets[key] = {**holding, "size": size}
            if "unsettled" in holding:
                unsettled = float(before.get("unsettled", 0)) + float(holding["unsettled"])
                nets[key]["unsettled"] = text(unsettled, 9)
        found[kind] = [holding for holding in nets.values() if holding["size"] != "0"]
    return found


def trusted(tree):
    """Return the document with every price trusted in full."""

    def raised(node):
        if isinstance(node, dict):
            return {k: "1" if k.endswith("confidence") else raised(v) for k, v in node.items()}
        return node

    return {**tree, "market": raised(tree["market"])}


def requirements(tree, name):
    """Return the initial and maintenance margin of every account of a document in one currency."""
    return [(s.initial_margin, s.maintenance_margin) for s in margins(tree, name)]


@pytest.mark.parametrize("name", BOOKS)
def test_every_number_is_finite(name):
    def check(tree, _):
        for statement in margins(tree, name):
            assert all(map(math.isfinite, numbers(statement)))

    on_documents(name, check, accounts=2)


@pytest.mark.parametrize("name", BOOKS)
def test_equal_documents_have_equal_bits(name):
    def check(tree, _):
        again = Portfolio.parse(json.dumps(tree))
        assert statements(again, rulebook(name)) == margins(tree, name)

    on_documents(name, check)


@pytest.mark.parametrize("name", BOOKS)
def test_an_account_has_the_same_bits_alone_and_among_others(name):
    def check(tree, _):
        together = margins(tree, name)
        alone = []
        for account in tree["accounts"]:
            alone += margins({**tree, "accounts": [account]}, name)
        assert together == tuple(alone)

    on_documents(name, check, accounts=5)


@pytest.mark.parametrize("name", BOOKS)
def test_to_open_takes_at_least_what_it_takes_to_keep(name):
    def check(tree, _):
        for statement in margins(tree, name):
            rounding = 1e-9 if name == "deribit-portfolio" else EXACT * statement.initial_margin
            assert statement.initial_margin >= statement.maintenance_margin - rounding

    on_documents(name, check, accounts=2)


def test_a_set_of_parameters_can_ask_more_to_keep_than_to_open():
    tree = small("derive-portfolio-2")
    tree["parameters"] = {"factors": {"initial": "0.5", "maintenance": "0.8"}}
    statement = margin(tree, "derive-portfolio-2")
    assert statement.initial_margin < statement.maintenance_margin


@pytest.mark.parametrize("name", BOOKS)
def test_cash_adds_itself(name):
    def check(tree, choices):
        cents = choices.randint(-1_000_000, 1_000_000)
        before = margins(tree, name)
        for statement in before:
            richer = copy.deepcopy(tree)
            cash = richer["accounts"][0]["cash"]
            held = round(100 * float(cash.get(statement.currency, 0)))
            cash[statement.currency] = text((held + cents) / 100, 4)
            (after,) = (s for s in margins(richer, name) if s.currency == statement.currency)
            added = float(cash[statement.currency]) - statement.cash
            for kind in ("initial_excess", "maintenance_excess"):
                change = getattr(after, kind) - getattr(statement, kind)
                assert change == near(added, richer)
            assert after.initial_margin == statement.initial_margin

    on_documents(name, check)


@pytest.mark.parametrize("name", BOOKS)
def test_the_order_of_positions_and_accounts_does_not_matter(name):
    def check(tree, choices):
        shuffled = copy.deepcopy(tree)
        choices.shuffle(shuffled["accounts"])
        for account in shuffled["accounts"]:
            for kind in KINDS:
                choices.shuffle(account.get(kind, []))
            held = list(account.get("collaterals", {}).items())
            choices.shuffle(held)
            account["collaterals"] = dict(held)
        found = {(s.account, s.currency): s for s in margins(shuffled, name)}
        assert found == {(s.account, s.currency): s for s in margins(tree, name)}

    on_documents(name, check, accounts=3)


@pytest.mark.parametrize("name", [*DERIVE, *OPTIONS_ONLY])
def test_a_book_twice_as_large_needs_twice_as_much(name):
    def check(tree, choices):
        factor = choices.choice((0.5, 2, 3, 10))
        larger = {**tree, "accounts": [scaled(tree["accounts"][0], factor)]}
        for one, many in zip(requirements(tree, name), requirements(larger, name), strict=True):
            assert many == near(tuple(factor * margin for margin in one), larger)

    on_documents(name, check)


@pytest.mark.parametrize("name", ["derive-portfolio", *OPTIONS_ONLY])
def test_two_books_in_one_need_no_more_than_apart(name):
    def check(tree, _):
        tree = trusted(tree)
        first, second = tree["accounts"]
        for account in (first, second):
            account["orders"] = []
        apart = sum_by_currency(margins(tree, name))
        joint = sum_by_currency(margins({**tree, "accounts": [merged(first, second)]}, name))
        for currency, margin_of in joint.items():
            slack = EXACT * gross(tree)
            assert all(
                one <= two + slack for one, two in zip(margin_of, apart[currency], strict=True)
            )

    on_documents(name, check, accounts=2)


def sum_by_currency(found):
    totals = {}
    for s in found:
        before = totals.get(s.currency, (0.0, 0.0))
        totals[s.currency] = (before[0] + s.initial_margin, before[1] + s.maintenance_margin)
    return totals


# --- counterexamples ---


def small(name, **account):
    """Return a document of one account on BTC at 100,000, all prices trusted."""
    expiry = {
        "seconds": 2_592_000,
        "forward": "100000",
        "forward_confidence": "1",
        "rate": "0",
        "rate_confidence": "1",
        "vol_confidence": "1",
        "vols": {"80000": "0.7", "100000": "0.5", "120000": "0.6", "200000": "1"},
        "marks": {"100000-C": "0.05", "120000-C": "0.01"},
        "future": {"mark": "100000"},
    }
    there = {
        "spot": "100000",
        "confidence": "1",
        "perpetual": {"mark": "100000", "confidence": "1"},
        "expiries": {"march": expiry},
    }
    option = {"underlying": "BTC", "expiry": "march", "strike": "120000", "type": "call"}
    held = account or {"options": [{**option, "size": "-1"}]}
    return {
        "version": 2,
        "market": {"stable": {"price": "1"}, "underlyings": {"BTC": there}},
        "accounts": [{"name": "a", "cash": {}, **held}],
    }


def option(strike, side, size):
    contract = {"underlying": "BTC", "expiry": "march", "strike": str(strike), "type": side}
    return {**contract, "size": str(size)}


def perpetual(size):
    return {"underlying": "BTC", "size": str(size), "entry": "100000"}


def initial(name, *, change=None, **account):
    tree = small(name, **account)
    if change is not None:
        change(tree["market"]["underlyings"]["BTC"])
    (statement,) = margins(tree, name)
    return statement.initial_margin


@pytest.mark.parametrize(
    ("name", "one", "ten"),
    [
        (
            "deribit-standard",
            {"perpetuals": [perpetual(100_000)]},
            {"perpetuals": [perpetual(10**6)]},
        ),
        (
            "deribit-portfolio",
            {"options": [option(200_000, "call", -100)]},
            {"options": [option(200_000, "call", -1_000)]},
        ),
        (
            "deribit-portfolio",
            {"perpetuals": [perpetual(10**8)]},
            {"perpetuals": [perpetual(10**9)]},
        ),
    ],
    ids=[
        "the rate of futures rises",
        "a dampener forgives small losses",
        "a large delta is charged",
    ],
)
def test_deribit_is_not_homogeneous(name, one, ten):
    assert initial(name, **ten) > 10 * initial(name, **one) * 1.0001


def test_deribit_is_not_subadditive_since_a_dampener_forgives_each_account():
    half = initial("deribit-portfolio", options=[option(200_000, "call", -500)])
    whole = initial("deribit-portfolio", options=[option(200_000, "call", -1_000)])
    assert whole > 2 * half * 1.0001


def test_a_doubtful_perpetual_makes_the_options_beside_it_dearer():
    def doubtful(there):
        there["perpetual"]["confidence"] = "0.2"

    for name in PORTFOLIO_BOOKS:
        options, perpetuals = [option(120_000, "call", 1)], [perpetual(-1)]
        apart = initial(name, options=options, change=doubtful)
        apart += initial(name, perpetuals=perpetuals, change=doubtful)
        joint = initial(name, options=options, perpetuals=perpetuals, change=doubtful)
        assert joint > apart * 1.0001


def test_standard_margin_takes_one_bound_for_a_whole_expiry():
    spread = [option(100_000, "call", -1), option(120_000, "call", 1)]
    naked = [option(200_000, "call", -1)]
    apart = initial("derive-standard", options=spread) + initial("derive-standard", options=naked)
    assert initial("derive-standard", options=spread + naked) > apart * 1.0001


def test_a_discount_above_one_rewards_keeping_long_options_apart():
    """At the parameters of 2026-01-21 long options count 1.05 of their value, and shorts 0.95."""
    long, short = [option(100_000, "call", 1)], [option(120_000, "call", -1)]
    apart = initial("derive-portfolio-2", options=long) + initial(
        "derive-portfolio-2", options=short
    )
    joint = initial("derive-portfolio-2", options=long + short)
    assert joint < apart
