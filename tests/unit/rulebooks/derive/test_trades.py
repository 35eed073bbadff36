"""Derive's admission of trades, margined by its rule books."""

import pytest

from hullmark.domain import Portfolio
from hullmark.rulebooks import explain, load_rulebook, parse_trade, statements
from hullmark.rulebooks.derive import ADMISSION_STANDARD_FIRST, Inadmissible
from hullmark.rulebooks.derive.trades import portfolio_admission, standard_admission

STANDARD, SECOND = load_rulebook("derive-standard"), load_rulebook("derive-portfolio-2")


def portfolio(cash, *, options=(), perpetual=None, parameters=None, mark="2000"):
    expiry = {
        "seconds": 30 * 86_400,
        "forward": "2000",
        "forward_confidence": "1",
        "rate": "0",
        "rate_confidence": "1",
        "vol_confidence": "1",
        "vols": {"2000": "0.6", "2500": "0.6", "3000": "0.6"},
    }
    here = {"spot": "2000", "confidence": "1", "expiries": {"E": expiry}}
    here["perpetual"] = {"mark": mark, "confidence": "1"}
    account = {
        "name": "a",
        "cash": {"USDC": str(cash)},
        "options": [
            {"underlying": "ETH", "expiry": "E", "strike": k, "type": kind, "size": str(size)}
            for k, kind, size in options
        ],
    }
    if perpetual is not None:
        account["perpetuals"] = [
            {"underlying": "ETH", "size": str(perpetual), "entry": "2000", "unsettled": "0"}
        ]
    return Portfolio.parse_tree(
        {
            "version": 2,
            "market": {"stable": {"price": "1"}, "underlyings": {"ETH": here}},
            "parameters": parameters or {},
            "accounts": [account],
        }
    )


def asked(document, words, *, book=STANDARD, **options):
    trade = parse_trade(words, document.market)
    admission = standard_admission if book is STANDARD else portfolio_admission
    return admission(document, book, document.accounts[0], trade, **options)


def excess(document, book):
    (statement,) = statements(document, book)
    return statement.initial_excess, statement.maintenance_excess


@pytest.mark.parametrize("book", [STANDARD, SECOND])
def test_a_trade_within_initial_margin_passes_and_one_beyond_it_does_not(book):
    assert asked(portfolio(10_000), "option ETH E 2500 call -1 at 20", book=book) is None
    refused = asked(portfolio(10_000), "option ETH E 2500 call -90 at 20", book=book)
    assert refused is Inadmissible.MARGIN


def test_a_perpetual_that_is_only_reduced_is_not_checked_by_the_standard_manager():
    broke = portfolio(-3_000, perpetual=5)
    assert excess(broke, STANDARD)[1] < 0.0
    assert asked(broke, "perpetual ETH -1 at 2000") is None
    assert asked(broke, "perpetual ETH 1 at 2000") is Inadmissible.MARGIN
    assert asked(broke, "perpetual ETH -1 at 2000", book=SECOND) is Inadmissible.MARGIN


def test_the_first_standard_manager_lets_a_reduction_of_risk_pass():
    held = portfolio(850, options=[("2000", "call", -2)])
    initial, maintenance = excess(held, STANDARD)
    assert initial < 0.0 < maintenance
    words = "option ETH E 2500 call 2 at 1"  # bounds the loss, and pays a little
    after = portfolio(848, options=[("2000", "call", -2), ("2500", "call", 2)])
    assert excess(after, STANDARD)[0] < 0.0
    assert (excess(after, STANDARD)[1] > maintenance) == (
        asked(held, words, rule=ADMISSION_STANDARD_FIRST) is None
    )
    assert asked(held, words) is Inadmissible.MARGIN


@pytest.mark.parametrize("allowed", [True, False])
def test_a_reduction_of_risk_passes_where_the_parameter_says_so(allowed):
    held = portfolio(850, options=[("2000", "call", -2)], parameters={"risk_reduction": allowed})
    refused = asked(held, "option ETH E 2000 call 0.05 at 137")  # a part bought back
    assert refused is (None if allowed else Inadmissible.MARGIN)
    worse = asked(held, "option ETH E 2000 call -0.5 at 137")
    assert worse is Inadmissible.MARGIN


@pytest.mark.parametrize("mark", ["1500", "2500"])
def test_closing_a_perpetual_at_a_loss_is_a_reduction_whatever_it_lost(mark):
    """The loss waits in the position and is no cash that is taken out."""
    broke = portfolio(-3_000, perpetual=5 if mark == "1500" else -5, mark=mark)
    size = -5 if mark == "1500" else 5
    assert excess(broke, STANDARD)[1] < 0.0
    assert asked(broke, f"perpetual ETH {size} at {mark}") is None
    worse = 1 if size > 0 else -1
    dear = asked(broke, f"perpetual ETH {size} at {int(mark) + 10 * worse}")
    assert dear is Inadmissible.MARGIN  # paid off the mark: that is cash


def test_a_trusted_assessor_is_checked_on_maintenance_alone():
    held = portfolio(0, perpetual=0.0001)
    margin_only = portfolio(170, perpetual=0.0001)
    words = "perpetual ETH 1 at 2000"
    assert asked(held, words) is Inadmissible.MARGIN
    assert asked(margin_only, words) is Inadmissible.MARGIN  # 10 % to open
    assert asked(margin_only, words, trusted=True) is None  # 6.5 % to keep


def test_a_portfolio_manager_asks_a_trusted_assessor_for_three_scenarios_only():
    words = "option ETH E 2500 call -10 at 20"
    room = portfolio(1_500)
    assert asked(room, words, book=SECOND) is Inadmissible.MARGIN
    assert asked(room, words, book=SECOND, trusted=True) is None


def test_cash_is_not_lent_where_borrowing_is_off():
    document = portfolio(10, perpetual=1, parameters={"borrowing": False})
    assert asked(document, "option ETH E 3000 call 1 at 20") is Inadmissible.BORROWING


def test_an_explanation_says_what_the_rule_says():
    document = portfolio(0)
    trade = parse_trade("option ETH E 2500 call -1 at 20", document.market)
    found = explain(document, SECOND, "a", trade=trade)
    assert found.admission == "derive-portfolio"
    assert found.refusal == str(Inadmissible.MARGIN)
    deribit = load_rulebook("deribit-portfolio")
    assert deribit.admission is None
