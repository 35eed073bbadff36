"""Maker's liquidation module: who is seized, how much of him, and the limits on debt in auctions.

Names are the contract's: *ilk*, a kind of collateral; *urn*, a vault with collateral ``ink`` and
normalised debt ``art``; ``dink`` and ``dart``, what is taken of each; ``tab``, what the auction has
to raise.

References
----------
MakerDAO, ``dss``, ``src/dog.sol`` [3f30552], 2021.
"""

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from hullmark.errors import InvalidInputError
from hullmark.rulebooks.maker._fixed import WAD, product, word

_SIGNED_MAX = 2**255  # what the contract lets through before it turns a sign


class DogRefusal(StrEnum):
    """Every reason of ``bark`` to revert, in its order; the value is the contract's text."""

    NOT_LIVE = "Dog/not-live"
    NOT_UNSAFE = "Dog/not-unsafe"
    LIQUIDATION_LIMIT_HIT = "Dog/liquidation-limit-hit"
    DUSTY_AUCTION = "Dog/dusty-auction-from-partial-liquidation"
    NULL_AUCTION = "Dog/null-auction"
    OVERFLOW = "Dog/overflow"


class Urn(Struct, frozen=True, kw_only=True):
    """A vault.

    Parameters
    ----------
    ink : int, wad
        Its collateral.
    art : int, wad
        Its normalised debt: times ``rate`` it is money.
    """

    ink: int
    art: int

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            word(name, getattr(self, name))


class Ilk(Struct, frozen=True, kw_only=True):
    """A kind of collateral, as the core engine and the liquidation module know it.

    Parameters
    ----------
    rate : int, ray
        What a unit of normalised debt has grown to.
    spot : int, ray
        Price with the margin of safety: ``oracle / par / mat``.
    dust : int, rad
        The least debt of a vault.
    chop : int, wad, >= 1
        Penalty: 1.13 for 13 %.
    hole, dirt : int, rad
        The most that auctions of this kind may have to raise, and what they have to.
    """

    rate: int
    spot: int
    dust: int
    chop: int
    hole: int
    dirt: int = 0

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            word(name, getattr(self, name))
        if self.chop < WAD:
            raise InvalidInputError(f"Dog/file-chop-lt-WAD: chop must be >= {WAD}, was {self.chop}")


class Dog(Struct, frozen=True, kw_only=True):
    """The liquidation module.

    Parameters
    ----------
    Hole, Dirt : int, rad
        The most that all auctions may have to raise, and what they have to.
    live : bool
    """

    Hole: int
    Dirt: int = 0
    live: bool = True

    def __post_init__(self) -> None:
        word("Hole", self.Hole)
        word("Dirt", self.Dirt)


class Bark(Struct, frozen=True, kw_only=True):
    """A seizure, and what it leaves.

    Parameters
    ----------
    dink, dart : int, wad
        Collateral and normalised debt that were taken.
    due, tab : int, rad
        The debt in money, which is queued as bad debt at once, and with its penalty.
    room : int, rad
        What the limits left before.
    urn, ilk, dog : Urn, Ilk, Dog
        As they are after.
    """

    dink: int
    dart: int
    due: int
    tab: int
    room: int
    urn: Urn
    ilk: Ilk
    dog: Dog


def bark(dog: Dog, ilk: Ilk, urn: Urn) -> Bark | DogRefusal:
    """Return what is seized of a vault, whole or in part, or why it is not.

    The whole vault, unless its debt with penalty is more than the limits leave; then as much as
    fits. Where that would leave less than ``dust``, the whole vault after all, beyond the limit;
    where less than ``dust`` would be taken, nothing. The auction itself is `kick`.

    Parameters
    ----------
    dog : Dog
    ilk : Ilk
    urn : Urn

    Returns
    -------
    Bark or DogRefusal

    Raises
    ------
    AmountOverflowError
        If a product does not fit in 256 bits: the contract reverts without a text.
    """
    if not dog.live:
        return DogRefusal.NOT_LIVE
    if not (ilk.spot > 0 and product(urn.ink, ilk.spot) < product(urn.art, ilk.rate)):
        return DogRefusal.NOT_UNSAFE
    if not (dog.Hole > dog.Dirt and ilk.hole > ilk.dirt):
        return DogRefusal.LIQUIDATION_LIMIT_HIT
    room = min(dog.Hole - dog.Dirt, ilk.hole - ilk.dirt)
    dart = taken_debt(ilk, art=urn.art, room=room)
    if isinstance(dart, DogRefusal):
        return dart
    dink = product(urn.ink, dart) // urn.art
    if dink == 0 or max(dart, dink) > _SIGNED_MAX:
        return DogRefusal.NULL_AUCTION if dink == 0 else DogRefusal.OVERFLOW
    due = product(dart, ilk.rate)
    tab = product(due, ilk.chop) // WAD
    return Bark(
        dink=dink,
        dart=dart,
        due=due,
        tab=tab,
        room=room,
        urn=Urn(ink=urn.ink - dink, art=urn.art - dart),
        ilk=replace(ilk, dirt=ilk.dirt + tab),
        dog=replace(dog, Dirt=dog.Dirt + tab),
    )


def taken_debt(ilk: Ilk, *, art: int, room: int) -> int | DogRefusal:
    """Return how much of a vault's normalised debt (wad) fits into ``room`` (rad), dust seen to."""
    dart = min(word("art", art), product(word("room", room), WAD) // ilk.rate // ilk.chop)
    if art > dart:
        if product(art - dart, ilk.rate) < ilk.dust:
            return art
        if product(dart, ilk.rate) < ilk.dust:
            return DogRefusal.DUSTY_AUCTION
    return dart


def digs(dog: Dog, ilk: Ilk, rad: int) -> tuple[Dog, Ilk]:
    """Return the module and the kind of collateral with so much (rad) less in auctions.

    Raises
    ------
    InvalidInputError
        If more is given back than there is.
    """
    for name, counted in (("Dirt", dog.Dirt), ("dirt", ilk.dirt)):
        if word("rad", rad) > counted:
            raise InvalidInputError(f"rad must be <= {counted}, the {name}, was {rad}")
    return replace(dog, Dirt=dog.Dirt - rad), replace(ilk, dirt=ilk.dirt - rad)
