"""Prices: from the prints of several sources to graded index and mark prices.

A price is never just a number: its :class:`Grade` says how far it can be trusted, and
:data:`ALLOWED` what may be done on it. Deciding which accounts that touches is
:mod:`hullmark.clearing`'s business. Laws:

1. One bad source moves a price at most within the spread of the remaining valid ones, where those
   are at least two. Of two sources nobody can say which is bad: the mean is taken.
2. A clamp, zero, NaN, jump or silence is a grade, not a price.
3. Equal prints give equal prices, in whatever order they arrived. Only a source that speaks of one
   instant twice is taken at its last word.
4. At one instant slices of an order cost what the whole does; without time nothing is forgotten.

Prices are in nanos of the quote unit; :class:`MarketView` holds them as floats for pricing.
"""

from hullmark.market._accept import PricePolicy, accept, latest_prints
from hullmark.market._grade import ALLOWED, Action, Grade
from hullmark.market._impact import Push, Taken, faded, impact_share, take
from hullmark.market._view import MarketView

__all__ = [
    "ALLOWED",
    "Action",
    "Grade",
    "MarketView",
    "PricePolicy",
    "Push",
    "Taken",
    "accept",
    "faded",
    "impact_share",
    "latest_prints",
    "take",
]
