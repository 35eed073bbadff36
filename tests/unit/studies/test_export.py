"""An export says in tables what the journal says, exactly, or is not there."""

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from hullmark.core import nano
from hullmark.domain import Mode, SystemAccount, commands, events
from hullmark.errors import DamagedJournalError, InvalidInputError, JournalError
from hullmark.journal import Journal, Unit, read
from hullmark.journal.sqlite import SqliteStore
from hullmark.runtime import open_venue, restore
from hullmark.studies import export_journal
from hullmark.studies._export_words import meaning

EXAMPLE = Path(__file__).parents[3] / "examples" / "venue.toml"
NOW_NS = 1_760_130_900_000_000_123
OPTION = "BTC-25DEC26-80000-C"
PRICES = {"BTC": "64000", "BTC-USDT": "64000", "BTC-PERP": "64000", "BTC-USD-PERP": "64000"}


def observed(usd=PRICES):
    return commands.ObservePrices(
        prints=tuple(
            commands.Print(factor=f, source=s, price_nano=nano(p), observed_ns=NOW_NS)
            for f, p in usd.items()
            for s in ("alpha", "beta")
        )
    )


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    """Return a journal with deposits, trades, a liquidation, an order and a refusal, closed."""
    path = tmp_path_factory.mktemp("export") / "journal.db"
    with open_venue(EXAMPLE, journal=path, clock=lambda: NOW_NS) as venue:

        def deposit(account, asset, amount):
            quanta = venue.quanta(asset, amount)
            return commands.Deposit(account=account, asset=asset, quanta=quanta)

        def trade(symbol, size, usd, buyer=101):
            lots = venue.lots(symbol, size)
            sides = {"buyer": buyer, "seller": 100, "buyer_fee_quanta": 7}
            return commands.ReportTrade(instrument=symbol, lots=lots, price_nano=nano(usd), **sides)

        venue.submit_all(
            [
                *(commands.OpenAccount(account=a, mode=Mode.PORTFOLIO) for a in (100, 103)),
                commands.OpenAccount(account=101, mode=Mode.CROSS),
                commands.OpenAccount(account=102, mode=Mode.ISOLATED, parent=101),
                deposit(100, "USDT", "1000000"),
                deposit(101, "USDT", "5000.5"),
                deposit(103, "BTC", "1.25"),
                deposit(103, "USDT", "1"),
                deposit(SystemAccount.FUND, "USDT", "10"),
                observed(),
                commands.AdoptSurface(vol_nano={OPTION: nano("0.6")}),
                trade("BTC-PERP", "1", "64000"),
                trade(OPTION, "0.5", "0.01", buyer=103),
                commands.RestOrder(
                    order=9, account=100, instrument="BTC-PERP", lots=-5, limit_nano=nano("65000")
                ),
                commands.AccrueFunding(instrument="BTC-PERP", rate_nano=10**5),
            ]
        )
        venue.submit(deposit(100, "USDT", "-1"), key="wrong")
        venue.submit(observed(PRICES | dict.fromkeys(PRICES, "60400")), key="fall")
    return path


@pytest.fixture(scope="module")
def exported(journal, tmp_path_factory):
    """Return the folder of everything, and what was said of it."""
    folder = tmp_path_factory.mktemp("exported") / "out"
    return folder, export_journal(journal, folder)


def read_rows(path):
    """Return rows with times as integers: without pandas, pyarrow gives no nanoseconds."""
    table = parquet.read_table(path)
    kinds = [pa.field(f.name, pa.int64()) if "time" in str(f.type) else f for f in table.schema]
    return table.cast(pa.schema(kinds)).to_pylist()


def rows(exported, name):
    return read_rows(exported[0] / f"{name}.parquet")


def test_every_event_is_in_the_table_of_its_type_with_its_place(journal, exported):
    found = {
        (row["sequence"], row["place"]): path.stem
        for path in (exported[0] / "events").glob("*.parquet")
        if path.stem.count(".") == 0
        for row in rows(exported, f"events/{path.stem}")
    }
    assert found == {
        (unit.sequence, place): type(event).__name__
        for unit in read(journal)
        for place, event in enumerate(unit.events)
    }
    assert "LiquidationOrdered" in found.values()


def test_whole_numbers_stand_beside_exact_decimals(exported):
    first = rows(exported, "events/Deposited")[1]
    assert (first["account"], first["quanta"], first["amount"]) == (
        101,
        5_000_500_000,
        Decimal("5000.5"),
    )
    perp, option = rows(exported, "events/Traded")
    assert (perp["lots"], perp["size"]) == (1_000, Decimal(1))
    assert (perp["price_nano"], perp["price"]) == (nano("64000"), Decimal(64000))
    assert perp["cost"] == Decimal(64000)
    assert (perp["buyer_fee_quanta"], perp["buyer_fee"]) == (7, Decimal("0.000007"))
    assert (option["instrument"], option["size"]) == (OPTION, Decimal("0.5"))


