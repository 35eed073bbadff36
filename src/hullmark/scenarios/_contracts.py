"""The contracts of a portfolio document as columns, at its market."""

import math
from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property
from typing import Self

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hullmark.core import FloatArray, IntArray
from hullmark.domain import ExpiryMarket, HeldContract, Node, PortfolioMarket
from hullmark.errors import DocumentError
from hullmark.volatility import svi_total_variance

DAY_SECONDS = 86_400
_KINDS = ("option", "future", "perpetual")


class SviRange(Struct, frozen=True, kw_only=True):
    """How a venue reads volatility off SVI parameters: where it stops to extrapolate.

    Log-moneyness is held within ``deviations * sqrt(a + b sigma)`` of the forward, and total
    variance at most at *variance_max*; ``None``: no limit.
    """

    deviations: float | None = None
    variance_max: float | None = None

    @classmethod
    def parse(cls, node: Node) -> Self:
        """Read ``{deviations, variance_max}``, both of which may be absent."""
        fields = node.fields(set(), {"deviations", "variance_max"})
        return cls(**{key: float(entry.positive_decimal()) for key, entry in fields.items()})

    def vol(self, expiry: ExpiryMarket, strike: Decimal) -> float:
        """Return the volatility of a strike, per square-root year of the parameters.

        Raises
        ------
        DocumentError
            If the parameters give no variance above zero there.
        """
        quote = {key: float(value) for key, value in (expiry.svi or {}).items()}
        k, years = math.log(float(strike) / quote.pop("forward")), quote.pop("years")
        if self.deviations is not None:
            level = quote["a"] + quote["b"] * quote["sigma"]
            if level < 0.0:
                raise DocumentError(f"{expiry.path}.svi must have a + b sigma >= 0, was {level:g}")
            reach = self.deviations * math.sqrt(level)
            k = min(max(k, -reach), reach)
        variance = svi_total_variance([k], **quote).item()
        if self.variance_max is not None:
            variance = min(variance, self.variance_max)
        if not (variance > 0.0 and years > 0.0):
            raise DocumentError(
                f"{expiry.path}.svi must give a variance > 0 per year > 0 at the strike"
                f" {strike:f}, was {variance:g} in {years:g} years"
            )
        return math.sqrt(variance / years)


