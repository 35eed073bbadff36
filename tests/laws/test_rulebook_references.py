"""The rule books on random documents, against independent references with fifty digits."""

import copy

import pytest
from hypothesis import given, settings, strategies as st

from hullmark.rulebooks import with_parameter

from .books import (
    DERIBIT_BOOKS,
    DERIVE_BOOKS,
    Draw,
    contract_of,
    document,
    gross,
    margin,
    margins,
    text,
)

TOLERANCE = 1e-10  # relative to the gross notional; the bound of the pricing is 1e-15
QUANTUM = 1e-9  # Deribit rounds to nine decimals, and a half may fall either way
seeds = st.integers(0, 2**32)
FEW_SCENARIOS = [  # one of each kind: the parameters are what is tried
    {"spot": "1.18", "vol": "up", "weight": "1"},
    {"spot": "0.67", "vol": "down", "weight": "0.42"},
    {"spot": "1", "vol": "linear", "weight": "1"},
    {"spot": "1", "vol": "absolute", "weight": "1"},
]
SWEPT = {  # low and high, within what the venue's own setters accept
    "scenarios.0.spot": ("0.4", "3"),
    "scenarios.0.weight": ("0", "1.7"),
    "scenarios.2.weight": ("0.1", "1.7"),
    "vol_shock.up": ("0", "3"),
    "vol_shock.down": ("0", "3"),
    "vol_shock.short_power": ("0", "2"),
    "vol_shock.long_power": ("0", "2"),
    "vol_shock.floor_days": ("0.01", "100"),
    "vol_shock.vol_min": ("0", "3"),
    "skew.linear.cap": ("0", "3"),
    "skew.linear.slope": ("-2", "2"),
    "skew.absolute.cap": ("0", "3"),
    "skew.absolute.slope": ("-2", "2"),
    "skew.k_min": ("0.000001", "2"),
    "skew.width": ("0", "10"),
    "skew.vol_static": ("0", "3"),
    "skew.vol_slope": ("-2", "2"),
    "discount.long.base": ("0", "2"),
    "discount.long.rate_factor": ("0", "4"),
    "discount.long.rate_add": ("0", "2"),
    "discount.short.base": ("0", "2"),
    "discount.short.rate_factor": ("0", "4"),
    "discount.short.rate_add": ("0", "2"),
    "basis.up": ("1.000001", "2.9"),
    "basis.down": ("0.01", "0.999"),
    "basis.add": ("0", "20"),
    "basis.per_year": ("0", "20"),
    "factors.initial": ("0.5", "4"),
    "factors.maintenance": ("0.5", "4"),
    "peg.threshold": ("0", "2"),
    "peg.factor": ("0", "10"),
    "confidence.threshold": ("0", "1"),
    "confidence.factor": ("0", "3"),
    "perpetual.initial": ("0", "1"),
    "perpetual.maintenance": ("0", "1"),
    "naked_option.initial": ("0", "1"),
    "naked_option.maintenance": ("0", "1"),
}


def close(value, tree):
    return pytest.approx(float(value), rel=TOLERANCE, abs=TOLERANCE * gross(tree))


def assert_same_as_derive(tree, name):
    expected, statement = DERIVE_BOOKS[name](tree, 0), margin(tree, name)
    assert statement.initial_excess == close(expected["initial"], tree)
    assert statement.maintenance_excess == close(expected["maintenance"], tree)
    assert statement.mark_to_market == close(expected["mark_to_market"], tree)
    if expected["scenarios"]:
        (part,) = statement.underlyings
        found = list(part.scenarios.values())[: len(expected["scenarios"])]
        assert found == [close(gain, tree) for gain in expected["scenarios"]]
        assert part.worst == close(min([*expected["scenarios"], expected["basis"]]), tree)


def assert_same_as_deribit(tree, name):
    found = {"USD" if s.currency[:2] == "US" else s.currency: s for s in margins(tree, name)}
    allowed = TOLERANCE * gross(tree) + QUANTUM
    for currency, expected in DERIBIT_BOOKS[name](tree, tree["accounts"][0]).items():
        statement = found[currency]
        for kind in ("initial", "maintenance"):
            required = getattr(statement, f"{kind}_margin")
            assert required == pytest.approx(float(expected[kind]), rel=TOLERANCE, abs=allowed)
        for part in statement.underlyings:
            tables = expected.get("underlyings", {}).get(part.underlying)
            if tables:
                gains = [*tables["matrix"], *tables["extended"]]
                assert list(part.scenarios.values()) == [close(gain, tree) for gain in gains]


@pytest.mark.parametrize("name", DERIVE_BOOKS)
def test_derive_margins_are_those_of_the_reference(name):
    @settings(max_examples=12)
    @given(seeds)
    def check(seed):
        assert_same_as_derive(document(name, seed), name)

    check()


@pytest.mark.parametrize("name", DERIBIT_BOOKS)
def test_deribit_like_margins_are_those_of_the_reference(name):
    @settings(max_examples=3 if name == "deribit-portfolio" else 12)
    @given(seeds)
    def check(seed):
        tree = document(name, seed)
        for rules in tree["parameters"]["markets"].values():
            if "matrix" in rules:  # the golden cases have all of the venue's moves
                rules["matrix"] |= {"steps": "1", "extended": ["-0.5", "1", "4"]}
        assert_same_as_deribit(tree, name)

    check()


@pytest.fixture(scope="module")
def thirty_legs():
    """Return a document of one account with thirty options on three expiries, and a perpetual."""
    name = "derive-portfolio-2"
    seed = next(
        seed
        for seed in range(1_000)
        if len(document(name, seed)["market"]["underlyings"]["ETH"]["expiries"]) == 3
    )
    tree, draw = document(name, seed), Draw(seed)
    market = tree["market"]["underlyings"]["ETH"]
    for seconds, expiry in zip(
        (1_000, 700_000, 9_000_000), market["expiries"].values(), strict=True
    ):
        expiry |= {"seconds": seconds, "vol_confidence": "0.5", "rate": "0.1"}
    (account,) = tree["accounts"]
    account["options"] = draw.options("ETH", market, 30, 30)
    account["perpetuals"] = [{"underlying": "ETH", "size": "-40", "entry": market["spot"]}]
    account["collaterals"] = {"CBBTC": "3", "SDAI": "1000"}
    tree["market"]["stable"]["price"] = "0.97"
    tree["parameters"]["scenarios"] = FEW_SCENARIOS
    assert len({contract_of(option) for option in account["options"]}) == 30
    return tree


@pytest.mark.parametrize("path", SWEPT)
def test_each_parameter_counts_as_in_the_reference(path, thirty_legs):
    found = set()
    if path == "basis.down":  # of this book the move up is the worse one, of its mirror the other
        thirty_legs = copy.deepcopy(thirty_legs)
        for option in thirty_legs["accounts"][0]["options"]:
            option["size"] = text(-float(option["size"]), 3)
    for value in SWEPT[path]:
        parameters = with_parameter(thirty_legs["parameters"], f"{path}={value}")
        tree = {**thirty_legs, "parameters": parameters}
        assert_same_as_derive(tree, "derive-portfolio-2")
        (part,) = margin(tree, "derive-portfolio-2").underlyings
        found.add((part.initial, part.maintenance, *part.scenarios.values()))
    assert len(found) == 2, "the parameter must be read at all"
