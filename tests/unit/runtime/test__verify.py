"""A journal is believed as far as it can be replayed, and no forger of one law stays unnamed."""

import json
import tomllib

import apsw
import msgspec
import pytest

from hullmark.domain import Mode, SystemAccount, commands, events
from hullmark.errors import DamagedJournalError, JournalError, PluginError
from hullmark.journal import Journal, Unit, read
from hullmark.journal.sqlite import SqliteStore
from hullmark.ledger import Ledger
from hullmark.runtime import Venue, verify

START_NS = 1_760_054_400_000_000_000  # 10 October 2025
MINUTE_NS = 60 * 10**9
BTC = "BTC-PERP"


VENUE = """
name = "test"
assets.USDT = { decimals = 6, peg = "1" }
margin.cross = "tiered"
margin.tiered.BTC-PERP.tiers = [{ floor_usd = "0", initial = "0.05", maintenance = "0.025" }]
prices.BTC-PERP = { sources = ["mark"], sources_min = 1, staleness_s_max = "600" }
[[instruments]]
kind = "perpetual"
symbol = "BTC-PERP"
underlying = "BTC"
settlement = "USDT"
lot = "0.001"
"""


def rules(**liquidation):
    tree = tomllib.loads(VENUE) | {"liquidation": liquidation}
    return commands.AdoptRules(rules=json.dumps(tree))


def observed(price_usd, now_ns):
    said = commands.Print(
        factor=BTC, source="mark", price_nano=price_usd * 10**9, observed_ns=now_ns
    )
    return commands.ObservePrices(prints=(said,))


class Day:
    """A venue on a clock of its own, through the fall of one account."""

    def __init__(self, path):
        self.now_ns = START_NS
        self.venue = Venue(Journal(SqliteStore(path)), clock=lambda: self.now_ns)

    def begin(self):
        """Let one account buy more than it can hold through a fall."""
        self.venue.submit_all(
            [
                rules(),
                commands.Deposit(account=SystemAccount.FUND, asset="USDT", quanta=10 * 10**6),
                *(commands.OpenAccount(account=a, mode=Mode.CROSS) for a in (100, 101, 102)),
                commands.Deposit(account=100, asset="USDT", quanta=6_000 * 10**6),
                commands.Deposit(account=101, asset="USDT", quanta=500_000 * 10**6),
                commands.Deposit(account=102, asset="USDT", quanta=9_000 * 10**6),
                observed(100_000, self.now_ns),
                commands.ReportTrade(
                    instrument=BTC,
                    buyer=100,
                    seller=101,
                    lots=1_000,
                    price_nano=100_000 * 10**9,
                    buyer_fee_quanta=7,
                ),
                commands.AccrueFunding(instrument=BTC, rate_nano=10**6),
                commands.Withdraw(account=102, asset="USDT", quanta=10**6),
                commands.Withdraw(account=102, asset="USDT", quanta=10**15),  # refused
            ]
        )

    def crash(self):
        """Let the price fall, and the account be liquidated below its last cent."""
        self.now_ns += MINUTE_NS
        found = self.venue.submit(observed(93_000, self.now_ns))
        (order,) = [
            e for u in found.units for e in u.events if isinstance(e, events.LiquidationOrdered)
        ]
        self.now_ns += 1
        self.venue.submit(
            commands.ReportFill(
                order=order.order,
                counterparty=101,
                lots=order.lots,
                price_nano=92_500 * 10**9,
                arrival_nano=92_800 * 10**9,
                final=True,
            )
        )


@pytest.fixture
def day(tmp_path):
    """Return a venue after its crash, still open."""
    running = Day(tmp_path / "journal.db")
    running.begin()
    running.crash()
    with running.venue:
        yield running


@pytest.fixture
def journal(tmp_path, day):
    """Return the journal of the day, closed."""
    day.venue.close()
    return tmp_path / "journal.db"


@pytest.fixture
def forge(tmp_path, journal):
    """Return a function that writes the day's units and more of them, well hashed, to a file."""
    genuine = list(read(journal))

    def write(*more, change=None):
        units = [*genuine, *more] if change is None else change(genuine)
        path = tmp_path / "forged.db"
        with Journal(SqliteStore(path)) as forged:
            forged.append(units)
        return path

    write.last = genuine[-1]
    return write


def after(last, *found, place=1, command=None, **fields):
    """Return a unit that follows *last* and holds the events given."""
    defaults = {
        "sequence": last.sequence + place,
        "time_ns": last.time_ns,
        "command": command or commands.AdvanceTime(),
        "events": found,
    }
    return Unit(**defaults | fields)


def covered(*, fund=0, bad_debt=0):
    causes = {"gap_quanta": fund + bad_debt, "latency_quanta": 0, "impact_quanta": 0}
    split = {"fund_quanta": fund, "bad_debt_quanta": bad_debt}
    return events.DeficitCovered(account=102, asset="USDT", **split, **causes)


def deposited(quanta, account=102):
    return events.Deposited(account=account, asset="USDT", quanta=quanta)


