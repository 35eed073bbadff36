"""Tests of option chains, on files as small as they can be."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from pyarrow import parquet

from hullmark.core import parse_instant
from hullmark.domain import parse_instrument
from hullmark.errors import DocumentError, FeedError
from hullmark.feeds import read_chain

EARLY, LATE = datetime(2026, 2, 1, 4, tzinfo=UTC), datetime(2026, 2, 1, 10, tzinfo=UTC)
EXPIRY = datetime(2026, 2, 27, 8, tzinfo=UTC)
OPTION = {
    "kind": "option", "symbol": "BTC-27FEB26-70000-C", "underlying": "BTC", "settlement": "BTC",
    "lot": "0.1", "inverse": True, "expiry": "2026-02-27T08:00:00Z", "strike": "70000",
    "call": True,
}  # fmt: skip


def row(strike=70_000.0, *, at=LATE, call=True, **changes):
    side = "C" if call else "P"
    return {
        "timestamp": at,
        "instrument_name": f"BTC-27FEB26-{strike:.0f}-{side}",
        "option_type": "call" if call else "put",
        "strike": strike,
        "expiry_datetime": EXPIRY,
        "mark_price": 0.05,
        "futures_price": 71_000.0,
        "implied_volatility": 0.6,
        "delta": 0.5,
        "currency": "BTC",
        "index_price": 70_500.0,
    } | changes


@pytest.fixture
def write(tmp_path):
    """Write a chain and its siblings, and return the chain's path."""

    def write(rows):
        futures = [
            ("BTC-27FEB26", LATE, 70_990.0),
            ("BTC-27FEB26", EARLY, 80_000.0),
            ("BTC-25DEC26", LATE, 75_000.0),  # no option expires with it
        ]
        perps = [("BTC-PERPETUAL", LATE, 70_480.0), ("BTC-PERPETUAL", EARLY, 81_000.0)]
        tables = {
            "chain": rows,
            "term_futures_marks": [
                {"futures_instrument_name": s, "timestamp": t, "snapshot_term_mark_price": p}
                for s, t, p in futures
            ],
            "perpetual_futures_prices": [
                {"instrument_name": s, "coin": "BTC", "obs_datetime": t, "candle_price_used": p}
                for s, t, p in perps
            ],
        }
        for name, content in tables.items():
            parquet.write_table(pa.Table.from_pylist(content), tmp_path / f"{name}.parquet")
        return tmp_path / "chain.parquet"

    return write


def test_takes_medians_and_keeps_the_rows(write):
    snapshot = read_chain(
        write(
            [
                row(60_000.0, futures_price=71_000.0, index_price=70_400.0),
                row(70_000.0, futures_price=71_002.0, index_price=70_500.0),
                row(80_000.0, futures_price=79_000.0, index_price=99_000.0),
                row(70_000.0, at=EARLY, index_price=1.0, futures_price=1.0),
            ]
        )
    )
    assert snapshot.index_usd == {"BTC": 70_500.0}
    expiry_ns = parse_instant("", "2026-02-27T08:00:00Z")
    assert snapshot.forwards_usd == {("BTC", expiry_ns): 71_002.0}
    assert [r.forward_usd for r in snapshot.options] == [71_000.0, 71_002.0, 79_000.0]
    assert snapshot.futures == {"BTC-27FEB26": ("BTC", expiry_ns, 70_990.0)}
    assert snapshot.perpetuals == {"BTC-PERPETUAL": ("BTC", 70_480.0)}


@pytest.mark.parametrize(
    ("at", "chosen"),
    [(None, LATE), ("2026-02-01T10:00:00Z", LATE), ("2026-02-01T09:59:59", EARLY)],
)
def test_takes_the_latest_snapshot_at_or_before(write, at, chosen):
    at_ns = None if at is None else parse_instant("at", at)
    snapshot = read_chain(write([row(), row(at=EARLY)]), at_ns=at_ns)
    assert snapshot.time_ns == int(chosen.timestamp()) * 10**9


