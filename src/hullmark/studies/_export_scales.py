"""From the whole numbers of a journal to decimals: what a quantum and a lot are, by the rules."""

from decimal import Context, Decimal

from hullmark.clearing import Rules
from hullmark.domain import Event, Instrument, events
from hullmark.errors import InvalidInputError

_EXACT = Context(prec=100)  # of any product of two 64-bit numbers


def decimal_of(scaled: int, decimals: int) -> Decimal:
    """Return a whole number of the smallest unit as a decimal, exactly.

    >>> decimal_of(-1_500, 3)
    Decimal('-1.500')
    """
    return Decimal(scaled).scaleb(-decimals, _EXACT)


class Scales:
    """The assets and instruments that have been adopted so far; an old one keeps its scale.

    Of an auction that is open and of a pool it is known what they are counted in.
    """

    def __init__(self) -> None:
        self._decimals: dict[str, int] = {}
        self._instruments: dict[str, Instrument] = {}
        self._pools: dict[str, str] = {}
        self._auctions: dict[int, tuple[str, str]] = {}

    def follow(self, event: Event) -> None:
        """Learn what an event says of scales, before it is written."""
        if isinstance(event, events.RulesAdopted):
            self.adopt(event.rules)
        elif isinstance(event, events.AuctionStarted):
            self._auctions[event.auction] = event.asset, event.lot_asset or ""
        elif isinstance(event, events.AuctionEnded):  # it has no amounts itself
            self._auctions.pop(event.auction, None)

    def adopt(self, text: str) -> None:
        """Learn the assets and instruments of rules; from such as are none, nothing."""
        try:
            rules = Rules.parse_text(text)
        except InvalidInputError:
            return
        self._decimals |= {asset.symbol: asset.decimals for asset in rules.assets}
        self._instruments |= {i.symbol: i for i in rules.instruments}
        self._pools |= {name: pool.asset for name, pool in rules.pools.items()}

    def amount(self, quanta: int, asset: str) -> Decimal | None:
        """Return quanta in units of an asset; ``None`` where it is unknown."""
        decimals = self._decimals.get(asset)
        return None if decimals is None else decimal_of(quanta, decimals)

    def size(self, lots: int, instrument: str) -> Decimal | None:
        """Return lots in contract units; ``None`` where the instrument is unknown."""
        found = self._instruments.get(instrument)
        return None if found is None else decimal_of(lots * found.lot_nano, 9)

    def settlement(self, instrument: str) -> str:
        """Return the asset that an instrument settles in; nothing where it is unknown."""
        found = self._instruments.get(instrument)
        return "" if found is None else found.settlement

    def asset_of(self, event: object, *, of_lot: bool = False) -> str:
        """Return the asset that an event counts in, or its lot; nothing where it is unknown.

        The event names it, or an auction, a pool or an instrument that it belongs to.
        """
        auction = self._auctions.get(getattr(event, "auction", 0))
        if auction is not None:
            return auction[of_lot]
        named = getattr(event, "asset", None) or self._pools.get(getattr(event, "pool", ""))
        return named or self.settlement(getattr(event, "instrument", ""))