def test_times_are_exact_to_the_nanosecond(exported):
    table = parquet.read_table(exported[0] / "events" / "TimeAdvanced.parquet")
    assert str(table.schema.field("now").type) == "timestamp[ns, tz=UTC]"
    assert rows(exported, "units")[0]["time"] == NOW_NS


def test_lists_in_events_are_rows_of_their_own(journal, exported):
    prints = rows(exported, "events/PricesAccepted.prints")
    genuine = [
        (unit.sequence, said.factor, said.source, said.price_nano)
        for unit in read(journal)
        for event in unit.events
        if isinstance(event, events.PricesAccepted)
        for said in event.prints
    ]
    assert [(r["sequence"], r["factor"], r["source"], r["price_nano"]) for r in prints] == genuine
    assert [row["prints_count"] for row in rows(exported, "events/PricesAccepted")] == [8, 8]
    (vol,) = rows(exported, "events/SurfaceAdopted.vol_nano")
    assert (vol["instrument"], vol["vol_nano"], vol["vol"]) == (OPTION, 6 * 10**8, Decimal("0.6"))
    (trigger,) = rows(exported, "events/LiquidationStarted.trigger_nano")
    assert (trigger["instrument"], trigger["trigger"]) == ("BTC-PERP", Decimal(60400))
    assert [r["account"] for r in rows(exported, "events/BreachesFound.accounts")] == [101]


def test_units_tell_commands_keys_causes_and_refusals(journal, exported):
    units = rows(exported, "units")
    assert [(u["sequence"], u["cause"], u["key"]) for u in units] == [
        (unit.sequence, unit.cause, unit.key) for unit in read(journal)
    ]
    (wrong,) = [unit for unit in units if unit["key"] == "wrong"]
    assert (wrong["command"], wrong["refused"]) == ("Deposit", "AMOUNT_INVALID")
    assert '"quanta":-1000000' in wrong["arguments"]
    (refused,) = rows(exported, "events/Refused")
    assert (refused["reason"], refused["key"]) == ("AMOUNT_INVALID", "wrong")
    assert sorted({unit["batch"] for unit in units}) == [batch.first for batch in _batches(journal)]


def _batches(path):
    with SqliteStore(path, read_only=True) as store:
        return list(store.batches())


def test_the_state_is_that_of_the_journal(journal, exported):
    state, found = restore(journal).state, exported[1]
    assert found.state_hash == restore(journal).state_hash
    balances = {(b["account"], b["asset"]): b["quanta"] for b in rows(exported, "state/balances")}
    assert balances == {
        (account, asset): quanta
        for table, account, asset, (quanta, *_) in state.ledger.facts()
        if table == "cash"
    }
    positions = rows(exported, "state/positions")
    assert sum(p["lots"] for p in positions if p["instrument"] == "BTC-PERP") == 0
    long = next(p for p in positions if p["lots"] > 0 and p["instrument"] == "BTC-PERP")
    assert (long["account"], long["size"], long["quote"]) == (101, Decimal(1), Decimal(-64000))
    perpetual = state.ledger.instrument_index["BTC-PERP"]
    assert long["funding_owed_quanta"] == state.ledger.funding_owed(101, perpetual) > 0
    sums = dict.fromkeys(("USDT", "BTC"), 0)
    for row in rows(exported, "state/balances"):
        sums[row["asset"]] += row["quanta"]
    for row in positions:
        sums[row["settlement"]] += row["quote_quanta"]
    assert sums == {"USDT": 0, "BTC": 0}


def test_the_rest_of_the_state_is_there(exported):
    accounts = {a["account"]: a for a in rows(exported, "state/accounts")}
    assert (accounts[102]["mode"], accounts[102]["parent"]) == ("ISOLATED", 101)
    assert (accounts[1]["mode"], accounts[1]["system"]) == ("CUSTODY", True)
    (order,) = rows(exported, "state/resting_orders")
    assert (order["order"], order["size"], order["limit"]) == (9, Decimal("-0.005"), Decimal(65000))
    (working,) = rows(exported, "state/working_orders")
    assert working["lots_unfilled"] == working["lots"] < 0
    (episode,) = rows(exported, "state/episodes")
    assert (episode["account"], episode["trigger"]) == (101, '{"BTC-PERP":60400000000000}')
    assert {p["factor"]: p["price"] for p in rows(exported, "state/prices")}["BTC"] == 60400
    (vol,) = rows(exported, "state/vols")
    assert vol["vol"] == Decimal("0.6")
    terms = {i["instrument"]: i for i in rows(exported, "state/instruments")}
    assert (terms[OPTION]["strike"], terms[OPTION]["call"]) == (Decimal(80000), True)
    assert terms["BTC-PERP"]["funding_micro"] > 0
    assert rows(exported, "state/assets") == [
        {"asset": "USDT", "decimals": 6},
        {"asset": "BTC", "decimals": 8},
    ]