def test_a_time_before_the_first_snapshot_is_refused_with_the_range(write):
    rule = r"at or before 2026-02-01T03:59:59Z; its first is of 2026-02-01T04:00:00Z, its last of "
    with pytest.raises(FeedError, match=rule + "2026-02-01T10:00:00Z"):
        read_chain(write([row(at=EARLY), row()]), at_ns=parse_instant("", "2026-02-01T03:59:59Z"))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"mark_price": 1e300}, r"row 2, column 'mark_price' must be <= 9e\+09, was 1e\+300"),
        ({"strike": 0.0}, "row 2, column 'strike' must be > 0, was 0.0"),
        ({"strike": 1e-30}, "row 2, column 'strike' must be at least a billionth, was 1e-30"),
        ({"futures_price": -5.0}, "row 2, column 'futures_price' must be > 0, was -5.0"),
        ({"implied_volatility": None}, "column 'implied_volatility' must be a number, was missing"),
        ({"delta": 1.5}, r"row 2, column 'delta' must be in \[-1, 1\], was 1.5"),
        ({"expiry_datetime": None}, "'expiry_datetime' must be a time stamp, was missing"),
        ({"instrument_name": ""}, "row 2, column 'instrument_name' must be a text, was ''"),
        ({"mark_price": float("nan")}, "row 2, column 'mark_price' must be finite, was nan"),
        ({"mark_price": None}, "row 2, column 'mark_price' must be a number, was missing"),
        ({"mark_price": -0.1}, "row 2, column 'mark_price' must be >= 0, was -0.1"),
        ({"implied_volatility": 0.0}, "row 2, column 'implied_volatility' must be > 0, was 0.0"),
        ({"futures_price": float("inf")}, "row 2, column 'futures_price' must be finite, was inf"),
        ({"index_price": 0.0}, "row 2, column 'index_price' must be > 0, was 0.0"),
        ({"option_type": "warrant"}, "row 2, column 'option_type' must be call or put, was 'warr"),
        ({"currency": None}, "row 2, column 'currency' must be a text, was missing"),
        ({"expiry_datetime": EARLY}, "row 2, column 'expiry_datetime' must be after the snapshot"),
        ({"instrument_name": "BTC-27FEB26-60000-C"}, "'instrument_name' must be there once"),
    ],
)
def test_refuses_what_is_no_quote(write, bad, message):
    with pytest.raises(FeedError, match=message):
        read_chain(write([row(60_000.0), row(**bad)]))


def test_bad_rows_of_other_snapshots_are_not_read(write):
    assert len(read_chain(write([row(at=EARLY, mark_price=-1.0), row()])).options) == 1


@pytest.mark.parametrize("column", sorted(row()))
def test_a_missing_column_is_named(write, column):
    path = write([{k: v for k, v in row().items() if k != column}])
    with pytest.raises(FeedError, match=f"chain.parquet: column '{column}' is missing; the file h"):
        read_chain(path)


@pytest.mark.parametrize("column", sorted(row()))
def test_a_column_of_another_type_is_refused_at_its_first_row(write, column):
    path = write([row()])
    table = parquet.read_table(path)
    place = table.schema.get_field_index(column)
    parquet.write_table(table.set_column(place, column, pa.array([[1]])), path)
    with pytest.raises(FeedError, match=rf"row 1, column '{column}' must be a .*, was \[1\]"):
        read_chain(path)


def test_a_column_that_is_there_twice_is_refused(write):
    path = write([row()])
    table = parquet.read_table(path)
    parquet.write_table(table.append_column("delta", table["delta"]), path)
    with pytest.raises(FeedError, match="column 'delta' must be there once"):
        read_chain(path)


SIBLINGS = {
    "term_futures_marks": ("futures_instrument_name", "snapshot_term_mark_price", "timestamp"),
    "perpetual_futures_prices": ("instrument_name", "candle_price_used", "obs_datetime"),
}


