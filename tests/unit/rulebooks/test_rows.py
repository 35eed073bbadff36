"""What one rule book refuses of a document that another may take."""

import pytest

from hullmark.domain import Portfolio
from hullmark.errors import DocumentError
from hullmark.rulebooks import statements

from .documents import (
    ABSENT,
    ACCOUNT,
    BOOKS,
    BTC,
    BYBIT,
    DERIBIT,
    ETHER,
    FUTURE,
    HAIRCUTS,
    IN_COIN,
    JUNE_CALL,
    MARCH,
    MATRIX,
    ONE,
    ORDER,
    SMILE,
    STANDARD,
    SVI,
    TWO,
    changed,
    found,
)

RULED = {  # what one rule book refuses
    "an expired option where none is margined": (
        MATRIX,
        {**IN_COIN, f"{MARCH}.seconds": 0},
        r"accounts\[0\]\.options\[0\] must not have expired, was BTC march 120000 call",
    ),
    "an expired option under standard margin": (
        DERIBIT,
        {**IN_COIN, f"{MARCH}.seconds": 0},
        r"accounts\[0\]\.options\[0\] must not have expired, was BTC march 120000 call",
    ),
    "an expired order": (
        DERIBIT,
        {**IN_COIN, f"{MARCH}.seconds": 0, f"{ACCOUNT}.options": [], f"{ACCOUNT}.orders": [ORDER]},
        r"accounts\[0\]\.orders\[0\] must not have expired, was BTC march 120000 call",
    ),
    "a future where none is margined": (
        TWO,
        {f"{ACCOUNT}.futures": [FUTURE]},
        r"futures\[0\] must be a contract of a kind that is margined on BTC"
        r" \(option, perpetual\), was BTC march future",
    ),
    "a perpetual where only options are": (
        BYBIT,
        {f"{MARCH}.marks.90000-P": "1", f"{ACCOUNT}.options.0.entry": "1"},
        r"perpetuals\[0\] must be a contract .* on BTC \(option\), was BTC perpetual",
    ),
    "orders where none are margined": (
        TWO,
        {f"{ACCOUNT}.orders": [ORDER]},
        r"accounts\[0\]\.orders must be left out, since .* orders, was '1 orders'",
    ),
    "orders under Derive's standard margin": (
        STANDARD,
        {f"{ACCOUNT}.orders": [ORDER]},
        r"accounts\[0\]\.orders must be left out, since .* orders, was '1 orders'",
    ),
    "collateral where cash alone counts": (
        DERIBIT,
        {**IN_COIN, f"{ACCOUNT}.collaterals": {"CBBTC": "1"}},
        r"accounts\[0\]\.collaterals must be left out, since .* but cash, was \['CBBTC'\]",
    ),
    "collateral under the risk matrix": (
        MATRIX,
        {**IN_COIN, f"{ACCOUNT}.collaterals": {"CBBTC": "1"}},
        r"accounts\[0\]\.collaterals must be left out, since .* but cash, was \['CBBTC'\]",
    ),
    "a collateral without terms": (
        TWO,
        {f"{ACCOUNT}.collaterals": {"CBBTC": "1"}},
        r"must be among parameters\.collaterals \(none\), was 'CBBTC'",
    ),
    "a collateral without terms, standard": (
        STANDARD,
        {f"{ACCOUNT}.collaterals": {"CBBTC": "1"}},
        r"accounts\[0\]\.collaterals must be among parameters\.collaterals \(.*\), was 'CBBTC'",
    ),
    "two collaterals where one coin is": (
        ONE,
        {
            f"{ACCOUNT}.collaterals": {"CBBTC": "1", "BTC": "1"},
            "market.collaterals.BTC": {"price": "100000"},
        },
        r"CBBTC must not be held on BTC: this rule book takes the coin itself, BTC, and no other",
    ),
    "cash in another asset": (
        TWO,
        {f"{ACCOUNT}.cash": {"USDT": "1"}},
        r"accounts\[0\]\.cash must be in USDC, was in 'USDT'",
    ),
    "cash in an asset that settles nothing": (
        DERIBIT,
        {f"{ACCOUNT}.cash": {"SOL": "1"}},
        r"accounts\[0\]\.cash must be in BTC, ETH, USDC, was in 'SOL'",
    ),
    "two underlyings where one is margined": (
        TWO,
        {f"{ACCOUNT}.perpetuals.1": ETHER},
        r"accounts\[0\] \(a\) must be on one underlying, was on BTC, ETH",
    ),
    "more expiries than the limit": (
        TWO,
        {f"{ACCOUNT}.options.2": JUNE_CALL, "parameters": {"limits": {"expiries": "1"}}},
        r"accounts\[0\] \(a\) must have at most 1 expiries, had 2",
    ),
    "more positions than the limit": (
        TWO,
        {"parameters": {"limits": {"positions": "2"}}},
        r"accounts\[0\] \(a\) must have at most 2 positions, had 4",
    ),
    "no price of the cash asset": (
        TWO,
        {"market.stable": ABSENT},
        r"market must have the key 'stable', since the rule book has a peg, and has not",
    ),
    "no price of the cash asset, standard": (
        STANDARD,
        {"market.stable": ABSENT},
        r"market must have the key 'stable', and has not",
    ),
    "no rate": (TWO, {f"{MARCH}.rate": ABSENT}, r"march must have the key 'rate', and has not"),
    "a rate that leaves nothing": (
        TWO,
        {f"{MARCH}.rate": "999999999999999"},
        r"march\.rate must discount by a factor of at least 1e-18 over .* was '999999999999999'",
    ),
    "no confidence of spot": (
        TWO,
        {f"{BTC}.confidence": ABSENT},
        r"underlyings\.BTC must have the key 'confidence', and has not",
    ),
    "no confidence of a perpetual": (
        TWO,
        {f"{BTC}.perpetual.confidence": ABSENT},
        r"BTC\.perpetual must have the key 'confidence', and has not",
    ),
    "no confidence of a forward": (
        STANDARD,
        {f"{MARCH}.forward_confidence": ABSENT},
        r"march must have the key 'forward_confidence', and has not",
    ),
    "no confidence of volatility": (
        ONE,
        {f"{MARCH}.vol_confidence": ABSENT},
        r"march must have the key 'vol_confidence', and has not",
    ),
    "no confidence of a collateral": (
        TWO,
        {
            f"{ACCOUNT}.collaterals": {"CBBTC": "1"},
            "parameters": {"collaterals": HAIRCUTS},
            "market.collaterals.CBBTC.confidence": ABSENT,
        },
        r"market\.collaterals\.CBBTC must have the key 'confidence', and has not",
    ),
    "no volatility of a strike that is held": (
        TWO,
        {f"{MARCH}.vols.120000": ABSENT},
        r"march must have a vol of the strike 120000, or 'svi', since BTC march 120000 call is",
    ),
    "no mark of an option": (
        DERIBIT,
        {**IN_COIN, f"{MARCH}.marks.120000-C": ABSENT},
        r"march\.marks must have the key '120000-C', and has not",
    ),
    "no mark of a future": (
        DERIBIT,
        {**IN_COIN, f"{ACCOUNT}.futures": [FUTURE], f"{MARCH}.future": ABSENT},
        r"march must have the key 'future', and has not",
    ),
    "no entry of a short option": (
        BYBIT,
        {f"{ACCOUNT}.perpetuals": []},
        r"options\[0\] must have the key 'entry', since the rule book reads it, and has not",
    ),
    "an underlying without parameters": (
        MATRIX,
        {
            **IN_COIN,
            "market.underlyings.SOL": {"spot": "1", "perpetual": {"mark": "1"}},
            f"{ACCOUNT}.perpetuals": [{"underlying": "SOL", "size": "1"}],
        },
        r"parameters\.markets must have 'SOL', has BTC, ETH",
    ),
    "an underlying without parameters, standard": (
        STANDARD,
        {
            "market.underlyings.SOL": {"spot": "1", "perpetual": {"mark": "1"}},
            f"{ACCOUNT}.perpetuals": [{"underlying": "SOL", "size": "1"}],
        },
        r"parameters\.markets must have 'SOL', has ETH, BTC",
    ),
    "a negative variance": (
        TWO,
        {**SMILE, f"{MARCH}.svi": {**SVI, "a": "-0.0105", "b": "0.11"}},
        r"march\.svi must give a variance > 0 per year > 0 at the strike .*, was -",
    ),
    "a negative level of variance": (
        TWO,
        {**SMILE, f"{MARCH}.svi": {**SVI, "a": "-0.05"}},
        r"march\.svi must have a \+ b sigma >= 0, was -0.01",
    ),
    "a smile of no time": (
        TWO,
        {**SMILE, f"{MARCH}.svi": {**SVI, "years": "0"}},
        r"march\.svi must give a variance > 0 per year > 0 .* in 0 years",
    ),
}


