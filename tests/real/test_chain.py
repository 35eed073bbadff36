"""A real Deribit chain through the one path: documents, margin, liquidation prices."""

import json
import math
import os
import runpy
import statistics
from pathlib import Path

import pytest

from hullmark.cli import ExitStatus, main
from hullmark.core import parse_instant
from hullmark.domain import Document, Option
from hullmark.errors import FeedError
from hullmark.feeds import read_chain
from hullmark.runtime import assess
from hullmark.studies import example_document

DATA = Path(os.environ.get("DATA", Path(__file__).parents[3] / "shared" / "data"))
FOLDER = DATA / "deribit_option_chains_2026"
CRASH = FOLDER / "chain_6h_2026-01-28_2026-02-10.parquet"
DAILY = FOLDER / "chain_daily_2025-12-30_2026-03-31.parquet"
REFERENCE = Path(__file__).parents[1] / "reference" / "portfolio.py"
AT = "2026-02-06T02:00:00Z"  # the bottom of the crash is the snapshot before

pytestmark = pytest.mark.skipif(not CRASH.is_file(), reason=f"{CRASH} is not there")


@pytest.fixture(scope="module")
def snapshot():
    return read_chain(CRASH, at_ns=parse_instant("at", AT))


@pytest.fixture(scope="module")
def tree(snapshot):
    return example_document(snapshot)


@pytest.fixture(scope="module")
def reports(tree):
    return {r.account: r for r in assess(Document.parse_tree(tree)).accounts}


def test_the_market_is_the_median_of_the_rows_of_one_snapshot(snapshot):
    from pyarrow import compute, parquet  # noqa: PLC0415

    table = parquet.read_table(CRASH)
    latest = max(t for t in table["timestamp"].unique().to_pylist() if t.isoformat() < AT)
    rows = table.filter(compute.equal(table["timestamp"], latest)).to_pylist()
    assert len(snapshot.options) == len(rows)
    for coin in ("BTC", "ETH"):
        index = statistics.median(r["index_price"] for r in rows if r["currency"] == coin)
        assert snapshot.index_usd[coin] == index
    for (coin, expiry_ns), forward in snapshot.forwards_usd.items():
        same = [
            r["futures_price"]
            for r in rows
            if r["currency"] == coin and r["expiry_datetime"].timestamp() * 1e9 == expiry_ns
        ]
        assert forward == pytest.approx(statistics.median(same), rel=1e-12)


def test_net_values_by_hand_are_those_of_the_engine(snapshot, tree, reports):
    marks = {row.symbol: row.mark for row in snapshot.options}
    contracts = {s: terms[-1] for s, terms in (snapshot.futures | snapshot.perpetuals).items()}
    coins = {i["symbol"]: i["underlying"] for i in tree["parameters"]["instruments"]}
    for account in tree["accounts"]:
        held = {asset: float(units) for asset, units in account["cash"].items()}
        for position in account["positions"]:
            symbol, size = position["instrument"], float(position["size"])
            if symbol in marks:
                value = size * marks[symbol]
            else:
                value = size / float(position["entry_price"]) - size / contracts[symbol]
            held[coins[symbol]] = held.get(coins[symbol], 0.0) + value
        by_hand = sum(units * snapshot.index_usd.get(a, 1.0) for a, units in held.items())
        # entries are rounded to the eighth decimal of a coin, prices to the ninth
        assert reports[account["name"]].net_value_usd == pytest.approx(by_hand, abs=0.01)