def test_the_day_has_a_liquidation_that_ends_in_bad_debt(journal):
    kinds = {type(e) for unit in read(journal) for e in unit.events}
    wanted = {events.LiquidationStarted, events.LiquidationFilled, events.DeficitCovered}
    assert wanted | {events.Refused, events.FundingAccrued} <= kinds


def test_a_journal_gives_the_facts_of_its_venue(tmp_path, day):
    path, units = tmp_path / "journal.db", list(day.venue._journal.units())
    found = verify(path)  # beside its writer
    assert found.holds
    assert found.state_hash == day.venue.state_hash()
    assert found.books == day.venue.books()
    assert found.books.bad_debt["USDT"] > 0
    assert (found.sequence, found.tip_hash) == (len(units), day.venue._journal.tip.hash.hex())
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
    assert told == [(100, 250), (200, 250)]


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
    refused = tmp_path / "refused.db"
    with Venue(Journal(SqliteStore(refused)), clock=lambda: START_NS) as venue:
        venue.submit(commands.AdvanceTime())
    (broken,) = verify(refused).broken
    assert broken.sequence == 1
    assert broken.law.startswith("record 1 must adopt rules, was Refused(")


def test_a_ledger_that_hides_a_change_is_found_out(journal, monkeypatch):
    def hide(ledger, source, target, asset, quanta, move=Ledger.move):
        seen = set(ledger.changed)
        move(ledger, source, target, asset, quanta)
        ledger.changed &= seen

    monkeypatch.setattr(Ledger, "move", hide)
    found = verify(journal)
    assert found.broken[-1].sequence == found.sequence
    assert found.broken[-1].law.startswith("sums after every unit must end at Books(")


def test_recorded_events_that_no_decision_gives_are_listed(forge):
    deposit = commands.Deposit(account=102, asset="USDT", quanta=5)
    first = after(forge.last, deposited(7), command=deposit)
    second = after(first, command=deposit)
    third = after(second, deposited(5), deposited(5), command=deposit)
    path = forge(first, second, third, after(third, deposited(5), command=deposit))
    found = verify(path, redecide=True)
    assert not found.holds
    assert [d.sequence for d in found.differences] == [first.sequence + k for k in range(3)]
    assert {d.command for d in found.differences} == {"Deposit"}
    assert [d[2:] for d in found.differences] == [
        (repr(deposited(7)), repr(deposited(5))),
        ("nothing", repr(deposited(5))),
        (repr(deposited(5)), "nothing"),
    ]
    assert verify(path).holds  # the books balance all the same


def test_a_long_event_is_shown_around_the_place_that_differs(forge):
    prints = tuple(
        commands.Print(factor=BTC, source=f"s{k}", price_nano=k, observed_ns=START_NS)
        for k in range(9)
    )
    changed = (*prints[:7], msgspec.structs.replace(prints[7], price_nano=70), prints[8])
    observe = commands.ObservePrices(prints=prints)
    unit = after(forge.last, events.PricesAccepted(prints=changed, prices=()), command=observe)
    (found,) = verify(forge(unit), redecide=True).differences
    for text, price in ((found.recorded, 70), (found.decided, 7)):
        assert f"source='s7', price_nano={price}, observed_ns" in text
        assert text.startswith("... ")
        assert text.endswith(" ...")
        assert len(text) < 200


def test_a_liquidation_that_was_left_out_is_listed(forge):
    def spare(units):
        kept = [
            unit
            for unit in units
            if not isinstance(unit.command, commands.CureBreach | commands.ReportFill)
        ]
        for sequence, unit in enumerate(kept, 1):
            found = () if isinstance(unit.command, commands.SweepAccounts) else unit.events
            yield msgspec.structs.replace(unit, sequence=sequence, cause=None, events=found)

    found = verify(forge(change=lambda units: list(spare(units))), redecide=True)
    assert [(d.command, d.recorded) for d in found.differences] == [("SweepAccounts", "nothing")]
    assert found.differences[0].decided == "BreachesFound(accounts=(100,))"
    assert found.broken == ()


def test_a_command_that_cannot_be_decided_on_forged_facts_is_listed(forge):
    terms = {"limit_nano": 1, "deadline_ns": 2 * START_NS, "notional_nano": 1}
    order = events.LiquidationOrdered(order=9, account=102, instrument="NONE", lots=-1, **terms)
    started = events.LiquidationStarted(account=102, asset="USDT", net_quanta=1, trigger_nano={})
    unit = after(forge.last, started, order)
    fill = commands.ReportFill(
        order=9, counterparty=101, lots=-1, price_nano=1, arrival_nano=1, final=True
    )
    found = verify(forge(unit, after(unit, command=fill)), redecide=True)
    told = (unit.sequence + 1, "ReportFill", "nothing", "KeyError: 'NONE'")
    assert found.differences[-1] == told


def test_deciding_again_needs_the_engine_that_the_rules_name(forge):
    adopt = rules(engine="unheard-of")
    path = forge(after(forge.last, events.RulesAdopted(rules=adopt.rules), command=adopt))
    assert verify(path).holds  # a replay runs no engine
    with pytest.raises(PluginError, match="unheard-of"):
        verify(path, redecide=True)