@pytest.mark.parametrize(("name", "changes", "message"), RULED.values(), ids=RULED)
def test_a_document_that_breaks_a_rule_of_the_book_is_refused(name, changes, message):
    with pytest.raises(DocumentError, match=message):
        statements(Portfolio.parse_tree(changed(changes)), BOOKS[name])


@pytest.mark.parametrize("name", [TWO, ONE, STANDARD])
def test_a_confidence_counts_from_just_below_its_threshold(name):
    """As decimals: 0.549999999999999999 and 0.55 are one float."""

    def initial(confidence):
        (statement,) = found(name, **{f"{BTC}.confidence": confidence})
        return statement.initial_margin

    assert initial("0.55") == initial("1")
    assert initial("0.549999999999999999") - initial("0.55") > 100_000


def test_a_peg_counts_from_just_below_its_threshold():
    (at,) = found(TWO, market__stable__price="0.99")
    (below,) = found(TWO, market__stable__price="0.989999999999999999")
    (kept,) = found(TWO, market__stable__price="1")
    assert at.initial_margin == kept.initial_margin
    assert below.initial_margin == pytest.approx(at.initial_margin)  # by 1e-18 of the factor
    assert found(TWO, market__stable__price="0.9")[0].initial_margin > 1.2 * at.initial_margin
