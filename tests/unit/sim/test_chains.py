"""Tests of a comparison: what it holds fixed, what differs, and what it refuses."""

import pytest

from hullmark.errors import InvalidInputError, PluginError
from hullmark.sim import compare_chains
from hullmark.sim._founding import FIRST_USER


def test_every_chain_is_played_under_every_policy_in_their_order(comparison):
    assert [(run.chain, run.policy) for run in comparison.runs] == [
        ("book", "none"),
        ("book", "queue"),
    ]
    assert {run.order for run in comparison.runs} == {comparison.order}


def test_the_book_is_two_sided_and_as_large_as_asked(comparison):
    population = comparison.book.population
    assert population.start.size - 1 == 200
    assert population.lots.sum() == 0
    assert population.gross_usd.sum() >= 200_000_000 * 0.99


def test_the_books_balance_and_what_hedged_accounts_have_is_told(comparison):
    hedged = {n + FIRST_USER for n in comparison.book.hedged.tolist()}
    for run in comparison.runs:
        assert run.broken == ()
        assert set(run.hedged_net_usd) == hedged


def test_a_policy_changes_who_pays_and_not_the_book(comparison):
    bare, queue = comparison.runs
    assert bare.state_hash != queue.state_hash
    assert bare.tally.sums.haircut == 0
    assert queue.tally.sums.haircut > 0
    assert bare.tally.sums.bad_debt > queue.tally.sums.bad_debt


def test_processes_change_nothing_but_the_time_it_takes(comparison, chains_request):
    told = []
    again = compare_chains(
        chains_request(), workers=2, on_progress=lambda done, total: told.append((done, total))
    )
    assert [run.state_hash for run in again.runs] == [run.state_hash for run in comparison.runs]
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_another_seed_is_another_book(comparison, chains_request):
    other = compare_chains(chains_request(seed=4, accounts=100))
    assert other.book.population.start.size - 1 == 100
    assert other.runs[0].state_hash != comparison.runs[0].state_hash


def test_no_workers_at_all_are_refused(chains_request):
    with pytest.raises(InvalidInputError, match="workers must be >= 1, was 0"):
        compare_chains(chains_request(), workers=0)


def test_a_policy_that_nobody_installed_is_refused(chains_request, tmp_path):
    text = chains_request().comparison.read_text(encoding="utf-8")
    (tmp_path / "chains").symlink_to(chains_request().comparison.parent / "chains")
    path = tmp_path / "comparison.toml"
    path.write_text(text.replace('"queue"', '"lottery"'), encoding="utf-8")
    with pytest.raises(PluginError, match="no deleveraging 'lottery'"):
        compare_chains(chains_request(comparison=path))


def test_a_single_run_needs_no_processes(chains_request, tmp_path):
    text = chains_request().comparison.read_text(encoding="utf-8")
    (tmp_path / "chains").symlink_to(chains_request().comparison.parent / "chains")
    path = tmp_path / "comparison.toml"
    path.write_text(text.replace('["none", "queue"]', '["none"]'), encoding="utf-8")
    found = compare_chains(chains_request(comparison=path, accounts=60), workers=2)
    assert [run.policy for run in found.runs] == ["none"]
