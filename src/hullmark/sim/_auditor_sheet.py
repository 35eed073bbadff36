"""What things are worth to the auditor, as whole numbers over one denominator.

Sums and comparisons of such numbers are exact, as those of fractions are, and need no greatest
common divisor. Only the value of an option is rounded: it is a float anyway.

Sources: ``docs/concepts/margin.md`` and the glossary.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from hullmark.sim._auditor_ledger import MICRO
from hullmark.sim._auditor_options import grid, option_worth, shocked_vol, years_left
from hullmark.sim._auditor_terms import InstrumentTerms, Terms

Prices = Mapping[str, Fraction | None]


class Rates(NamedTuple):
    """What rules say in shares of one: whole numbers, `parts` of which are one."""

    parts: int
    kept: dict[str, tuple[int, int]]  # of a credit, after the initial and the maintenance haircut
    tiers: dict[str, tuple[tuple[Fraction, int, int], ...]]  # floor in USD, initial, maintenance
    scenarios: list[tuple[float, int]]  # the cells of the grid

    @classmethod
    def of(cls, terms: Terms) -> "Rates":
        """Return the rates of rules."""
        assets, all_tiers = terms.assets, terms.tiers
        shares = [a.haircut_initial for a in assets.values()]
        shares += [a.haircut_maintenance for a in assets.values()]
        shares += [rate for tiers in all_tiers.values() for _, *pair in tiers for rate in pair]
        parts = _common(shares)
        return cls(
            parts=parts,
            kept={
                s: (whole(1 - a.haircut_initial, parts), whole(1 - a.haircut_maintenance, parts))
                for s, a in assets.items()
            },
            tiers={
                s: tuple((floor, whole(i, parts), whole(m, parts)) for floor, i, m in tiers)
                for s, tiers in all_tiers.items()
            },
            scenarios=[] if terms.scenario is None else grid(terms.scenario),
        )


@dataclass(slots=True)
class Sheet:
    """Values in USD as whole numbers, `unit` of which are one; ``None`` without a price.

    Caps are in parts of the rates as well, as equities and margins are.
    """

    unit: int
    usd: dict[str, int | None]  # of one quantum; a million divides it
    worth: dict[str, int | None]  # of one lot at its mark
    notional: dict[str, int | None]  # of one lot
    caps: dict[str, int | None]
    tiers: dict[str, tuple[tuple[int, int, int], ...]]  # floor in USD, then parts of one
    profits: dict[str, list[float]] = field(default_factory=dict)  # of a lot by scenario, USD


def make_sheet(
    terms: Terms, rates: Rates, contracts: Iterable[InstrumentTerms], index: Prices, marks: Prices
) -> Sheet:
    """Return what everything is worth at the prices of assets and the marks of *contracts*."""
    usd = {s: _times(index[s], Fraction(1, asset.unit)) for s, asset in terms.assets.items()}
    notional = {c.symbol: notional_usd(c, marks[c.symbol], index) for c in contracts}
    worth = {
        c.symbol: _times(worth_of_lot(c, marks[c.symbol]), index[c.settlement]) for c in contracts
    }
    caps = {symbol: asset.cap_usd for symbol, asset in terms.assets.items()}
    exact = [price / MICRO for price in usd.values() if price is not None]
    exact += [floor for tiers in rates.tiers.values() for floor, _, _ in tiers]
    exact += [n for n in (*notional.values(), *caps.values()) if n is not None]
    carried = [worth[c.symbol] for c in contracts if c.carries_quote]
    unit = _common([*exact, *(n for n in carried if n is not None)])
    return Sheet(
        unit=unit,
        usd=_all_whole(usd, unit),
        worth=_all_whole(worth, unit),
        notional=_all_whole(notional, unit),
        caps=_all_whole(caps, unit * rates.parts),
        tiers={
            s: tuple((whole(floor, unit), i, m) for floor, i, m in tiers)
            for s, tiers in rates.tiers.items()
        },
    )


def notional_usd(terms: InstrumentTerms, mark: Fraction | None, index: Prices) -> Fraction | None:
    """Return the notional of one lot in USD: at the mark, of options at the index."""
    if terms.kind == "option":
        return _times(index[terms.underlying], terms.lot)
    if terms.inverse:
        return terms.lot
    return _times(_times(mark, terms.lot), index[terms.settlement])


def worth_of_lot(terms: InstrumentTerms, mark: Fraction | None) -> Fraction | None:
    """Return what one lot is worth at its mark, in units of what it settles in."""
    if mark is None:
        return None
    return terms.lot * (-1 / mark if terms.inverse and terms.carries_quote else mark)


def profits_of_lot(
    rules: Terms,
    terms: InstrumentTerms,
    cells: Iterable[tuple[float, int]],
    *,
    price: float,
    paid_in_usd: float,
    vol: float,
    now_ns: int,
) -> list[float]:
    """Return model after the shock less model before it, of one lot, in USD.

    Of an option *price* is that of its underlying, of the rest their mark. Whatever has no asset
    moves.
    """
    scenario = rules.scenario
    assert scenario is not None, "a mode that names the model has its section"
    underlying = rules.assets.get(terms.underlying)
    moves = underlying is None or underlying.shocked
    settles = rules.assets[terms.settlement].shocked
    years, lot = years_left(terms, now_ns), float(terms.lot)

    def value(move: float, level: int) -> float:
        spot = price * (1.0 + move if moves else 1.0)
        usd = paid_in_usd * (1.0 + move if settles else 1.0)
        if terms.kind == "option":
            shocked = shocked_vol(scenario, vol, years, level)
            return lot * option_worth(terms, spot, shocked, years) * usd
        return lot * (-1.0 / spot if terms.inverse else spot) * usd

    before = value(0.0, 0)
    return [value(move, level) - before for move, level in cells]


def whole(number: Fraction, unit: int) -> int:
    """Return a number as so many parts of *unit*, rounded down where they are not whole."""
    return number.numerator * unit // number.denominator


def _common(numbers: Iterable[Fraction]) -> int:
    return math.lcm(*(number.denominator for number in numbers))


def _times(number: Fraction | None, factor: Fraction | None) -> Fraction | None:
    return None if number is None or factor is None else number * factor


def _all_whole(numbers: Prices, unit: int) -> dict[str, int | None]:
    return {s: None if n is None else whole(n, unit) for s, n in numbers.items()}
