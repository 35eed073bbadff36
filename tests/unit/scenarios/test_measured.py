"""Tests of measured scenario sets: the files that come with the library, and a book of them."""

import copy
import math
from decimal import Decimal

import pytest
from msgspec import structs

from hullmark.domain import Node, Portfolio
from hullmark.errors import DocumentError
from hullmark.rulebooks import PartName, load_rulebook, statements
from hullmark.scenarios import VolMove
from hullmark.scenarios.measured import Measured, MeasuredSet, load_measured, measured_names

NAME = "measured-2026-02"
BOTH = {"set": NAME, "of": ["BTC", "ETH"]}
FILE = {
    "title": "A day",
    "source": "nobody",
    "program": "none",
    "horizon_hours": "24",
    "snapshots": 2,
    "underlyings": {
        "BTC": {
            "shape": {
                "short_power": "0.3",
                "long_power": "0.5",
                "days_min": "2",
                "days_max": "180",
                "deviations_max": "1",
                "factor_min": "0.1",
            },
            "scenarios": [
                {"name": "fall", "spot": "0.9", "level": "0.2", "term": "-0.01", "skew": "0.05"}
                | {"weight": "1"},
                {"name": "rise", "spot": "1.1", "level": "-0.1", "term": "0", "skew": "0"}
                | {"weight": "0.5"},
            ],
        }
    },
}
DOCUMENT = {
    "version": 2,
    "market": {
        "stable": {"price": "1"},
        "underlyings": {
            "BTC": {
                "spot": "70000",
                "confidence": "1",
                "perpetual": {"mark": "70000", "confidence": "1"},
                "expiries": {
                    "month": {
                        "seconds": 2_592_000,
                        "forward": "70000",
                        "forward_confidence": "1",
                        "rate": "0",
                        "rate_confidence": "1",
                        "vol_confidence": "1",
                        "vols": {"60000": "0.6", "70000": "0.5", "80000": "0.52"},
                    }
                },
            }
        },
    },
    "parameters": {},
    "accounts": [
        {
            "name": "a",
            "cash": {"USDC": "50000"},
            "perpetuals": [{"underlying": "BTC", "size": "1", "entry": "70000"}],
            "options": [
                {"underlying": "BTC", "expiry": "month", "strike": "60000", "type": "put"}
                | {"size": "-2"},
                {"underlying": "BTC", "expiry": "month", "strike": "80000", "type": "call"}
                | {"size": "1"},
            ],
        }
    ],
}


def measured_book():
    """Return Derive's second book with the measured set instead of its own scenarios."""
    book = load_rulebook("derive-portfolio-2")
    composition = structs.replace(book.composition, scenarios=PartName("measured", "measured"))
    own = {k: v for k, v in book.parameters.items() if k not in ("scenarios", "skew", "vol_shock")}
    return structs.replace(book, composition=composition, parameters=own | {"measured": BOTH})


def normal(x):
    return 0.5 * math.erfc(-x / math.sqrt(2))


def premium(forward, strike, years, vol, *, call):
    s = vol * math.sqrt(years)
    d = math.log(forward / strike) / s + s / 2
    value = forward * normal(d) - strike * normal(d - s)
    return value if call else value - forward + strike


def slow_gain(shock):
    """Return what the account of the document gains, read off the formulas; static discount out."""
    spot, move, years = float(shock.spot), shock.vol, 30 / 365
    gain = 70_000 * (spot - 1)
    for strike, vol, call, size in ((60_000, 0.6, False, -2), (80_000, 0.52, True, 1)):
        z = math.log(strike / 70_000) / (vol * math.sqrt(years))
        z = min(max(z, -move.shape.deviations_max), move.shape.deviations_max)
        moved = vol * (1 + move.level + move.skew * z)  # at 30 days
        after = premium(70_000 * spot, strike, years, moved, call=call)
        gain += size * (after - premium(70_000, strike, years, vol, call=call))
    return gain


def test_the_library_comes_with_the_set_of_february_2026():
    assert NAME in measured_names()
    found = load_measured(NAME)
    assert set(found.scenarios) == {"BTC", "ETH"}
    assert found.program == "tools/measure_dynamics.py"
    assert found.horizon_hours == 24
    for shocks in found.scenarios.values():
        assert len(shocks) >= 22
        assert all(isinstance(shock.vol, VolMove) for shock in shocks.values())
        assert all(Decimal("0.8") < shock.spot < Decimal("1.2") for shock in shocks.values())
        assert {shock.weight for shock in shocks.values()} == {1}
        fall, rise = shocks["worst fall"], shocks["worst rise"]
        assert fall.spot < 1 < rise.spot
        assert fall.vol.level > 0.15
        assert rise.vol.level < 0


