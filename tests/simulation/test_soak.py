"""Histories that nobody wrote, from fixed seeds, and what the soak says when something is wrong.

Many more seeds run at night: ``make soak SEED=1 EVENTS=10000000``. A seed that has ever failed is
put into `KEPT`, with what it found.
"""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from hullmark.clearing import _decide_fill, _decide_losses
from hullmark.domain import Event, Parked, Reason, SystemAccount
from hullmark.ledger import Ledger
from hullmark.sim import Fault, History, soak, soak_table

ROOT = Path(__file__).parents[2]
# Long enough together to meet everything, and some to see contracts expire.
HISTORIES = {
    **dict.fromkeys((*range(3, 13), 16), 1_000),
    1: 6_000,
    2: 4_000,
    19: 6_000,
    64: 3_000,
    84: 6_000,
}

# Seed and events of histories that broke a law once.
KEPT = (
    (203, 98),  # a scenario moved coins by the funding index, and not by the funding that is owed
    (212, 366),  # what was lost in one asset explained a deficit in another
    (240, 700),  # a refusal named the first of the options as sent, and not as journalled
    (200022, 4_330),  # an option worth more coins than a price can be told stopped the venue
    (300000, 265),  # the auditor ranked the holder of what has never had a price
    (2, 330),  # what a stable price remembers was hashed otherwise when it had been read
    (1, 940),  # a policy without parts believed a source with a confidence below zero
)

# Why prices are in doubt, but for what few policies or hardly any history can bring about.
DOUBTS = {
    "missing", "not_positive", "late", "jump", "silence", "quorum", "dissent", "halted", "input",
}  # fmt: skip


@pytest.fixture(scope="module")
def report():
    return [soak(seed, events).histories[0] for seed, events in HISTORIES.items()]


def met(report, what):
    """Return everything of a kind that any history has met, with how often."""
    return sum((getattr(history, what) for history in report[1:]), getattr(report[0], what).copy())


def test_what_was_broken_once_stays_mended():
    assert [str(found) for at in KEPT if (found := soak(*at).failure)] == []


def test_every_law_holds_in_the_histories_of_fixed_seeds(report):
    assert [str(history.failure) for history in report if history.failure is not None] == []
    assert all(history.total >= HISTORIES[history.seed] for history in report)


def test_the_histories_meet_everything(report):
    assert set(met(report, "events")) == {event.__name__ for event in Event.__args__}
    assert set(met(report, "refusals")) == set(Reason)
    assert set(met(report, "parked")) == set(Parked)
    assert set(met(report, "doubts")) >= DOUBTS
    faults = met(report, "faults")
    assert {fault for fault in Fault if faults[fault]} == set(Fault)


def test_the_histories_survive_crashes_and_repetitions(report):
    assert sum(history.recoveries for history in report) > len(Fault)
    assert min(history.repeated for history in report) > 0
    assert min(history.turned_away for history in report) > 0
    assert {history.store for history in report} == {"memory", "sqlite"}


def test_histories_on_disk_begin_at_snapshots_and_followers_take_over_and_hand_over(report):
    on_disk = [history for history in report if history.store == "sqlite"]
    for what in ("restored", "takeovers", "handovers"):
        assert sum(getattr(history, what) for history in on_disk) > 1, what


def test_equal_seeds_give_equal_journals_and_facts_and_others_do_not():
    first, again, other = soak(21, 300), soak(21, 300), soak(22, 300)
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert first.histories[0].tip_hash == again.histories[0].tip_hash


def test_neither_the_process_nor_its_hash_seed_changes_a_history():
    code = "from hullmark.sim import soak; print(soak(21, 300).fingerprint)"
    environment = os.environ | {"PYTHONHASHSEED": "1234"}
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == soak(21, 300).fingerprint


def test_a_longer_history_begins_as_a_shorter_one_does():
    short, long = History(23), History(23)
    short.run(300)
    long.run(400)
    assert long.report.total > short.report.total
    for name in ("events", "commands", "refusals"):
        assert getattr(long.report, name) >= getattr(short.report, name)


def test_a_quantum_that_is_lost_is_found_and_told_in_one_line(monkeypatch, capsys):
    move = Ledger.move

    def careless(self, source, target, asset, quanta):
        move(self, source, target, asset, quanta)
        if target != SystemAccount.CUSTODY and quanta % 10 == 7:
            self._credit(asset, self.row_of[target], -1)

    monkeypatch.setattr(Ledger, "move", careless)
    line = printed(monkeypatch, capsys, "24", "3000")
    assert line.startswith("make soak SEED=24 EVENTS=")
    assert re.search(r"sum of \w+ must be 0, was -\d", line)


def test_causes_that_do_not_add_up_are_found(monkeypatch, capsys):
    split = _decide_losses.split_causes

    def careless(deficit, *args, **more):
        causes = split(deficit, *args, **more)
        return causes._replace(gap=causes.gap + 1)

    monkeypatch.setattr(_decide_losses, "split_causes", careless)
    assert "causes" in printed(monkeypatch, capsys, "22", "3000")


def test_the_line_of_a_failure_repeats_it(monkeypatch, capsys):
    monkeypatch.setattr(_decide_fill, "mul_div_ceil", lambda *args: 10**15)
    line = printed(monkeypatch, capsys, "24", "3000")
    command, _, said = line.partition("   # ")
    words = dict(word.split("=") for word in command.split()[2:])
    assert printed(monkeypatch, capsys, words["SEED"], words["EVENTS"]).endswith(said)


def test_what_the_engine_raises_is_told_like_a_broken_law(monkeypatch, capsys):
    def fall(*args, **more):
        raise ZeroDivisionError("a price of nothing\nin two lines")

    monkeypatch.setattr(_decide_losses, "allocate", fall)
    line = printed(monkeypatch, capsys, "24", "3000")
    assert line.endswith("raised ZeroDivisionError: a price of nothing in two lines\n")
    assert line.count("\n") == 1


def test_a_table_says_what_was_met(report):
    table = soak_table(soak(21, 300))
    assert "events in" in table
    assert "fingerprint" in table


def printed(monkeypatch, capsys, seed, events):
    """Return what the program prints of a soak that must fail."""
    monkeypatch.setattr(
        sys, "argv", ["soak.py", "--seed", seed, "--events", events, "--workers", "1"]
    )
    assert runpy.run_path(str(ROOT / "tools" / "soak.py"))["main"]() == 1
    return capsys.readouterr().out
