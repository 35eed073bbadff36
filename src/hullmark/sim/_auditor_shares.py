"""Shares of accounts that change hands, as the auditor follows them: auctions and takeovers.

Sources: ``docs/concepts/auctions.md``, ``docs/concepts/absorption-pool.md`` and the docstrings of
the events. Positions go at their marks; what an account is worth goes as cash.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from hullmark.sim._auditor_bidders import AuditorBidders
from hullmark.sim._auditor_cases import QUANTA_MAX, Auction
from hullmark.sim._auditor_desk import AuditorDesk
from hullmark.sim._auditor_ledger import AuditorLedger, ceiling
from hullmark.sim._auditor_losses import AuditorLosses
from hullmark.sim._auditor_market import AuditorMarket
from hullmark.sim._auditor_notes import AuditorEvent, AuditorNotes
from hullmark.sim._auditor_stage_terms import INSOLVENT, SHARE, AuctionTerms
from hullmark.sim._auditor_text import NANO


@dataclass(frozen=True, slots=True)
class _Offer:
    """What an account has before somebody takes a share of it, and what all of it costs."""

    lots: dict[str, int]
    worth: dict[str, int]  # quanta by asset: cash, and positions at their marks
    price: int  # of the whole; below 0: the taker is paid
    largest: Fraction  # share
    blur: Fraction  # quanta by which what is held may be off: options are floats
    slack: Fraction  # and the price
    health: Fraction  # quanta


class AuditorShares:
    """Judges and posts what goes from one account to another as a whole."""

    def __init__(
        self,
        ledger: AuditorLedger,
        market: AuditorMarket,
        desk: AuditorDesk,
        losses: AuditorLosses,
        notes: AuditorNotes,
    ) -> None:
        self._ledger = ledger
        self._market = market
        self._desk = desk
        self._losses = losses
        self._notes = notes
        self._bidders = AuditorBidders(market, desk, notes)
        self._offers: dict[int, _Offer] = {}  # by account, of the unit at hand
        self._moved: dict[int, AuditorEvent] = {}  # by account, until it is told what for
        self.after_move: list[Callable[[AuditorEvent], None]] = []
        desk.before_payment.append(self._remember)

    def handlers(self) -> dict[str, Callable[[AuditorEvent], None]]:
        """Return what takes each event, by its name."""
        return {"PortfolioMoved": self._move}

    def take(self, auction: Auction, event: AuditorEvent) -> None:
        """Judge and post a purchase from an auction, after what it moved."""
        account, bidder, notes = auction.account, event["bidder"], self._notes
        moved, offer = self._moved.pop(account, None), self._offers.pop(account, None)
        share_nano, paid = event.get("share_nano", 0), event["paid_quanta"]
        if moved is None or offer is None or moved["target"] != bidder:
            notes.differ(account, "a share", f"moved to {bidder}", moved)
            return
        share = Fraction(share_nano, NANO)
        if not 0 < share <= offer.largest + Fraction(1, NANO):
            notes.differ(account, "share_nano", f"<= {float(offer.largest)}", share_nano)
        if auction.phase == INSOLVENT:
            self._losses.check_paid_in(account, auction.asset, max(-paid, 0), share)
        elif paid <= 0:
            notes.differ(account, "paid_quanta", "> 0", paid)
        self._check_part(account, offer, moved, share_nano)
        self._check_waiting(account, moved, event.get("participation_quanta", 0))
        notes.equal(account, "penalty_quanta", 0, event.get("penalty_quanta", 0))
        released = auction.notional_nano * share_nano // NANO
        notes.equal(account, "notional_nano", released, event.get("notional_nano", 0))
        self._ledger.move(bidder, account, auction.asset, paid)
        self._check_price(account, auction.asset, offer, share, paid)
        auction.reserved_quanta += max(paid, 0)
        auction.sold = share_nano == NANO

    # Whoever is paid gets no more than the account lacks less by what it has given up, or all.
    def _check_price(
        self, account: int, asset: str, offer: _Offer, share: Fraction, paid: int
    ) -> None:
        price = ceiling(*(offer.price * share).as_integer_ratio())
        slack = Fraction(math.ceil(offer.slack * share))
        if price < 0 and self._ledger.positions[account]:
            health, near = self._health(account, asset)
            lacks_less = max(math.floor(health - offer.health), 0)
            slack, price = slack + near + offer.slack + 1, max(price, -lacks_less)
        self._notes.near(account, "paid_quanta", price, paid, slack)

    def moved_whole(self, account: int, target: int) -> None:
        """Judge that all of an account went to another, after it did."""
        moved = self._moved.pop(account, None)
        left = sorted(self._ledger.positions[account]) + sorted(self._desk.cash(account))
        if moved is None or moved["target"] != target or left:
            self._notes.differ(account, "all it has", f"moved to {target}", left or moved)

    def close_unit(self) -> None:
        """Note what moved and was not told what for."""
        for source in self._moved:
            self._notes.differ(source, "what moved", "sold, or taken over", "neither")
        self._moved.clear()
        self._offers.clear()

    # As it was before others paid into it.
    def _remember(self, account: int) -> None:
        auction = self._desk.auctions.get(account)
        if auction is not None and auction.kind == SHARE and account not in self._offers:
            self._offers[account] = self._offer(auction)

    def _move(self, event: AuditorEvent) -> None:
        source, target, notes = event["source"], event["target"], self._notes
        self._remember(source)
        self._bidders.check_before(source, target)
        if source not in self._desk.cases:
            notes.differ(source, "source", "in a liquidation", source)
        instruments, held = self._market.rules.instruments, self._ledger.positions[source]
        for symbol, lots in event["lots"].items():
            terms, cost = instruments[symbol], event["cost_quanta"][symbol]
            have = held[symbol].lots if symbol in held else 0
            if not lots or lots * have < 0 or abs(lots) > abs(have):
                notes.differ(source, f"lots of {symbol}", f"within {have}", lots)
            mark_nano = round(self._market.quoted_nano(symbol))
            worth = ceiling(*terms.worth(lots, mark_nano)) if mark_nano else 0
            blur = abs(Fraction(*terms.worth(lots, self._market.blur_nano(symbol) or 1)))
            slack = 1 + blur if terms.kind == "option" else 0
            notes.near(source, f"cost of {symbol}", worth, cost, slack)
        for symbol, lots in event["lots"].items():
            buyer, seller, sign = (target, source, 1) if lots > 0 else (source, target, -1)
            cost = event["cost_quanta"][symbol]
            self._ledger.exchange(instruments[symbol], buyer, seller, sign * lots, sign * cost, 0)
        for asset, quanta in event["cash_quanta"].items():
            self._ledger.move(source, target, asset, quanta)
        self._moved[source] = event
        for tell in self.after_move:
            tell(event)

    # What the marks have lost since the trigger on what is sold.
    def _check_waiting(self, account: int, moved: AuditorEvent, found: int) -> None:
        case, lost, slack = self._desk.case(account), 0, Fraction(0)
        for symbol, lots in moved["lots"].items():
            terms, trigger_nano = self._market.rules.instruments[symbol], case.trigger_nano
            mark_nano = round(self._market.quoted_nano(symbol))
            if terms.settlement != case.asset or not trigger_nano.get(symbol) or not mark_nano:
                continue
            before, after = (terms.worth(lots, n) for n in (trigger_nano[symbol], mark_nano))
            lost += before[0] // before[1] - after[0] // after[1]
            if blur_nano := self._market.blur_nano(symbol):
                slack += 2 + abs(Fraction(*terms.worth(lots, blur_nano)))
        if abs(lost) < QUANTA_MAX // 2:
            self._notes.near(account, "participation_quanta", lost, found, slack)

    # Of each position so many whole lots, of what it is worth so many whole quanta.
    def _check_part(
        self, account: int, offer: _Offer, moved: AuditorEvent, share_nano: int
    ) -> None:
        lots = {
            symbol: (1 if n > 0 else -1) * (abs(n) * share_nano // NANO)
            for symbol, n in offer.lots.items()
        }
        lots = {symbol: n for symbol, n in lots.items() if n}
        self._notes.equal(account, "lots", lots, dict(moved["lots"]))
        cash = {asset: quanta * share_nano // NANO for asset, quanta in offer.worth.items()}
        for asset in cash.keys() | moved["cash_quanta"].keys():
            ours, theirs = cash.get(asset, 0), moved["cash_quanta"].get(asset, 0)
            self._notes.near(account, f"cash in {asset}", ours, theirs, offer.blur)

    def _offer(self, auction: Auction) -> _Offer:
        account, asset = auction.account, auction.asset
        reserved = auction.reserved_quanta if auction.phase != INSOLVENT else 0
        chain = self._market.rules.liquidation.chain
        terms = next(stage.auction for stage in chain if stage.auction is not None)
        net, slack = self._market.net_quanta(account, asset)
        health, near = self._health(account, asset)
        elapsed_ns = self._notes.now_ns - auction.started_ns
        if auction.phase == INSOLVENT:
            price, largest = (
                _paid_for(net, min(health, Fraction(net)), elapsed_ns, terms),
                Fraction(1),
            )
        else:
            factor = Fraction(math.floor(terms.factor(elapsed_ns) * NANO), NANO)
            price = (net - reserved) * factor
            largest = _largest(health - near - 1, net, factor, terms.buffer, min(reserved, net))
        worth = {a: quanta for a, quanta in self._ledger.cash[account].items() if quanta}
        worth[asset] = worth.get(asset, 0) - reserved
        lots = dict[str, int]()
        for symbol, position in self._ledger.positions[account].items():
            contract = self._market.rules.instruments[symbol]
            over, under = contract.worth(position.lots, round(self._market.quoted_nano(symbol)))
            held = over // under + position.quote - self._ledger.due(account, symbol)
            worth[contract.settlement] = worth.get(contract.settlement, 0) + held
            lots[symbol] = position.lots
        blur = 2 * slack
        off = blur + 1 + 2 * near if auction.phase == INSOLVENT else blur
        return _Offer(lots, worth, math.ceil(price), largest, blur, off, health)

    # In quanta of an asset, and how far it may be off.
    def _health(self, account: int, asset: str) -> tuple[Fraction, Fraction]:
        standing, usd = self._market.standing(account), self._market.usd(asset)
        if standing is None or not usd:
            return Fraction(0), Fraction(0)
        found = (Fraction(n, standing.unit) / usd for n in (standing.health, standing.slack))
        return next(found), next(found)


# From the net value, or nothing, in a line to all that it lacks of its margin.
def _paid_for(net: int, health: Fraction, elapsed_ns: int, terms: AuctionTerms) -> Fraction:
    if health >= 0:
        return Fraction(0)
    first = Fraction(min(net, 0))
    gone = min(Fraction(elapsed_ns, terms.insolvent_ns), Fraction(1))
    return first + (health - first) * gone


# What brings buffered health to nothing: B / (B - V d - R (1 - d)).
def _largest(
    health: Fraction, net: int, factor: Fraction, buffer: Fraction, reserved: int
) -> Fraction:
    short = health - buffer * (net - health)
    if net < 0 or short >= 0:
        return Fraction(0)
    return min(short / (short - net * factor - reserved * (1 - factor)), Fraction(1))
