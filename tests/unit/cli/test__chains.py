"""Tests of ``hullmark chains``: its table against the comparison, and what it refuses."""

import json
from pathlib import Path

import pytest

from hullmark.cli import ExitStatus, main
from hullmark.studies import read_chains

ROOT = Path(__file__).parents[3]
SCENARIOS = ROOT / "scenarios"
COMPARISON = """
chains = ["chains/book.toml"]
policies = ["none", "queue"]

[book]
accounts = "200"
hedged_share = "0.2"
fund_share = "0"
"""


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """Return the arguments of a small comparison of two hours."""
    folder = tmp_path_factory.mktemp("chains")
    (folder / "chains").symlink_to(SCENARIOS / "chains")
    (folder / "comparison.toml").write_text(COMPARISON, encoding="utf-8")
    text = (SCENARIOS / "oct-2025.toml").read_text(encoding="utf-8")
    for old, new in (("10T00:00:00Z", "10T21:00:00Z"), ("11T00:00:00Z", "10T21:30:00Z")):
        text = text.replace(f'= "2025-10-{old}"', f'= "2025-10-{new}"', 1)
    (folder / "short.toml").write_text(text, encoding="utf-8")
    return [
        "chains", "--comparison", str(folder / "comparison.toml"),
        "--scenario", str(folder / "short.toml"),
        "--venue", str(SCENARIOS / "oct-2025-venue.toml"),
        "--open-interest", "200000000", "--seed", "3", "--workers", "1",
    ]  # fmt: skip


def test_the_table_has_a_row_for_every_run_and_the_published_estimates(words, tmp_path, capsys):
    out, picture = tmp_path / "chains.json", tmp_path / "chains.png"
    assert main([*words, "--out", str(out), "--picture", str(picture)]) == ExitStatus.FINE
    said = capsys.readouterr().out
    report = read_chains(json.loads(out.read_text(encoding="utf-8")))
    assert [(run.chain, run.policy) for run in report.runs] == [("book", "none"), ("book", "queue")]
    for run in report.runs:
        row = f"{run.chain}   {run.policy:<6}"
        lines = [line for line in said.splitlines() if line.startswith(row)]
        assert len(lines) == 3
        assert f"{float(run.deficit):,.0f}" in lines[0]
        assert f"{float(run.notional.orders):,.0f}" in lines[1]
    assert "200 accounts" in said
    assert "taken more than needed: 45.0 to 51.7 m USD" in said
    assert "arXiv 2602.15182" in said
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_picture_of_another_form_is_refused_before_anything_is_played(words, capsys):
    assert main([*words, "--picture", "chains.gif"]) == ExitStatus.FAILURE
    assert "--picture must end in .png or .svg, was 'chains.gif'" in capsys.readouterr().err


def test_a_comparison_that_is_not_there_is_refused_by_name(words, tmp_path, capsys):
    asked = [tmp_path / "none.toml" if "comparison.toml" in word else word for word in words]
    assert main([str(word) for word in asked]) == ExitStatus.FAILURE
    assert "none.toml: it must be readable TOML" in capsys.readouterr().err
