"""How far liquidations feed themselves: what a shock forces out, against the depth that takes it.

Accounts that a move brings under maintenance margin are closed, what is closed pushes the price
further, and the push brings the next ones under. Of this loop one round is measured from the book,
by full evaluations at moved markets; the sum of all rounds follows.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from hullmark.book import Rows
from hullmark.core import FloatArray, IntArray, kernel
from hullmark.errors import InvalidInputError
from hullmark.margin import Evaluation, RiskTables, evaluate
from hullmark.market import DEPTH_BAND

_SIZES = tuple(percent / 100 for percent in range(1, 21))
SHOCKS = (*(-size for size in reversed(_SIZES)), *_SIZES)  # 1 % to 20 %, both ways


class Cascade(NamedTuple):
    """One round of the loop between prices and liquidations, by shock.

    ``M`` shocks and ``F`` markets. Every shock is looked at by itself, from the book as it stands.
    What is forced is USD at the price before the shock, above zero where it is sold, below where it
    is bought; accounts that are in breach without a shock force nothing.
    """

    markets: tuple[str, ...]  # underlyings
    shock: FloatArray  # (M,) relative move
    forced_usd: FloatArray  # (M, F, F) of market f, when market g alone moves
    joint_usd: FloatArray  # (M, F) of market f, when all markets move
    gain: FloatArray  # (M, F, F) further move of f the same way, per move of g; >= 0
    radius: FloatArray  # (M,) spectral radius of the gains
    joint_gain: FloatArray  # (M, F) further move of f the same way, per move of all

    @property
    def depth_factor_min(self) -> float:
        """The depths times more than this keep every loop of the shocks finite: the worst gain."""
        worst = np.concatenate([self.radius, self.joint_gain.ravel()])
        return float(worst.max(initial=0.0))

    @property
    def multiplier(self) -> float | None:
        """Return `multiplier` of the worst gain of the shocks."""
        return multiplier(self.depth_factor_min)


def multiplier(gain: float) -> float | None:
    """Return what a first move grows to when each brings *gain* times itself; ``None``: no bound.

    The geometric series 1 + gain + gain^2 + ... has the sum 1 / (1 - gain) below a gain of one; at
    one and above the loop sustains itself. The same number is the mean size of a cluster in a
    branching process whose events have *gain* offspring each.

    Raises
    ------
    InvalidInputError
        If *gain* is negative or not a number.

    References
    ----------
    A. G. Hawkes and D. Oakes, "A cluster process representation of a self-exciting process",
    Journal of Applied Probability 11, 1974.

    >>> multiplier(0.5), multiplier(1.0)
    (2.0, None)
    """
    if not gain >= 0.0:
        raise InvalidInputError(f"gain must be >= 0, was {gain:g}")
    return 1.0 / (1.0 - gain) if gain < 1.0 else None


class PartialClosing(NamedTuple):
    """Closes as much of every position as brings an account back to its target."""

    target: float  # in (0, 1]: maintenance margin over maintenance equity afterwards
    cost: float = 0.0  # >= 0, of what is closed: slippage and penalty together

    def shares(self, found: Evaluation) -> FloatArray:
        """Return the share of its positions that each account in breach closes, 1 at the most.

        Closing a share x of every position takes maintenance margin M to M (1 - x), as it is
        homogeneous, and maintenance equity E to E - x N c, with N the gross notional and c the
        cost. So M (1 - x) = t (E - x N c) at the target t::

            x = (M - t E) / (M - t N c)

        Where the cost eats what closing frees, or not even everything is enough, all is closed.
        Whole lots are not minded, and tiers, under which less than this share would do.
        """
        freed = found.maintenance - self.target * self.cost * found.gross_notional
        lacking = found.maintenance - self.target * found.equity_maintenance
        enough = freed > np.maximum(lacking, 0.0)
        return np.where(enough, np.maximum(lacking, 0.0) / np.where(enough, freed, 1.0), 1.0)


@kernel
def forced_flow(
    closed: FloatArray,
    rows: Rows,
    unit_usd: FloatArray,
    market: IntArray,
    n_markets: int,
) -> FloatArray:
    """Return, by market, the signed notional of what rows close: of each its share."""
    flow = np.zeros(n_markets)
    for row in range(closed.size):
        if closed[row] > 0.0:
            for j in range(rows.start[row], rows.start[row] + rows.count[row]):
                at = market[rows.instrument[j]]
                if at >= 0:
                    flow[at] += closed[row] * rows.size[j] * unit_usd[rows.instrument[j]]
    return flow


def cascade(
    rows: Rows,
    tables_at: Callable[[frozenset[str], float], RiskTables],
    markets: Sequence[str],
    market_of: IntArray,
    depth_usd: Sequence[float] | FloatArray,
    shocks: Sequence[float] | FloatArray = SHOCKS,
    *,
    closing: float | PartialClosing = 1.0,
    threads: int = 1,
) -> Cascade:
    """Return what shocks force out of a book, and how far that moves the prices again.

    When market g moves by x, the accounts newly in breach close S[f, g] USD of market f. A linear
    book of depth D[f], the notional that moves its price by one percent, gives way by 0.01 S / D,
    so one round turns a move of g into so much of f, per unit::

        G[f, g](x) = 0.01 max(0, -sign(x) S[f, g](x)) / (D[f] |x|)

    with S below zero where it is bought. Only what is closed with the shock counts, sold in a fall
    and bought in a rise; what goes against it calms the loop, and is left out. The rounds add up to
    ``(I + G + G^2 + ...) x``, which is finite where the spectral radius of G is below one. Where
    all markets move together the largest gain of any market bounds that of the loop, as long as a
    smaller move does not force out more per unit.

    Parameters
    ----------
    rows : Rows
        The book.
    tables_at : callable
        Returns the risk tables where the prices of some underlyings are a factor times.
    markets : sequence of str
        The underlyings that are pushed, each once, at least one.
    market_of : ndarray of int64, shape (I,)
        Per instrument the place of its market in *markets*; -1 where closing it pushes none.
    depth_usd : sequence of float, USD, > 0
        Depth of each market.
    shocks : sequence of float
        Relative moves, one at least, finite, above -1, not 0; by default 1 % to 20 % both ways.
    closing : float in [0, 1], or PartialClosing
        Share of the positions of an account in breach that is closed, or the rule for it; by
        default all of them.
    threads : int
        As in `margin.evaluate`.

    Raises
    ------
    InvalidInputError
        If an argument is out of its range, or there is not one depth per market.

    References
    ----------
    A. S. Kyle, "Continuous auctions and insider trading", Econometrica 53, 1985: impact linear in
    size. R. Cont and L. Wagalath, "Running for the exit: distressed selling and endogenous
    correlation in financial markets", Mathematical Finance 23, 2013: the feedback of forced sales
    on prices across markets.
    """
    depths, moves = _checked(markets, market_of, depth_usd, shocks, closing)
    n, everything = len(markets), frozenset(markets)
    still = tables_at(everything, 1.0)
    before = evaluate(rows, still, threads=threads).in_breach

    def forced(moved: frozenset[str], move: float) -> FloatArray:
        found = evaluate(rows, tables_at(moved, 1.0 + move), threads=threads)
        share = closing.shares(found) if isinstance(closing, PartialClosing) else closing
        closed = np.where(found.in_breach & ~before, share, 0.0)
        flow: FloatArray = forced_flow(closed, rows, still.notional_usd, market_of, n)
        return flow

    alone, joint = np.zeros((moves.size, n, n)), np.zeros((moves.size, n))
    for at, move in enumerate(moves.tolist()):
        for g, market in enumerate(markets):
            alone[at, :, g] = forced(frozenset({market}), move)
        joint[at] = alone[at, :, 0] if n == 1 else forced(everything, move)
    gain = _gain(alone, depths[None, :, None], moves[:, None, None])
    radius = np.abs(np.linalg.eigvals(gain)).max(axis=1)
    joint_gain = _gain(joint, depths[None, :], moves[:, None])
    return Cascade(tuple(markets), moves, alone, joint, gain, radius, joint_gain)


# A fall sells what is long: flow above zero. What goes against the shock is cut off at zero.
def _gain(flow: FloatArray, depth_usd: FloatArray, move: FloatArray) -> FloatArray:
    amplifying = np.maximum(-np.sign(move) * flow, 0.0)
    return DEPTH_BAND * amplifying / (depth_usd * np.abs(move))


def _checked(
    markets: Sequence[str],
    market_of: IntArray,
    depth_usd: Sequence[float] | FloatArray,
    shocks: Sequence[float] | FloatArray,
    closing: float | PartialClosing,
) -> tuple[FloatArray, FloatArray]:
    depths = np.array(depth_usd, dtype=np.float64)
    moves = _checked_shocks(shocks)
    if not markets:
        raise InvalidInputError("markets must hold one at least, was empty")
    if depths.shape != (len(markets),):
        raise InvalidInputError(f"depth_usd must be one per market, was {depths.size}")
    if len(set(markets)) != len(markets):
        raise InvalidInputError(f"markets must differ, was {', '.join(markets)}")
    for symbol, usd in zip(markets, depths.tolist(), strict=True):
        if not 0.0 < usd < math.inf:
            raise InvalidInputError(f"depth_usd of {symbol} must be finite and > 0, was {usd:g}")
    if not isinstance(closing, PartialClosing):
        if not 0.0 <= closing <= 1.0:
            raise InvalidInputError(f"closing must be in [0, 1], was {closing:g}")
    elif not 0.0 < closing.target <= 1.0:
        raise InvalidInputError(f"closing.target must be in (0, 1], was {closing.target:g}")
    elif not 0.0 <= closing.cost < math.inf:
        raise InvalidInputError(f"closing.cost must be finite and >= 0, was {closing.cost:g}")
    if market_of.size and not -1 <= market_of.min() <= market_of.max() < len(markets):
        raise InvalidInputError(
            f"market_of must be in [-1, {len(markets) - 1}], was {market_of.min()} to "
            f"{market_of.max()}"
        )
    return depths, moves


def _checked_shocks(shocks: Sequence[float] | FloatArray) -> FloatArray:
    try:
        moves = np.array(shocks, dtype=np.float64)
    except (TypeError, ValueError) as e:
        raise InvalidInputError(f"shocks must be numbers, was {shocks!r:.60}") from e
    if moves.ndim != 1 or not moves.size:
        raise InvalidInputError(f"shocks must be a sequence of one at least, was {shocks!r:.60}")
    for move in moves.tolist():
        if not -1.0 < move < math.inf or move == 0.0:
            raise InvalidInputError(f"shocks must be finite, > -1 and not 0, was {move:g}")
    return moves
