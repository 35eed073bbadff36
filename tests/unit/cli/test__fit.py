"""Tests of ``hullmark fit`` on a chain made of known smiles."""

import json
import math
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from pyarrow import parquet

from hullmark.cli import ExitStatus, main
from hullmark.core import YEAR_NS
from hullmark.volatility import Svi

AT = datetime(2026, 2, 1, 8, tzinfo=UTC)
SMILES = {
    7: Svi(a=0.002, b=0.05, rho=-0.2, m=0.01, sigma=0.08),
    30: Svi(a=0.010, b=0.08, rho=-0.3, m=0.02, sigma=0.20),
}
FORWARD = 70_000.0


@pytest.fixture
def chain(tmp_path):
    """Write a chain of two coins and two expiries, and return its path."""
    rows = []
    for coin in ("BTC", "ETH"):
        for days, smile in SMILES.items():
            years = days * 86_400e9 / YEAR_NS
            for i in range(-8, 9):
                k = 0.35 * i * math.sqrt(smile.total_variance([0.0])[0])
                rows.append(
                    {
                        "timestamp": AT,
                        "currency": coin,
                        "instrument_name": f"{coin}-{days}-{i}-C",
                        "option_type": "call",
                        "strike": FORWARD * math.exp(k),
                        "expiry_datetime": AT + timedelta(days=days),
                        "futures_price": FORWARD,
                        "implied_volatility": float(smile.vol([k], years=years)[0]),
                    }
                )
    rows[3]["implied_volatility"] = 20.0
    rows[4]["implied_volatility"] = None
    path = tmp_path / "chain.parquet"
    parquet.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_json_has_the_numbers_the_errors_and_the_dropped_quotes(chain, capsys):
    assert main(["fit", str(chain), "--json"]) == ExitStatus.FINE
    tree = json.loads(capsys.readouterr().out)
    assert tree["version"] == 1
    assert tree["time"].startswith("2026-02-01T08:00:00")
    btc, eth = tree["underlyings"]["BTC"], tree["underlyings"]["ETH"]
    assert btc["dropped"] == [
        {"instrument": "BTC-7--5-C", "reason": "vol 20 is absurd"},
        {"instrument": "BTC-7--4-C", "reason": "no vol, and no price that a vol gives"},
    ]
    assert eth["dropped"] == []
    assert eth["repaired_free"]
    assert [e["expiry"] for e in eth["expiries"]] == [
        "2026-02-08T08:00:00Z", "2026-03-03T08:00:00Z"
    ]  # fmt: skip
    for expiry, smile in zip(eth["expiries"], SMILES.values(), strict=True):
        assert expiry["svi"]["b"] == pytest.approx(smile.b, rel=1e-3)
        assert expiry["density_min"] >= 0
        assert expiry["residuals"]["max"] < 0.01
        assert expiry["residuals"]["max_ticks"] is None or expiry["residuals"]["max_ticks"] < 1
        assert expiry["jump_wing"]["years"] == expiry["years"]
    assert set(eth["ssvi"]) == {"rho", "eta", "gamma", "levels", "residuals"}


def test_tables_say_what_was_fitted_and_what_was_left_out(chain, capsys):
    assert main(["fit", f"{chain}@2026-02-02", "--underlying", "BTC"]) == ExitStatus.FINE
    printed = capsys.readouterr().out
    assert "Surface of 2026-02-01T08:00:00Z" in printed
    assert "2026-03-03" in printed
    assert "1 because: no vol, and no price that a vol gives" in printed
    assert "Calendar: " in printed
    assert "ETH" not in printed


@pytest.mark.parametrize("form", ["png", "svg"])
def test_the_picture_is_written_and_the_same_each_time(chain, tmp_path, form):
    paths = [tmp_path / f"{i}.{form}" for i in (1, 2)]
    for path in paths:
        assert main(["fit", str(chain), "--output", str(path)]) == ExitStatus.FINE
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert first.startswith(b"\x89PNG" if form == "png" else b"<?xml")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--output", "a.gif"], "--output must end in .png or .svg, was 'a.gif'"),
        (["--underlying", "SOL"], "--underlying must be one of BTC, ETH, was 'SOL'"),
        (["--source", "bid"], "quotes must have an expiry with five usable strikes"),
    ],
)
def test_misuse_is_refused_with_the_rule(chain, capsys, words, message):
    assert main(["fit", str(chain), *words]) == ExitStatus.FAILURE
    assert message in capsys.readouterr().err


def test_a_time_before_the_chain_is_refused(chain, capsys):
    assert main(["fit", f"{chain}@2020-01-01"]) == ExitStatus.FAILURE
    assert "must have a snapshot at or before 2020-01-01" in capsys.readouterr().err
    assert main(["fit", "@2020-01-01"]) == ExitStatus.FAILURE
    assert "CHAIN must name a chain" in capsys.readouterr().err
