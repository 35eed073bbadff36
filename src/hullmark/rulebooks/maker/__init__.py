"""The liquidations of Maker since 2021: Dog, Clipper, Abaci and ClipperMom, in their own integers.

Each is a function on whole numbers: a wad is 1e-18, a ray 1e-27, a rad 1e-45. What reverts with a
text there is a refusal with that text here; what reverts without one, because it does not fit in
256 bits, is an `AmountOverflowError`.
"""

from hullmark.rulebooks.maker._abaci import (
    Abacus,
    ExponentialDecrease,
    LinearDecrease,
    StairstepExponentialDecrease,
)
from hullmark.rulebooks.maker._clip import (
    Clipper,
    ClipRefusal,
    Kick,
    Redo,
    Sale,
    Status,
    feed_price,
    filed,
    get_status,
    incentive,
    kick,
    redo,
    removed,
    sale_price,
    upchost,
    yank,
)
from hullmark.rulebooks.maker._dog import (
    Bark,
    Dog,
    DogRefusal,
    Ilk,
    Urn,
    bark,
    digs,
    taken_debt,
)
from hullmark.rulebooks.maker._fixed import (
    RAD,
    RAY,
    WAD,
    rdiv_floor,
    rmul_floor,
    rpow_half_up,
    wmul_floor,
)
from hullmark.rulebooks.maker._mom import (
    Mom,
    MomRefusal,
    set_breaker,
    set_tolerance,
    trip_breaker,
)
from hullmark.rulebooks.maker._take import Take, slice_and_owe, take
from hullmark.rulebooks.maker._terms import ETH_A, MakerTerms

__all__ = [
    "ETH_A",
    "RAD",
    "RAY",
    "WAD",
    "Abacus",
    "Bark",
    "ClipRefusal",
    "Clipper",
    "Dog",
    "DogRefusal",
    "ExponentialDecrease",
    "Ilk",
    "Kick",
    "LinearDecrease",
    "MakerTerms",
    "Mom",
    "MomRefusal",
    "Redo",
    "Sale",
    "StairstepExponentialDecrease",
    "Status",
    "Take",
    "Urn",
    "bark",
    "digs",
    "feed_price",
    "filed",
    "get_status",
    "incentive",
    "kick",
    "rdiv_floor",
    "redo",
    "removed",
    "rmul_floor",
    "rpow_half_up",
    "sale_price",
    "set_breaker",
    "set_tolerance",
    "slice_and_owe",
    "take",
    "taken_debt",
    "trip_breaker",
    "upchost",
    "wmul_floor",
    "yank",
]
