"""The two inner steps of netting, with the sums of all scenarios held in vector registers.

As in `_lanes`, and for the same reason: the sums of an expiry go into the gain of the row without
being stored on the way. Every element goes through the operations of the plain loop in their order,
so the bits are those of the plain loop, too.
"""

from collections.abc import Callable, Mapping
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]

from hullmark.margin._lanes import BLOCK, I32, I64, VECTOR, emit_least, spread, vector_at

EXTRAS = 3  # last columns of a table of values: at the market, basis up, basis down
STEPS = 5  # rows of a table of what happens to a scenario's gain
MOVE, WEIGHT, RELIEF, SIGN, FLOOR = range(STEPS)

_STRIP = 5  # vectors summed in one pass: with what they need, they fill sixteen narrow registers
_BITS = ir.VectorType(I64, BLOCK)
_ZERO = ir.Constant(VECTOR, [0.0] * BLOCK)


def _load(b: Any, base: Any, offset: int) -> Any:  # noqa: ANN401 - as in `_lanes`
    return b.load(vector_at(b, base, I64(offset)), align=8)


def _group_at(b: Any, data: Mapping[str, Any], j: Any) -> Any:  # noqa: ANN401
    return b.load(b.gep(data["group"], [b.load(b.gep(data["contract"], [j]))]))