class ContractColumns(Struct, frozen=True, kw_only=True, dict=True):
    """``I`` contracts in order of underlying, expiry, strike and side, on ``E`` expiries.

    So a row of positions in this order has its expiries, and within them its strikes, in runs.
    """

    market: PortfolioMarket
    contracts: tuple[HeldContract, ...]
    expiries: tuple[tuple[str, ExpiryMarket], ...]  # with their underlying
    underlyings: tuple[str, ...]
    svi: SviRange = SviRange()

    @classmethod
    def of(
        cls,
        market: PortfolioMarket,
        contracts: Iterable[HeldContract],
        svi: SviRange = SviRange(),  # noqa: B008 - frozen
    ) -> Self:
        """Return the columns of *contracts*, each once."""

        def place(contract: HeldContract) -> tuple[object, ...]:
            seconds = market.expiry(contract).seconds if contract.expiry else -1
            kind = _KINDS.index(contract.kind)
            tail = contract.expiry, kind, contract.strike, contract.call
            return contract.underlying, seconds, *tail

        ordered = tuple(sorted(set(contracts), key=place))
        keys = dict.fromkeys((c.underlying, c.expiry) for c in ordered if c.expiry)
        return cls(
            market=market,
            contracts=ordered,
            expiries=tuple((u, market.underlyings[u].expiries[label]) for u, label in keys),
            underlyings=tuple(market.underlyings),
            svi=svi,
        )

    @cached_property
    def number(self) -> dict[HeldContract, int]:
        """Place of each contract."""
        return {contract: i for i, contract in enumerate(self.contracts)}

    @cached_property
    def option(self) -> NDArray[np.bool_]:
        """Whether a contract is an option."""
        return np.array([c.kind == "option" for c in self.contracts], np.bool_)

    @cached_property
    def perpetual(self) -> NDArray[np.bool_]:
        """Whether a contract is a perpetual."""
        return np.array([c.kind == "perpetual" for c in self.contracts], np.bool_)

    @cached_property
    def call(self) -> NDArray[np.bool_]:
        """Whether a contract is a call."""
        return np.array([c.call for c in self.contracts], np.bool_)

    @cached_property
    def strike(self) -> FloatArray:
        """USD per coin; 1 where there is none."""
        return np.array([float(c.strike) if c.strike else 1.0 for c in self.contracts], np.float64)

    @cached_property
    def underlying(self) -> IntArray:
        """Number of the underlying of each contract."""
        place = {symbol: u for u, symbol in enumerate(self.underlyings)}
        return np.array([place[c.underlying] for c in self.contracts], np.int64)

    @cached_property
    def expiry(self) -> IntArray:
        """Number of the expiry of each contract; -1 where there is none."""
        place = {(u, e.path): n for n, (u, e) in enumerate(self.expiries)}
        return np.array(
            [
                place[c.underlying, self.market.expiry(c).path] if c.expiry else -1
                for c in self.contracts
            ],
            np.int64,
        )

    @cached_property
    def spot(self) -> FloatArray:
        """Spot of the underlying of each contract, USD."""
        spots = [float(u.spot) for u in self.market.underlyings.values()]
        return np.array(spots, np.float64)[self.underlying]

    @cached_property
    def seconds(self) -> FloatArray:
        """Seconds to each expiry, shape (E,)."""
        return np.array([e.seconds for _, e in self.expiries], np.float64)

    @cached_property
    def forward(self) -> FloatArray:
        """Fixed and variable part of the forward of each expiry, USD, shape (E, 2)."""
        parts = [(float(e.forward_fixed), float(e.forward_variable)) for _, e in self.expiries]
        return np.array(parts, np.float64).reshape(-1, 2)

    @cached_property
    def variable_share(self) -> FloatArray:
        """Share of each forward that spot still moves, shape (E,)."""
        share: FloatArray = self.forward[:, 1] / self.forward.sum(axis=1)
        return share

    @cached_property
    def anchor(self) -> FloatArray:
        """Mark of each perpetual and future, forward of each option, USD per coin."""
        return np.array([float(self._anchor(c)) for c in self.contracts], np.float64)

    @cached_property
    def vol(self) -> FloatArray:
        """Volatility of each option, per square-root year; 0 of other contracts."""
        return np.array(
            [self._vol(c) if c.kind == "option" else 0.0 for c in self.contracts], np.float64
        )

    @cached_property
    def mark(self) -> FloatArray:
        """The venue's own mark of each option; NaN where the document has none."""
        marks = [
            self.market.expiry(c).marks.get((c.strike, c.call)) if c.kind == "option" else None
            for c in self.contracts
        ]
        return np.array([math.nan if m is None else float(m) for m in marks], np.float64)

    def of_expiry(self, values: FloatArray, *, otherwise: float = 0.0) -> FloatArray:
        """Return for each contract the value of its expiry; *otherwise* where there is none."""
        if not len(values):
            return np.full(len(self.contracts), otherwise)
        return np.where(self.expiry >= 0, values[self.expiry], otherwise)

    def _anchor(self, contract: HeldContract) -> Decimal:
        if contract.kind == "option":
            return self.market.expiry(contract).forward
        return self.market.mark(contract)

    def _vol(self, contract: HeldContract) -> float:
        expiry = self.market.expiry(contract)
        if expiry.svi is not None:
            return self.svi.vol(expiry, contract.strike)
        vol = expiry.vol(contract.strike, call=contract.call)
        if vol is None:
            raise DocumentError(
                f"{expiry.path} must have a vol of the strike {contract.strike:f}, or 'svi',"
                f" since {contract.name} is held, and has not"
            )
        return float(vol)


def need(path: str, key: str, value: Decimal | None) -> Decimal:
    """Return a number that the rule book reads, or raise the error that the document lacks it."""
    if value is None:
        raise DocumentError(f"{path} must have the key {key!r}, and has not")
    return value
