"""Auctions as the auditor follows them: when one may start, be reset and end, and lots of them.

Sources: ``docs/concepts/auctions.md``, ``docs/reference/venue.md`` and the docstrings of the
events.
"""

import math
from collections.abc import Callable
from fractions import Fraction

from hullmark.sim._auditor_bidders import AuditorBidders
from hullmark.sim._auditor_cases import Auction
from hullmark.sim._auditor_desk import AuditorDesk
from hullmark.sim._auditor_funds import AuditorFunds
from hullmark.sim._auditor_ledger import FUND, AuditorLedger, ceiling
from hullmark.sim._auditor_market import AuditorMarket
from hullmark.sim._auditor_notes import AuditorEvent, AuditorNotes
from hullmark.sim._auditor_policies import LIQUIDATE
from hullmark.sim._auditor_reserves import AuditorReserves
from hullmark.sim._auditor_shares import AuditorShares
from hullmark.sim._auditor_stage_terms import AUCTION, INSOLVENT, LOT, SHARE, SOLVENT, AuctionTerms
from hullmark.sim._auditor_text import NANO, PRICE_NANO_MAX

NO_START, NO_RESET, NO_TAKE = 1, 2, 3  # levels of the breaker
# Why an auction ended, as the event tells it.
EMPTIED = "the account has nothing left that could be sold, and its books are closed"
CURED = "the account is healthy again, or its debt is paid"
SOLD = "nothing is left to sell"
CONVERTED = "the account is worth nothing any more, or something again: it begins anew"
EXPIRED = "its time is over, and nobody has taken it"
RULES_CHANGED = "the chain is another one than when it started"