# Parts of at most _STRIP vectors, as even as can be; the last comes first, with the extras.
def _strips(blocks: int) -> list[range]:
    count = -(-blocks // _STRIP)
    edges = [blocks * k // count for k in range(count + 1)]
    return [range(edges[k] * BLOCK, edges[k + 1] * BLOCK, BLOCK) for k in reversed(range(count))]


# Sums size * value from position *start*, which is in the group *own*, while that lasts and before
# *stop*. Returns the vectors of the sums at *offsets*, and the position behind the last. One branch
# ends a run: a second loop, to find its end first, would be guessed wrong once more per group.
def _emit_run(
    b: Any,  # noqa: ANN401
    data: Mapping[str, Any],
    *,
    start: Any,  # noqa: ANN401
    stop: Any,  # noqa: ANN401
    own: Any,  # noqa: ANN401
    width: int,
    offsets: range,
) -> tuple[list[Any], Any]:
    before, body = b.block, b.append_basic_block("body")
    more, done = b.append_basic_block("more"), b.append_basic_block("done")
    b.branch(body)
    b.position_at_end(body)
    j, sums = b.phi(I64), [b.phi(VECTOR) for _ in offsets]
    row = b.mul(b.load(b.gep(data["contract"], [j])), I64(width))
    sizes, after = spread(b, b.load(b.gep(data["size"], [j]))), b.add(j, I64(1))
    added = []
    for total, offset in zip(sums, offsets, strict=True):
        term = b.load(vector_at(b, data["value"], b.add(row, I64(offset))), align=8)
        added.append(b.fadd(total, b.fmul(sizes, term)))
    b.cbranch(b.icmp_signed("<", after, stop), more, done)
    b.position_at_end(more)
    b.cbranch(b.icmp_signed("==", _group_at(b, data, after), own), body, done)
    starts, updates = (start, *(_ZERO for _ in sums)), (after, *added)
    for phi, initial, updated in zip((j, *sums), starts, updates, strict=True):
        phi.add_incoming(initial, before)
        phi.add_incoming(updated, more)
    b.position_at_end(done)
    return added, after


# Adds to *gain* what the group at *start* gains: its sums at their discount, less its value at the
# market; minus the size of that where the scenario rotates, which is to set the sign. Returns the
# position behind the group, and its extras.
def _emit_group(
    b: Any,  # noqa: ANN401
    data: Mapping[str, Any],
    *,
    start: Any,  # noqa: ANN401
    stop: Any,  # noqa: ANN401
    blocks: int,
) -> list[Any]:
    width, end, own = blocks * BLOCK, start, _group_at(b, data, start)
    extras: list[Any] = []
    for offsets in _strips(blocks):
        sums, end = _emit_run(
            b, data, start=start, stop=stop, own=own, width=width, offsets=offsets
        )
        if not extras:
            extras = [b.extract_element(sums[-1], I32(BLOCK - EXTRAS + k)) for k in range(EXTRAS)]
        at_market = spread(b, extras[0])
        up, down = spread(b, data["up"]), spread(b, data["down"])
        for total, offset in zip(sums, offsets, strict=True):
            discount = b.select(b.fcmp_ordered(">=", total, _ZERO), up, down)
            change = b.fsub(b.fmul(total, discount), at_market)
            sign = _load(b, data["steps"], SIGN * width + offset)
            signed = b.or_(b.bitcast(change, _BITS), b.bitcast(sign, _BITS))
            place = vector_at(b, data["gain"], I64(offset))
            b.store(b.fadd(b.load(place, align=8), b.bitcast(signed, VECTOR)), place, align=8)
    return [end, *extras]


# Weighs and eases *gain*; returns its least element and the first place of that. The floor keeps
# what is no scenario out.
def _emit_end(b: Any, gain: Any, steps: Any, share: Any, *, blocks: int) -> tuple[Any, Any]:  # noqa: ANN401
    width, shares, candidates = blocks * BLOCK, spread(b, share), []
    magnitude = ir.Constant(_BITS, [2**63 - 1] * BLOCK)
    for offset in range(0, width, BLOCK):
        place = vector_at(b, gain, I64(offset))
        weight = _load(b, steps, WEIGHT * width + offset)
        weighted = b.fmul(b.load(place, align=8), weight)
        size = b.bitcast(b.and_(b.bitcast(weighted, _BITS), magnitude), VECTOR)
        eased = b.fsub(size, _load(b, steps, RELIEF * width + offset))
        eased = b.select(b.fcmp_ordered(">", eased, _ZERO), eased, _ZERO)
        rises = b.fcmp_ordered(">", weighted, _ZERO)
        final = b.select(rises, b.fmul(eased, shares), b.fneg(eased))
        b.store(final, place, align=8)
        floor = _load(b, steps, FLOOR * width + offset)
        candidates.append(b.select(b.fcmp_ordered(">", floor, final), floor, final))
    return emit_least(b, candidates)


# Built in a function, as in `_lanes`.
def _make_steps() -> tuple[Callable[..., Any], Callable[..., Any]]:
    from numba import types  # noqa: PLC0415
    from numba.extending import intrinsic  # noqa: PLC0415

    def data_of(context: Any, b: Any, kind: Any, value: Any) -> Any:  # noqa: ANN401
        return context.make_array(kind)(context, b, value).data

    @intrinsic
    def net_group(  # type: ignore[no-untyped-def]  # noqa: ANN202
        _typing,  # noqa: ANN001
        value,  # noqa: ANN001
        group,  # noqa: ANN001
        contract,  # noqa: ANN001
        size,  # noqa: ANN001
        start,  # noqa: ANN001
        stop,  # noqa: ANN001
        up,  # noqa: ANN001
        down,  # noqa: ANN001
        steps,  # noqa: ANN001
        gain,  # noqa: ANN001
        blocks,  # noqa: ANN001
    ):
        names = ("value", "group", "contract", "size", "steps", "gain")
        kinds = (value, group, contract, size, steps, gain)
        signature = types.Tuple((types.int64, *[types.float64] * EXTRAS))(
            value, group, contract, size, types.int64, types.int64, types.float64, types.float64,
            steps, gain, blocks,
        )  # fmt: skip

        def emit(context: Any, b: Any, _signature: Any, args: Any) -> Any:  # noqa: ANN401
            arrays = zip(names, kinds, (*args[:4], *args[8:10]), strict=True)
            data = {name: data_of(context, b, kind, there) for name, kind, there in arrays}
            data |= {"up": args[6], "down": args[7]}
            results = _emit_group(b, data, start=args[4], stop=args[5], blocks=len(blocks))
            return context.make_tuple(b, signature.return_type, results)

        return signature, emit

    @intrinsic
    def end_row(_typing, gain, steps, share, blocks):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        signature = types.Tuple((types.float64, types.int64))(gain, steps, types.float64, blocks)

        def emit(context: Any, b: Any, _signature: Any, args: Any) -> Any:  # noqa: ANN401
            there, ways = data_of(context, b, gain, args[0]), data_of(context, b, steps, args[1])
            least = _emit_end(b, there, ways, args[2], blocks=len(blocks))
            return context.make_tuple(b, signature.return_type, least)

        return signature, emit

    return net_group, end_row


# For kernels only, as is `worst_scenario`. Arrays are contiguous; rows of *value* and *steps*, and
# *gain*, have BLOCK * len(blocks) elements: scenarios, what fills up the last block, extras.
#
# net_group(value, group, contract, size, start, stop, up, down, steps, gain, blocks) adds to gain
# what the positions from start on gain that are of one group, with the discounts up and down of a
# value above and below zero; it returns the position behind them, their value at the market, and
# with spot up and down. end_row(gain, steps, share, blocks) weighs and eases gain, of which the
# share counts where it is above zero, and returns the least and its first scenario.
net_group, end_row = _make_steps()
