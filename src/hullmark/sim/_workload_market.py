"""The market of the simulated venue: prices that wander, jump, fall silent or talk nonsense."""

from collections.abc import Callable
from random import Random

from hullmark.clearing import State
from hullmark.core import INT64_MAX, SECOND_NS
from hullmark.domain import Future, Instrument, Option, Perpetual, commands
from hullmark.sim._workload_rules import CENTS, COINS, SOURCES

CENT_NANO = 10**7
VOL_NANO = 5 * 10**8

_JUMPS = 0.06  # how often a move is a jump
_SILENCES = 0.01  # how often a source stops speaking for a while
_ODD = 0.05  # how often something is wrong with what is said
_NONSENSE = (None, 0, -5, 1, 10**18)  # what a broken source says: nothing, zero, a clamp


class SimulatedMarket:
    """Prices in cents, several sources of each, and the instruments that can still be traded.

    Parameters
    ----------
    chance : Random
        Everything is drawn from it.
    """

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self.cents = dict(CENTS)
        self._silent_until_ns = dict.fromkeys(SOURCES, 0)
        self._seen = (0, 0)
        self._open: list[Instrument] = []
        self._factors: dict[str, list[str]] = {}

    def look(self, state: State) -> None:
        """Take note of what is listed and what was settled."""
        seen = len(state.ledger.instruments), len(state.expired)
        if seen == self._seen:
            return
        self._seen = seen
        self._open = [i for i in state.ledger.instruments if i.symbol not in state.expired]
        self._factors = {asset: [asset] for asset in CENTS}
        for instrument in self._open:
            if not isinstance(instrument, Option):
                self._factors[instrument.underlying].append(instrument.symbol)

    @property
    def open(self) -> list[Instrument]:
        """What is listed and not settled."""
        return self._open

    @property
    def nearest(self) -> Future | Option:
        """What expires next, or has and is not settled."""
        dated = (i for i in self._open if isinstance(i, Future | Option))
        return min(dated, key=lambda instrument: instrument.expiry_ns)

    def move(self, coin: str) -> None:
        """Move a price: a little and back towards its home, or by a jump."""
        chance, home = self._chance, CENTS[coin]
        thousandths = 985 + chance.randrange(31) + (home - self.cents[coin]) * 5 // home
        if coin in COINS and chance.random() < _JUMPS:
            thousandths = chance.randrange(700, 1_390) if chance.random() < 0.95 else 1_500
        moved = self.cents[coin] * thousandths // 1_000
        self.cents[coin] = min(max(moved, home // 4), home * 4)

    def observe(self, asset: str, now_ns: int) -> commands.ObservePrices:
        """Return what the sources say of an asset and everything on it."""
        chance, said = self._chance, []
        price_nano = self.cents[asset] * CENT_NANO
        if chance.random() < _SILENCES:
            mute = chance.choice((SOURCES, SOURCES[:2], SOURCES[:1], SOURCES[2:]))
            until_ns = now_ns + chance.randrange(90) * SECOND_NS
            self._silent_until_ns.update(dict.fromkeys(mute, until_ns))
        speaking = [s for s in SOURCES if self._silent_until_ns[s] <= now_ns]
        for factor in self._factors[asset]:
            basis = price_nano // 1_000 * chance.randrange(-2, 3)
            for source in speaking:
                noise = price_nano // 10_000 * chance.randrange(-3, 4)
                said.append(_print(factor, source, price_nano + basis + noise, now_ns))
        if said and chance.random() < _ODD:
            self._spoil(said, now_ns)
        return commands.ObservePrices(prints=tuple(said))

    def near_nano(self, instrument: Instrument) -> int:
        """Return a price at which an instrument could trade: within two per cent of the market."""
        thousandths = 980 + self._chance.randrange(41)
        price_nano = self.cents[instrument.underlying] * CENT_NANO * thousandths // 1_000
        if not isinstance(instrument, Option):
            return price_nano
        # A tenth of the underlying is near what these options are worth; inverse ones are in coins.
        premium_nano = price_nano // 10 if not instrument.inverse else 10**8
        return premium_nano * thousandths // 1_000

    def lots_for(self, instrument: Instrument, usd: int) -> int:
        """Return how many lots of an instrument are worth some USD, at least one."""
        if isinstance(instrument, Perpetual | Future) and instrument.inverse:
            return max(usd * 10**9 // instrument.lot_nano, 1)
        lot_cents = self.cents[instrument.underlying] * instrument.lot_nano
        return max(usd * 100 * 10**9 // lot_cents, 1)

    def wrong(self, now_ns: int) -> commands.ObservePrices:
        """Return prints that no venue takes in: from the future, of nothing, or too wide."""
        bad: Callable[[], commands.Print] = self._chance.choice(
            (
                lambda: _print("BTC", "a", 10**11, now_ns + SECOND_NS),
                lambda: _print("NOWHERE", "a", 10**11, now_ns),
                lambda: _print("BTC", "a", INT64_MAX + 1, now_ns),
            )
        )
        return commands.ObservePrices(prints=(bad(),))

    def surface(self) -> commands.AdoptSurface:
        """Return vols of all options that are open; now and then of none, or of a future."""
        chance = self._chance
        options = [i.symbol for i in self._open if isinstance(i, Option)]
        match chance.randrange(20):
            case 0:
                options = ["BTC-PERP"]
            case 1:
                options = ["NOWHERE"]
        level = VOL_NANO * chance.randrange(20, 300) // 100
        if chance.random() < 0.05:
            level = chance.choice((0, -1, 10**12))
        return commands.AdoptSurface(
            vol_nano={s: level * chance.randrange(95, 106) // 100 for s in options}
        )

    # One print is nonsense, or all of one price are, or someone speaks whom nobody asked.
    def _spoil(self, said: list[commands.Print], now_ns: int) -> None:
        chance = self._chance
        nonsense, place = chance.choice(_NONSENSE), chance.randrange(len(said))
        factor, source = said[place].factor, said[place].source
        match chance.randrange(4):
            case 0:
                said += [_print(factor, each, nonsense, now_ns) for each in SOURCES]
            case 1:
                said.append(_print(factor, "nobody", 10**11, now_ns))
            case _:
                said[place] = _print(factor, source, nonsense, now_ns)


def _print(factor: str, source: str, price_nano: int | None, now_ns: int) -> commands.Print:
    return commands.Print(factor=factor, source=source, price_nano=price_nano, observed_ns=now_ns)
