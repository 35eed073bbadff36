"""Deribit's rule books and their relatives against published numbers and an independent reference.

``deribit.json`` holds documents with complete parameters, what the venue printed (*published*) and
what ``tests/reference/deribit.py`` computes with 50 digits (*reference*).
"""

import json
from pathlib import Path

import pytest

from hullmark.domain import Portfolio
from hullmark.rulebooks import load_rulebook, statements

CASES = json.loads((Path(__file__).parent / "deribit.json").read_text(encoding="utf-8"))["cases"]
TOLERANCE = 1e-9  # relative; the venue rounds to nine decimals


def computed(case):
    book = load_rulebook(case["rulebook"])
    found = statements(Portfolio.parse_tree(case["document"]), book)
    return {"USD" if s.currency == "USDC" else s.currency: s for s in found}


def close(value):
    return pytest.approx(float(value), rel=TOLERANCE, abs=1e-15)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_margins_and_scenarios_are_those_of_the_reference(case):
    found = computed(case)
    for currency, expected in case["reference"].items():
        if currency not in found:
            assert float(expected["initial"]) == float(expected["maintenance"]) == 0.0
            continue
        statement = found[currency]
        assert statement.initial_margin == close(expected["initial"])
        assert statement.maintenance_margin == close(expected["maintenance"])
        for part in statement.underlyings:
            tables = expected.get("underlyings", {}).get(part.underlying)
            if tables:
                gains = [*tables["matrix"], *tables["extended"]]
                assert list(part.scenarios.values()) == [close(gain) for gain in gains]


HOLDINGS = ("perpetuals", "futures", "options", "orders")
PRINTED = [  # an account that holds nothing has no statement in a coin
    (case, currency, key, value)
    for case in CASES
    if any(account.get(kind) for account in case["document"]["accounts"] for kind in HOLDINGS)
    for currency, numbers in case["published"].items()
    for key, value in numbers.items()
    if key in ("initial", "maintenance")
]


@pytest.mark.parametrize(
    ("case", "currency", "key", "value"),
    PRINTED,
    ids=[f"{c['name']}: {k}" for c, _, k, _ in PRINTED],
)
def test_margins_are_those_that_the_venue_printed(case, currency, key, value):
    statement = computed(case)[currency]
    digits = len(value.partition(".")[2])
    margin = statement.initial_margin if key == "initial" else statement.maintenance_margin
    assert margin == pytest.approx(float(value), abs=0.5001 * 10.0**-digits)
