"""Add-ons: charges of a rule book beside its scenarios, each found by its name.

Each reads one section of the parameters and returns what it requires of every row, initial and
maintenance; no charge is below zero. Thresholds are compared as decimals.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Self

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hullmark.core import FloatArray
from hullmark.domain import Node
from hullmark.errors import DocumentError
from hullmark.margin._margin_rows import Charge, MarginRows, across
from hullmark.scenarios import need


class TwoRates(Struct, frozen=True, kw_only=True):
    """A rate of the maintenance check, and what the initial one adds to it."""

    initial: float
    maintenance: float

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read ``{initial, maintenance}``, the initial rate on top, or one rate for both checks."""
        if isinstance(node.value, str):
            return cls(initial=0.0, maintenance=float(node.decimal(minimum=0)))
        fields = node.fields({"initial", "maintenance"})
        return cls(**{key: float(entry.decimal(minimum=0)) for key, entry in fields.items()})

    def of(self, amount: FloatArray) -> Charge:
        """Return the charge on an *amount* per row."""
        return Charge((self.maintenance + self.initial) * amount, self.maintenance * amount)


class PerpetualNotional(TwoRates, frozen=True, kw_only=True):
    """A share of the absolute perpetual position at spot."""

    def charge(self, rows: MarginRows) -> Charge:
        """Return the charge of every row."""
        return self.of(np.abs(rows.perpetual) * rows.spot)


class NakedOptions(TwoRates, frozen=True, kw_only=True):
    """A share of spot per short option that no opposite option at its strike offsets.

    A call and a put at one strike and expiry offset each other where one is long and one short: a
    synthetic forward counts nothing, a short straddle twice.
    """

    def charge(self, rows: MarginRows) -> Charge:
        """Return the charge of every row."""
        return self.of(rows.naked * rows.spot)


class MinimumCharge(Struct, frozen=True, kw_only=True):
    """So much per contract whatever the scenarios say: what it costs to close a book.

    A grid sees next to nothing in an option far from all of its moves; SPAN's short option minimum
    and OKX's minimum charge are floors of this kind [1]_.

    References
    ----------
    .. [1] CME, "SPAN methodology", short option minimum; OKX, "Portfolio margin mode", MR7.
    """

    short_option: TwoRates
    linear: TwoRates

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read ``{short_option, linear}``, shares of spot per coin, each as `TwoRates`."""
        fields = node.fields({"short_option", "linear"})
        return cls(
            short_option=TwoRates.parse(fields["short_option"]),
            linear=TwoRates.parse(fields["linear"]),
        )

    def charge(self, rows: MarginRows) -> Charge:
        """Return the charge of every row."""
        at, size = rows.positions.contract, rows.positions.size
        short = rows.positions.sums(np.where(rows.columns.option[at], np.maximum(-size, 0.0), 0.0))
        coins = rows.positions.sums(np.abs(rows.coins))
        options = self.short_option.of(short * rows.spot)
        linear = self.linear.of(coins * rows.spot)
        return Charge(options.initial + linear.initial, options.maintenance + linear.maintenance)


class CollateralTerms(Struct, frozen=True, kw_only=True):
    """Haircuts of a collateral, and whether it moves with spot and so cancels risk."""

    initial: float  # on top of the maintenance haircut
    maintenance: float
    risk_cancelling: bool


class CollateralHaircut(Struct, frozen=True, kw_only=True):
    """A share of the value of each collateral."""

    terms: Mapping[str, CollateralTerms]

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read per collateral ``{risk_cancelling, initial, maintenance}``."""
        terms = {}
        for name, entry in node.items().items():
            fields = entry.fields({"risk_cancelling", "initial", "maintenance"})
            rates = {k: fields[k].decimal(minimum=0) for k in ("initial", "maintenance")}
            if sum(rates.values()) > 1:
                entry.refuse_value("have haircuts of at most 1 in sum", sum(rates.values()))
            terms[name] = CollateralTerms(
                risk_cancelling=fields["risk_cancelling"].flag(),
                **{key: float(rate) for key, rate in rates.items()},
            )
        return cls(terms=terms)

    def of(self, name: str) -> CollateralTerms:
        """Return the terms of a collateral that is held."""
        if name not in self.terms:
            known = ", ".join(self.terms) or "none"
            raise DocumentError(
                f"collaterals of an account must be among parameters.collaterals ({known}),"
                f" was {name!r}"
            )
        return self.terms[name]

    def moving(self, rows: MarginRows) -> FloatArray:
        """Return the value per row of what moves with spot."""
        moves = np.array([self.of(name).risk_cancelling for name in rows.collaterals], np.float64)
        return across(rows.collateral_value, moves)

    def charge(self, rows: MarginRows) -> Charge:
        """Return the charge of every row."""
        terms = [self.of(name) for name in rows.collaterals]
        initial = np.array([t.initial + t.maintenance for t in terms], np.float64)
        maintenance = np.array([t.maintenance for t in terms], np.float64)
        value = rows.collateral_value
        return Charge(across(value, initial), across(value, maintenance))


