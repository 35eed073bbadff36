"""Statements of documents: what cannot be read is refused with its path, and limits hold."""

import json

import pytest

from hullmark.domain import Portfolio
from hullmark.errors import DocumentError
from hullmark.rulebooks import statements

from .documents import (
    ABSENT,
    ACCOUNT,
    BOOKS,
    BTC,
    DERIBIT,
    DOCUMENT,
    MARCH,
    ONE,
    SMILE,
    STANDARD,
    SVI,
    TWO,
    changed,
    found,
)

READ = {  # what every rule book refuses alike: the document itself
    "a strike listed twice": (
        {f"{MARCH}.vols": {"120000": "0.5", "120000|0".replace("|", "."): "0.6", "90000": "0.6"}},
        r"BTC\.expiries\.march\.vols must have each strike once, was '120000.0'",
    ),
    "a strike for both sides and for one": (
        {f"{MARCH}.vols": {"120000": "0.5", "120000-C": "0.6", "90000": "0.6"}},
        r"march\.vols must have each strike once, was '120000-C'",
    ),
    "a strike for one side and for both": (
        {f"{MARCH}.vols": {"120000-P": "0.5", "120000": "0.6", "90000": "0.6"}},
        r"march\.vols must have each strike once, was '120000'",
    ),
    "a mark listed twice": (
        {f"{MARCH}.marks": {"120000-C": "0.5", "120000.0-C": "0.6"}},
        r"march\.marks must have each option once, was '120000.0-C'",
    ),
    "a mark of neither side": (
        {f"{MARCH}.marks": {"120000": "0.5"}},
        r"march\.marks must have keys such as '120000-C' or '120000-P', was '120000'",
    ),
    "a strike that is no number": (
        {f"{MARCH}.vols": {"atm": "0.5"}},
        r"key 'atm' of market.*vols must be a decimal string such as \"12.5\", was 'atm'",
    ),
    "an option held twice": (
        {f"{ACCOUNT}.options.1": {**DOCUMENT["accounts"][0]["options"][0], "strike": "120000.0"}},
        r"accounts\[0\]\.options\[1\] must be the account's only one, was 'BTC march 120000 call'",
    ),
    "vols beside SVI": (
        {f"{MARCH}.svi": SVI},
        r"march must have 'vols' or 'svi', not both, was 'both'",
    ),
    "a forward of nothing": (
        {f"{MARCH}.forward": {"fixed": "0", "variable": "0"}},
        r"march\.forward must be > 0, was '0 \+ 0'",
    ),
    "a negative part of a forward": (
        {f"{MARCH}.forward": {"fixed": "-1", "variable": "9"}},
        r"march\.forward\.fixed must be >= 0, was '-1'",
    ),
    "a forward of zero": ({f"{MARCH}.forward": "0"}, r"march\.forward must be > 0, was '0'"),
    "a vol of zero": ({f"{MARCH}.vols.120000": "0"}, r"march\.vols\.120000 must be > 0, was '0'"),
    "a negative vol": (
        {f"{MARCH}.vols.120000": "-0.5"},
        r"march\.vols\.120000 must be > 0, was '-0.5'",
    ),
    "nineteen decimals": (
        {f"{BTC}.confidence": "0.3999999999999999999"},
        r"BTC\.confidence must have at most 15 digits and 18 decimals, was '0.3999999999999999999'",
    ),
    "sixteen digits": (
        {f"{ACCOUNT}.options.0.size": "1000000000000000"},
        r"options\[0\]\.size must have at most 15 digits .*, was '1000000000000000'",
    ),
    "an exponent": (
        {f"{BTC}.spot": "1e5"},
        r"BTC\.spot must be a decimal string such as \"12.5\", was '1e5'",
    ),
    "a number in place of a text": (
        {f"{BTC}.spot": 100_000},
        r"BTC\.spot must be a decimal string such as \"12.5\", was 100000",
    ),
    "a float in place of a text": (
        {f"{BTC}.spot": 1.5},
        r"BTC\.spot must be a decimal .*, was 1.5",
    ),
    "not a number": ({f"{BTC}.spot": "NaN"}, r"BTC\.spot must be a decimal string .*, was 'NaN'"),
    "a confidence above one": (
        {f"{BTC}.confidence": "1.000000000000000001"},
        r"BTC\.confidence must be <= 1, was '1.000000000000000001'",
    ),
    "seconds with a fraction": (
        {f"{MARCH}.seconds": 1.5},
        r"march\.seconds must be a whole number, was 1.5",
    ),
    "seconds before the expiry": (
        {f"{MARCH}.seconds": -1},
        r"march\.seconds must be >= 0, was -1",
    ),
    "an expiry in a thousand years": (
        {f"{MARCH}.seconds": 10**400},
        r"march\.seconds must be <= 10000000000, was 1000.*",
    ),
    "a size of zero": (
        {f"{ACCOUNT}.options.0.size": "0"},
        r"options\[0\]\.size must not be zero, was '0'",
    ),
    "a key that nobody reads": (
        {f"{BTC}.vol": "0.5"},
        r"BTC must have no keys but .*spot, was 'vol'",
    ),
    "an unknown underlying": (
        {f"{ACCOUNT}.options.0.underlying": "SOL"},
        r"options\[0\]\.underlying must be one of market.underlyings, was 'SOL'",
    ),
    "an unknown expiry": (
        {f"{ACCOUNT}.options.0.expiry": "july"},
        r"options\[0\]\.expiry must be one of market.underlyings.BTC.expiries, was 'july'",
    ),
    "a perpetual without its mark": (
        {f"{BTC}.perpetual": ABSENT},
        r"market\.underlyings\.BTC must have a 'perpetual', since an account holds it, and has not",
    ),
    "a collateral without its price": (
        {f"{ACCOUNT}.collaterals": {"WETH": "1"}},
        r"accounts\[0\]\.collaterals\.WETH must be priced by market.collaterals, was 'WETH'",
    ),
    "a debt in collateral": (
        {f"{ACCOUNT}.collaterals": {"CBBTC": "-1"}},
        r"accounts\[0\]\.collaterals\.CBBTC must be >= 0, was '-1'",
    ),
    "a second account of one name": (
        {"accounts.1": {"name": "a", "cash": {}}},
        r"accounts\[1\] must have a name of its own, was 'a'",
    ),
    "another version": ({"version": 3}, r"version must be 2, was 3"),
    "a parameter that is a float": (
        {"parameters": {"factors": {"initial": 1.5}}},
        r"parameters\.factors\.initial must be an object, .* or a boolean, was 1.5",
    ),
    "rho beyond one": (
        {**SMILE, f"{MARCH}.svi": {**SVI, "rho": "-1.1"}},
        r"march\.svi\.rho must be in \[-1, 1\], was '-1.1'",
    ),
}


