"""Options as the auditor values them: Black's formula and the documented shocks, float by float.

Sources: ``docs/concepts/margin.md`` (scenarios), ``docs/reference/venue.md`` (the grid), and
F. Black, "The pricing of commodity contracts", Journal of Financial Economics 3, 1976.
"""

import math

from hullmark.sim._auditor_terms import InstrumentTerms, ScenarioTerms
from hullmark.sim._auditor_text import NANO

DAY_NS = 86_400 * NANO
YEAR_DAYS = 365.25
SHOCK_DAYS = 30.0  # at which the shocks of volatility are stated


def black(forward: float, strike: float, vol: float, years: float, *, call: bool) -> float:
    """Return the value of an option on one coin, in USD; its payoff where no chance is left."""
    sign = 1.0 if call else -1.0
    spread = vol * math.sqrt(years)
    if spread <= 0.0:
        return max(sign * (forward - strike), 0.0)
    up = math.log(forward / strike) / spread + spread / 2.0
    down = up - spread
    return sign * (forward * _normal(sign * up) - strike * _normal(sign * down))


def years_left(terms: InstrumentTerms, now_ns: int) -> float:
    """Return the time to expiry in years of 365.25 days, not below zero."""
    left = (terms.expiry_ns or 0) - now_ns
    return max(left, 0) / DAY_NS / YEAR_DAYS


def option_worth(terms: InstrumentTerms, forward: float, vol: float, years: float) -> float:
    """Return what a coin's worth of an option is in its settlement asset."""
    value = black(forward, terms.strike_nano / NANO, vol, years, call=terms.call)
    return value / forward if terms.inverse else value


def payoff_nano(terms: InstrumentTerms, price_nano: int) -> int:
    """Return what an option pays per coin at a price of its underlying, in nano-USD."""
    gain = price_nano - terms.strike_nano if terms.call else terms.strike_nano - price_nano
    return max(gain, 0)


def grid(scenario: ScenarioTerms) -> list[tuple[float, int]]:
    """Return the scenarios: a move of spot, with volatility down (-1), the same (0) or up (+1)."""
    edges = {scenario.moves[0], scenario.moves[-1]} if scenario.edges_up_only else set()
    return [
        (move, level)
        for move in scenario.moves
        for level in (-1, 0, 1)
        if level == 1 or move not in edges
    ]


def shocked_vol(scenario: ScenarioTerms, vol: float, years: float, level: int) -> float:
    """Return a volatility after a shock."""
    days = max(years * YEAR_DAYS, scenario.days_floor)
    power = scenario.power_short if days < SHOCK_DAYS else scenario.power_long
    scale = math.pow(SHOCK_DAYS / days, power)
    if level > 0:
        return max(vol * (1.0 + scenario.vol_up * scale), scenario.vol_floor)
    if level < 0:
        return max(vol * (1.0 - scenario.vol_down * scale), 0.0)
    return vol


def _normal(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))
