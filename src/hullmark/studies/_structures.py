"""The structures of the example accounts: legs by delta and tenor, collateral, and a target."""

from typing import Literal, NamedTuple

COINS = ("BTC", "ETH")


class Leg(NamedTuple):
    """One leg, in units of the structure.

    An option's strike is the one whose *call* has this delta, also where the leg is a put, so that
    legs of one delta share one strike: a put of delta -0.25 is at 0.75.
    """

    kind: Literal["call", "put", "future", "perpetual"]
    size: float  # units, negative when short
    days: float = 30.0  # tenor: the nearest expiry is taken
    delta: float = 0.5
    entry: float = 1.0  # of a future or perpetual: its entry price over its mark
    coin: str | None = None  # None: the coin of the account


class Structure(NamedTuple):
    """A kind of account."""

    name: str
    legs: tuple[Leg, ...]
    collateral: Literal["coin", "stablecoin"]
    target: float | None = None  # margin ratio at which the collateral is set; None: as in `cash`
    cash: float = 0.0  # collateral in units of the structure, where there is no target
    mode: Literal["portfolio", "cross", "isolated"] = "portfolio"
    coins: tuple[str, ...] = COINS


def _c(size: float, delta: float, days: float = 30.0, coin: str | None = None) -> Leg:
    return Leg("call", size, days, delta, coin=coin)


def _p(size: float, delta: float, days: float = 30.0, coin: str | None = None) -> Leg:
    return Leg("put", size, days, delta, coin=coin)


def _perp(size: float, entry: float = 1.0) -> Leg:
    return Leg("perpetual", size, entry=entry)


_BOX = (_c(1, 0.7), _p(-1, 0.7), _c(-1, 0.3), _p(1, 0.3))
_CONDOR = (_p(1, 0.9), _p(-1, 0.75), _c(-1, 0.25), _c(1, 0.1))
_FLY = (_p(1, 0.8, 14), _p(-1, 0.5, 14), _c(-1, 0.5, 14), _c(1, 0.2, 14))

STRUCTURES = (
    Structure("short strangle", (_p(-1, 0.75), _c(-1, 0.25)), "coin", 0.6),
    Structure("long strangle", (_p(1, 0.75), _c(1, 0.25)), "stablecoin", cash=0.05),
    Structure("short straddle", (_p(-1, 0.5, 7), _c(-1, 0.5, 7)), "stablecoin", 0.7),
    Structure("long straddle", (_p(1, 0.5, 60), _c(1, 0.5, 60)), "coin", cash=0.1),
    Structure("hedged straddle", (_p(-1, 0.5), _c(-1, 0.5), _perp(0.1)), "stablecoin", 0.8),
    Structure("iron condor", _CONDOR, "stablecoin", 0.5),
    Structure("iron butterfly", _FLY, "coin", 0.75),
    Structure("call butterfly", (_c(1, 0.7), _c(-2, 0.5), _c(1, 0.3)), "stablecoin", cash=0.05),
    Structure("calendar", (_c(-1, 0.5, 30), _c(1, 0.5, 90)), "coin", cash=0.2),
    Structure("reverse calendar", (_c(1, 0.5, 14), _c(-1, 0.5, 60)), "stablecoin", 0.65),
    Structure("bull call spread", (_c(1, 0.5, 60), _c(-1, 0.25, 60)), "stablecoin", cash=0.05),
    Structure("put backspread", (_p(-1, 0.5), _p(2, 0.75)), "coin", cash=0.3),
    Structure("covered call", (_c(-1, 0.25),), "coin", cash=1.0),
    Structure("protective put", (_p(1, 0.75, 90),), "coin", cash=1.0),
    Structure("collar", (_p(1, 0.75, 60), _c(-1, 0.25, 60)), "coin", cash=1.0),
    Structure("risk reversal", (_p(-1, 0.75), _c(1, 0.25)), "stablecoin", 0.85),
    Structure("box", _BOX, "stablecoin", cash=0.1),
    Structure("conversion", (Leg("future", 1), _p(1, 0.5), _c(-1, 0.5)), "coin", cash=0.2),
    Structure("futures spread", (Leg("future", 1, 30), Leg("future", -1, 200)), "coin", cash=0.02),
    Structure("naked short put", (_p(-1, 0.75),), "coin", 0.97),
    Structure("naked short call", (_c(-1, 0.25),), "stablecoin", 1.1),
    Structure("naked long call", (_c(1, 0.25, 90),), "stablecoin", cash=0.02),
    Structure("leveraged long", (_perp(1, 1.02),), "stablecoin", 0.5, mode="cross"),
    Structure("short against coin", (_perp(-1, 1.03),), "coin", cash=1.0, mode="isolated"),
    Structure(
        "two strangles",
        (
            *(_p(-1, 0.75, coin=coin) for coin in COINS),
            *(_c(-1, 0.25, coin=coin) for coin in COINS),
        ),
        "stablecoin",
        0.95,
        coins=("BTC",),
    ),
    Structure(
        "dispersion",
        (
            _p(-1, 0.5, coin="BTC"),
            _c(-1, 0.5, coin="BTC"),
            _p(1, 0.5, coin="ETH"),
            _c(1, 0.5, coin="ETH"),
        ),
        "coin",
        0.5,
        coins=("BTC",),
    ),
)

DELTAS = sorted({leg.delta for structure in STRUCTURES for leg in structure.legs})
