"""The terms of Deribit's incremental liquidation: sizes of a round, fees, and whether it may hedge.

References
----------
The sources of the data file, ``deribit-liquidation.toml``.
"""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from importlib.resources import files
from typing import Any, NamedTuple

from hullmark.core import Number, exactly, not_negative, positive, rounded, share
from hullmark.errors import DocumentError, InvalidInputError

_FILE = "deribit-liquidation.toml"
_ABOUT = {"venue", "title", "date", "sources"}


class ContractKind(StrEnum):
    """What a position is in: a future or perpetual, or an option."""

    FUTURE = "future"
    OPTION = "option"


class FeeRates(NamedTuple):
    """What a liquidation costs, as a share of the underlying of the contracts closed.

    Parameters
    ----------
    future, option : Decimal, in [0, 1]
    """

    future: Decimal
    option: Decimal


class LiquidationFee(NamedTuple):
    """A fee, in the coin.

    Parameters
    ----------
    amount : Decimal, >= 0
        From the account.
    to_fund : Decimal, >= 0
        The part of it that the insurance fund gets.
    """

    amount: Decimal
    to_fund: Decimal


class IncrementalTerms(NamedTuple):
    """How an account is liquidated in rounds.

    Parameters
    ----------
    round_s : Decimal, > 0, seconds
        From one round to the next.
    futures_usd : Decimal, > 0, USD
        The most of a future that a round closes.
    option_coins : Decimal, > 0, coins
        The most of an option that a round closes.
    hedges : bool
        Whether an account under portfolio margin may be hedged with the perpetual.
    hedge_usd : Decimal, > 0, USD
        The most that a round hedges.
    to_fund : Decimal, in [0, 1]
        Share of the fees that goes to the insurance fund.
    fees : mapping of coin to FeeRates
    """

    round_s: Decimal
    futures_usd: Decimal
    option_coins: Decimal
    hedges: bool
    hedge_usd: Decimal
    to_fund: Decimal
    fees: Mapping[str, FeeRates]

    @classmethod
    def parse(cls, tree: Mapping[str, Any]) -> "IncrementalTerms":
        """Read the terms from a document as ``deribit-liquidation.toml``.

        Raises
        ------
        DocumentError
            If a key is unknown or missing, or a value breaks its rule; the message has the path.
        """
        _keys("the document", tree, _ABOUT | {"round", "hedge", "fees"})
        rounds = _table("round", tree["round"], {"seconds", "futures_usd", "option_coins"})
        hedge = _table("hedge", tree["hedge"], {"allowed", "futures_usd"})
        fees = _table("fees", tree["fees"])
        if not isinstance(hedge["allowed"], bool):
            raise DocumentError(
                f"hedge.allowed must be true or false, was {hedge['allowed']!r:.60}"
            )
        if "to_fund" not in fees:
            raise DocumentError("fees must have the key 'to_fund', was without")
        try:
            return cls(
                positive("round.seconds", rounds["seconds"]),
                positive("round.futures_usd", rounds["futures_usd"]),
                positive("round.option_coins", rounds["option_coins"]),
                hedge["allowed"],
                positive("hedge.futures_usd", hedge["futures_usd"]),
                share("fees.to_fund", fees.pop("to_fund")),
                {coin: _rates(f"fees.{coin}", rates) for coin, rates in fees.items()},
            )
        except InvalidInputError as e:
            raise DocumentError(str(e)) from e


def load_incremental_terms() -> IncrementalTerms:
    """Return the published terms, as of the date and the sources in ``deribit-liquidation.toml``.

    >>> terms = load_incremental_terms()
    >>> terms.round_s, terms.futures_usd, terms.fees["BTC"].future
    (Decimal('1'), Decimal('2000'), Decimal('0.0075'))
    """
    text = files("hullmark.rulebooks.deribit").joinpath(_FILE).read_text(encoding="utf-8")
    return IncrementalTerms.parse(tomllib.loads(text))


def round_size(
    terms: IncrementalTerms, kind: ContractKind, *, price: Number | None = None, lot: Number
) -> Decimal:
    """Return the most of a contract that one round closes, in whole lots, at least one.

    Parameters
    ----------
    terms : IncrementalTerms
    kind : ContractKind
    price : number > 0, USD, optional
        Of a future whose size counts coins; without it, sizes of futures are USD, as those of
        inverse ones. Options count coins.
    lot : number > 0
        In the unit of the size.

    Raises
    ------
    InvalidInputError
        If a number is out of its range.

    >>> round_size(load_incremental_terms(), ContractKind.FUTURE, price=60_000, lot="0.001")
    Decimal('0.033')
    """
    step = positive("lot", lot)
    with exactly():
        most = terms.option_coins if kind is ContractKind.OPTION else terms.futures_usd
        if price is not None and kind is ContractKind.FUTURE:
            most = most / positive("price", price)
        return max(rounded(most, step), step)


def liquidation_fee(
    terms: IncrementalTerms, coin: str, kind: ContractKind, *, coins: Number
) -> LiquidationFee:
    """Return the fee on a part of a position that a round closed, and what of it the fund gets.

    Parameters
    ----------
    terms : IncrementalTerms
    coin : str
        Of the underlying.
    kind : ContractKind
    coins : number >= 0
        The underlying of what was closed: for an inverse future its USD over the price.

    Raises
    ------
    InvalidInputError
        If the coin has no rates, or a number is out of its range.

    >>> liquidation_fee(load_incremental_terms(), "BTC", ContractKind.FUTURE, coins=2)
    LiquidationFee(amount=Decimal('0.0150'), to_fund=Decimal('0.0150'))
    """
    if coin not in terms.fees:
        raise InvalidInputError(f"coin must be one of {', '.join(terms.fees)}, was {coin!r:.60}")
    closed, rates = not_negative("coins", coins), terms.fees[coin]
    with exactly():
        fee = closed * (rates.option if kind is ContractKind.OPTION else rates.future)
        return LiquidationFee(fee, fee * terms.to_fund)


def _table(path: str, tree: object, wanted: set[str] | None = None) -> dict[str, Any]:
    if not isinstance(tree, Mapping):
        raise DocumentError(f"{path} must be a table, was {tree!r:.60}")
    if wanted is not None:
        _keys(path, tree, wanted)
    return dict(tree)


def _keys(path: str, tree: Mapping[str, Any], wanted: set[str]) -> None:
    if unknown := sorted(set(tree) - wanted):
        raise DocumentError(f"{path} has an unknown key {unknown[0]!r:.60}")
    if missing := sorted(wanted - set(tree)):
        raise DocumentError(f"{path} must have the key {missing[0]!r}, was without")


def _rates(path: str, tree: object) -> FeeRates:
    rates = _table(path, tree, {"future", "option"})
    return FeeRates(*(share(f"{path}.{name}", rates[name]) for name in ("future", "option")))
