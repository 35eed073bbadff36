"""A report of the shape that the crash replay writes, made up but of the right proportions."""

import math
from decimal import Decimal

import pytest

# Instrument, fall at the worst minute, share of the notional.
MARKET = (
    ("BTC-PERP", 0.148, 0.34),
    ("ETH-PERP", 0.208, 0.27),
    ("SOL-PERP", 0.247, 0.14),
    ("XRP-PERP", 0.487, 0.09),
    ("BNB-PERP", 0.305, 0.05),
    ("DOGE-PERP", 0.574, 0.06),
    ("HYPE-PERP", 0.432, 0.05),
)
MINUTES = tuple(range(0, 24 * 60, 5))
CRASH = 21 * 60 + 15
FUND = Decimal(10_000_000)


def _path(fall):
    def at(minute):
        slide = -0.02 * minute / 1440 + 0.004 * math.sin(minute / 70)
        drop = math.exp(-(((minute - CRASH) / 14) ** 2)) * 0.8 + (minute > CRASH) * 0.35
        return round(1 + slide - fall * min(drop, 0.98), 6)

    return [at(minute) for minute in MINUTES]


def _bell(total, minute, width=16):
    return total * math.exp(-(((minute - CRASH) / width) ** 2)) * 5 / (width * math.sqrt(math.pi))


def _instruments(notional, deficit):
    return [
        {
            "instrument": name,
            "liquidations": round(3100 * share),
            "notional": f"{notional * share:.2f}",
            "penalties": f"{notional * share * 0.005:.2f}",
            "deficit": f"{deficit * share:.2f}",
            "worst_slippage": round(fall / 20, 4),
        }
        for name, fall, share in MARKET
    ]


def _timeline(notional, breaches, used):
    done, fund = 0.0, []
    flow = [_bell(notional, minute) for minute in MINUTES]
    for part in flow:
        done += part
        fund.append(float(FUND) + (0.005 * notional - used) * done / notional)
    return {
        "minute": list(MINUTES),
        "breaches": [round(_bell(breaches, minute)) for minute in MINUTES],
        "notional": flow,
        "fund": fund,
        "prices": {name: _path(fall) for name, fall, _ in MARKET},
    }


def _map(scale):
    moves = [k / 50 for k in range(-25, 26)]
    hit = [scale * 6e8 * (1 - math.exp(-((abs(move) / 0.18) ** 1.6))) for move in moves]
    return {
        "move": moves,
        "long": [usd if move < 0 else 0.0 for usd, move in zip(hit, moves, strict=True)],
        "short": [0.7 * usd if move > 0 else 0.0 for usd, move in zip(hit, moves, strict=True)],
    }


