"""Market makers' quotes, as the auditor follows them: what is promised, taken over, and over.

Sources: ``docs/concepts/backstop.md``, ``docs/reference/venue.md`` and the docstrings of the
events.
"""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction

from hullmark.sim._auditor_bidders import AuditorBidders
from hullmark.sim._auditor_cases import Case, Quote
from hullmark.sim._auditor_desk import AuditorDesk
from hullmark.sim._auditor_fills import AuditorFills
from hullmark.sim._auditor_ledger import FUND, AuditorLedger, ceiling
from hullmark.sim._auditor_market import AuditorMarket, Standing
from hullmark.sim._auditor_notes import AuditorEvent, AuditorNotes
from hullmark.sim._auditor_policies import RAISE_RISK
from hullmark.sim._auditor_stage_terms import BACKSTOP, BackstopTerms
from hullmark.sim._auditor_terms import InstrumentTerms
from hullmark.sim._auditor_text import NANO, PRICE_NANO_MAX

# Why a quote ended, as the event tells it.
EXPIRED = "its time is over"
FILLED = "all of it is taken"
LOSS_LIMIT = "its maker has lost as much on what it took as it allowed for"


class AuditorBackstop:
    """Judges and posts what makers take over."""

    def __init__(
        self, ledger: AuditorLedger, market: AuditorMarket, desk: AuditorDesk, notes: AuditorNotes
    ) -> None:
        self._ledger = ledger
        self._market = market
        self._desk = desk
        self._notes = notes
        self._bidders = AuditorBidders(market, desk, notes)
        self._fills = AuditorFills(ledger, market, desk, notes)
        self.quotes: dict[int, Quote] = {}
        self._requests: dict[int, tuple[Case, int]] = {}  # until when, in that liquidation
        self._unit: tuple[int | None, int] | None = None  # and the account, of the fills at hand
        self._turns: dict[str, tuple[int, int, int]] = {}  # the last in each market, of that unit
        self._capital: dict[tuple[int, str], Fraction] = {}  # of makers, before it, in USD
        self._before: Standing | None = None  # of the account
        self._worse: str = ""  # what is wrong with the unit, should no more of it follow
        desk.busy.append(self.is_asked)

    def handlers(self) -> dict[str, Callable[[AuditorEvent], None]]:
        """Return what takes each event, by its name."""
        return {
            "QuotePosted": self._post,
            "QuoteEnded": self._end,
            "QuotesRequested": self._request,
            "BackstopFilled": self._fill,
        }

    def is_asked(self, account: int) -> bool:
        """Whether makers are being asked what they would take of an account."""
        case, until_ns = self._requests.get(account, (None, 0))
        return case is not None and self._is_of(account, case) and self._notes.now_ns < until_ns

    def close_unit(self) -> None:
        """Judge the fills of a unit together, before another begins."""
        if self._worse and self._unit is not None:
            self._notes.differ(self._unit[1], "health after its fills", "higher", self._worse)
        self._unit, self._worse = None, ""

    def _post(self, event: AuditorEvent) -> None:
        maker, symbol, lots, notes = event["maker"], event["instrument"], event["lots"], self._notes
        terms, account = self._market.rules.instruments[symbol], event.get("account")
        if event["quote"] in self.quotes:
            notes.differ(maker, "quote", "a new number", event["quote"])
        if maker not in self._market.modes or maker in self._desk.cases:
            notes.differ(maker, "maker", "a user in no liquidation", maker)
        if not lots or not 0 <= event["offset_nano"] < NANO:
            notes.differ(maker, "a quote", "of lots, at an offset in [0, 1)", event)
        if event["expires_ns"] <= notes.now_ns:
            notes.differ(maker, "expires_ns", f"> {notes.now_ns}", event["expires_ns"])
        if terms.kind == "spot" or self._is_closed(terms):
            notes.differ(maker, "instrument", "a contract that trades", symbol)
        if account is not None and not self.is_asked(account):
            notes.differ(maker, "account", "one that quotes are asked for", account)
        self._desk.check_prices(maker, RAISE_RISK, symbol)
        self.quotes[event["quote"]] = Quote(
            maker=maker,
            instrument=symbol,
            lots=lots,
            offset_nano=event["offset_nano"],
            expires_ns=event["expires_ns"],
            account=account,
            loss_quanta_max=event.get("loss_quanta_max"),
            posted_ns=notes.now_ns,
        )
        self._check_firm(maker, lots)

    # With this and its other quotes of the same side filled, the maker still meets its margin.
    def _check_firm(self, maker: int, lots: int) -> None:
        same = [
            quote
            for quote in self.quotes.values()
            if quote.maker == maker
            and quote.lots * lots > 0
            and quote.expires_ns > self._notes.now_ns
            and quote.instrument not in self._market.settled
        ]
        held = self._ledger.holding(maker)
        for quote in same:
            terms = self._market.rules.instruments[quote.instrument]
            price_nano = self._price_nano(terms, -quote.lots, quote.offset_nano)
            if price_nano:
                self._exchange(
                    terms, 0, maker, -quote.lots, self._cost(terms, -quote.lots, price_nano)
                )
        self._bidders.check_after(maker)
        self._ledger.put_back(held)

    def _request(self, event: AuditorEvent) -> None:
        account, notes, terms = event["account"], self._notes, self._terms(event["account"])
        lots = {symbol: -p.lots for symbol, p in self._ledger.positions[account].items()}
        notes.equal(account, "lots", lots, dict(event["lots"]))
        if terms is None or terms.request_ns is None:
            notes.differ(account, "stage", "one that asks for quotes", terms)
            return
        notes.equal(account, "until_ns", notes.now_ns + terms.request_ns, event["until_ns"])
        self._requests[account] = self._desk.case(account), event["until_ns"]

    def _fill(self, event: AuditorEvent) -> None:
        account, maker, lots, notes = event["account"], event["maker"], event["lots"], self._notes
        quote, terms = self.quotes.get(event["quote"]), self._terms(account)
        contract = self._market.rules.instruments[event["instrument"]]
        if quote is None or (quote.maker, quote.instrument) != (maker, contract.symbol):
            notes.differ(
                account, "quote", f"open, of {maker} for {contract.symbol}", event["quote"]
            )
            return
        if terms is None:
            notes.differ(account, "stage", BACKSTOP, account)
        for rule in self._broken(account, quote, contract, lots):
            notes.differ(account, "a fill", rule, event)
        self._bidders.check_before(account, maker)
        self._begin(account, contract, event["quote"], quote)
        price_nano = self._price_nano(contract, lots, quote.offset_nano)
        blur = 2 * self._market.blur_nano(contract.symbol)
        notes.near(account, "price_nano", price_nano, event["price_nano"], blur)
        cost = self._cost(contract, lots, event["price_nano"])
        notes.equal(account, "cost_quanta", cost, event["cost_quanta"])
        self._exchange(contract, account, maker, lots, event["cost_quanta"])
        penalty, waiting = event["penalty_quanta"], event.get("participation_quanta", 0)
        self._fills.check_penalty(account, contract, event["cost_quanta"], penalty, free=False)
        mark_nano = round(self._market.quoted_nano(contract.symbol))
        if self._desk.case(account).asset == contract.settlement:
            self._fills.check_waiting(account, contract, lots, waiting, mark_nano)
        else:
            notes.equal(account, "participation_quanta", 0, waiting)
        self._ledger.move(account, FUND, contract.settlement, penalty)
        quote.lots += lots
        quote.taken_lots -= lots
        quote.paid_quanta += event["cost_quanta"] if lots < 0 else -event["cost_quanta"]
        self._check_after(account, contract, quote, terms)

    def _broken(
        self, account: int, quote: Quote, contract: InstrumentTerms, lots: int
    ) -> Iterator[str]:
        position = self._ledger.positions[account].get(contract.symbol)
        held = position.lots if position is not None else 0
        if quote.account not in {None, account}:
            yield f"of account {quote.account}"
        if quote.expires_ns <= self._notes.now_ns:
            yield f"before {quote.expires_ns}"
        if lots * quote.lots >= 0 or abs(lots) > abs(quote.lots):
            yield f"within {-quote.lots} lots of the quote"
        if lots * held >= 0 or abs(lots) > abs(held):
            yield f"within {-held} lots held"
        if self._is_closed(contract):
            yield f"of an instrument that trades, not {contract.symbol}"
        if quote.loss_quanta_max is not None and self._loss(quote) >= quote.loss_quanta_max:
            yield "of a maker that has not lost all it allowed for"

    # The nearest price first, of equal ones the earlier.
    def _begin(self, account: int, contract: InstrumentTerms, number: int, quote: Quote) -> None:
        symbol, unit = contract.symbol, (self._notes.sequence, account)
        if self._unit != unit:
            self._unit, self._worse, self._before = unit, "", self._market.standing(account)
            self._turns.clear()
            self._capital.clear()
        turn = quote.offset_nano, quote.posted_ns, number
        if turn < self._turns.get(symbol, turn):
            self._notes.differ(account, "turn of a quote", f">= {self._turns[symbol]}", turn)
        self._turns[symbol] = turn
        key = quote.maker, contract.settlement
        if key not in self._capital:
            net, _ = self._market.net_quanta(*key)
            self._capital[key] = net * (self._market.usd(contract.settlement) or Fraction())

    def _check_after(
        self, account: int, contract: InstrumentTerms, quote: Quote, terms: BackstopTerms | None
    ) -> None:
        self._bidders.check_after(quote.maker)
        after, before = self._market.standing(account), self._before
        gone = not self._ledger.positions[account]
        better = before is None or after is None or after.is_no_worse_than(before)
        self._worse = "" if gone or better else "lower"
        position = self._ledger.positions[quote.maker].get(contract.symbol)
        if terms is None or position is None or position.lots * quote.taken_lots <= 0:
            return  # what makes a position smaller has room
        size = abs(position.lots) * (self._market.notional(contract.symbol) or Fraction())
        capital = max(self._capital[quote.maker, contract.settlement], Fraction(0))
        depth = self._market.rules.liquidation.depth_usd.get(contract.symbol, Fraction(0))
        for share, of in ((terms.depth_share, depth), (terms.capital_share, capital)):
            if share is not None and size > share * of * (1 + Fraction(1, 10**9)):
                rule = f"<= {float(share * of):.2f} USD of {contract.symbol}"
                self._notes.differ(quote.maker, "what a maker holds", rule, float(size))

    def _end(self, event: AuditorEvent) -> None:
        quote, reason = self.quotes.pop(event["quote"], None), event["reason"]
        if quote is None:
            self._notes.differ("venue", "quote", "open", event["quote"])
            return
        holds = reason == EXPIRED and quote.expires_ns <= self._notes.now_ns
        holds = holds or (reason == FILLED and not quote.lots)
        if reason == LOSS_LIMIT and quote.loss_quanta_max is not None:
            holds = self._loss(quote) >= quote.loss_quanta_max
        if not holds:
            self._notes.differ(quote.maker, "a quote", f"one that ends, as {reason}", quote)

    # What the maker paid, less what it has for it, rounded down.
    def _loss(self, quote: Quote) -> int:
        terms = self._market.rules.instruments[quote.instrument]
        mark_nano = round(self._market.quoted_nano(quote.instrument))
        if not mark_nano or not quote.taken_lots:
            return 0
        over, under = terms.worth(quote.taken_lots, mark_nano)
        return quote.paid_quanta - over // under

    # Worse than the mark for the account by the offset, rounded towards the mark.
    def _price_nano(self, terms: InstrumentTerms, lots: int, offset_nano: int) -> int:
        mark_nano = round(self._market.quoted_nano(terms.symbol))
        if not mark_nano:
            return 0
        if lots < 0:
            return max(ceiling(mark_nano * (NANO - offset_nano), NANO), 1)
        return min(mark_nano * (NANO + offset_nano) // NANO, PRICE_NANO_MAX)

    # The maker bears the rounding.
    def _cost(self, terms: InstrumentTerms, lots: int, price_nano: int) -> int:
        worth = Fraction(*terms.worth(abs(lots), price_nano))
        return math.floor(worth) if lots > 0 else math.ceil(worth)

    def _exchange(
        self, terms: InstrumentTerms, account: int, maker: int, lots: int, cost: int
    ) -> None:
        buyer, seller = (account, maker) if lots > 0 else (maker, account)
        self._ledger.exchange(terms, buyer, seller, abs(lots), cost, 0)

    def _is_closed(self, terms: InstrumentTerms) -> bool:
        over = terms.expiry_ns is not None and self._notes.now_ns >= terms.expiry_ns
        return over or terms.symbol in self._market.halted or terms.symbol in self._market.settled

    def _is_of(self, account: int, case: Case) -> bool:
        return self._desk.cases.get(account) is case

    def _terms(self, account: int) -> BackstopTerms | None:
        chain, place = self._market.rules.liquidation.chain, self._desk.case(account).place
        return chain[place].backstop if place < len(chain) else None