@pytest.mark.parametrize("sibling", SIBLINGS)
def test_a_missing_or_damaged_sibling_is_named(write, tmp_path, sibling):
    path, file = write([row()]), tmp_path / f"{sibling}.parquet"
    whole = file.read_bytes()
    for cut in (0, 3, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:cut])
        with pytest.raises(FeedError, match=rf"{sibling}.parquet cannot be read, it is truncated"):
            read_chain(path)
    file.unlink()
    with pytest.raises(FeedError, match=f"{sibling}.parquet must be a file; it does not exist"):
        read_chain(path)


@pytest.mark.parametrize("sibling", SIBLINGS)
def test_a_sibling_keeps_the_rules_of_the_chain(write, tmp_path, sibling):
    path, file = write([row()]), tmp_path / f"{sibling}.parquet"
    table = parquet.read_table(file)
    name, price, stamp = SIBLINGS[sibling]
    for column in (name, price, stamp):
        parquet.write_table(table.drop([column]), file)
        with pytest.raises(FeedError, match=f"{sibling}.parquet: column '{column}' is missing"):
            read_chain(path)
    parquet.write_table(pa.concat_tables([table, table]), file)
    with pytest.raises(FeedError, match=f"column '{name}' must be there once in a snapshot"):
        read_chain(path)
    for bad, rule in ((0.0, "> 0"), (float("nan"), "finite"), (1e300, "<= 9e"), (None, "a number")):
        column = pa.array([bad] * len(table), pa.float64())
        place = table.schema.get_field_index(price)
        parquet.write_table(table.set_column(place, price, column), file)
        with pytest.raises(FeedError, match=f"row 1, column '{price}' must be {rule}"):
            read_chain(path)


def test_a_chain_cut_anywhere_is_refused(write):
    path = write([row()])
    whole = path.read_bytes()
    for cut in (0, 1, 4, 8, len(whole) // 2, len(whole) - 8, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(FeedError, match=r"chain.parquet cannot be read, it is truncated"):
            read_chain(path)


def test_a_market_holds_what_is_asked_for_and_known(write):
    perp = {
        "kind": "perpetual", "symbol": "BTC-PERPETUAL", "underlying": "BTC", "settlement": "BTC",
        "lot": "10", "inverse": True,
    }  # fmt: skip
    asked = [parse_instrument(t) for t in (OPTION, perp, {**perp, "symbol": "BTC-OTHER"})]
    market = read_chain(write([row(), row(60_000.0)])).market(asked)
    assert market.tree() == {
        "time": "2026-02-01T10:00:00Z",
        "index": {"BTC": "70500"},
        "forwards": {"BTC": {"2026-02-27T08:00:00Z": "71000"}},
        "quotes": {
            "BTC-27FEB26-70000-C": {"mark": "0.05", "vol": "0.6"},
            "BTC-PERPETUAL": {"mark": "70480", "grade": "uncertain"},
        },
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"strike": "70001"}, "'BTC-27FEB26-70000-C': strike must be 70000, as in the chain, was"),
        ({"call": False}, "call must be true, as in the chain, was false"),
        ({"expiry": "2026-02-27T09:00:00Z"}, "expiry must be 2026-02-27T08:.* was 2026-02-27T09:"),
        ({"underlying": "ETH"}, "underlying must be 'BTC', as in the chain, was 'ETH'"),
        ({"inverse": False}, "inverse must be true, as in the chain, was false"),
        ({"symbol": "BTC-27FEB26"}, "'BTC-27FEB26': kind must be future, as in the chain, was opt"),
        ({"symbol": "BTC-PERPETUAL"}, "kind must be perpetual, as in the chain, was option"),
    ],
)
def test_an_instrument_of_other_terms_is_refused(write, change, message):
    with pytest.raises(DocumentError, match=message):
        read_chain(write([row()])).market([parse_instrument({**OPTION, **change})])
