"""Maker, March 2020: keepers away, and lots that go for nothing, or not. Sources: the file."""

from dataclasses import dataclass
from decimal import Decimal

import pytest

from hullmark.core import NANO
from hullmark.domain import commands, events
from hullmark.liquidation import parse_chain
from hullmark.sim import Keeper, LotOffer, quantity_wanted

from .incident import MAKER, Incident, load

FACTS = load("maker-2020")["facts"]
LENGTH_S = 16_200
DAI, GWEI = 10**6, 10**9  # quanta of a unit
FIRST_VAULT, FIRST_KEEPER = 1_000, 5_000
AWAY_S = tuple(Decimal(second) for second in FACTS["away_s"])
BUFFER, CUSP = Decimal("1.2"), Decimal("0.7")
ALONE = Decimal("0.99")  # what the one who is left asks for: nobody bids against it


@dataclass
class Sale:
    """One purchase, beside what the lot was worth."""

    second: int
    keeper: int
    quantity: Decimal
    price: Decimal
    top: Decimal
    oracle_at_top: Decimal
    market: Decimal
    debt: Decimal


class Thursday:
    """The venue, its vaults, and keepers of whom one is left while the others are away."""

    def __init__(self, *, defended=True, alone=ALONE):
        self.incident = Incident("maker-2020", defended=defended)
        self.keepers = {}
        gain, fee = FACTS["gain_min"], FACTS["fee_dai"]
        for number in range(int(FACTS["keepers"])):
            stays = number >= int(FACTS["keepers"]) - int(FACTS["keepers_left"])
            self.keepers[FIRST_KEEPER + number] = Keeper(
                gain_min=alone if stays else gain, fee=fee, away_s=() if stays else (AWAY_S,)
            )
        self.sales, self.tops, self.resets = [], {}, []
        self.curve = parse_chain(self.incident.rules["liquidation"]["chain"])[0].auction.curve
        self.second = 0

    def found(self):
        """Open every vault, as far in debt as its owner wants it, and give keepers their money."""
        incident, count = self.incident, int(FACTS["vaults"])
        incident.at(0)
        incident.open(MAKER, USDC="100000000", DAI="100000000")
        for keeper in self.keepers:
            incident.open(keeper, DAI=FACTS["capital_dai"])
        for number in range(count):
            account, share = FIRST_VAULT + number, Decimal(number) / (count - 1)
            eth = between("eth_least", "eth_most", Decimal(number * 7 % count) / (count - 1))
            drawn = eth * between("price_first", "price_last", share) / Decimal(FACTS["ratio"])
            incident.open(account, ETH=f"{eth:.0f}")
            lots = incident.venue.lots("USDC-DAI", f"{drawn:.2f}")
            incident.do(incident.trade(account, f"{drawn:.2f}", "USDC-DAI", "1"))
            incident.do(incident.withdrawal(account, "USDC", lots * DAI // 100))
        return self

    def live(self):
        """Let prices fall, and keepers buy what they want."""
        for second in self.incident.run(60, LENGTH_S):
            self.second = second
            self._note_tops()
            for keeper in self.keepers:
                self._buys(keeper)
        return self

    def _market(self):
        return Decimal(self.incident.venue.state.prices["ETH"].price_nano) / NANO

    # Of what each auction started with, or was last offered anew at.
    def _note_tops(self):
        for number, auction in self.incident.venue.state.auctions.items():
            begun = (auction.top_nano, auction.started_ns)
            if self.tops.get(number, (0, 0))[:2] != begun:
                if number in self.tops:
                    self.resets.append(self.second)
                self.tops[number] = (*begun, self._market())

    def _buys(self, keeper):
        venue, market = self.incident.venue, self._market()
        busy = AWAY_S[0] <= self.second < AWAY_S[1]
        for number, auction in list(venue.state.auctions.items()):
            elapsed_ns = venue.state.now_ns - auction.started_ns
            price = Decimal(self.curve.price_nano(auction.top_nano, elapsed_ns)) / NANO
            left, target = Decimal(auction.lot_quanta) / GWEI, Decimal(auction.tab_quanta) / DAI
            wanted = quantity_wanted(
                self.keepers[keeper],
                LotOffer(price, left, target),
                market=market,
                capital=Decimal(venue.cash(keeper, "DAI").quanta) / DAI,
                now_s=self.second,
                fee_factor=FACTS["fee_factor"] if busy else 1,
                quantum=Decimal("1e-9"),
            )
            if wanted:
                self._bid(number, keeper, int(wanted * GWEI), market)

    def _bid(self, number, keeper, quanta, market):
        top, _, oracle = self.tops[number]
        bid = commands.TakeAuction(
            auction=number, bidder=keeper, quanta=quanta, pay_quanta_max=10**15
        )
        (taken,) = [e for e in self.incident.do(bid) if isinstance(e, events.AuctionTaken)]
        paid = Decimal(taken.paid_quanta) / DAI
        debt = Decimal(taken.paid_quanta - taken.penalty_quanta) / DAI
        eth = Decimal(taken.lot_quanta) / GWEI
        top = Decimal(top) / NANO
        self.sales.append(Sale(self.second, keeper, eth, paid / eth, top, oracle, market, debt))

    def told(self, kind):
        """Return the events of a kind."""
        return [e for e in self.incident.happened if isinstance(e, kind)]

    def liquidated_dai(self):
        """Return the debt that auctions raised, and that they did not."""
        return sum((sale.debt for sale in self.sales), self.missing_dai())

    def missing_dai(self):
        """Return what the auctions did not raise of it, whoever paid for that."""
        covered = self.told(events.DeficitCovered)
        return Decimal(sum(e.fund_quanta + e.bad_debt_quanta for e in covered)) / DAI


def between(low, high, share):
    """Return a number between two facts."""
    first, last = Decimal(FACTS[low]), Decimal(FACTS[high])
    return first + (last - first) * share


@pytest.fixture(scope="module")
def greedy():
    return Thursday().found().live()


@pytest.fixture(scope="module")
def fair():
    return Thursday(alone=Decimal(FACTS["gain_min"])).found().live()


@pytest.fixture(params=["greedy", "fair"])
def defended(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def undefended():
    return Thursday(defended=False).found().live()


def test_every_vault_is_liquidated_and_every_auction_ends(defended):
    put_up = {e.account for e in defended.told(events.AuctionStarted)}
    assert len(put_up) == int(FACTS["vaults"])
    assert not defended.incident.venue.state.auctions
    defended.incident.check()


def test_no_lot_is_sold_below_the_cusp_whoever_is_away(defended):
    assert defended.sales
    for sale in defended.sales:
        assert sale.price >= CUSP * sale.top
        assert sale.top == pytest.approx(BUFFER * sale.oracle_at_top)
        assert sale.price >= CUSP * BUFFER * sale.oracle_at_top * Decimal("0.999999999")


def test_what_nobody_buys_is_offered_anew_at_the_price_of_then(defended):
    away = [second for second in defended.resets if AWAY_S[0] <= second < AWAY_S[1]]
    assert len(away) >= 10
    assert len(defended.resets) == len(defended.told(events.AuctionReset))


# It could have had them at the cusp, and did not want to: nobody else comes to pay more for that.
def test_whoever_waits_for_nothing_gets_nothing(greedy):
    assert not [s for s in greedy.sales if s.keeper == max(greedy.keepers)]


def test_hardly_any_debt_is_left(defended):
    assert defended.liquidated_dai() > 5_000_000
    assert defended.missing_dai() <= defended.liquidated_dai() / 100


# Published: 36 % of the liquidations, 8.32 million USD of ether, and 5.67 million DAI of debt left.
def test_without_the_guard_lots_go_for_nothing_and_debt_is_left(undefended):
    nothing = [s for s in undefended.sales if s.price < s.market / 100]
    share = Decimal(len(nothing)) / int(FACTS["vaults"])
    assert share == pytest.approx(Decimal(FACTS["published_zero_share"]), abs=Decimal("0.05"))
    taken_usd = sum(s.quantity * s.market for s in nothing)
    assert taken_usd == pytest.approx(Decimal(FACTS["published_taken_usd"]), rel=Decimal("0.2"))
    left = undefended.missing_dai()
    assert left == pytest.approx(Decimal(FACTS["published_left_dai"]), rel=Decimal("0.1"))
    assert {s.keeper for s in nothing} == {max(undefended.keepers)}
    undefended.incident.check()
