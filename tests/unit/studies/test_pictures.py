"""Tests of the pictures: nine, named, captioned with the report's own numbers, undated."""

import re

import pytest

from hullmark.studies._pictures import busy_minutes, draw_pictures
from hullmark.studies._report_read import read_report

NAMES = [
    "causes", "prices", "breaches", "fund", "instruments", "curve", "health", "map", "population",
]  # fmt: skip


@pytest.fixture(scope="module")
def pictures(crash):
    return draw_pictures(read_report(crash))


def test_every_picture_has_axes_with_units_and_a_sentence(pictures):
    assert list(pictures) == NAMES
    for picture in pictures.values():
        labels = re.findall(r">([^<>]+)</text>", picture.svg)
        assert any(re.search(r"\((USD|%|x|accounts|UTC|number)", label) for label in labels), (
            picture.name
        )
        assert picture.caption.endswith(".")
        assert f'aria-label="{picture.title}"' in picture.svg


def test_colours_come_from_the_page_and_text_stays_text(pictures):
    for picture in pictures.values():
        assert "var(--" in picture.svg
        drawn = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", picture.svg))
        assert drawn == set(), picture.name
        assert "<text" in picture.svg


def test_pictures_carry_no_date_and_no_metadata(pictures):
    for picture in pictures.values():
        assert "<metadata>" not in picture.svg
        assert "<?xml" not in picture.svg
        assert "matplotlib" not in picture.svg.lower()


def test_captions_count_what_they_show(pictures):
    assert pictures["prices"].caption.startswith("DOGE-PERP fell furthest, by 58.2%")
    assert pictures["breaches"].caption.startswith("3,210 of the 3,210 breaches")
    assert "paid $10.9M for deficits" in pictures["fund"].caption
    assert pictures["instruments"].caption == "BTC-PERP carries 34% of $186M."
    assert "1.5% of open interest would have left no bad debt" in pictures["curve"].caption
    assert "0 were in breach before the day and 17 after it" in pictures["health"].caption
    assert "at -10% before the day" in pictures["map"].caption


def test_busy_hours_hold_the_liquidations_and_little_else(report):
    line = read_report(report).journalled.timeline
    first, last = busy_minutes(line)
    inside = sum(n for m, n in zip(line.minute, line.notional, strict=True) if first <= m <= last)
    assert inside > 0.99 * sum(line.notional)
    assert last - first < 240


def test_a_quiet_day_is_shown_whole(quiet):
    line = read_report(quiet).journalled.timeline
    assert busy_minutes(line) == (0, 1435)


def test_settings_of_the_user_change_nothing_and_come_back(report, pictures):
    import matplotlib as mpl  # noqa: PLC0415

    with mpl.rc_context({"font.size": 31, "svg.fonttype": "path", "svg.hashsalt": None}):
        assert draw_pictures(read_report(report)) == pictures
        assert mpl.rcParams["font.size"] == 31


def test_a_cause_that_was_a_gain_is_drawn_to_the_left_of_zero(report):
    for run in report["runs"]:
        run["causes"]["latency"] = "-6000000"
    svg = draw_pictures(read_report(report))["causes"].svg
    assert "-$5M" in svg
