"""Add-ons on delta, gross size and vega: what a scenario of parallel moves does not see."""

from typing import Self

import numpy as np
from msgspec import Struct

from hullmark.core import FloatArray
from hullmark.domain import Node
from hullmark.margin._margin_rows import Charge, MarginRows, across

_GROWTH_MAX = 100.0  # of an exponent: any account is lost long before, and nothing overflows


def by_group(rows: MarginRows, values: FloatArray) -> FloatArray:
    """Return the sums of one number per position over each expiry, and over what has none.

    The last column is the perpetual's; shape (R, E + 1).
    """
    groups = len(rows.columns.expiries) + 1
    group = rows.columns.expiry[rows.positions.contract] % groups  # -1: the last
    place = rows.positions.row * groups + group
    total = np.bincount(place, weights=values, minlength=rows.count * groups)
    sums: FloatArray = total.astype(np.float64, copy=False).reshape(rows.count, groups)
    return sums


class RollShock(Struct, frozen=True, kw_only=True):
    """The delta of each expiry may move against that of the others: the basis is charged [1]_.

    ``sum |delta of the expiry| max(minimum, growth(annual, T))``, the perpetual's with ``T = 0``,
    growth ``annual T`` or ``exp(annual T) - 1``.

    References
    ----------
    .. [1] Deribit, answers of ``private/pme/simulate``: 0.00315725898 BTC on 17 June 2024,
       0.004997435265 ETH on 15 February 2026.
    """

    minimum: float
    annual: float
    exponential: bool

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read ``{minimum, annual, growth}``."""
        fields = node.fields({"minimum", "annual", "growth"})
        return cls(
            minimum=float(fields["minimum"].decimal(minimum=0)),
            annual=float(fields["annual"].decimal(minimum=0)),
            exponential=fields["growth"].choice("linear", "exponential") == "exponential",
        )

    def charge(self, rows: MarginRows) -> Charge:
        """Return the charge of every row."""
        grown = self.annual * np.append(rows.years, 0.0)
        if self.exponential:
            grown = np.expm1(np.minimum(grown, _GROWTH_MAX))
        deltas = np.abs(by_group(rows, rows.position_delta))
        amount: FloatArray = across(deltas, np.maximum(self.minimum, grown)) * rows.spot
        return Charge(amount, amount)


class DeltaShock(Struct, frozen=True, kw_only=True):
    """A large delta takes long to hedge: what is above a threshold is charged, rising with size.

    ``|d| min(increment max(|d| - threshold / S, 0), maximum)``, where ``d`` is the delta of
    everything but long options, which those may reduce and never enlarge.
    """

    threshold: float  # USD
    increment: float  # per coin
    maximum: float

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read ``{threshold, increment, maximum}``."""
        fields = node.fields({"threshold", "increment", "maximum"})
        return cls(**{key: float(entry.decimal(minimum=0)) for key, entry in fields.items()})

    def charge(self, rows: MarginRows) -> Charge:
        """Return the charge of every row."""
        if not rows.underlying:
            return Charge(rows.none, rows.none)
        long = rows.columns.option[rows.positions.contract] & (rows.positions.size > 0.0)
        each = rows.position_delta
        bought, other = (rows.positions.sums(np.where(at, each, 0.0)) for at in (long, ~long))
        reduced = np.where(
            other < 0.0,
            np.minimum(np.maximum(bought + other, other), 0.0),
            np.maximum(np.minimum(bought + other, other), 0.0),
        )
        size = np.abs(reduced)
        free = self.threshold / float(rows.market.spot)
        rate = np.minimum(self.increment * np.maximum(size - free, 0.0), self.maximum)
        amount: FloatArray = size * rate * rows.spot
        return Charge(amount, amount)


class GrossContingency(Struct, frozen=True, kw_only=True):
    """Charges per contract of the models before 2024: naked shorts, gross sizes, offset vega [1]_.

    References
    ----------
    .. [1] Deribit, "Portfolio margin" (2019 to 2023), contingencies in coins per contract.
    """

    option_short: float  # per short option that nothing at its strike offsets
    option_gross: float
    future_offset: float  # per coin of futures that offset each other
    future_gross: float
    vega_offset: float  # of the vega of expiries that offset each other

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read the five rates."""
        names = {"option_short", "option_gross", "future_offset", "future_gross", "vega_offset"}
        fields = node.fields(names)
        return cls(**{key: float(entry.decimal(minimum=0)) for key, entry in fields.items()})

    def charge(self, rows: MarginRows) -> Charge:
        """Return the charge of every row."""
        at, size = rows.positions.contract, rows.positions.size
        option, sums = rows.columns.option[at], rows.positions.sums
        gross = sums(np.where(option, np.abs(size), 0.0))
        long, short = (sums(np.maximum(side * rows.coins, 0.0)) for side in (1.0, -1.0))
        vega = by_group(rows, size * rows.vega[at])
        offset = np.minimum(across(np.maximum(vega, 0.0)), across(np.maximum(-vega, 0.0)))
        amount = (
            self.option_short * rows.naked
            + self.option_gross * gross
            + self.future_offset * np.minimum(long, short)
            + self.future_gross * (long + short)
        ) * rows.spot + self.vega_offset * offset
        return Charge(amount, amount)


class MakerProtection(Struct, frozen=True, kw_only=True):
    """A maker's quotes may all trade before the venue pulls them: a share of the most that can.

    Initial check only: ``rate quantity`` coins [1]_.

    References
    ----------
    .. [1] Deribit, support article 31600682719645, market maker protection (25 November 2025).
    """

    rate: float
    quantity: float  # coins

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read ``{rate, quantity}``."""
        fields = node.fields({"rate", "quantity"})
        return cls(**{key: float(entry.decimal(minimum=0)) for key, entry in fields.items()})

    def charge(self, rows: MarginRows) -> Charge:
        """Return the charge of every row."""
        amount = np.full(rows.count, self.rate * self.quantity * rows.spot)
        return Charge(amount, rows.none)