@pytest.mark.parametrize("name", [TWO, STANDARD, DERIBIT])
@pytest.mark.parametrize(("changes", "message"), READ.values(), ids=READ)
def test_a_document_that_breaks_its_schema_is_refused(name, changes, message):
    with pytest.raises(DocumentError, match=message):
        statements(Portfolio.parse_tree(changed(changes)), BOOKS[name])


def test_a_key_that_is_there_twice_is_refused():
    text = json.dumps(changed({})).replace('"spot": "100000"', '"spot": "100000", "spot": "1"')
    with pytest.raises(DocumentError, match=r"BTC must have each key once, was 'spot'"):
        Portfolio.parse(text)


def test_a_parameter_that_is_there_twice_is_refused():
    text = json.dumps(changed({"parameters": {"factors": {"initial": "1"}}}))
    text = text.replace('"initial": "1"', '"initial": "1", "initial": "2"')
    with pytest.raises(DocumentError, match=r"parameters\.factors must have each key once"):
        Portfolio.parse(text)


def test_a_bare_nan_is_refused():
    text = json.dumps(changed({})).replace('"100000"', "NaN")
    with pytest.raises(DocumentError, match=r"BTC\.spot must be a decimal string .*, was nan"):
        Portfolio.parse(text)


def test_no_accounts_have_no_statements():
    for book in BOOKS.values():
        assert statements(Portfolio.parse_tree(changed({"accounts": []})), book) == ()


def test_an_account_without_anything_needs_nothing():
    for name, book in BOOKS.items():
        tree = changed({"accounts": [{"name": "a", "cash": {}}], "market.underlyings": {}})
        (statement,) = statements(Portfolio.parse_tree(tree), book)
        assert statement.initial_margin == statement.maintenance_margin == 0.0, name


@pytest.mark.parametrize("name", [TWO, ONE, STANDARD])
def test_huge_sizes_and_prices_stay_finite(name):
    huge = "999999999999999"
    changes = {
        f"{ACCOUNT}.options.0.size": f"-{huge}",
        f"{ACCOUNT}.options.1.size": huge,
        f"{BTC}.spot": huge,
        f"{MARCH}.forward": {"fixed": "0", "variable": huge},
        f"{MARCH}.vols": {"120000": huge, "90000": "0.000000000000000001"},
        f"{ACCOUNT}.cash": {"USDC": f"-{huge}"},
    }
    (statement,) = found(name, **changes)
    assert 1e29 < statement.initial_margin < 1e32
