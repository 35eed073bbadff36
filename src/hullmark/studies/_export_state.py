"""The facts of a venue as tables: who has what, at which prices, and what is under way."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from hullmark.clearing import State
from hullmark.domain import Future, Option, Spot, SystemAccount, is_system
from hullmark.studies._export_columns import json_text
from hullmark.studies._export_file import Kind
from hullmark.studies._export_scales import Scales, decimal_of

Row = tuple[Any, ...]


class StateTable(NamedTuple):
    """One table of the facts."""

    name: str
    about: str
    kinds: Mapping[str, Kind]
    rows: Callable[[State, Scales], Iterator[Row]]


def _assets(state: State, scales: Scales) -> Iterator[Row]:
    for asset in state.ledger.assets:
        yield asset.symbol, asset.decimals


def _instruments(state: State, scales: Scales) -> Iterator[Row]:
    indices = state.ledger.funding_micro
    for terms, index in zip(state.ledger.instruments, indices, strict=True):
        strike = terms.strike_nano if isinstance(terms, Option) else None
        yield (
            terms.symbol,
            type(terms).__name__.lower(),
            terms.underlying,
            terms.settlement,
            False if isinstance(terms, Spot) else terms.inverse,
            terms.lot_nano,
            decimal_of(terms.lot_nano, 9),
            terms.expiry_ns if isinstance(terms, Future | Option) else None,
            strike,
            None if strike is None else decimal_of(strike, 9),
            terms.call if isinstance(terms, Option) else None,
            terms.symbol in state.expired,
            index,
        )


def _accounts(state: State, scales: Scales) -> Iterator[Row]:
    for account in state.ledger.accounts:
        ours = is_system(account)
        mode = SystemAccount(account).name if ours else state.modes[account].name
        yield account, mode, ours, state.parents.get(account)


def _balances(state: State, scales: Scales) -> Iterator[Row]:
    for table, account, asset, (quanta, *_) in state.ledger.facts():
        if table == "cash":
            yield account, asset, quanta, scales.amount(quanta, asset)


def _positions(state: State, scales: Scales) -> Iterator[Row]:
    ledger = state.ledger
    for table, account, symbol, found in ledger.facts():
        if table == "position":
            lots, quote, _ = found
            owed = ledger.funding_owed(account, ledger.instrument_index[symbol])
            asset = scales.settlement(symbol)
            size = scales.size(lots, symbol)
            yield account, symbol, lots, size, asset, quote, scales.amount(quote, asset), owed


def _prices(state: State, scales: Scales) -> Iterator[Row]:
    for price in state.prices.values():
        nano = price.price_nano
        low, high = price.low_nano, price.high_nano
        yield (
            price.factor, nano, decimal_of(nano, 9), price.grade, price.accepted_ns, price.reason,
            low, _decimal(low), high, _decimal(high), price.doubted_ns,
            None if price.memory is None else json_text(price.memory),
        )  # fmt: skip


def _prints(state: State, scales: Scales) -> Iterator[Row]:
    for said in (said for prints in state.prints.values() for said in prints):
        nano = said.price_nano
        width = said.confidence_nano
        seen = said.factor, said.source, nano, _decimal(nano), said.observed_ns
        yield *seen, width, _decimal(width)


def _decimal(nano: int | None) -> Any:  # noqa: ANN401 - a decimal, or nothing
    return None if nano is None else decimal_of(nano, 9)


def _vols(state: State, scales: Scales) -> Iterator[Row]:
    for symbol, nano in state.vols_nano.items():
        yield symbol, nano, decimal_of(nano, 9)


def _resting(state: State, scales: Scales) -> Iterator[Row]:
    for order in state.resting.values():
        size = scales.size(order.lots, order.instrument)
        limit = decimal_of(order.limit_nano, 9)
        yield (
            order.order,
            order.account,
            order.instrument,
            order.lots,
            size,
            order.limit_nano,
            limit,
        )


def _working(state: State, scales: Scales) -> Iterator[Row]:
    for order in state.working.values():
        left = state.unfilled[order.order]
        yield (
            order.order,
            order.account,
            order.instrument,
            order.lots,
            scales.size(order.lots, order.instrument),
            left,
            order.limit_nano,
            decimal_of(order.limit_nano, 9),
            order.deadline_ns,
        )


def _episodes(state: State, scales: Scales) -> Iterator[Row]:
    for account, one in state.episodes.items():
        numbers = (one.net_quanta, one.latency_quanta, one.impact_quanta)
        amounts = [(quanta, scales.amount(quanta, one.asset)) for quanta in numbers]
        pairs = (value for pair in amounts for value in pair)
        yield account, one.asset, *pairs, one.rounds, json_text(one.trigger_nano)


def _parked(state: State, scales: Scales) -> Iterator[Row]:
    for pause in state.parked.values():
        yield pause.account, pause.reason.name, pause.until_ns


def _throttles(state: State, scales: Scales) -> Iterator[Row]:
    for symbol, bucket in state.throttles.items():
        yield symbol, bucket.level_nano, decimal_of(bucket.level_nano, 9), bucket.at_ns


def _scheduled(state: State, scales: Scales) -> Iterator[Row]:
    for waiting in state.scheduled:
        yield waiting.effective_ns, waiting.rules


def _corrected(state: State, scales: Scales) -> Iterator[Row]:
    yield from sorted(state.corrected)


def _deferred(state: State, scales: Scales) -> Iterator[Row]:
    for place, command in enumerate(state.deferred):
        yield place, type(command).__name__, json_text(command)


STATE_TABLES = (
    StateTable("assets", "The assets of the rules.", {"asset": "text", "decimals": "int"}, _assets),
    StateTable(
        "instruments",
        "The instruments of the rules.",
        {
            **dict.fromkeys(("instrument", "kind", "underlying", "settlement"), "text"),
            "inverse": "bool", "lot_nano": "int", "lot": "decimal", "expiry": "time",
            "strike_nano": "int", "strike": "decimal", "call": "bool", "settled": "bool",
            "funding_micro": "int",
        },
        _instruments,
    ),
    StateTable(
        "accounts",
        "All accounts, the venue's own among them.",
        {"account": "int", "mode": "text", "system": "bool", "parent": "int"},
        _accounts,
    ),
    StateTable(
        "balances",
        "Cash that is not zero. Per asset, balances and quotes sum to zero.",
        {"account": "int", "asset": "text", "quanta": "int", "amount": "decimal"},
        _balances,
    ),
    StateTable(
        "positions",
        "Open positions. Per instrument, lots sum to zero.",
        {
            "account": "int", "instrument": "text", "lots": "int", "size": "decimal",
            "settlement": "text", "quote_quanta": "int", "quote": "decimal",
            "funding_owed_quanta": "int",
        },
        _positions,
    ),
    StateTable(
        "prices",
        "The price of each factor, as last accepted.",
        {
            "factor": "text", "price_nano": "int", "price": "decimal", "grade": "int",
            "accepted": "time", "reason": "text", "low_nano": "int", "low": "decimal",
            "high_nano": "int", "high": "decimal", "doubted": "time", "memory": "json",
        },
        _prices,
    ),
    StateTable(
        "prints",
        "The newest print of each source.",
        {
            "factor": "text", "source": "text", "price_nano": "int", "price": "decimal",
            "observed": "time", "confidence_nano": "int", "confidence": "decimal",
        },
        _prints,
    ),
    StateTable(
        "vols",
        "The mark volatility of each option.",
        {"instrument": "text", "vol_nano": "int", "vol": "decimal"},
        _vols,
    ),
    StateTable(
        "resting_orders",
        "Orders of users that rest in the book.",
        {
            "order": "int", "account": "int", "instrument": "text", "lots": "int",
            "size": "decimal", "limit_nano": "int", "limit": "decimal",
        },
        _resting,
    ),
    StateTable(
        "working_orders",
        "Liquidation orders that are not answered yet.",
        {
            "order": "int", "account": "int", "instrument": "text", "lots": "int",
            "size": "decimal", "lots_unfilled": "int", "limit_nano": "int", "limit": "decimal",
            "deadline": "time",
        },
        _working,
    ),
    StateTable(
        "episodes",
        "Liquidations under way.",
        {
            "account": "int", "asset": "text", "net_quanta": "int", "net": "decimal",
            "latency_quanta": "int", "latency": "decimal", "impact_quanta": "int",
            "impact": "decimal", "rounds": "int", "trigger": "json",
        },
        _episodes,
    ),
    StateTable(
        "parked",
        "Liquidations that wait.",
        {"account": "int", "reason": "text", "until": "time"},
        _parked,
    ),
    StateTable(
        "throttles",
        "What liquidations may still order of each instrument.",
        {"instrument": "text", "level_nano": "int", "level": "decimal", "at": "time"},
        _throttles,
    ),
    StateTable(
        "scheduled_rules",
        "Rules that wait for their instant.",
        {"effective": "time", "rules": "json"},
        _scheduled,
    ),
    StateTable(
        "corrected",
        "Trades and adjustments that were reversed.",
        {"sequence": "int", "row": "int"},
        _corrected,
    ),
    StateTable(
        "deferred",
        "Commands that run before the next one.",
        {"place": "int", "command": "text", "arguments": "json"},
        _deferred,
    ),
)  # fmt: skip