def test_every_number_of_every_account_is_that_of_the_slow_assessor(tree, reports):
    slow = runpy.run_path(str(REFERENCE))["Portfolio"](tree)
    for name, report in reports.items():
        gross = report.gross_notional_usd
        dust = 1e-8 * gross  # entries are rounded to the eighth decimal of a coin
        assert report.net_value_usd == pytest.approx(slow.net_value(name), abs=dust)
        for check in ("initial", "maintenance"):
            equity, margin = (getattr(report, f"{check}_{x}_usd") for x in ("equity", "margin"))
            assert equity == pytest.approx(slow.equity(name, check), abs=dust)
            assert margin == pytest.approx(slow.requirement(name, check), abs=dust)
        assert gross == pytest.approx(sum(slow.notionals(name).values()))
        if report.worst_usd is not None:
            profits = slow.profits(name)
            assert report.worst_usd == pytest.approx(min(profits.values()), abs=dust)
            assert profits[report.worst_scenario] == pytest.approx(report.worst_usd, abs=dust)
        for e in report.exposures:
            spot = slow.price(e.underlying)
            greeks = zip(
                e[1:2] + e[3:6], slow.greeks(name, e.underlying), (spot, spot**2, 1, 1), strict=True
            )
            for ours, theirs, unit in greeks:
                assert ours * unit / gross == pytest.approx(theirs * unit / gross, abs=1e-6), name
            for way, price in ((-1, e.liquidation_below_usd), (1, e.liquidation_above_usd)):
                factor = slow.crossing(name, [e.underlying], way, step=0.02, stop=0.69)
                if factor is None:
                    assert price is None or abs(math.log(price / spot)) > 0.68, (name, way)
                else:
                    assert price == pytest.approx(factor * spot, rel=1e-7), (name, way)


def test_fifty_accounts_evaluate_finite_some_near_a_breach_and_some_in_one(reports):
    assert len(reports) == 50
    for report in reports.values():
        numbers = [v for v in report if isinstance(v, float)]
        numbers += [v for e in report.exposures for v in e if isinstance(v, float)]
        assert all(math.isfinite(number) for number in numbers), report
        assert report.initial_margin_usd >= report.maintenance_margin_usd >= 0
    assert sum(report.breach for report in reports.values()) >= 1
    assert sum(0.9 < report.margin_ratio < 1 for report in reports.values()) >= 1


def test_structures_are_what_they_are_called(tree, reports):
    accounts = {account["name"]: account for account in tree["accounts"]}
    instruments = Document.parse_tree(tree).instruments
    for coin in ("BTC", "ETH"):
        box = reports[f"box {coin}"]
        held = accounts[f"box {coin}"]["positions"]
        strikes = {instruments[p["instrument"]].strike_nano for p in held}
        assert (len(held), len(strikes)) == (4, 2)
        assert box.worst_usd == pytest.approx(0.0, abs=1e-6 * box.gross_notional_usd)
        (strangle,) = reports[f"short strangle {coin}"].exposures
        assert strangle.gamma_coin_per_usd < 0 < strangle.theta_usd
        assert strangle.liquidation_below_usd < strangle.liquidation_above_usd
        puts = [
            instruments[p["instrument"]] for p in accounts[f"protective put {coin}"]["positions"]
        ]
        assert [isinstance(i, Option) and not i.call for i in puts] == [True]


