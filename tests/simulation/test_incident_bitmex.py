"""BitMEX, March 2020: a fund with what its engine holds, and a halt. Sources: the file."""

from decimal import Decimal
from itertools import pairwise

import pytest

from hullmark.domain import Reason, commands, events
from hullmark.waterfall import Held, fund_exhausted, fund_value

from .incident import ANN, BOB, FUND, MAKER, Incident, load

SYMBOL = "XBT-PERP"
FACTS = load("bitmex-2020")["facts"]
FIRST, LAST = Decimal(FACTS["price_first"]), Decimal(FACTS["price_last"])
MINUTES = FACTS["minutes"]
END = 600  # of the trading before the halt


def night():
    """Return the value of the fund at each minute, as contracts in dollars are worth coins.

    The engine takes over equal parts each minute, at the price of that minute, and sells none. What
    the fund has realised grows evenly.
    """
    part = Decimal(FACTS["inventory_usd"]) / MINUTES
    usd = quote = Decimal(0)
    seen = []
    for minute in range(1, MINUTES + 1):
        share = Decimal(minute) / MINUTES
        price = FIRST + (LAST - FIRST) * share
        usd, quote = usd + part, quote + part / price
        liquid = Decimal(FACTS["fund_xbt"]) - Decimal(FACTS["realised_xbt"]) * share
        held = Held(value=-usd / price, quote=quote, depth=Decimal(FACTS["depth_usd"]) / price)
        seen.append(fund_value(liquid, [held]))
    return seen


def test_even_taking_over_gives_the_loss_that_was_published():
    assert -night()[-1].unrealised == pytest.approx(
        Decimal(FACTS["unrealised_xbt"]), rel=Decimal("0.01")
    )


def test_the_fund_is_shown_at_three_values_and_each_is_less_than_the_one_before():
    seen = night()
    for before, after in pairwise(seen):
        assert after.liquid > after.at_mark > after.at_impact
        assert all(after[n] < before[n] for n in range(3))
    start, last = Decimal(FACTS["fund_xbt"]), seen[-1]
    shown = [value / start for value in last[:3]]
    assert [round(value, 2) for value in shown] == [
        Decimal("0.93"),
        Decimal("0.77"),
        Decimal("0.67"),
    ]


# A venue that means to act when a quarter of its fund is gone.
def test_what_goes_by_the_last_value_acts_first_and_what_goes_by_the_first_never():
    seen, floor = night(), Decimal(FACTS["fund_xbt"]) * Decimal("0.75")
    by = {
        "impact": [n for n, value in enumerate(seen) if fund_exhausted(value, floor=floor)],
        "mark": [n for n, value in enumerate(seen) if value.at_mark <= floor],
        "balance": [n for n, value in enumerate(seen) if value.liquid <= floor],
    }
    assert by["impact"][0] < MINUTES - 10
    assert (by["mark"], by["balance"]) == ([], [])


# In the book of the thread, 18 million USD against what may have been 250, nothing is left of it.
def test_with_more_in_the_engine_than_the_book_can_take_the_fund_is_gone():
    usd, entry, price = Decimal(250_000_000), Decimal(4_527), Decimal(3_600)
    held = Held(value=-usd / price, quote=usd / entry, depth=Decimal(1_800_000) / price)
    value = fund_value(Decimal(FACTS["fund_xbt"]) - Decimal(FACTS["realised_xbt"]), [held])
    assert value.liquid > 32_000
    assert value.at_impact < -20_000
    assert fund_exhausted(value)


def halted(way, *, defended=True):
    """Return the venue on the second after it is up again, its price off by the gap."""
    incident = Incident("bitmex-2020", defended=defended)
    gap = Decimal(1) + way * Decimal(FACTS["gap"])
    back = str(END + 1 + int(FACTS["halt_s"]))
    incident.file["path"][SYMBOL]["own"][-1] = [back, f"{LAST * gap:.2f}"]
    incident.at(0)
    incident.open(MAKER, USD="1000000000")
    incident.pay(FUND, USD="100000")
    for account, long in ((ANN, True), (BOB, False)):
        incident.open(account, USD="3600")
        buyer, seller = (account, MAKER) if long else (MAKER, account)
        incident.do(incident.trade(buyer, "10", SYMBOL, "3600", seller=seller))
    for _ in incident.run(60, END):
        pass
    return incident, float(back)


@pytest.mark.parametrize(("way", "under"), [(-1, ANN), (1, BOB)])
def test_nothing_happens_to_anybody_while_the_venue_is_down_and_the_gap_finds_one_side(way, under):
    incident, back = halted(way)
    cash = {account: incident.venue.cash(account, "USD") for account in (ANN, BOB, FUND)}
    for _ in incident.run(END + 121, back - 60):
        assert incident.refused(incident.trade(ANN, "1", SYMBOL, "3600")) is Reason.PRICE_DOUBTFUL
    assert incident.taken_in_hand() == set()
    assert cash == {account: incident.venue.cash(account, "USD") for account in cash}
    incident.at(back)
    assert incident.taken_in_hand() == {under}
    incident.check()


def test_a_price_that_never_grows_old_is_traded_on_by_whoever_knows_better():
    incident, back = halted(1, defended=False)
    for _ in incident.run(END + 121, back - 60):
        pass
    incident.do(incident.trade(ANN, "1", SYMBOL, "3600"))
    before = incident.venue.health(MAKER).net_value
    incident.at(back)
    lost_usd = before - incident.venue.health(MAKER).net_value
    assert lost_usd == pytest.approx(540)  # long and short of the others net; this one does not
    incident.check()


@pytest.mark.parametrize("way", [-1, 1])
def test_what_the_gap_left_is_paid_by_the_fund_and_recorded(way):
    incident, back = halted(way)
    incident.at(back)
    (order,) = incident.orders
    price_nano = order.limit_nano
    incident.do(
        commands.ReportFill(
            order=order.order,
            counterparty=MAKER,
            lots=order.lots,
            price_nano=price_nano,
            arrival_nano=incident.venue.state.prices[SYMBOL].price_nano,
            final=True,
        )
    )
    (covered,) = [e for e in incident.happened if isinstance(e, events.DeficitCovered)]
    assert covered.gap_quanta + covered.latency_quanta + covered.impact_quanta == (
        covered.fund_quanta + covered.bad_debt_quanta
    )
    assert covered.gap_quanta == pytest.approx((10 * 540 - 3_600) * 1e6)  # the gap, less the margin
    assert covered.bad_debt_quanta == 0
    incident.check()
