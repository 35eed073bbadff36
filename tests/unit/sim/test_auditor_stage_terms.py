"""Tests of the auditor's reading of chains, pools and waterfalls, and of its falling prices."""

from fractions import Fraction

import pytest

from hullmark.sim._auditor_stage_terms import (
    PoolTerms,
    SoftTerms,
    TakeoverTerms,
    WaterfallTerms,
    read_chain,
    read_pools,
    read_waterfall,
)

from .told_stages import CURVES, LOT, SHARE

MINUTE_NS = 60 * 10**9


def auction(kind, **terms):
    stage = {"stage": "dutch-auction", "kind": kind} | (SHARE if kind == "share" else LOT)
    (found,) = read_chain([stage | terms])
    return found.auction


def test_a_chain_is_read_stage_by_stage():
    soft = {"stage": "soft", "level": "0.8", "share_max": "0.5"}
    taken = {"stage": "takeover", "pool": "vault", "deadline_s": "30"}
    first, second = read_chain([soft, taken])
    assert first.soft == SoftTerms(Fraction(8, 10), Fraction(0), Fraction(1, 2))
    assert second.takeover == TakeoverTerms("vault", None, Fraction(0))
    assert (first.deadline_ns, second.deadline_ns) == (None, 30 * 10**9)


@pytest.mark.parametrize(
    ("curve", "minutes", "factor"),
    [
        ({"kind": "linear", "tau_s": "3600"}, 15, Fraction(3, 4)),
        ({"kind": "linear", "tau_s": "3600"}, 61, Fraction(0)),
        (CURVES["share"], 0, Fraction(95, 100)),
        (CURVES["share"], 15, Fraction(7, 10)),
        (CURVES["share"], 45, Fraction(35, 100)),
        (CURVES["share"], 90, Fraction(0)),
        (CURVES["lot"], 1, Fraction(1)),
        (CURVES["lot"], 3, Fraction(99, 100) ** 2),
        ({"kind": "exponential", "cut": "0.5"}, 0.05, Fraction(1, 8)),
    ],
)
def test_prices_fall_as_documented(curve, minutes, factor):
    found = auction("lot", curve=curve).factor(int(minutes * MINUTE_NS))
    assert abs(found - factor) < Fraction(1, 10**50)


def test_what_an_auction_leaves_out_is_at_its_documented_default():
    stage = {k: v for k, v in LOT.items() if k in ("curve", "buffer", "tail_s")}
    (found,) = read_chain([{"stage": "dutch-auction", "kind": "lot"} | stage])
    assert found.auction.self_reset
    assert (found.auction.cusp, found.auction.dust_usd, found.auction.limit_usd) == (0, 0, None)


def test_pools_and_waterfalls_are_read():
    assert read_pools({"v": {"account": 150, "asset": "USDT", "notice_s": "60"}}) == {
        "v": PoolTerms(150, "USDT", MINUTE_NS)
    }
    steps = ("fund", "adl", "bad-debt")
    assert read_waterfall({"steps": steps, "adl": {"policy": "least-haircut"}}) == WaterfallTerms(
        steps=steps, policy="least-haircut", price="mark"
    )
    assert read_waterfall({"steps": steps, "adl": {"policy": "queue"}}).price == "bankruptcy"
