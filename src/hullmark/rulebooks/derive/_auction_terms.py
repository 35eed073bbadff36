"""The arithmetic of Derive's auction: discount, buffer margin, largest share, prices and fee.

All amounts are whole numbers of 1e-18 USD. Margins are account values: above zero is room, below it
is short. Every product and quotient is cut towards zero, one after the other, as the contract does.

References
----------
``derivexyz/v2-core``, ``src/liquidation/DutchAuction.sol`` (BUSL-1.1, with ``mtmCutoff`` and
whitelisted managers: the version that the tests of commit 65102003 run against).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from msgspec import Struct

from hullmark.errors import DocumentError, InvalidInputError
from hullmark.rulebooks.derive._fixed import (
    UNIT,
    count,
    div_trunc,
    divided_trunc,
    mul_trunc,
    parse_fields,
    whole,
)

_FIXED = ("start", "cutoff", "fee_share", "buffer", "mtm_cutoff")
_SECONDS = ("fast_s", "slow_s", "insolvent_s")
_FEE_SHARE_MAX = UNIT // 10
_BUFFER_MAX = 4 * UNIT
_MTM_CUTOFF_MAX = 1_000 * UNIT


class AuctionTerms(Struct, frozen=True, kw_only=True):
    """How an account is auctioned.

    Parameters
    ----------
    start, cutoff : int, 1e-18, in [0, 1], the second at most the first
        Share of the mark to market that the account is offered at first, and after the fast leg.
    fast_s, slow_s, insolvent_s : int, seconds, >= 0
        From start to cutoff, from there to nothing, and of the insolvent auction.
    fee_share : int, 1e-18, in [0, 0.1]
        Share of the value of what will be sold that the security module takes at the start.
    buffer : int, 1e-18, in [0, 4]
        By which share of the requirement an account is liquidated beyond its maintenance margin.
    mtm_cutoff : int, 1e-18 USD, <= 1000
        An account worth less may be bought whole.

    Raises
    ------
    InvalidInputError
        If a number is outside its bounds, which are the contract's.
    """

    start: int
    cutoff: int
    fast_s: int
    slow_s: int
    insolvent_s: int
    fee_share: int = 0
    buffer: int = 0
    mtm_cutoff: int = 0

    def __post_init__(self) -> None:
        whole("start", self.start, 0, UNIT)
        whole("cutoff", self.cutoff, 0, self.start)
        for name in _SECONDS:
            count(name, getattr(self, name))
        whole("fee_share", self.fee_share, 0, _FEE_SHARE_MAX)
        whole("buffer", self.buffer, 0, _BUFFER_MAX)
        whole("mtm_cutoff", self.mtm_cutoff, high=_MTM_CUTOFF_MAX)

    @classmethod
    def parse(cls, path: str, tree: Mapping[str, Any]) -> Self:
        """Read the terms from a table of decimal strings; seconds are whole.

        Raises
        ------
        DocumentError
            If a key is unknown or missing, or a value breaks its rule; the message has the path.
        """
        fields = parse_fields(path, tree, _FIXED + _SECONDS)
        for name in _SECONDS:
            seconds, rest = divmod(fields[name], UNIT)
            if rest:
                raise DocumentError(
                    f"{path}.{name} must be a whole number of seconds, was {tree[name]!r:.60}"
                )
            fields[name] = seconds
        try:
            return cls(**fields)
        except InvalidInputError as e:
            raise DocumentError(f"{path}.{e}") from e


# `getDefaultAuctionParam` of script config-mainnet.sol, commits 037ee3ac and f4697305. The venue's
# documentation (*Liquidation Parameters*, an undated copy) has the same discounts and buffer, and
# the same lengths of the solvent phase.
AUCTION_TERMS = AuctionTerms(
    start=95 * UNIT // 100,
    cutoff=70 * UNIT // 100,
    fast_s=900,
    slow_s=43_200,
    insolvent_s=3_600,
    fee_share=UNIT // 10,
    buffer=15 * UNIT // 100,
)


class AuctionMargins(NamedTuple):
    """What an auction looks at, 1e-18 USD, under the one scenario that it runs on.

    Parameters
    ----------
    maintenance : int
        Maintenance margin MM, as a value.
    buffer : int
        Buffer margin BM: what a sale restores to zero.
    mtm : int
        Mark to market: what the account is worth.
    """

    maintenance: int
    buffer: int
    mtm: int


def auction_margins(terms: AuctionTerms, *, maintenance: int, mtm: int) -> AuctionMargins:
    """Return maintenance margin, buffer margin and mark to market of an account.

    ``BM = MM + (MM - MtM) * buffer``.

    >>> margins = auction_margins(AUCTION_TERMS, maintenance=-100 * UNIT, mtm=300 * UNIT)
    >>> margins.buffer // UNIT
    -160
    """
    whole("maintenance", maintenance)
    whole("mtm", mtm)
    buffered = maintenance + mul_trunc(maintenance - mtm, terms.buffer)
    return AuctionMargins(maintenance, buffered, mtm)


def auction_discount_trunc(terms: AuctionTerms, elapsed_s: int) -> int:
    """Return the share of its value that an account is offered at, 1e-18.

    In the slow leg the contract multiplies a fixed number by plain seconds and cuts: the discount
    moves only when ``cutoff * seconds`` passes a whole number, at 0.7 after 2, 3, 5, 6 seconds.

    >>> auction_discount_trunc(AUCTION_TERMS, 450) * 1000 // UNIT
    825
    """
    elapsed = count("elapsed_s", elapsed_s)
    if elapsed < terms.fast_s:
        return terms.start - (terms.start - terms.cutoff) * elapsed // terms.fast_s
    if elapsed >= terms.fast_s + terms.slow_s:
        return 0
    fallen = mul_trunc(terms.cutoff, elapsed - terms.fast_s)
    return terms.cutoff - div_trunc(fallen, terms.slow_s)


def max_share_trunc(
    terms: AuctionTerms, *, mtm: int, buffer_margin: int, discount: int, reserved: int = 0
) -> int:
    """Return the share of an account that may be bought: what brings its buffer margin to zero.

    ``BM / (BM - MtM * d - R * (1 - d))``, with BM at most 0; all of an account below the cutoff.

    Parameters
    ----------
    terms : AuctionTerms
    mtm, buffer_margin : int, 1e-18 USD
    discount : int, 1e-18, in [0, 1]
    reserved : int, 1e-18 USD, >= 0
        Cash that bidders of this auction have paid in.

    Returns
    -------
    int, 1e-18

    Raises
    ------
    InvalidInputError
        If an argument is out of its range, or the denominator is not below zero: the contract
        reverts there, without a name of its own.
    """
    whole("mtm", mtm)
    whole("reserved", reserved, 0)
    whole("discount", discount, 0, UNIT)
    short = min(whole("buffer_margin", buffer_margin), 0)
    if mtm < terms.mtm_cutoff:
        return UNIT
    below = short - mul_trunc(mtm, discount) - mul_trunc(reserved, UNIT - discount)
    if below == 0 or (below > 0 and short < 0):
        raise InvalidInputError(
            f"buffer_margin - mtm * d - reserved * (1 - d) must be < 0, was {below} of 1e-18"
        )
    return div_trunc(short, below)


def solvent_price_trunc(*, mtm: int, discount: int, reserved: int = 0) -> int:
    """Return the price of a whole solvent account, 1e-18 USD: ``(MtM - R) * d``."""
    whole("mtm", mtm)
    whole("reserved", reserved, 0)
    return mul_trunc(mtm - reserved, whole("discount", discount, 0, UNIT))


def insolvent_price_trunc(
    terms: AuctionTerms, *, mtm: int, maintenance: int, elapsed_s: int
) -> int:
    """Return the price of a whole insolvent account, at most 0: its taker is paid that much.

    From MtM, or 0 where that is above it, in a line to MM; then MM. 0 where MM is not below zero.

    >>> insolvent_price_trunc(AUCTION_TERMS, mtm=-100 * UNIT, maintenance=-300 * UNIT,
    ...                       elapsed_s=1_800) // UNIT
    -200
    """
    elapsed = count("elapsed_s", elapsed_s)
    first = min(whole("mtm", mtm), 0)
    if whole("maintenance", maintenance) >= 0:
        return 0
    if elapsed >= terms.insolvent_s:
        return maintenance
    return divided_trunc((maintenance - first) * elapsed, terms.insolvent_s) + first


def liquidation_fee_trunc(terms: AuctionTerms, *, mtm: int, buffer_margin: int) -> int:
    """Return what the security module takes from an account when its solvent auction starts.

    The share that would be sold without a discount, times value, times the fee share: at most a
    tenth of the value, so a fee never makes an account worth less than nothing.

    Raises
    ------
    InvalidInputError
        As `max_share_trunc`.
    """
    sold = max_share_trunc(terms, mtm=mtm, buffer_margin=buffer_margin, discount=UNIT)
    return mul_trunc(mul_trunc(sold, abs(mtm)), terms.fee_share)
