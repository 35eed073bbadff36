"""The market of the simulated venue: prices that wander, jump, fall silent or talk nonsense."""

from collections.abc import Callable
from random import Random

from msgspec.structs import replace

from hullmark.clearing import State
from hullmark.core import INT64_MAX, SECOND_NS
from hullmark.domain import Future, Instrument, Option, Perpetual, commands
from hullmark.sim._workload_prices import CENTS, SOURCES, SPOKEN
from hullmark.sim._workload_rules import COINS

CENT_NANO = 10**7
VOL_NANO = 5 * 10**8

_JUMPS = 0.06  # how often a move is a jump
_SILENCES = 0.01  # how often a source stops speaking for a while
_SURE = 0.3  # how often a source says how sure it is
_ODD = 0.08  # how often something is wrong with what is said
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
        self._silent_until_ns = dict.fromkeys(SPOKEN, 0)
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
        speaking = [s for s in SPOKEN if self._silent_until_ns[s] <= now_ns]
        for factor in self._factors[asset]:
            basis = price_nano // 1_000 * chance.randrange(-2, 3)
            for source in speaking:
                step = price_nano // 10_000
                noise, width = step * chance.randrange(-3, 4), step * chance.randrange(1, 20)
                one = _print(factor, source, price_nano + basis + noise, now_ns)
                if chance.random() < _SURE:
                    one = replace(one, confidence_nano=width)
                said.append(one)
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
        """Return prints that no venue takes in: of nothing, or too wide."""
        bad: Callable[[], commands.Print] = self._chance.choice(
            (
                lambda: _print("NOWHERE", "a", 10**11, now_ns),
                lambda: _print("BTC", "a", INT64_MAX + 1, now_ns),
            )
        )
        return commands.ObservePrices(prints=(bad(),))

    def surface(self, valuation_ns: int | None) -> commands.AdoptSurface:
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
            vol_nano={s: level * chance.randrange(95, 106) // 100 for s in options},
            valuation_ns=valuation_ns,
        )

    # One print is nonsense, or all of one price are, or someone speaks whom nobody asked; somebody
    # is off, late, early or far from sure, or all say the same.
    def _spoil(self, said: list[commands.Print], now_ns: int) -> None:
        chance = self._chance
        nonsense, place = chance.choice(_NONSENSE), chance.randrange(len(said))
        factor, source = said[place].factor, said[place].source
        one = said[place]
        match chance.randrange(10):
            case 0:
                said += [_print(factor, each, nonsense, now_ns) for each in SOURCES]
            case 1:
                said.append(_print(factor, "nobody", 10**11, now_ns))
            case 2:
                off_nano = (one.price_nano or 0) * chance.randrange(90, 111) // 100
                said[place] = replace(one, price_nano=off_nano)
            case 3:
                late_ns = chance.choice((1, 20, 100, -1, -30)) * SECOND_NS
                said[place] = replace(one, observed_ns=now_ns - late_ns)
            case 4:
                width = chance.choice((-1, 0, 10**10, 10**12))
                said[place] = replace(one, confidence_nano=width)
            case 5:
                said[:] = [
                    replace(other, price_nano=one.price_nano) if other.factor == factor else other
                    for other in said
                ]
            case _:
                said[place] = _print(factor, source, nonsense, now_ns)


def _print(factor: str, source: str, price_nano: int | None, now_ns: int) -> commands.Print:
    return commands.Print(factor=factor, source=source, price_nano=price_nano, observed_ns=now_ns)
