"""Stress of a book: what an insurance fund loses in a set of scenarios, and what it should hold.

In a scenario every account is valued anew. Those under their maintenance margin there default: all
that they hold is closed at once, and what their own money does not pay is the fund's loss::

    loss = max(0, cost of closing - net value)

Net value is in full, by the models of the contracts, at prices between their sides and without any
haircut. Closing a position costs the slippage and half of its impact in a linear book, as shares of
its notional after the move; a sale costs the notional at most. The penalty goes to the fund and is
no loss to it. Losses of different accounts do not net: an isolated account is ring-fenced, so it
defaults alone, and its parent's money neither pays for it nor is lost with it.

*Cover-1* and *Cover-2* are the largest losses that one participant and two cause together. A
participant is an account with the isolated accounts that belong to it: the standard counts "the
participant and its affiliates".

References
----------
CPMI-IOSCO, "Principles for financial market infrastructures", April 2012, Principle 4 (credit
risk), key consideration 4: resources to cover "the default of the participant and its affiliates",
or of "the two participants and their affiliates", "that would potentially cause the largest
aggregate credit exposure" in "extreme but plausible market conditions".
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from typing import NamedTuple

import numpy as np

from hullmark.core import FloatArray
from hullmark.errors import InvalidInputError
from hullmark.margin import RiskTables, evaluate
from hullmark.market import DEPTH_BAND
from hullmark.studies._stress_book import StressBook
from hullmark.studies._stress_scenarios import StressScenario

_DIGITS = 3  # to which a suggested size is rounded up


class ParticipantLoss(NamedTuple):
    """What one participant costs the fund."""

    account: str
    loss_usd: float


class ScenarioLoss(NamedTuple):
    """What one scenario costs the fund, USD."""

    scenario: StressScenario
    defaults: int  # accounts that are closed
    loss_usd: float  # of all of them
    largest: tuple[ParticipantLoss, ...]  # the two that cost the most, if so many cost anything
    by_market: dict[str, float]  # of the loss, by underlying; what no position lost is nowhere
    fund_usd: float  # at the prices of the scenario
    uncovered_usd: float  # of the loss, what fund and allocations do not pay

    @property
    def cover_1_usd(self) -> float:
        """The loss of the participant that costs the most."""
        return sum(each.loss_usd for each in self.largest[:1])

    @property
    def cover_2_usd(self) -> float:
        """The loss of the two participants that cost the most."""
        return sum(each.loss_usd for each in self.largest)


@dataclass(frozen=True, slots=True, kw_only=True)
class StressStudy:
    """The losses of a set of scenarios, in its order, and what they say of the fund."""

    scenarios: tuple[ScenarioLoss, ...]
    accounts: int  # that were looked at
    unknown: tuple[str, ...]  # what scenarios move and the venue does not have
    without_depth: tuple[str, ...]  # contracts held that are closed without impact

    @property
    def cover_1_usd(self) -> float:
        """Cover-1: the most that one participant costs in any scenario."""
        return max(each.cover_1_usd for each in self.scenarios)

    @property
    def cover_2_usd(self) -> float:
        """Cover-2: the most that two participants cost in one scenario."""
        return max(each.cover_2_usd for each in self.scenarios)

    @property
    def loss_usd(self) -> float:
        """The most that all participants cost in one scenario."""
        return max(each.loss_usd for each in self.scenarios)

    @property
    def suggested_cover_2_usd(self) -> Decimal:
        """The least fund that holds Cover-2, as `suggested_fund_usd` rounds it."""
        return suggested_fund_usd(self.cover_2_usd)

    @property
    def suggested_loss_usd(self) -> Decimal:
        """The least fund that pays every scenario whole, as `suggested_fund_usd` rounds it."""
        return suggested_fund_usd(self.loss_usd)


def stress_study(book: StressBook, scenarios: Sequence[StressScenario]) -> StressStudy:
    """Return what each scenario costs the fund behind a book.

    Parameters
    ----------
    book : StressBook
        As `venue_book` or `document_book` makes it.
    scenarios : sequence of StressScenario
        One at least. Of what one moves and the venue does not have nothing follows; it is named.

    Raises
    ------
    InvalidInputError
        If there is no scenario.
    """
    if not scenarios:
        raise InvalidInputError("scenarios must be one at least, was none")
    known = {*book.market.assets, *book.markets}
    moved = {symbol for scenario in scenarios for symbol in scenario.moves}
    return StressStudy(
        scenarios=tuple(_lived(book, scenario) for scenario in scenarios),
        accounts=book.which.size,
        unknown=tuple(sorted(moved - known)),
        without_depth=book.without_depth,
    )


def suggested_fund_usd(loss_usd: float) -> Decimal:
    """Return a loss rounded up to three significant digits, and to whole dollars.

    >>> [str(suggested_fund_usd(usd)) for usd in (0.0, 0.2, 98.3, 1_234_001.0)]
    ['0', '1', '99', '1240000']
    """
    whole = Decimal(math.ceil(loss_usd))
    up = Context(prec=_DIGITS, rounding=ROUND_CEILING).create_decimal(whole)
    return Decimal(int(up))


def _lived(book: StressBook, scenario: StressScenario) -> ScenarioLoss:
    factors = scenario.factors(book.moving)
    tables = book.market.shocked_tables(factors, vol=1.0 + scenario.vol)._replace(sides=None)
    found = evaluate(book.rows, tables, which=book.which)
    cost_usd = closing_costs_usd(book, tables, depth=scenario.depth)
    rows = book.rows.start.size
    of_account = np.bincount(book.held.row, cost_usd, rows)[book.which]
    short = np.maximum(of_account - found.net_value, 0.0)
    loss = np.zeros(rows)
    loss[book.which] = np.where(found.in_breach, short, 0.0)
    by_market = _by_market(book, tables, cost_usd, loss)
    fund_usd = book.fund_at(tables)
    return ScenarioLoss(
        scenario=scenario,
        defaults=int(np.count_nonzero(found.in_breach)),
        loss_usd=float(loss.sum()),
        largest=_largest(book, loss),
        by_market=by_market,
        fund_usd=fund_usd,
        uncovered_usd=_uncovered_usd(book, float(loss.sum()), by_market, fund_usd),
    )


def closing_costs_usd(book: StressBook, tables: RiskTables, *, depth: float) -> FloatArray:
    """Return what closing each position of ``book.held`` costs at a market, USD.

    Slippage and mean impact, as `hullmark.market.impact_share` has it, each a share of the notional
    there; of an option's value, since that is what is traded. Each account meets the book at rest.

    Parameters
    ----------
    book : StressBook
        The positions.
    tables : RiskTables
        The market.
    depth : float, > 0
        Share of the depths that is left.
    """
    held, price_usd = book.held, tables.price_usd[tables.settle]
    unit_usd = np.where(book.options, tables.value * price_usd, tables.notional_usd)
    usd = np.abs(held.size) * unit_usd[held.instrument]
    impact = 0.5 * DEPTH_BAND * usd / (book.depths[held.instrument] * depth)
    share = book.slippage + impact
    costs: FloatArray = usd * np.where(held.size > 0.0, np.minimum(share, 1.0), share)
    return costs


# Participants in the order of their loss, of equal ones the account that was opened first.
def _largest(book: StressBook, loss: FloatArray) -> tuple[ParticipantLoss, ...]:
    total = np.bincount(book.owner, loss, loss.size)
    order = np.argsort(-total, kind="stable")[:2].tolist()
    return tuple(ParticipantLoss(book.names[r], float(total[r])) for r in order if total[r] > 0.0)


# An account's loss is shared out over the markets on which it lost in the scenario, by what its
# positions lost there and what closing them costs.
def _by_market(
    book: StressBook, tables: RiskTables, cost_usd: FloatArray, loss: FloatArray
) -> dict[str, float]:
    held, before = book.held, book.market.tables
    number = held.instrument
    worth = [
        (held.size * t.value[number] + held.quote) * t.price_usd[t.settle[number]]
        for t in (before, tables)
    ]
    weight = np.maximum(worth[0] - worth[1], 0.0) + cost_usd
    whole = np.bincount(held.row, weight, loss.size)[held.row]
    part = np.where(whole > 0.0, weight / np.where(whole > 0.0, whole, 1.0), 0.0) * loss[held.row]
    place = {symbol: m for m, symbol in enumerate(book.markets)}
    market = np.array([place[i.underlying] for i in book.market.instruments], np.int64)
    sums = np.bincount(market[number], part, len(place))
    return dict(zip(book.markets, sums.tolist(), strict=True))


# What is set apart for a market pays there first; the rest of the fund pays what is left over. A
# fund that has lost in value is short in all parts alike.
def _uncovered_usd(
    book: StressBook, loss_usd: float, by_market: dict[str, float], fund_usd: float
) -> float:
    given = sum(book.allocated_usd.values())
    scale = min(1.0, fund_usd / given) if given else 1.0
    paid = sum(min(by_market[symbol], usd * scale) for symbol, usd in book.allocated_usd.items())
    return max(loss_usd - paid - (fund_usd - given * scale), 0.0)
