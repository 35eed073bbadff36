"""The facts of stages, pools and the waterfall as tables: auctions, quotes, stakes and losses."""

from collections.abc import Iterator, Mapping

from hullmark.clearing import State
from hullmark.studies._export_columns import json_text
from hullmark.studies._export_file import Kind
from hullmark.studies._export_scales import Scales, decimal_of
from hullmark.studies._export_state import Row, StateTable

_INSTANTS: Mapping[str, Kind] = {"began": "time", "entered": "time", "part_ordered": "time"}


def _money(*names: str) -> Mapping[str, Kind]:
    """Return the two columns of each amount."""
    found: dict[str, Kind] = {}
    for name in names:
        found |= {f"{name}_quanta": "int", name: "decimal"}
    return found


def _courses(state: State, scales: Scales) -> Iterator[Row]:
    chain = state.rules.liquidation.chain if state.rules is not None else ()
    for account, course in state.courses.items():
        asset = state.episodes[account].asset
        lost = course.participation_quanta, course.oracle_quanta, course.haircut_quanta
        stage = chain[course.place].stage.name if course.place < len(chain) else None
        ordered = course.ordered
        yield (
            account,
            course.place,
            stage,
            *(course.began_ns, course.entered_ns, course.part_ns),
            json_text(course.lots),
            *(value for quanta in lost for value in (quanta, scales.amount(quanta, asset))),
            *((None, None, None) if ordered is None else _usd(ordered.nano, ordered.at_ns)),
            json_text(course.rewarded_quanta),
        )


def _ordered(state: State, scales: Scales) -> Iterator[Row]:
    for symbol, ordered in state.ordered.items():
        yield (symbol, *_usd(ordered.nano, ordered.at_ns))


def _usd(nano: int, at_ns: int) -> Row:
    return nano, decimal_of(nano, 9), at_ns


def _soft_terms(state: State, scales: Scales) -> Iterator[Row]:
    for terms in state.soft.values():
        most = None if terms.asset is None else scales.amount(terms.quanta_max, terms.asset)
        yield terms.account, terms.saviour, terms.asset, terms.quanta_max, most


def _margin_calls(state: State, scales: Scales) -> Iterator[Row]:
    for account, level in state.calls.items():
        yield account, level, decimal_of(level, 9)


def _auctions(state: State, scales: Scales) -> Iterator[Row]:
    for number, auction in state.auctions.items():
        lot_asset, asset = auction.lot_asset, auction.asset
        tab = auction.tab_quanta, auction.debt_quanta, auction.reserved_quanta
        yield (
            number,
            auction.account,
            auction.kind.name,
            auction.phase.name,
            asset,
            *(auction.top_nano, decimal_of(auction.top_nano, 9)),
            auction.started_ns,
            lot_asset,
            auction.lot_quanta,
            None if lot_asset is None else scales.amount(auction.lot_quanta, lot_asset),
            *(value for quanta in tab for value in (quanta, scales.amount(quanta, asset))),
            *(auction.notional_nano, decimal_of(auction.notional_nano, 9)),
        )


def _quotes(state: State, scales: Scales) -> Iterator[Row]:
    for number, quote in state.quotes.items():
        asset, paid = scales.settlement(quote.instrument), quote.paid_quanta
        yield (
            number,
            quote.maker,
            quote.instrument,
            *(quote.lots, scales.size(quote.lots, quote.instrument)),
            *(quote.offset_nano, decimal_of(quote.offset_nano, 9)),
            *(quote.posted_ns, quote.expires_ns),
            quote.account,
            quote.loss_quanta_max,
            quote.taken_lots,
            *(paid, scales.amount(paid, asset)),
        )


def _requests(state: State, scales: Scales) -> Iterator[Row]:
    for asked in state.requests.values():
        yield asked.account, json_text(asked.lots), asked.until_ns


def _pools(state: State, scales: Scales) -> Iterator[Row]:
    terms = state.rules.pools if state.rules is not None else {}
    for name, pool in state.pools.items():
        found = terms.get(name)
        account, asset = (None, None) if found is None else (found.account, found.asset)
        amount = None if asset is None else scales.amount(pool.cash, asset)
        yield name, account, asset, pool.cash, amount, pool.product, pool.scale, pool.epoch