def _run(order, *, delayed, scale, journalled=False, name=None):
    notional = 186_452_318.47 * scale
    gap, latency, impact = (
        Decimal("4821377.125003") * Decimal(str(scale)),
        Decimal("2610442.000441") * Decimal(str(scale)) * delayed,
        Decimal("5177901.731902") * Decimal(str(scale)),
    )
    deficit = gap + latency + impact
    penalties = Decimal(f"{notional * 0.005:.2f}")
    used = min(deficit, FUND + penalties)
    return {
        "name": name or f"{order}, {'default delays' if delayed else 'zero delay'}",
        "order": order,
        "oracle_delay_s": 3 * delayed,
        "execution_delay_s": 2 * delayed,
        "journalled": journalled,
        "state_hash": f"{order.count('H')}{delayed:d}{int(scale * 1e6):x}" * 8,
        "wall_s": 8.137 + scale,
        "units": 12_345,
        "events": 45_678,
        "breaches": round(3_210 * scale),
        "liquidations": round(3_100 * scale),
        "orders": round(4_010 * scale),
        "fills": round(4_117 * scale),
        "notional": f"{notional:.2f}",
        "penalties": f"{penalties}",
        "deficit": f"{deficit:f}",
        "deficits": round(412 * scale),
        "fund": {
            "start": f"{FUND}",
            "penalties_in": f"{penalties}",
            "used": f"{used:f}",
            "end": f"{FUND + penalties - used:f}",
        },
        "bad_debt": f"{deficit - used:f}",
        "causes": {"gap": f"{gap:f}", "latency": f"{latency:f}", "impact": f"{impact:f}"},
        "parked": {"no fill inside the price limit": 17, "below one lot": 3},
        "retries": 214,
        "by_instrument": _instruments(notional, float(deficit)),
        "by_tier": [
            {
                "instrument": name,
                "tier": tier,
                "accounts": round(20_000 * share * 0.8 / 5**tier) + 2,
                "liquidated": round(3_100 * share * 0.8 / 5**tier) + 1,
            }
            for name, _, share in MARKET
            for tier in range(1, 5)
        ],
        "timeline": _timeline(notional, 3_210 * scale, float(used)),
        "health": {
            "edges": [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
            "before": [6204, 4391, 3100, 2115, 1490, 1010, 741, 512, 290, 147, 0],
            "after": [5106, 3720, 2804, 2190, 1602, 1187, 1344, 1520, 380, 130, 17],
        },
        "map": {"before": _map(1.0), "after": _map(0.72)},
        "slowest": {
            "command": "ObservePrices",
            "time": "2025-10-10T21:20:41Z",
            "wall_ms": 35.1,
            "events": 700,
        },
        "depth_used_usd": notional,
        "price_grades": {"0": 10_556},
        "books": {
            "balanced": True,
            "assets": [
                {
                    "asset": "USDT",
                    "sum_quanta": 0,
                    "custody": "312450118.000000",
                    "accounts": "301517856.407654",
                    "fund": "10932261.592346",
                    "bad_debt": "-2609720.857346",
                }
            ],
            "lots": {name: 0 for name, _, _ in MARKET},
        },
        "maker": {
            "capital": "250000000",
            "equity_end": "262118300.12",
            "margin_ratio_worst": 0.41,
        },
    }


def crash_report():
    """Return a fresh report, to be read or spoiled."""
    runs = [
        _run("O-H-L-C", delayed=False, scale=0.79),
        _run("O-H-L-C", delayed=True, scale=0.94),
        _run("O-L-H-C", delayed=False, scale=0.83),
        _run("O-L-H-C", delayed=True, scale=1.0, journalled=True),
    ]
    bound = _run("O-L-H-C", delayed=True, scale=1.45, name="O-L-H-C, jumps between the points")
    quantiles = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]
    deficit = Decimal(runs[3]["deficit"]) - Decimal(runs[3]["penalties"])
    return {
        "hullmark": "0.1.0",
        "seed": 7,
        "window": ["2025-10-10T00:00:00Z", "2025-10-11T00:00:00Z"],
        "source": {
            "kind": "recorded",
            "text": "5-minute bars of seven Binance USD-margined perpetuals, with hourly mark and "
            "funding; the mark is rebuilt as the trade path inside that hour's recorded range.",
            "files": ["BTCUSDT_5m.parquet", "alts_5m_crash_windows.parquet"],
        },
        "accounts": 20_000,
        "open_interest_usd": "1000000000",
        "numeraire": "USDT",
        "state_hash": runs[3]["state_hash"],
        "bad_debt": runs[3]["bad_debt"],
        "worse": "O-L-H-C",
        "wall_s": 41.2,
        "runs": runs,
        "upper_bound": bound,
        "fund_curve": [
            {
                "share": f"{share}",
                "fund": f"{share * 10**9:f}",
                "bad_debt": f"{max(deficit - share * 10**9, Decimal(0)):f}",
            }
            for share in map(Decimal, ("0", "0.0025", "0.005", "0.01", "0.015", "0.02", "0.03"))
        ],
        "population": {
            "quantiles": quantiles,
            "leverage": {
                "real": [0.31, 0.55, 1.4, 3.2, 7.1, 14.2, 20.5, 38.0],
                "drawn": [0.29, 0.57, 1.43, 3.18, 7.0, 14.6, 21.1, 37.2],
            },
            "size_usd": {
                "real": [110, 240, 900, 4100, 21000, 96000, 260000, 2.1e6],
                "drawn": [104, 251, 930, 4000, 20300, 99000, 271000, 2.3e6],
            },
            "size_scale": 10.0,
            "long_share": {"real": 0.612, "drawn": 0.609},
            "accounts_by_mode": {"cross": 15_020, "isolated": 4_980},
            "tail": {"quantiles": [0.99, 0.999], "real": [4.1, 38.0], "drawn": [4.0, 41.5]},
            "longs_usd": 6.2e8,
            "shorts_usd": 3.8e8,
            "positions_by_tier": {name: [900, 300, 80, 9] for name, _, _ in MARKET},
        },
        "assumptions": [
            {
                "name": "depth",
                "value": "1% of trailing 5-minute notional x 0.1",
                "source": "Kaiko Research, 13 October 2025: depth fell by about 90% in the crash",
            },
            {"name": "impact half-life", "value": "60 s", "source": "declared; nobody measured it"},
            {"name": "fund", "value": "1% of open interest", "source": "declared"},
        ],
        "warnings": [
            f"{name} tier {tier}: MM {0.4 * tier:.1f}% of notional is under penalty + impact + gap "
            f"{0.8 + fall * 2:.1f}%"
            for name, fall, _ in MARKET
            for tier in (1, 2, 3)
        ]
        + ["HYPE-PERP has no row in the tier table: the schedule of DOGE-PERP is used"],
    }


def quiet_report():
    """Return the report of a day on which nothing happened: every count and amount is zero."""
    report = crash_report()
    for run in [*report["runs"], report["upper_bound"]]:
        for key in ("breaches", "liquidations", "orders", "fills", "deficits", "retries"):
            run[key] = 0
        for key in ("notional", "penalties", "deficit", "bad_debt"):
            run[key] = "0"
        run["causes"] = {"gap": "0", "latency": "0", "impact": "0"}
        run["fund"] = {"start": "10000000", "penalties_in": "0", "used": "0", "end": "10000000"}
        run["parked"], run["by_instrument"], run["by_tier"] = {}, [], []
        line = run["timeline"]
        line["breaches"] = [0] * len(MINUTES)
        line["notional"] = [0.0] * len(MINUTES)
        line["fund"] = [0.0] * len(MINUTES)
        line["prices"] = {}
        for table in run["map"].values():
            table["long"] = [0.0] * len(table["move"])
            table["short"] = [0.0] * len(table["move"])
        run["health"] = {"edges": [0], "before": [0], "after": [0]}
    report["bad_debt"], report["upper_bound"] = "0", None
    report["fund_curve"], report["assumptions"], report["warnings"] = [], [], []
    return report


@pytest.fixture(scope="session")
def crash():
    """Return a report that nobody may spoil."""
    return crash_report()


@pytest.fixture
def report():
    return crash_report()


@pytest.fixture
def quiet():
    return quiet_report()
