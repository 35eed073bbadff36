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


def test_a_missing_column_or_sibling_is_named(write, tmp_path):
    path = write([{k: v for k, v in row().items() if k != "delta"}])
    with pytest.raises(FeedError, match="column 'delta' is missing"):
        read_chain(path)
    path = write([row()])
    (tmp_path / "term_futures_marks.parquet").unlink()
    with pytest.raises(FeedError, match="term_futures_marks"):
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
    "change", [{"strike": "70001"}, {"call": False}, {"expiry": "2026-02-27T09:00:00Z"}]
)
def test_an_instrument_of_other_terms_is_refused(write, change):
    with pytest.raises(DocumentError, match="'BTC-27FEB26-70000-C' must have the terms that"):
        read_chain(write([row()])).market([parse_instrument({**OPTION, **change})])
