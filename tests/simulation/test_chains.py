"""The crash of 10 October 2025 in its two worst hours, under four chains and four policies.

A few hundred accounts and no insurance fund, in a book as large against its market as the one of
the replay, so that every stage is reached and deleveraging has something to bring.
"""

from pathlib import Path

import pytest

from hullmark.sim import ChainsRequest, chains_report, compare_chains

ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "scenarios"
WINDOW = (
    ('start = "2025-10-10T00:00:00Z"', 'start = "2025-10-10T20:00:00Z"'),
    ('stop = "2025-10-11T00:00:00Z"', 'stop = "2025-10-10T22:00:00Z"'),
)
POLICIES = ("queue", "pro-rata", "least-haircut")
QUANTUM_USD = 1e-6


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with the comparison of the scenarios, its fund gone and its window short."""
    folder = tmp_path_factory.mktemp("chains")
    (folder / "chains").symlink_to(SCENARIOS / "chains")
    for name, changes in (
        ("oct-2025.toml", WINDOW),
        ("chains.toml", (('fund_share = "0.0001"', 'fund_share = "0"'),)),
    ):
        text = (SCENARIOS / name).read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def compared(folder, **changes):
    fields = {
        "comparison": folder / "chains.toml",
        "scenario": folder / "oct-2025.toml",
        "venue": SCENARIOS / "oct-2025-venue.toml",
        "seed": 3,
        "accounts": 400,
        "open_interest_usd": 400_000_000,
    }
    return compare_chains(ChainsRequest(**{**fields, **changes}))


@pytest.fixture(scope="module")
def found(folder):
    return compared(folder)


@pytest.fixture(scope="module")
def runs(found):
    return {(run.chain, run.policy): run for run in found.runs}


def test_every_chain_is_played_under_every_policy_on_one_order_of_the_bars(found, runs):
    assert len(runs) == len(found.runs) == 16
    assert {run.order for run in found.runs} == {found.order}


def test_the_books_of_every_run_balance(found):
    assert [run.broken for run in found.runs] == [()] * 16


def test_deleveraging_has_something_to_bring_under_every_chain(runs):
    for policy in POLICIES:
        assert runs["book", policy].tally.asked_quanta > 0
        assert runs["book", policy].tally.sums.by_deleveraging > 0


def test_least_haircut_overshoots_by_rounding_only(runs):
    for (chain, policy), run in runs.items():
        if policy == "least-haircut" and run.tally.asked_quanta:
            sums = run.tally.sums
            bound = sums.closures + len(run.tally.deleveraged)
            assert sums.haircut - run.tally.asked_quanta <= bound, chain


def test_haircuts_and_bad_debt_are_what_was_asked(runs):
    for (_, policy), run in runs.items():
        tally = run.tally
        if policy == "none":
            assert tally.sums.haircut == 0
            assert tally.sums.bad_debt == tally.asked_quanta
        else:
            assert tally.sums.haircut >= tally.asked_quanta - tally.sums.bad_debt


@pytest.mark.parametrize(
    ("chain", "taken"),
    [
        ("book", ("by_orders",)),
        ("auction", ("by_orders", "by_auctions")),
        ("backstop", ("by_orders", "by_makers", "by_pool")),
        ("full", ("by_orders", "by_auctions", "softly")),
    ],
)
def test_each_part_of_a_chain_takes_positions(runs, chain, taken):
    for name in taken:
        assert any(getattr(runs[chain, policy].tally.sums, name) for policy in POLICIES), name


def test_the_staked_pool_pays_only_where_the_chain_has_one(runs):
    for (chain, _), run in runs.items():
        if chain != "full":
            assert run.tally.sums.backstop == 0


def test_everybody_is_cured_or_still_counted(runs):
    for run in runs.values():
        tally = run.tally
        assert len(tally.cure_ns) > 0
        assert min(tally.cure_ns) >= 0


def test_equal_seeds_give_equal_runs_for_any_number_of_processes(folder, found):
    again = compare_chains(
        ChainsRequest(
            comparison=_short(folder), scenario=folder / "oct-2025.toml",
            venue=SCENARIOS / "oct-2025-venue.toml", seed=3, accounts=400,
            open_interest_usd=400_000_000,
        ),
        workers=2,
    )  # fmt: skip
    hashes = {(run.chain, run.policy): run.state_hash for run in found.runs}
    assert {(r.chain, r.policy): r.state_hash for r in again.runs}.items() <= hashes.items()


def test_the_report_holds_the_sums_of_the_runs(found):
    tree = chains_report(found)
    assert len(tree["runs"]) == 16
    for run, told in zip(found.runs, tree["runs"], strict=True):
        paid = [float(told["paid"][step]) for step in told["paid"]]
        assert sum(paid) == pytest.approx(float(told["deficit"]), abs=10 * QUANTUM_USD)
        assert told["state_hash"] == run.state_hash


def _short(folder):
    """Return a comparison of one chain under two policies."""
    text = (folder / "chains.toml").read_text(encoding="utf-8")
    lines = [
        'chains = ["chains/book.toml"]' if line.startswith("chains =") else
        'policies = ["none", "queue"]' if line.startswith("policies =") else line
        for line in text.splitlines()
    ]  # fmt: skip
    path = folder / "short.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path