class BaseCollateral(Struct, frozen=True, kw_only=True):
    """A share of the coins held as collateral, at their price; all of them move with spot."""

    rate: float

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read the rate."""
        return cls(rate=float(node.decimal(minimum=0)))

    def moving(self, rows: MarginRows) -> FloatArray:
        """Return the value per row of what moves with spot.

        Raises
        ------
        DocumentError
            If an account holds anything but the coin that the rows are on.
        """
        for name, price in rows.collaterals.items():
            if rows.underlying and name != rows.underlying:
                raise DocumentError(
                    f"{price.path} must not be held on {rows.underlying}: this rule book takes the"
                    f" coin itself, {rows.underlying}, and no other collateral"
                )
        return across(rows.collateral_value)

    def charge(self, rows: MarginRows) -> Charge:
        """Return the charge of every row."""
        amount = self.rate * across(rows.collateral_value) * (rows.stable or 1.0)
        return Charge(amount, amount)


class OracleConfidence(Struct, frozen=True, kw_only=True):
    """What is margined on prices of low confidence costs more to open, and nothing to keep.

    Where the least confidence ``c`` of a group's prices is below the threshold, the initial check
    adds ``(1 - c) factor`` of the group's notional at spot. Groups: the perpetual; the options of
    each expiry; each collateral, at its own confidence and that of spot. Whoever holds the
    perpetual depends on its price in every group but the collaterals [1]_.

    References
    ----------
    .. [1] Derive, v2-core, PMRMLib_2, ``addPrecomputes`` and PMRM_2, ``_arrangeAssets``.
    """

    threshold: Decimal
    factor: Decimal
    base: bool = False  # whether collateral is the coin itself, and in the perpetual's group

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read ``{threshold, factor, base}``; without ``base``, collaterals are groups."""
        fields = node.fields({"threshold", "factor"}, {"base"})
        return cls(
            threshold=fields["threshold"].decimal(minimum=0),
            factor=fields["factor"].decimal(minimum=0),
            base="base" in fields and fields["base"].flag(),
        )

    def charge(self, rows: MarginRows) -> Charge:
        """Return the charge of every row."""
        spot = None
        amount = rows.none
        if rows.underlying:
            spot = need(rows.market.path, "confidence", rows.market.confidence)
            for held in (False, True):
                at = rows.holds_perpetual == held
                if at.any():
                    amount = np.where(at, self._contracts(rows, spot, at, held=held), amount)
        for c, price in enumerate(() if self.base else rows.collaterals.values()):
            if rows.collateral[:, c].any():
                own = need(price.path, "confidence", price.confidence)
                share = self._share(own, own if spot is None else spot)
                amount = amount + share * rows.collateral_value[:, c]
        return Charge(amount, rows.none)

    # Of the rows that *at* marks; what is returned of others means nothing.
    def _contracts(
        self, rows: MarginRows, spot: Decimal, at: NDArray[np.bool_], *, held: bool
    ) -> FloatArray:
        common, columns = [spot], rows.columns
        if held:
            mark = rows.market.perpetual_confidence
            common.append(need(f"{rows.market.path}.perpetual", "confidence", mark))
        base = across(rows.collateral) if self.base else rows.none
        shares = np.array(
            [
                self._share(
                    *common,
                    need(e.path, "forward_confidence", e.forward_confidence),
                    need(e.path, "rate_confidence", e.rate_confidence),
                    need(e.path, "vol_confidence", e.vol_confidence),
                )
                for _, e in columns.expiries
            ]
        )
        per_unit = np.where(columns.perpetual, self._share(*common), 0.0)
        per_unit = np.where(columns.option, columns.of_expiry(shares), per_unit)
        return (rows.total(per_unit, at, gross=True) + self._share(*common) * base) * rows.spot

    def _share(self, *confidences: Decimal) -> float:
        least = min(confidences)
        return float((1 - least) * self.factor) if least < self.threshold else 0.0