@pytest.mark.parametrize("path", [CRASH, DAILY])
def test_every_snapshot_gives_distinct_legs_and_an_assessable_document(path):
    from pyarrow import parquet  # noqa: PLC0415

    stamps = sorted(set(parquet.read_table(path, columns=["timestamp"])["timestamp"].to_pylist()))
    # and the day on which the expiry nearest to 30 days had just been listed, with few strikes
    chosen_stamps = {*stamps[:: len(stamps) // 4], *(s for s in stamps if f"{s:%m-%d}" == "02-12")}
    for stamp in sorted(chosen_stamps | {stamps[-1]}):
        chosen = read_chain(path, at_ns=parse_instant("at", stamp.isoformat()))
        document = Document.parse_tree(example_document(chosen))
        legs = {account.name: len(account.positions) for account in document.accounts}
        for name, count in {"iron condor": 4, "box": 4, "call butterfly": 3, "calendar": 2}.items():
            assert {legs[f"{name} BTC"], legs[f"{name} ETH"]} == {count}, stamp
        assert any(r.breach for r in assess(document, liquidation_prices=False).accounts)


@pytest.mark.parametrize("path", [CRASH, DAILY])
def test_the_snapshot_is_the_latest_at_or_before(path):
    from pyarrow import parquet  # noqa: PLC0415

    stamps = sorted(set(parquet.read_table(path, columns=["timestamp"])["timestamp"].to_pylist()))
    micros = [round(stamp.timestamp() * 1e6) for stamp in stamps]
    ns = [1_000 * micro for micro in micros]
    assert read_chain(path).time_ns == ns[-1]
    for k in (0, 1, len(ns) // 2):
        assert read_chain(path, at_ns=ns[k]).time_ns == ns[k]
        assert read_chain(path, at_ns=ns[k + 1] - 1).time_ns == ns[k]
        assert read_chain(path, at_ns=(ns[k] + ns[k + 1]) // 2).time_ns == ns[k]
    assert read_chain(path, at_ns=2**62).time_ns == ns[-1]
    with pytest.raises(FeedError, match=r"must have a snapshot at or before .*; its first is of"):
        read_chain(path, at_ns=ns[0] - 1)


def test_contracts_are_marked_as_their_files_say(snapshot, tree):
    from pyarrow import compute, parquet  # noqa: PLC0415

    def rows(name, column):
        table = parquet.read_table(FOLDER / name)
        at = [t for t in table[column].unique().to_pylist() if t.timestamp() * 1e9 <= now]
        return table.filter(compute.equal(table[column], max(at))).to_pylist()

    now = snapshot.time_ns + 1_000
    quotes = tree["market"]["quotes"]
    marks = {
        r["futures_instrument_name"]: r["snapshot_term_mark_price"]
        for r in rows("term_futures_marks.parquet", "timestamp")
    }
    candles = {
        r["instrument_name"]: r["candle_price_used"]
        for r in rows("perpetual_futures_prices.parquet", "obs_datetime")
    }
    held = {i["symbol"]: i["kind"] for i in tree["parameters"]["instruments"]}
    futures = [symbol for symbol, kind in held.items() if kind == "future"]
    assert len(futures) >= 4
    for symbol in futures:
        assert float(quotes[symbol]["mark"]) == pytest.approx(marks[symbol], abs=1e-9)
        assert "grade" not in quotes[symbol]
    for symbol in ("BTC-PERPETUAL", "ETH-PERPETUAL"):
        assert float(quotes[symbol]["mark"]) == pytest.approx(candles[symbol], abs=1e-9)
        assert quotes[symbol]["grade"] == "uncertain"


def test_the_command_line_takes_another_snapshot_than_the_document_was_written_for(
    tmp_path, capsys
):
    path = tmp_path / "fifty.json"
    assert main(["example", "--market", f"{CRASH}@{AT}", "--output", str(path)]) == ExitStatus.FINE
    later = f"{CRASH}@2026-02-07T02:00:00Z"
    assert main(["margin", str(path), "--market", later, "--json"]) == ExitStatus.BREACH
    printed = json.loads(capsys.readouterr().out)
    assert printed["time"].startswith("2026-02-06T21:")
    assert len(printed["accounts"]) == 50
    before = f"{CRASH}@2026-02-05T12:00:00Z"  # a strike was not listed yet
    assert main(["margin", str(path), "--market", before]) == ExitStatus.FAILURE
    assert "must be quoted by the market of 2026-02-05T09:" in capsys.readouterr().err
    expired = f"{DAILY}@2026-03-30"
    assert main(["margin", str(path), "--market", expired]) == ExitStatus.FAILURE
    assert "must expire after market.time" in capsys.readouterr().err
    assert main(["margin", str(path), "--market", f"{CRASH}@2020-01-01"]) == ExitStatus.FAILURE
    assert "its first is of 2026-01-28T04:00:47" in capsys.readouterr().err