def _stakes(state: State, scales: Scales) -> Iterator[Row]:
    terms = state.rules.pools if state.rules is not None else {}
    for (name, account), membership in state.stakes.items():
        stake = membership.stake
        worth = state.pools[name].worth(stake)
        amount = scales.amount(worth, terms[name].asset) if name in terms else None
        counted = stake.quanta, stake.product, stake.scale, stake.epoch
        yield name, account, *counted, worth, amount, membership.due_ns, membership.paid_quanta


def _halted(state: State, scales: Scales) -> Iterator[Row]:
    for halt in state.halted.values():
        yield halt.instrument, halt.delisting


def _breaker(state: State, scales: Scales) -> Iterator[Row]:
    if state.breaker is not None:
        yield state.breaker.level, state.breaker.until_ns


def _allocations(state: State, scales: Scales) -> Iterator[Row]:
    for (symbol, asset), quanta in state.allocations.items():
        yield symbol, asset, quanta, scales.amount(quanta, asset)


def _losses(state: State, scales: Scales) -> Iterator[Row]:
    for (account, asset), quanta in state.losses.items():
        yield account, asset, quanta, scales.amount(quanta, asset)


_ORDERED: Mapping[str, Kind] = {"notional_nano": "int", "notional": "decimal", "at": "time"}
_PRODUCT: Mapping[str, Kind] = {"product": "int", "scale": "int", "epoch": "int"}

STAGE_TABLES = (
    StateTable(
        "courses",
        "How far liquidations have come on their chain. One that has just begun has no row.",
        {
            "account": "int", "stage_place": "int", "stage": "text", **_INSTANTS,
            "lots_at_trigger": "json", **_money("participation", "oracle", "haircut"), **_ORDERED,
            "rewards": "json",
        },
        _courses,
    ),
    StateTable(
        "ordered",
        "What liquidations have ordered of each instrument in one block of time.",
        {"instrument": "text", **_ORDERED},
        _ordered,
    ),
    StateTable(
        "soft_terms",
        "Accounts that have opted in to soft liquidation.",
        {
            "account": "int", "saviour": "int", "asset": "text", "quanta_max": "int",
            "amount_max": "decimal",
        },
        _soft_terms,
    ),
    StateTable(
        "margin_calls",
        "Accounts at or over a margin-call level.",
        {"account": "int", "level_nano": "int", "level": "decimal"},
        _margin_calls,
    ),
    StateTable(
        "auctions",
        "Open auctions.",
        {
            "auction": "int", "account": "int", "kind": "text", "phase": "text", "asset": "text",
            "top_nano": "int", "top": "decimal", "started": "time", "lot_asset": "text",
            **_money("lot", "tab", "debt", "reserved"), "notional_nano": "int",
            "notional": "decimal",
        },
        _auctions,
    ),
    StateTable(
        "quotes",
        "What market makers have committed themselves to, and what has been taken of it.",
        {
            "quote": "int", "maker": "int", "instrument": "text", "lots": "int", "size": "decimal",
            "offset_nano": "int", "offset": "decimal", "posted": "time", "expires": "time",
            "account": "int", "loss_quanta_max": "int", "taken_lots": "int", **_money("paid"),
        },
        _quotes,
    ),
    StateTable(
        "quote_requests",
        "Accounts for which market makers are asked.",
        {"account": "int", "lots": "json", "until": "time"},
        _requests,
    ),
    StateTable(
        "pools",
        "Pools that members share, as they were last counted.",
        {"pool": "text", "account": "int", "asset": "text", **_money("cash"), **_PRODUCT},
        _pools,
    ),
    StateTable(
        "stakes",
        "Stakes in pools.",
        {
            "pool": "text", "account": "int", "stake_quanta": "int", **_PRODUCT,
            **_money("worth"), "due": "time", "own_quanta": "int",
        },
        _stakes,
    ),
    StateTable(
        "halted",
        "Instruments that do not trade.",
        {"instrument": "text", "delisting": "bool"},
        _halted,
    ),
    StateTable(
        "breaker",
        "What auctions may not do; no row: they may do all.",
        {"level": "int", "until": "time"},
        _breaker,
    ),
    StateTable(
        "fund_allocations",
        "Money of the insurance fund that is set aside for a market.",
        {"instrument": "text", "asset": "text", "quanta": "int", "amount": "decimal"},
        _allocations,
    ),
    StateTable(
        "losses",
        "Socialised losses that have not been paid back.",
        {"account": "int", "asset": "text", "quanta": "int", "amount": "decimal"},
        _losses,
    ),
)  # fmt: skip
