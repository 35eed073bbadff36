"""A journal is believed as far as it can be replayed, and no forger of one law stays unnamed."""

import apsw
import msgspec
import pytest

from hullmark.domain import Mode, SystemAccount, commands, events
from hullmark.errors import DamagedJournalError, JournalError
from hullmark.journal import Journal, Unit, read
from hullmark.journal.sqlite import SqliteStore
from hullmark.ledger import Ledger
from hullmark.runtime import verify

from .forgery import START_NS, after, covered, deposited, rules


def test_the_day_has_a_liquidation_that_ends_in_bad_debt(journal):
    kinds = {type(e) for unit in read(journal) for e in unit.events}
    wanted = {events.LiquidationStarted, events.LiquidationFilled, events.DeficitCovered}
    assert wanted | {events.Refused, events.FundingAccrued} <= kinds


def test_a_journal_gives_the_facts_of_its_venue(tmp_path, day):
    path = tmp_path / "journal.db"
    units = list(read(path))
    found = verify(path)  # beside its writer
    assert found.holds
    assert found.state_hash == day.venue.state_hash()
    assert found.books == day.venue.books()
    assert found.books.bad_debt["USDT"] > 0
    assert (found.sequence, found.tip_hash) == (len(units), day.venue.tip.hash.hex())
    assert (found.batches, found.units) == (3, len(units))
    assert found.events == sum(len(unit.events) for unit in units)
    assert (found.broken, found.differences) == ((), None)
    day.venue.close()
    assert verify(path) == found


def test_every_command_of_a_clean_journal_is_decided_alike(journal):
    found = verify(journal, redecide=True)
    assert found.holds
    assert found.differences == ()
    assert found.state_hash == verify(journal).state_hash


def test_an_empty_journal_breaks_no_law(tmp_path):
    SqliteStore(tmp_path / "journal.db").close()
    found = verify(tmp_path / "journal.db", redecide=True)
    assert found.holds
    assert (found.sequence, found.units, found.tip_hash) == (0, 0, "0" * 64)


def test_progress_is_told_up_to_the_total(tmp_path):
    path, told = tmp_path / "journal.db", []
    with Journal(SqliteStore(path)) as writer:
        adopted = events.RulesAdopted(rules=rules().rules)
        first = Unit(sequence=1, time_ns=5, command=rules(), events=(adopted,))
        writer.append([first, *(after(first, place=k) for k in range(1, 250))])
    verify(path, on_progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 250) for done in range(1, 251)]


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE batch SET payload = x'90' WHERE first = 1", "content; last good sequence 0"),
        ("DELETE FROM batch WHERE first = 1", "must begin at 1, was .* last good sequence 0"),
        (
            "UPDATE batch SET payload = zeroblob(length(payload))"
            " WHERE first = (SELECT max(first) FROM batch)",
            "the hash of its content; last good sequence [1-9]",
        ),
    ],
)
def test_an_edited_journal_is_refused(journal, statement, what):
    database = apsw.Connection(str(journal))
    database.execute(statement)
    database.close()
    with pytest.raises(DamagedJournalError, match=what):
        verify(journal)