def test_every_table_counts_its_rows_and_every_column_has_a_meaning(exported):
    folder, found = exported
    names = frozenset(note.name for note in found.tables)
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert {str(path.relative_to(folder)) for path in folder.rglob("*.parquet")} == {
        note.file for note in found.tables
    }
    for note in found.tables:
        table = parquet.read_table(folder / note.file)
        assert (table.num_rows, table.column_names) == (note.rows, list(note.kinds))
        assert f"\n## {note.file}\n" in text
        for column in note.kinds:
            said = meaning(note.name, column, tables=names)
            assert said, f"{note.name}.{column} needs words"
            assert f"| `{column}` | " in text
    assert found.tip_hash in text
    assert found.state_hash in text
    assert text.endswith("|\n")


def test_an_export_at_a_sequence_is_as_if_the_journal_ended_there(journal, tmp_path):
    stop = 10
    found = export_journal(journal, tmp_path / "out", at=stop)
    units = list(read(journal))[:stop]
    shorter = tmp_path / "shorter.db"
    with Journal(SqliteStore(shorter)) as writer:
        writer.append(units)
    assert found.sequence == stop
    assert found.state_hash == restore(shorter).state_hash
    assert found.tip_hash == _batches(journal)[1].hash.hex()
    table = parquet.read_table(tmp_path / "out" / "units.parquet")
    assert table["sequence"].to_pylist() == list(range(1, stop + 1))


def test_an_empty_journal_gives_empty_tables(tmp_path):
    SqliteStore(tmp_path / "empty.db").close()
    found = export_journal(tmp_path / "empty.db", tmp_path / "out")
    assert (found.sequence, {note.rows for note in found.tables if note.name != "accounts"}) == (
        0,
        {0},
    )


def test_progress_is_told_up_to_the_end(journal, tmp_path):
    told = []
    export_journal(journal, tmp_path / "out", on_progress=lambda *step: told.append(step))
    assert told == [(done, len(told)) for done in range(1, len(told) + 1)]


@pytest.fixture
def forge(journal, tmp_path):
    """Return a function that adds an event to the journal that nothing decided."""
    units = list(read(journal))

    def write(event):
        path, last = tmp_path / "forged.db", units[-1]
        unit = Unit(
            sequence=last.sequence + 1,
            time_ns=last.time_ns,
            command=commands.AdvanceTime(),
            events=(event,),
        )
        with Journal(SqliteStore(path)) as writer:
            writer.append([*units, unit])
        return path

    return write


def test_what_cannot_be_replayed_is_told_and_its_events_can_be_had(forge, tmp_path):
    path = forge(events.Deposited(account=999, asset="GOLD", quanta=5))
    with pytest.raises(JournalError, match="must apply to the facts, but KeyError"):
        export_journal(path, tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir() if "out" in p.name] == []
    found = export_journal(path, tmp_path / "out", with_state=False)
    assert found.state_hash is None
    last = read_rows(tmp_path / "out" / "events" / "Deposited.parquet")[-1]
    assert (last["asset"], last["quanta"], last["amount"]) == ("GOLD", 5, None)


def test_rules_that_are_none_leave_scales_as_they_were(forge, tmp_path):
    path = forge(events.RulesAdopted(rules="{}"))
    export_journal(path, tmp_path / "out", with_state=False)
    deposits = read_rows(tmp_path / "out" / "events" / "Deposited.parquet")
    assert all(row["amount"] is not None for row in deposits)


def test_a_number_of_more_than_64_bits_is_refused(forge, tmp_path):
    path = forge(events.Deposited(account=100, asset="USDT", quanta=2**63))
    with pytest.raises(InvalidInputError, match=r"rows of Deposited\.parquet must fit"):
        export_journal(path, tmp_path / "out", with_state=False)
    assert [p.name for p in tmp_path.iterdir() if "out" in p.name] == []


def test_a_damaged_journal_is_not_exported(journal, tmp_path):
    path = tmp_path / "damaged.db"
    path.write_bytes(journal.read_bytes()[:-5_000])
    with pytest.raises(DamagedJournalError):
        export_journal(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_empty_folder_is_filled_and_a_file_is_not(journal, tmp_path):
    (tmp_path / "out").mkdir()
    export_journal(journal, tmp_path / "out", with_events=False)
    assert (tmp_path / "out" / "state").is_dir()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InvalidInputError, match="folder must be new or empty"):
        export_journal(journal, tmp_path / "file")
