"""Trades on paper: what one would do to an account's margin, before anybody makes it."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from hullmark.domain import HeldContract, Holding, Holdings, PortfolioMarket, parse_order
from hullmark.errors import DocumentError
from hullmark.rulebooks._batch import Settlement
from hullmark.rulebooks._rows import linear_profit


class Trade(Struct, frozen=True, kw_only=True):
    """So many units of a contract, at a price in the currency it settles in or is quoted in."""

    contract: HeldContract
    size: Decimal  # contract units, negative when sold
    price: Decimal  # of an option its premium; of a perpetual or future USD per coin


def traded(
    account: Holdings, trade: Trade, market: PortfolioMarket, settlement: Settlement
) -> Holdings:
    """Return the account after *trade*: cash pays for options, linear profit waits for settlement.

    A position that the trade closes is gone.
    """
    positions = {p.contract: p for p in account.positions}
    held = positions.pop(trade.contract, None)
    cash = dict(account.cash)
    profit = Decimal(0)
    if trade.contract.kind == "option":
        paid = trade.size * trade.price
        cash[settlement.currency] = cash.get(settlement.currency, Decimal(0)) - paid
    else:
        legs = [(trade.size, trade.price)]
        if held is not None:
            profit += held.unsettled
            legs += [(held.size, held.entry)] if held.entry is not None else []
        mark = market.mark(trade.contract)
        for size, entry in legs:
            profit += linear_profit(size, entry=entry, mark=mark, coin=settlement.coin)
    size = trade.size + (held.size if held else 0)
    if size:
        positions[trade.contract] = Holding(
            path=held.path if held else f"{account.path} after the trade",
            contract=trade.contract,
            size=size,
            entry=_entry(held, trade) if trade.contract.kind == "option" else None,
            unsettled=profit,
        )
    elif profit:  # what is closed is settled
        cash[settlement.currency] = cash.get(settlement.currency, Decimal(0)) + profit
    return replace(account, cash=cash, positions=tuple(positions.values()))


# The average price of an option position after a trade: a trade that enlarges it moves the
# average, one that reduces it does not, and one that turns it over begins anew.
def _entry(held: Holding | None, trade: Trade) -> Decimal | None:
    if held is None or (abs(trade.size) > abs(held.size) and held.size * trade.size < 0):
        return trade.price
    if held.entry is None or held.size * trade.size < 0:
        return held.entry
    return (held.entry * held.size + trade.price * trade.size) / (held.size + trade.size)


def without(account: Holdings, position: Holding) -> Holdings:
    """Return the account without one of its positions, its profit with it."""
    kept = tuple(p for p in account.positions if p.contract != position.contract)
    return replace(account, positions=kept)


def parse_trade(text: str, market: PortfolioMarket) -> Trade:
    """Read a trade in words: ``option BTC 2025-03-28 120000 call -2 at 1234.5``.

    ``perpetual BTC 1.5 at 95000`` and ``future BTC 2025-03-28 -1 at 96000`` are the others.
    """
    words = text.split()
    kind, ends = (words[0] if words else ""), words[-2:]
    counts = {"option": 8, "future": 6, "perpetual": 5}
    if kind not in counts or len(words) != counts[kind] or ends[0] != "at":
        raise DocumentError(
            "a trade must be such as 'option BTC 2025-03-28 120000 call -2 at 1234.5', 'future BTC"
            f" 2025-03-28 -1 at 96000' or 'perpetual BTC 1.5 at 95000', was {text!r:.80}"
        )
    tree = {"kind": kind, "underlying": words[1], "size": words[-3], "price": words[-1]}
    if kind != "perpetual":
        tree["expiry"] = words[2]
    if kind == "option":
        tree |= {"strike": words[3], "type": words[4]}
    order = parse_order(tree, market)
    return Trade(contract=order.contract, size=order.size, price=order.entry or Decimal(0))


def tradable(market: PortfolioMarket, accounts: Sequence[Holdings]) -> tuple[HeldContract, ...]:
    """Return every contract that a document prices: what is held and what its market lists."""
    found = dict.fromkeys(p.contract for a in accounts for p in a.positions)
    for symbol, there in market.underlyings.items():
        if there.perpetual is not None:
            found[HeldContract("perpetual", symbol)] = None
        for label, expiry in there.expiries.items():
            if not expiry.seconds:
                continue
            if expiry.future is not None:
                found[HeldContract("future", symbol, label)] = None
            for strike, side in expiry.vols:
                for call in (True, False) if side is None else (side,):
                    found[HeldContract("option", symbol, label, strike, call)] = None
    return tuple(found)