def test_a_cut_journal_is_refused(journal):
    content = journal.read_bytes()
    journal.write_bytes(content[: len(content) // 2])
    with pytest.raises(DamagedJournalError, match="last good sequence"):
        verify(journal)


def test_a_journal_that_is_not_there_is_named(tmp_path):
    with pytest.raises(JournalError, match=r"none\.db must be a readable file"):
        verify(tmp_path / "none.db")


@pytest.mark.parametrize(
    ("event", "law"),
    [
        (covered(fund=10**12), "fund of USDT must be >= 0, was -"),
        (covered(bad_debt=-(10**12)), "bad debt of USDT must be >= 0, was -"),
        (deposited(-(10**12)), "custody of USDT must be >= 0, was -"),
    ],
)
def test_a_forged_event_that_breaks_a_law_of_money_is_named(forge, event, law):
    unit = after(forge.last, event)
    found = verify(forge(unit, after(unit)))
    assert not found.holds
    assert [broken.sequence for broken in found.broken] == [unit.sequence]
    assert found.broken[0].law.startswith(law)
    assert found.books.broken == (found.broken[0].law,)
    assert found.state_hash is not None


def test_a_law_is_told_again_only_after_it_has_held(forge):
    steps = [covered(fund=10**12), covered(fund=1), deposited(10**13, SystemAccount.FUND)]
    steps.append(covered(fund=10**14))
    found = verify(forge(*(after(forge.last, e, place=k) for k, e in enumerate(steps, 1))))
    assert [b.sequence - forge.last.sequence for b in found.broken] == [1, 4]


@pytest.mark.parametrize(
    ("event", "error"),
    [
        (deposited(5, account=999), "KeyError: 999"),
        (events.AccountOpened(account=102, mode=Mode.CROSS), "AssertionError: account 102 is open"),
        (events.RulesAdopted(rules="{}"), "DocumentError: rules must have"),
        (deposited(2**63 - 1), "AmountOverflowError: cash of account"),
        (events.OrderReleased(order=77, account=102), "KeyError: 77"),
    ],
)
@pytest.mark.parametrize("redecide", [False, True])
def test_an_event_that_cannot_be_replayed_ends_the_replay(forge, event, error, redecide):
    unit = after(forge.last, event, command=commands.CancelOrder(order=1))
    path = forge(unit, after(unit, covered(fund=10**12)))
    found = verify(path, redecide=redecide)
    (broken,) = found.broken
    assert broken.sequence == unit.sequence
    assert broken.law.startswith(f"events must apply to the facts, but {error}")
    assert (found.state_hash, found.books) == (None, None)
    assert found.units == found.sequence == unit.sequence + 1


def test_the_chain_is_checked_beyond_what_can_be_replayed(forge):
    unit = after(forge.last, deposited(5, account=999))
    path = forge(unit)
    with Journal(SqliteStore(path)) as writer:
        writer.append([after(unit)])
    database = apsw.Connection(str(path))
    database.execute("UPDATE batch SET payload = x'90' WHERE first > 1")
    database.close()
    with pytest.raises(DamagedJournalError, match=f"last good sequence {unit.sequence}"):
        verify(path)


def test_a_time_that_runs_back_is_told_and_ends_the_replay(forge):
    unit = after(forge.last, time_ns=forge.last.time_ns - 1)
    found = verify(forge(unit), redecide=True)
    law = f"time must be >= {forge.last.time_ns}, was {unit.time_ns}"
    assert found.broken == ((unit.sequence, law),)
    assert found.state_hash is None


@pytest.mark.parametrize("step", [0, 5])
def test_a_cause_must_have_come_before(forge, step):
    unit = after(forge.last, cause=forge.last.sequence + 1 + step)
    found = verify(forge(unit))
    assert found.broken == ((unit.sequence, f"cause must be an earlier unit, was {unit.cause}"),)


def test_record_1_must_adopt_rules(tmp_path):
    path, advanced = tmp_path / "forged.db", events.TimeAdvanced(now_ns=START_NS)
    with Journal(SqliteStore(path)) as journal:
        journal.append(
            [Unit(sequence=1, time_ns=START_NS, command=commands.AdvanceTime(), events=(advanced,))]
        )
    (broken,) = verify(path).broken
    assert broken.sequence == 1
    assert broken.law.startswith("record 1 must adopt rules, was TimeAdvanced(")


def test_a_ledger_that_hides_a_change_is_found_out(journal, monkeypatch):
    monkeypatch.setattr(Ledger, "watch", lambda ledger: set())
    found = verify(journal)
    assert found.broken[-1].sequence == found.sequence
    assert found.broken[-1].law.startswith("sums after every unit must end at Books(")


def test_a_key_that_was_carried_out_twice_is_told(forge):
    one = msgspec.structs.replace(after(forge.last, deposited(5)), key="a")
    two = msgspec.structs.replace(after(one, deposited(5)), key="a")
    found = verify(forge(one, two))
    assert [b.sequence for b in found.broken] == [two.sequence]
    assert found.broken[0].law == f"key must be carried out once, was by unit {one.sequence}: 'a'"


@pytest.mark.parametrize(
    ("change", "law"),
    [
        ({}, None),
        ({"cost_quanta": 1}, "TradeBusted: cost_quanta must be as unit "),
        ({"sequence": 1}, "TradeBusted: sequence must be that of a trade or an adjustment, was 1"),
    ],
)
def test_a_bust_of_what_was_never_traded_is_told(forge, journal, change, law):
    sequence, traded = next(
        (unit.sequence, event)
        for unit in read(journal)
        for event in unit.events
        if isinstance(event, events.Traded)
    )
    signed = {"sequence": sequence, "authorisers": ("a", "b"), "reason": "c"}
    busted = events.TradeBusted(**msgspec.structs.asdict(traded) | signed | change)
    found = verify(forge(after(forge.last, busted)))
    assert [b.law[: len(law or "")] for b in found.broken] == [law for law in [law] if law]
