"""How much of each position one order may close now, where the venue file says how much.

What an order may close hangs on the clock, on what the account has ordered before, and on what all
accounts have ordered in its market. The last is left out of what an engine is told, so that a plan
is the same whoever is planned for beside it; the orders are cut to it afterwards.
"""

from collections.abc import Sequence

from hullmark.clearing._caseload import Case
from hullmark.clearing._ordered import in_block
from hullmark.clearing._stage_facts import Course
from hullmark.clearing._standing import standing_of
from hullmark.clearing._state import State
from hullmark.clearing._unwinds import Unwind
from hullmark.clearing._views import Views
from hullmark.liquidation import top_up_quanta


def most_lots(
    state: State,
    views: Views,
    case: Case,
    unwinds: Sequence[Unwind],
    *,
    beside_others: bool,
) -> list[int]:
    """Return the most lots that an order may close of each position, in the order of *unwinds*.

    *beside_others* says whether what other accounts have ordered counts.
    """
    rules = state.in_force.liquidation
    sizes, now_ns = rules.sizes, state.now_ns
    if sizes is None:
        return [abs(position.lots) for _, position in case.held]
    course = state.courses.get(case.account)
    if course is None:
        course = Course(began_ns=now_ns)
    shortage = None
    if sizes.shortage_below_nano is not None:
        standing = standing_of(views.health(case.account))
        shortage = top_up_quanta(standing, target_nano=rules.target_nano)
    used_nano = in_block(sizes, course.ordered, now_ns)
    found = []
    for unwind, (_, position) in zip(unwinds, case.held, strict=True):
        others = state.ordered.get(unwind.symbol) if beside_others else None
        most = sizes.lots_max(
            position.lots,
            max(unwind.notional_nano(1), 1),
            now_ns=now_ns,
            elapsed_ns=now_ns - course.began_ns,
            part_ns=course.part_ns,
            shortage_nano=shortage,
            account_used_nano=used_nano,
            market_used_nano=in_block(sizes, others, now_ns),
        )
        found.append(most)
    return found
