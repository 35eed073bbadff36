"""Fifty example accounts on a real option chain, chosen by delta and tenor.

The structures are the same on every snapshot; strikes, expiries and prices are the chain's. Where a
structure has a target, its collateral is what brings the account to that margin ratio, so that the
set always holds comfortable accounts, some near a breach, and some in one.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from hullmark.core import DAY_NS, NANO, format_instant, format_scaled, parse_nano
from hullmark.domain import Document, Instrument, parse_instrument
from hullmark.errors import FeedError
from hullmark.feeds import ChainRow, ChainSnapshot
from hullmark.runtime import AccountReport, assess
from hullmark.studies._structures import COINS, DELTAS, STRUCTURES, Leg, Structure

STABLECOIN = "USDC"

# Contract sizes: Deribit, public/get_instruments, min_trade_amount of BTC and ETH, 22 July 2021.
_OPTION_LOTS = {"BTC": "0.1", "ETH": "1"}  # coins
_CONTRACT_LOTS = {"BTC": "10", "ETH": "1"}  # USD
_UNITS = {"BTC": 10.0, "ETH": 200.0}  # coins in one unit of a structure

_TIERS = {
    "tiers": [
        {"floor_usd": "0", "initial": "0.02", "maintenance": "0.01"},
        {"floor_usd": "500000", "initial": "0.03", "maintenance": "0.015"},
        {"floor_usd": "5000000", "initial": "0.05", "maintenance": "0.025"},
    ]
}
# The shape of Deribit's portfolio margin: spot +-16%, vol +50% and -25% scaled by (30 / DTE)**p.
_SCENARIO = {
    "moves": ["-0.16", "-0.12", "-0.08", "-0.04", "0", "0.04", "0.08", "0.12", "0.16"],
    "vol_up": "0.5",
    "vol_down": "0.25",
    "power_short": "0.3",
    "power_long": "0.13",
    "days_floor": "1",
    "vol_floor": "0.5",
    "initial_factor": "1.25",
    "maintenance_factor": "1",
}
_BISECTIONS = 40
# An expiry that has just been listed has few strikes, and the legs of a condor would meet in one.
_DELTA_GAP_MAX = 0.08


class _Draft(NamedTuple):
    """An account of the document before its collateral is known."""

    structure: Structure
    name: str
    sizes: Mapping[str, int]  # nanos of a contract unit by instrument
    entries: Mapping[str, str]
    coin: str
    notional_usd: float


def example_document(
    snapshot: ChainSnapshot, *, on_progress: Callable[[int, int], None] | None = None
) -> dict[str, Any]:
    """Return the tree of a portfolio document of 50 accounts at the market of *snapshot*.

    Parameters
    ----------
    snapshot : ChainSnapshot
        The chain from which strikes, expiries and prices are taken.
    on_progress : callable, optional
        Called with the steps done and their total.

    Raises
    ------
    FeedError
        If the chain lacks a coin, a perpetual, a future or an expiry that a structure needs.
    """
    chain = _Chain(snapshot)
    drafts = [
        _draft(chain, structure, coin) for structure in STRUCTURES for coin in structure.coins
    ]
    held = sorted({symbol for draft in drafts for symbol in draft.sizes}, key=chain.order)
    trees = [chain.instruments[symbol] for symbol in held]
    instruments: list[Instrument] = [parse_instrument(tree) for tree in trees]
    perpetuals = [s for s in held if s in snapshot.perpetuals]
    tree: dict[str, Any] = {
        "version": 1,
        "market": snapshot.market(instruments).tree(),
        "parameters": {
            "assets": _assets(),
            "instruments": trees,
            "margin": {
                "cross": "tiered",
                "isolated": "tiered",
                "portfolio": "scenario",
                "tiered": dict.fromkeys(perpetuals, _TIERS),
                "scenario": _SCENARIO,
            },
        },
        "accounts": [],
    }
    return _with_collateral(tree, drafts, snapshot.index_usd, on_progress or (lambda *_: None))


class _Chain:
    """The chain as the structures ask for it."""

    def __init__(self, snapshot: ChainSnapshot) -> None:
        self.snapshot = snapshot
        self._rows = {row.symbol: row for row in snapshot.options}
        self._symbols = {
            (row.underlying, row.expiry_ns, row.strike_usd, row.call): row.symbol
            for row in snapshot.options
        }
        self.instruments = {**self._options(), **self._contracts()}
        self.order = list(self.instruments).index

    def find(self, leg: Leg, coin: str) -> str:
        """Return the symbol of the instrument nearest to what a leg asks for."""
        if leg.kind == "perpetual":
            return self._first(
                f"a perpetual on {coin}", self._named(self.snapshot.perpetuals, coin)
            )
        target_ns = self.snapshot.time_ns + leg.days * DAY_NS
        if leg.kind == "future":
            futures = self._named(self.snapshot.futures, coin)
            futures.sort(key=lambda s: abs(self.snapshot.futures[s][1] - target_ns))
            return self._first(f"a future on {coin}", futures)
        calls = sorted(
            self._calls(coin),
            key=lambda r: (abs(r.expiry_ns - target_ns), abs(r.delta - leg.delta), r.symbol),
        )
        call = self._first(f"a strike with a call and a put on {coin}", calls)
        return call.symbol if leg.kind == "call" else str(self._symbol(call, call=False))

    def price(self, symbol: str) -> float:
        """Return the mark of a future or perpetual."""
        if symbol in self.snapshot.futures:
            return self.snapshot.futures[symbol][2]
        return self.snapshot.perpetuals[symbol][1]

    # The calls with a put beside them, of the expiries with a strike near each delta asked for; of
    # all expiries where there is no such one.
    def _calls(self, coin: str) -> list[ChainRow]:
        calls = [r for r in self.snapshot.options if r.call and r.underlying == coin]
        calls = [r for r in calls if self._symbol(r, call=False) is not None]
        deltas: dict[int, list[float]] = {}
        for row in calls:
            deltas.setdefault(row.expiry_ns, []).append(row.delta)
        dense = {
            expiry_ns
            for expiry_ns, listed in deltas.items()
            if all(min(abs(d - asked) for d in listed) <= _DELTA_GAP_MAX for asked in DELTAS)
        }
        return [row for row in calls if row.expiry_ns in dense] or calls

    def _symbol(self, row: ChainRow, *, call: bool) -> str | None:
        return self._symbols.get((row.underlying, row.expiry_ns, row.strike_usd, call))

    def _first(self, what: str, found: Sequence[Any]) -> Any:  # noqa: ANN401
        if not found:
            at = format_instant(self.snapshot.time_ns)
            raise FeedError(f"the chain at {at} must have {what}, and has not")
        return found[0]

    @staticmethod
    def _named(contracts: Mapping[str, tuple[Any, ...]], coin: str) -> list[str]:
        return sorted(symbol for symbol, terms in contracts.items() if terms[0] == coin)

    def _options(self) -> dict[str, dict[str, Any]]:
        return {
            row.symbol: {
                **_terms("option", row.symbol, row.underlying, _OPTION_LOTS),
                "expiry": format_instant(row.expiry_ns),
                "strike": format_scaled(round(row.strike_usd * NANO), 9),
                "call": row.call,
            }
            for row in self.snapshot.options
            if row.underlying in COINS
        }

    def _contracts(self) -> dict[str, dict[str, Any]]:
        futures = {
            symbol: {
                **_terms("future", symbol, coin, _CONTRACT_LOTS),
                "expiry": format_instant(expiry_ns),
            }
            for symbol, (coin, expiry_ns, _) in self.snapshot.futures.items()
            if coin in COINS
        }
        perpetuals = {
            symbol: _terms("perpetual", symbol, coin, _CONTRACT_LOTS)
            for symbol, (coin, _) in self.snapshot.perpetuals.items()
            if coin in COINS
        }
        return {**futures, **perpetuals}


def _terms(kind: str, symbol: str, coin: str, lots: Mapping[str, str]) -> dict[str, Any]:
    return {
        "kind": kind,
        "symbol": symbol,
        "underlying": coin,
        "settlement": coin,
        "lot": lots[coin],
        "inverse": True,
    }


def _assets() -> dict[str, Any]:
    coin = {
        "decimals": 8,
        "haircut_initial": "0.075",
        "haircut_maintenance": "0.05",
        "shocked": True,
    }
    stable = {
        "decimals": 6,
        "haircut_initial": "0.01",
        "haircut_maintenance": "0.005",
        "shocked": False,
        "peg": "1",
    }
    return {**dict.fromkeys(COINS, coin), STABLECOIN: stable}


def _draft(chain: _Chain, structure: Structure, coin: str) -> _Draft:
    sizes: dict[str, int] = {}
    entries: dict[str, str] = {}
    for leg in structure.legs:
        own = leg.coin or coin
        symbol = chain.find(leg, own)
        size = leg.size * _UNITS[own]
        lot_nano = parse_nano(f"lot of {symbol}", chain.instruments[symbol]["lot"])
        if leg.kind in ("future", "perpetual"):  # inverse: a contract unit is one USD
            size *= chain.price(symbol)
            entries[symbol] = f"{chain.price(symbol) * leg.entry:.2f}"
        sizes[symbol] = sizes.get(symbol, 0) + round(size * NANO / lot_nano) * lot_nano
    both = len({leg.coin or coin for leg in structure.legs}) > 1
    return _Draft(
        structure=structure,
        name=f"{structure.name} {'BTC+ETH' if both else coin}",
        sizes={symbol: size for symbol, size in sizes.items() if size},
        entries=entries,
        coin=coin,
        notional_usd=_UNITS[coin] * chain.snapshot.index_usd[coin],
    )


# Bisects the cash of every account at once: more of it lowers the margin ratio.
def _with_collateral(
    tree: dict[str, Any],
    drafts: Sequence[_Draft],
    index_usd: Mapping[str, float],
    on_progress: Callable[[int, int], None],
) -> dict[str, Any]:
    low = [math.log(1e-4 * draft.notional_usd) for draft in drafts]
    high = [math.log(1e2 * draft.notional_usd) for draft in drafts]
    for done in range(_BISECTIONS):
        middle = [(a + b) / 2 for a, b in zip(low, high, strict=True)]
        for k, report in enumerate(_assessed(tree, drafts, middle, index_usd)):
            if report.margin_ratio > (drafts[k].structure.target or math.inf):
                low[k] = middle[k]
            else:
                high[k] = middle[k]
        on_progress(done + 1, _BISECTIONS)
    return {**tree, "accounts": _accounts(drafts, high, index_usd)}


def _assessed(
    tree: dict[str, Any],
    drafts: Sequence[_Draft],
    log_usd: Sequence[float],
    index_usd: Mapping[str, float],
) -> Sequence[AccountReport]:
    filled = {**tree, "accounts": _accounts(drafts, log_usd, index_usd)}
    return assess(Document.parse_tree(filled), liquidation_prices=False).accounts


def _accounts(
    drafts: Sequence[_Draft], log_usd: Sequence[float], index_usd: Mapping[str, float]
) -> list[dict[str, Any]]:
    accounts = []
    for draft, at in zip(drafts, log_usd, strict=True):
        structure = draft.structure
        cash_usd = structure.cash * draft.notional_usd
        if structure.target is not None:
            cash_usd = math.exp(at)
        if structure.collateral == "coin":
            cash = {draft.coin: f"{cash_usd / index_usd[draft.coin]:.4f}"}
        else:
            cash = {STABLECOIN: f"{cash_usd:.0f}"}
        accounts.append(
            {
                "name": draft.name,
                "mode": structure.mode,
                "cash": cash,
                "positions": [
                    {"instrument": symbol, "size": format_scaled(size, 9)}
                    | ({"entry_price": draft.entries[symbol]} if symbol in draft.entries else {})
                    for symbol, size in draft.sizes.items()
                ],
            }
        )
    return accounts