class AuditorAuctions:
    """Judges and posts auctions; `level` is the breaker's."""

    def __init__(
        self,
        ledger: AuditorLedger,
        market: AuditorMarket,
        desk: AuditorDesk,
        funds: AuditorFunds,
        shares: AuditorShares,
        notes: AuditorNotes,
    ) -> None:
        self._ledger = ledger
        self._market = market
        self._desk = desk
        self._funds = funds
        self._shares = shares
        self._notes = notes
        self._bidders = AuditorBidders(market, desk, notes)
        self._reserves = AuditorReserves(ledger, market, desk, funds)
        self._last = 0  # number of the newest auction
        self.open: dict[int, Auction] = {}  # by number
        self._converted: tuple[int, int] | None = None  # whose auction is begun anew, its charge
        desk.busy.append(self._is_left_alone)

    def handlers(self) -> dict[str, Callable[[AuditorEvent], None]]:
        """Return what takes each event, by its name."""
        return {
            "AuctionStarted": self._start,
            "AuctionTaken": self._take,
            "AuctionReset": self._reset,
            "AuctionEnded": self._end,
        }

    @property
    def _terms(self) -> AuctionTerms:
        chain = self._market.rules.liquidation.chain
        found = next((stage.auction for stage in chain if stage.auction is not None), None)
        assert found is not None, "an auction is a stage of the chain"
        return found

    # A lot is looked at when it is due, a share whenever anything has moved.
    def _is_left_alone(self, account: int) -> bool:
        auction, chain = self._desk.auctions.get(account), self._market.rules.liquidation.chain
        if auction is None or auction.kind == SHARE or not chain:
            return False
        due = self._terms.self_reset and self._is_due(auction)
        return not (self._is_late(account) or due or self._is_dust(auction))

    def _is_late(self, account: int) -> bool:
        case, chain = self._desk.case(account), self._market.rules.liquidation.chain
        deadline_ns = chain[case.place].deadline_ns if case.place < len(chain) else None
        return deadline_ns is not None and self._notes.now_ns - case.entered_ns >= deadline_ns

    def _start(self, event: AuditorEvent) -> None:
        account, terms, notes = event["account"], self._terms, self._notes
        case, charged = self._desk.case(account), None
        if self._converted is not None and self._converted[0] == account:
            charged = self._converted[1]
        converted, self._converted = charged is not None, None
        if self._desk.wanted(account) is False:
            notes.differ(account, "account", "in breach", account)
        if account in self._desk.auctions:
            notes.differ(account, "account", "in no other auction", account)
        chain = self._market.rules.liquidation.chain
        notes.equal(account, "stage", AUCTION, chain[case.place].stage)
        self._desk.check_prices(account, LIQUIDATE)
        self._last += 1
        notes.equal(account, "auction", self._last, event["auction"])
        notes.equal(account, "kind", terms.kind, event["kind"])
        if self._desk.level() >= NO_START and not converted:
            notes.differ(account, "breaker", f"< {NO_START}", self._desk.level())
        if event["kind"] == LOT:
            self._check_lot(account, terms, event)
        else:
            self._check_share(account, event, charged)
        notional = event.get("notional_nano", 0)
        self._check_limits(account, terms, event, 0 if converted else notional)
        auction = Auction(
            account=account,
            kind=event["kind"],
            phase=event["phase"],
            asset=event["asset"],
            top_nano=event["top_nano"],
            started_ns=notes.now_ns,
            lot_asset=event.get("lot_asset"),
            lot_quanta=event.get("lot_quanta", 0),
            tab_quanta=event.get("tab_quanta", 0),
            debt_quanta=event.get("debt_quanta", 0),
            notional_nano=notional,
        )
        self._last = event["auction"]
        self.open[event["auction"]] = self._desk.auctions[account] = auction

    # The deepest debt, and for it the first balance with a price, as the rules declare the assets.
    def _check_lot(self, account: int, terms: AuctionTerms, event: AuditorEvent) -> None:
        notes, cash, rules = self._notes, self._desk.cash(account), self._market.rules
        owed = [asset for asset in rules.assets if cash.get(asset, 0) < 0]
        usd = {a: cash[a] * (self._market.usd(a) or 0) for a in rules.assets if cash.get(a, 0) > 0}
        lots = [a for a in usd if self._market.index(a) and usd[a] >= terms.dust_usd]
        if not owed or not lots:
            notes.differ(account, "a lot", "of what is held against a debt", cash)
            return
        asset = max(owed, key=lambda a: -cash[a] * (self._market.usd(a) or 0))
        debt, lot = -cash[asset], lots[0]
        penalty = ceiling(*(rules.liquidation.penalty * debt).as_integer_ratio())
        notional_usd = (debt + penalty) * (self._market.usd(asset) or Fraction())
        ours = {
            "phase": SOLVENT,
            "asset": asset,
            "lot_asset": lot,
            "lot_quanta": cash[lot],
            "debt_quanta": debt,
            "tab_quanta": debt + penalty,
            "top_nano": self._top_nano(terms, lot, asset),
            "notional_nano": min(math.floor(notional_usd * NANO), PRICE_NANO_MAX),
        }
        for name, value in ours.items():
            notes.equal(account, name, value, event.get(name, 0))

    def _check_share(self, account: int, event: AuditorEvent, charged: int | None) -> None:
        asset, notes = self._desk.deficit_asset(account), self._notes
        net, slack = self._market.net_quanta(account, asset)
        if abs(net) > slack:
            notes.equal(account, "phase", SOLVENT if net > 0 else INSOLVENT, event["phase"])
        notes.equal(account, "asset", asset, event["asset"])
        notes.equal(account, "top_nano", NANO, event["top_nano"])
        held = self._ledger.positions[account]
        sizes = (abs(p.lots) * (self._market.notional(s) or 0) for s, p in held.items())
        notional = min(sum(sizes, Fraction(0)) * NANO, Fraction(PRICE_NANO_MAX))
        near = len(held) + notional / 10**12
        notional = min(notional, Fraction(PRICE_NANO_MAX if charged is None else charged))
        notes.near(account, "notional_nano", notional, event.get("notional_nano", 0), near)

    def _check_limits(
        self, account: int, terms: AuctionTerms, event: AuditorEvent, more: int
    ) -> None:
        lot = event.get("lot_asset")
        for limit, of in ((terms.limit_usd, None), (terms.market_usd, lot)):
            if limit is None or (of is None and limit is terms.market_usd):
                continue
            open_nano = sum(
                auction.notional_nano
                for auction in self.open.values()
                if of is None or auction.lot_asset == of
            )
            if more and open_nano + more > limit * NANO:
                rule = f"<= {float(limit)} USD"
                self._notes.differ(account, "open auctions", rule, (open_nano + more) / NANO)

    def _take(self, event: AuditorEvent) -> None:
        account, bidder, notes = event["account"], event["bidder"], self._notes
        auction = self.open.get(event["auction"])
        if auction is None or auction.account != account:
            notes.differ(account, "auction", "open, and of the account", event["auction"])
            return
        if self._desk.level() >= NO_TAKE:
            notes.differ(account, "breaker", f"< {NO_TAKE}", self._desk.level())
        if auction.kind == LOT:
            self._bidders.check_before(account, bidder)
            self._take_lot(auction, event)
        else:
            self._shares.take(auction, event)
        released = event.get("notional_nano", 0)
        auction.notional_nano -= released
        if auction.notional_nano < 0:
            notes.differ(account, "notional_nano", "not more than is charged", released)
        waiting = self._desk.case(account).participation_quanta
        lost = event.get("participation_quanta", 0)
        waiting[auction.asset] = waiting.get(auction.asset, 0) + lost
        self._bidders.check_after(bidder)

    # No more than the lot and than is to be raised; a rest is nothing, or dust at least.
    def _take_lot(self, auction: Auction, event: AuditorEvent) -> None:
        account, notes, terms = auction.account, self._notes, self._terms
        lot, paid, asset = event["lot_quanta"], event["paid_quanta"], auction.asset
        lot_asset = auction.lot_asset or ""
        have = min(auction.lot_quanta, self._ledger.cash[account][lot_asset])
        tab, dust = auction.tab_quanta, self._quanta(asset, terms.dust_usd)
        if self._is_due(auction):
            notes.differ(account, "auction", "reset before anybody buys", event["auction"])
        if not 0 < lot <= have:
            notes.differ(account, "lot_quanta", f"in (0, {have}]", lot)
        price_nano = self._price_nano(auction)
        low, high = (self._cost(auction, quanta, price_nano) for quanta in (lot, lot + 1))
        if not (low <= paid <= max(high - 1, low) and 0 < paid <= tab):
            rule = f"in [{low}, {high}) and <= {tab}"
            notes.differ(account, "paid_quanta", rule, paid)
        all_sold, all_paid = lot >= have, paid == tab
        if not all_sold and not all_paid and tab - paid < dust:
            notes.differ(account, "left to be raised", f"0 or >= {dust}", tab - paid)
        if self._reserves.settled(event["bidder"], asset) < paid:
            notes.differ(
                event["bidder"], "settled cash", f">= {paid}", self._desk.cash(event["bidder"])
            )
        self._check_penalty(auction, event)
        released = auction.notional_nano
        if not all_sold and not all_paid:
            released = released * paid // max(tab, 1)
        notes.equal(account, "notional_nano", released, event.get("notional_nano", 0))
        taken = event.get("penalty_quanta", 0)
        self._ledger.move(event["bidder"], account, asset, paid)
        self._ledger.move(account, FUND, asset, taken)
        self._ledger.move(account, event["bidder"], lot_asset, lot)
        auction.lot_quanta -= lot
        auction.tab_quanta -= paid
        auction.debt_quanta = max(auction.debt_quanta - paid + taken, 0)
        auction.sold = all_sold

    # Its part of what is paid, and not more than net value is after it, at the oracle's prices.
    def _check_penalty(self, auction: Auction, event: AuditorEvent) -> None:
        account, paid, asset = auction.account, event["paid_quanta"], auction.asset
        penalty = paid - ceiling(paid * auction.debt_quanta, max(auction.tab_quanta, 1))
        net, slack = self._market.net_quanta(account, asset)
        price = self._market.usd(asset) or Fraction(1)
        gone = event["lot_quanta"] * (self._market.usd(auction.lot_asset or "") or 0) / price
        left = net + paid - gone
        near = 3 + slack if left - 3 - slack < penalty else 0
        ours, found = min(Fraction(penalty), max(left, Fraction(0))), event.get("penalty_quanta", 0)
        self._notes.near(account, "penalty_quanta", ours, found, near)

    def _reset(self, event: AuditorEvent) -> None:
        account, keeper, notes = event["account"], event.get("keeper"), self._notes
        auction, terms = self.open.get(event["auction"]), self._terms
        reward, slack = 0, Fraction(0)
        if auction is None or auction.account != account or auction.kind != LOT:
            notes.differ(account, "auction", "open, and of a lot of the account", event["auction"])
            return
        if self._desk.level() >= NO_RESET:
            notes.differ(account, "breaker", f"< {NO_RESET}", self._desk.level())
        if not self._is_due(auction):
            notes.differ(account, "a reset", "due", self._notes.now_ns - auction.started_ns)
        if keeper is None and not terms.self_reset:
            notes.differ(account, "keeper", "there", keeper)
        if keeper is not None:
            reward, slack = self._reward(auction, terms)
            if keeper not in self._market.modes:
                notes.differ(keeper, "account", "open to users", keeper)
        self._desk.check_prices(account, LIQUIDATE)
        notes.near(account, "reward_quanta", reward, event.get("reward_quanta", 0), slack)
        top_nano = self._top_nano(terms, auction.lot_asset or "", auction.asset)
        notes.equal(account, "top_nano", top_nano, event["top_nano"])
        auction.top_nano, auction.started_ns = event["top_nano"], notes.now_ns
        if keeper is not None:
            self._ledger.move(account, keeper, auction.asset, event.get("reward_quanta", 0))
            auction.debt_quanta += event.get("reward_quanta", 0)
            given = self._desk.case(account).rewarded_quanta
            given[auction.asset] = given.get(auction.asset, 0) + event.get("reward_quanta", 0)

    def _end(self, event: AuditorEvent) -> None:
        account, reason, notes = event["account"], event["reason"], self._notes
        auction = self.open.pop(event["auction"], None)
        if auction is None or self._desk.auctions.pop(account, None) is not auction:
            notes.differ(account, "auction", "open, and of the account", event["auction"])
            return
        if reason == RULES_CHANGED:
            holds = self._market.reshaped
        elif reason == CURED:
            paid = auction.kind == LOT and self._ledger.cash[account][auction.asset] >= 0
            holds = paid or auction.tab_quanta == 0 or not self._desk.in_breach(account)
        elif reason == SOLD:
            holds = auction.sold or (auction.kind == LOT and self._is_dust(auction))
        elif reason == EMPTIED:
            holds = self._has_nothing(account)
        elif reason == CONVERTED:
            net, slack = self._market.net_quanta(account, auction.asset)
            if auction.phase == SOLVENT:
                holds = net - slack <= auction.reserved_quanta
            else:
                holds = net + slack > 0
            holds = holds and auction.kind == SHARE
            self._converted = account, auction.notional_nano
        else:
            over = self._is_over(auction) if auction.kind == SHARE else self._is_dust(auction)
            holds = reason == EXPIRED and (over or self._is_late(account))
        if not holds:
            notes.differ(account, "an auction", f"one that ends, as {reason}", "open")

    # No position, and no balance with a price that could be sold against a debt.
    def _has_nothing(self, account: int) -> bool:
        cash = self._desk.cash(account)
        dust_usd = self._terms.dust_usd if self._market.rules.liquidation.chain else Fraction()
        worth = {a: quanta * (self._market.usd(a) or 0) for a, quanta in cash.items()}
        sold = [a for a, usd in worth.items() if self._market.index(a) and usd > 0]
        sold = [a for a in sold if worth[a] >= dust_usd]
        return not self._ledger.positions[account] and not (sold and min(cash.values()) < 0)

    def _is_over(self, auction: Auction) -> bool:
        return self._notes.now_ns - auction.started_ns > self._terms.tail_ns

    # Nothing is left of the lot, or no more than dust.
    def _is_dust(self, auction: Auction) -> bool:
        lot = auction.lot_asset or ""
        held = min(auction.lot_quanta, self._ledger.cash[auction.account][lot])
        return held <= 0 or held * (self._market.usd(lot) or 0) < self._terms.dust_usd

    def _is_due(self, auction: Auction) -> bool:
        cusp_nano = ceiling(*(self._terms.cusp * auction.top_nano).as_integer_ratio())
        late = self._notes.now_ns - auction.started_ns > self._terms.tail_ns
        return late or self._price_nano(auction) < cusp_nano

    def _price_nano(self, auction: Auction) -> int:
        factor = self._terms.factor(self._notes.now_ns - auction.started_ns)
        return math.floor(auction.top_nano * factor)

    def _top_nano(self, terms: AuctionTerms, lot: str, asset: str) -> int:
        over, under = self._market.index(lot), self._market.index(asset)
        if not over or not under:
            return 0
        buffered = math.floor(over * NANO * terms.buffer)
        return min(math.floor(buffered / under), PRICE_NANO_MAX)

    def _cost(self, auction: Auction, quanta: int, price_nano: int) -> int:
        units = (
            self._market.rules.assets[a].unit for a in (auction.lot_asset or "", auction.asset)
        )
        lot_unit, unit = units
        return ceiling(quanta * price_nano * unit, NANO * lot_unit)

    def _quanta(self, asset: str, usd: Fraction) -> int:
        price = self._market.usd(asset)
        return ceiling(*(usd / price).as_integer_ratio()) if price else 0

    # Nothing for dust, and all together no more than the penalty; nor than the account is worth and
    # the fund has free.
    def _reward(self, auction: Auction, terms: AuctionTerms) -> tuple[int, Fraction]:
        tab, asset = auction.tab_quanta, auction.asset
        dust = self._quanta(asset, terms.dust_usd)
        price = self._market.usd(asset)
        lot_usd = auction.lot_quanta * (self._market.usd(auction.lot_asset or "") or Fraction())
        if not price or tab < dust or math.floor(lot_usd / price) < dust:
            return 0, Fraction(0)
        reward = self._quanta(asset, terms.tip_usd) + math.floor(tab * terms.chip)
        given = self._desk.case(auction.account).rewarded_quanta.get(asset, 0)
        rate = self._market.rules.liquidation.penalty
        reward = min(reward, tab - auction.debt_quanta, math.floor(tab * rate / (1 + rate)) - given)
        net, slack = self._market.net_quanta(auction.account, asset)
        backed = net + self._funds.free(asset)
        near = slack if backed - slack < reward else Fraction(0)
        return max(min(reward, backed), 0), near
