"""The words of a venue: instruments, accounts, orders, commands, events and refusals.

Data only. What a command does is decided in :mod:`hullmark.clearing`; what an instrument is worth
is :mod:`hullmark.pricing`'s business. Amounts are whole quanta, sizes whole lots, prices and rates
nanos (billionths), instants nanoseconds UTC.
"""

from hullmark.domain import _commands as commands, _events as events
from hullmark.domain._accounts import FIRST_ACCOUNT, Mode, SystemAccount, is_system
from hullmark.domain._columns import COLUMN_BYTES, pack_column, trades_of, unpack_columns
from hullmark.domain._commands import Command, Print
from hullmark.domain._document import (
    Document,
    DocumentAccount,
    DocumentMarket,
    DocumentPosition,
    DocumentQuote,
)
from hullmark.domain._events import AcceptedPrice, Event
from hullmark.domain._instruments import (
    Contract,
    Future,
    Instrument,
    Option,
    Perpetual,
    Spot,
    parse_instrument,
)
from hullmark.domain._node import Node, read_json, read_tree
from hullmark.domain._portfolio import (
    CollateralPrice,
    ExpiryMarket,
    HeldContract,
    Holding,
    Holdings,
    Portfolio,
    PortfolioMarket,
    UnderlyingMarket,
    parse_order,
)
from hullmark.domain._price_memory import PriceMemory, StableMemory
from hullmark.domain._refusals import Parked, Reason
from hullmark.domain._stages import AuctionEnd, AuctionKind, AuctionPhase, HandOver, QuoteEnd, Stage
from hullmark.domain._upcasters import upcast

__all__ = [
    "COLUMN_BYTES",
    "FIRST_ACCOUNT",
    "AcceptedPrice",
    "AuctionEnd",
    "AuctionKind",
    "AuctionPhase",
    "CollateralPrice",
    "Command",
    "Contract",
    "Document",
    "DocumentAccount",
    "DocumentMarket",
    "DocumentPosition",
    "DocumentQuote",
    "Event",
    "ExpiryMarket",
    "Future",
    "HandOver",
    "HeldContract",
    "Holding",
    "Holdings",
    "Instrument",
    "Mode",
    "Node",
    "Option",
    "Parked",
    "Perpetual",
    "Portfolio",
    "PortfolioMarket",
    "PriceMemory",
    "Print",
    "QuoteEnd",
    "Reason",
    "Spot",
    "StableMemory",
    "Stage",
    "SystemAccount",
    "UnderlyingMarket",
    "commands",
    "events",
    "is_system",
    "pack_column",
    "parse_instrument",
    "parse_order",
    "read_json",
    "read_tree",
    "trades_of",
    "unpack_columns",
    "upcast",
]