def test_no_move_of_the_set_reaches_the_floor_of_its_factor():
    for shocks in load_measured(NAME).scenarios.values():
        for shock in shocks.values():
            move, shape = shock.vol, shock.vol.shape
            for days in (shape.days_min, 7.0, 30.0, shape.days_max):
                power = shape.power_short if days <= 30 else shape.power_long
                turned = move.term * math.log(30 / days)
                for z in (-1, 1):
                    factor = 1 + (30 / days) ** power * (move.level + move.skew * z) + turned
                    assert factor > 2 * shape.factor_min


def test_a_part_takes_the_scenarios_of_the_underlyings_that_it_is_asked_for():
    sets = load_measured(NAME).scenarios
    both = Measured.parse(Node("measured", BOTH)).shocks
    ether = Measured.parse(Node("measured", {**BOTH, "of": ["ETH"]})).shocks
    assert both == (*sets["BTC"].values(), *sets["ETH"].values())
    assert ether == tuple(sets["ETH"].values())


def test_a_file_is_read_by_its_keys():
    shocks = MeasuredSet.parse(Node("", FILE)).scenarios["BTC"]
    assert list(shocks) == ["fall", "rise"]
    assert (shocks["rise"].spot, shocks["rise"].weight) == (Decimal("1.1"), Decimal("0.5"))
    move = shocks["fall"].vol
    assert (move.level, move.term, move.skew, move.shape.power_long) == (0.2, -0.01, 0.05, 0.5)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({**BOTH, "set": "measured-1987-10"}, r"measured\.set must be one of .*measured-2026-02"),
        ({**BOTH, "of": ["SOL"]}, r"measured\.of\[0\] must be one of BTC, ETH, was 'SOL'"),
        ({**BOTH, "of": []}, r"measured\.of must name at least one underlying"),
        ({**BOTH, "of": ["BTC", "BTC"]}, r"measured\.of must name .* each once"),
        ({"set": NAME}, r"measured must have the key 'of'"),
        (NAME, r"measured must be an object, was 'measured-2026-02'"),
    ],
)
def test_a_section_that_breaks_a_rule_is_refused(section, message):
    with pytest.raises(DocumentError, match=message):
        Measured.parse(Node("measured", section))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("name", "rise", r"BTC\.scenarios\[1\]\.name must be used once, was 'rise'"),
        ("spot", "0", r"BTC\.scenarios\[0\]\.spot must be > 0, was '0'"),
        ("weight", "-1", r"BTC\.scenarios\[0\]\.weight must be >= 0, was '-1'"),
        ("level", 0.2, r"BTC\.scenarios\[0\]\.level must be a decimal string"),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused(key, value, message):
    tree = copy.deepcopy(FILE)
    tree["underlyings"]["BTC"]["scenarios"][0][key] = value
    with pytest.raises(DocumentError, match=message):
        MeasuredSet.parse(Node("", tree))


def test_a_rule_book_with_the_measured_set_values_every_scenario_as_a_slow_reference_does():
    book = measured_book()
    calm = {"base": "1", "rate_factor": "0", "rate_add": "0"}
    parameters = {**book.parameters, "discount": {"long": calm, "short": calm}}
    book = structs.replace(book, parameters=parameters)
    (statement,) = statements(Portfolio.parse_tree(DOCUMENT), book)
    (part,) = statement.underlyings
    shocks = Measured.parse(Node("measured", BOTH)).shocks
    gains = list(part.scenarios.values())[: len(shocks)]  # the basis contingency comes last
    assert gains == pytest.approx([slow_gain(s) for s in shocks], rel=1e-9)
    assert part.worst == min(part.scenarios.values())
    assert part.worst_scenario.startswith("-1")


def test_the_greeks_bound_of_a_measured_book_holds():
    book = measured_book().open()
    portfolio = Portfolio.parse_tree(DOCUMENT)
    batches = book.margin.evaluate(portfolio.market, portfolio.accounts)
    bounds = book.margin.greek_bounds(portfolio.market, portfolio.accounts)
    for batch, (estimate, error) in zip(batches, bounds.values(), strict=True):
        assert abs(batch.worst[0] - estimate) <= error
