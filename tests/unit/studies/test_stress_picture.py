"""The picture of a stress test: what is on it, and that equal studies look the same."""

import re

import pytest

from hullmark.studies import ParticipantLoss, ScenarioLoss, StressScenario, StressStudy, draw_stress
from hullmark.studies._stress_picture import _SERIES, ROWS_MAX


def study(*losses, fund_usd=1e6):
    """Return a study of losses, the two largest participants a half and a quarter of each."""
    scenarios = tuple(
        ScenarioLoss(
            scenario=StressScenario(f"shock {n}", {}),
            defaults=3,
            loss_usd=usd,
            largest=(ParticipantLoss("a", usd / 2), ParticipantLoss("b", usd / 4)),
            by_market={"BTC": usd},
            fund_usd=fund_usd,
            uncovered_usd=max(usd - fund_usd, 0.0),
        )
        for n, usd in enumerate(losses)
    )
    return StressStudy(scenarios=scenarios, accounts=9, unknown=(), without_depth=())


def names(picture):
    """Return the names of scenarios that an SVG shows: matplotlib notes each text it draws."""
    return re.findall(r"<!-- (shock \d+) -->", picture.decode())


@pytest.mark.parametrize("form", ["png", "svg"])
def test_equal_studies_give_equal_pictures(form):
    found = study(4e6, 2e5, 0.0)
    picture = draw_stress(found, form=form)
    assert picture == draw_stress(found, form=form)
    assert picture != draw_stress(study(4e6, 2e5, 3.0), form=form)
    assert picture != draw_stress(study(4e6, 2e5, 0.0, fund_usd=2e6), form=form)


def test_every_scenario_has_its_row_in_the_order_of_the_set():
    assert names(draw_stress(study(1.0, 30.0, 2.0), form="svg")) == [
        "shock 0",
        "shock 1",
        "shock 2",
    ]


def test_of_very_many_the_costliest_are_shown():
    shown = names(draw_stress(study(*range(10, 10 + 2 * ROWS_MAX)), form="svg"))
    assert shown == [f"shock {n}" for n in range(ROWS_MAX, 2 * ROWS_MAX)]


def test_a_book_that_loses_nothing_and_a_venue_without_a_fund_can_be_drawn():
    assert draw_stress(study(0.0, fund_usd=0.0)).startswith(b"\x89PNG")


def test_of_equal_losses_the_smaller_mark_lies_on_the_larger():
    one, two, both = _SERIES
    assert one[3] < two[3] * 2**0.5 / 2 < both[3] / 2  # across a square, a diamond is a turned one
