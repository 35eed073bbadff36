"""What a soak leaves: one line for a failure, sums and a fingerprint for the rest."""

from collections import Counter

from hullmark.domain import Reason
from hullmark.sim import HistoryReport, SoakFailure, SoakReport, soak_table


def history(seed, **changed):
    report = HistoryReport(seed=seed, store="memory", units=3, events=Counter(Traded=2, Refused=1))
    report.refusals[Reason.CASH_SHORT] += 1
    for name, value in changed.items():
        setattr(report, name, value)
    return report


def test_a_failure_is_one_line_that_a_shell_takes():
    failure = SoakFailure(7, 123, 99, "sum of USDT\n must be 0, was 1")
    assert str(failure) == ("make soak SEED=7 EVENTS=123   # unit 99: sum of USDT must be 0, was 1")


def test_the_first_failure_is_the_one_of_the_report():
    failure = SoakFailure(2, 1, 1, "a law")
    report = SoakReport((history(1), history(2, failure=failure), history(3)), 1.0)
    assert report.failure is failure
    assert SoakReport((history(1),), 1.0).failure is None


def test_histories_add_up():
    total = SoakReport((history(1), history(2, recoveries=4)), 1.0).added_up()
    assert (total.units, total.total, total.recoveries) == (6, 6, 4)
    assert total.refusals == {Reason.CASH_SHORT: 2}


def test_the_fingerprint_is_of_every_journal_and_of_all_facts():
    same = [
        SoakReport((history(1, tip_hash="a", state_hash="b"),), wall_s) for wall_s in (1.0, 2.0)
    ]
    others = [
        SoakReport((history(1, tip_hash="c", state_hash="b"),), 1.0),
        SoakReport((history(1, tip_hash="a", state_hash="d"),), 1.0),
    ]
    assert same[0].fingerprint == same[1].fingerprint
    assert len({same[0].fingerprint, *(other.fingerprint for other in others)}) == 3


def test_a_table_has_the_totals_and_what_was_met():
    table = soak_table(SoakReport((history(1), history(2)), 2.0))
    assert "6 events in 6 units of 2 histories" in table
    assert "3 events a second" in table
    assert "4 Traded" in table
    assert "2 CASH_SHORT" in table
