"""Binance, October 2025: collateral at its own book's price. Sources: the incident's file."""

import pytest

from .incident import MAKER, Incident

COLLATERAL = {"USDE": 101, "WBETH": 102, "BNSOL": 103}  # and who has deposited it
WINDOW = (360, 2760)  # 21:36 to 22:16


def invested(*, defended):
    """Return the venue with an account for each collateral, long of four times what it has."""
    incident = Incident("binance-2025", defended=defended)
    incident.at(0)
    incident.open(MAKER, USDT="10000000")
    for asset, account in COLLATERAL.items():
        usd = incident.price(asset)[2]
        incident.open(account, **{asset: f"{100_000 / usd:.6f}"})
        incident.do(incident.trade(account, "4", "BTC-PERP", "112500"))
    return incident


def test_redeemable_collateral_is_worth_what_the_issuer_pays():
    incident = invested(defended=True)
    for second in incident.run(60, 2880):
        for asset in COLLATERAL:
            grade, _, usd = incident.price(asset)
            redeemed = float(incident.file["path"][asset]["issuer"][0][1])
            limit = float(incident.rules["prices"][asset]["redemption"]["deviation_max"])
            assert grade == "VALID", (second, asset)
            assert abs(usd / redeemed - 1) <= limit
    assert incident.taken_in_hand() == set()
    assert incident.liquidated_usd() == 0.0
    incident.check()


@pytest.mark.parametrize("asset", COLLATERAL)
def test_with_redemption_suspended_the_other_venues_speak(asset):
    incident = invested(defended=True)
    said = incident.file["path"][asset]
    said["issuer"] = [["0", said["issuer"][0][1]], ["300", "silent"]]
    for _ in incident.run(60, 1200):
        pass
    others = [float(said[s][min(len(said[s]) - 1, 2)][1]) for s in ("curve", "bybit")]
    grade, _, usd = incident.price(asset)
    assert grade == "VALID"
    assert min(others) <= usd <= max(others) < float(said["issuer"][0][1]) * 1.001
    assert incident.taken_in_hand() == set()


def test_at_the_price_of_their_own_venues_book_all_are_liquidated():
    incident = invested(defended=False)
    for second in incident.run(60, WINDOW[0] + 240):
        if second < WINDOW[0] - 300:
            assert incident.taken_in_hand() == set()
    assert incident.price("USDE")[2] == pytest.approx(0.66)
    assert incident.taken_in_hand() == set(COLLATERAL.values())
    held_usd = len(COLLATERAL) * 4 * 112_500
    assert incident.liquidated_usd() > 0.2 * held_usd  # the first orders alone
    incident.check()
