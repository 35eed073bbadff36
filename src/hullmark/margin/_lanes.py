"""The worst scenario of one account, with the sums of all scenarios held in vector registers.

Left to itself the compiler keeps these sums in memory, and spends most of its time storing and
loading them. So this one loop is written in LLVM's own vectors, which it fits to any processor: a
wide register takes eight scenarios, narrower ones share them. Each sum adds one product after the
other, multiplied and added apart, so the bits are those of the plain loop on every machine.
"""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]

BLOCK = 8  # scenarios in one vector: a cache line of float64
_STRIP = 4  # vectors summed in one pass: twice as many overflow sixteen narrow registers

I32, I64 = ir.IntType(32), ir.IntType(64)
VECTOR = ir.VectorType(ir.DoubleType(), BLOCK)
_ANY = ir.Constant(VECTOR, ir.Undefined)
_SPREAD = ir.Constant(ir.VectorType(I32, BLOCK), [0] * BLOCK)


def spread(b: Any, scalar: Any) -> Any:  # noqa: ANN401 - llvmlite has no types, here and below
    return b.shuffle_vector(b.insert_element(_ANY, scalar, I32(0)), _ANY, _SPREAD)


def vector_at(b: Any, base: Any, offset: Any) -> Any:  # noqa: ANN401
    return b.bitcast(b.gep(base, [offset]), VECTOR.as_pointer())


# Adds weight[j] * table[row[j]] to *sums* for start <= j < stop, where row[j] is j itself if *row*
# is None. The sums are the vectors at *offsets* of a row of *width* elements.
def _emit_sums(
    b: Any,  # noqa: ANN401
    sums: Sequence[Any],
    *,
    table: Any,  # noqa: ANN401
    row: Any,  # noqa: ANN401
    weight: Any,  # noqa: ANN401
    start: Any,  # noqa: ANN401
    stop: Any,  # noqa: ANN401
    width: int,
    offsets: Sequence[int],
) -> list[Any]:
    before, head = b.block, b.append_basic_block("head")
    body, done = b.append_basic_block("body"), b.append_basic_block("done")
    b.branch(head)
    b.position_at_end(head)
    j, totals = b.phi(I64), [b.phi(VECTOR) for _ in sums]
    b.cbranch(b.icmp_signed("<", j, stop), body, done)
    b.position_at_end(body)
    i = j if row is None else b.sext(b.load(b.gep(row, [j])), I64)
    at = b.mul(i, I64(width))
    weights = spread(b, b.load(b.gep(weight, [j])))
    for total, initial, offset in zip(totals, sums, offsets, strict=True):
        term = b.load(vector_at(b, table, b.add(at, I64(offset))), align=8)
        total.add_incoming(initial, before)
        total.add_incoming(b.fadd(total, b.fmul(weights, term)), body)
    j.add_incoming(start, before)
    j.add_incoming(b.add(j, I64(1)), body)
    b.branch(head)
    b.position_at_end(done)
    return totals


# The least element of the vectors laid end to end, and the first place that holds it.
def emit_least(b: Any, vectors: Sequence[Any]) -> tuple[Any, Any]:  # noqa: ANN401
    lanes = vectors[0]
    for vector in vectors[1:]:
        lanes = b.select(b.fcmp_ordered("<", vector, lanes), vector, lanes)
    least = lanes
    for half in (4, 2, 1):
        turned = ir.Constant(_SPREAD.type, [(k + half) % BLOCK for k in range(BLOCK)])
        other = b.shuffle_vector(least, _ANY, turned)
        least = b.select(b.fcmp_ordered("<", other, least), other, least)
    worst, place = b.extract_element(least, I32(0)), I64(0)
    wanted, byte = spread(b, worst), ir.IntType(BLOCK)
    for k, vector in reversed(list(enumerate(vectors))):
        equal = b.bitcast(b.fcmp_ordered("==", vector, wanted), byte)
        first = b.zext(b.cttz(equal, ir.IntType(1)(0)), I64)
        place = b.select(b.icmp_unsigned("!=", equal, byte(0)), b.add(first, I64(BLOCK * k)), place)
    return worst, place


# Built in a function: Numba reads its settings on import, and `kernel` makes them first.
def _make_worst_scenario() -> Callable[..., tuple[float, int]]:
    from numba import types  # noqa: PLC0415
    from numba.extending import intrinsic  # noqa: PLC0415

    @intrinsic
    def worst_scenario(  # type: ignore[no-untyped-def]  # noqa: ANN202
        _typing,  # noqa: ANN001
        held,  # noqa: ANN001
        asset_risk,  # noqa: ANN001
        n_assets,  # noqa: ANN001
        size,  # noqa: ANN001
        risk,  # noqa: ANN001
        instrument,  # noqa: ANN001
        start,  # noqa: ANN001
        stop,  # noqa: ANN001
        profit,  # noqa: ANN001
        blocks,  # noqa: ANN001
    ):
        arrays = (held, asset_risk, size, risk, instrument, profit)
        width = BLOCK * len(blocks)
        signature = types.Tuple((types.float64, types.int64))(
            held, asset_risk, types.int64, size, risk, instrument, types.int64, types.int64,
            profit, blocks,
        )  # fmt: skip

        def emit(context: Any, b: Any, _signature: Any, args: Any) -> Any:  # noqa: ANN401
            values = (args[0], args[1], args[3], args[4], args[5], args[8])
            cash, moves, sizes, rows, numbers, sums_out = (
                context.make_array(kind)(context, b, value).data
                for kind, value in zip(arrays, values, strict=True)
            )
            vectors = []
            for first in range(0, width, BLOCK * _STRIP):
                offsets = range(first, min(first + BLOCK * _STRIP, width), BLOCK)
                sums = [ir.Constant(VECTOR, [0.0] * BLOCK) for _ in offsets]
                sums = _emit_sums(
                    b, sums, table=moves, row=None, weight=cash,
                    start=I64(0), stop=args[2], width=width, offsets=offsets,
                )  # fmt: skip
                sums = _emit_sums(
                    b, sums, table=rows, row=numbers, weight=sizes,
                    start=args[6], stop=args[7], width=width, offsets=offsets,
                )  # fmt: skip
                for vector, offset in zip(sums, offsets, strict=True):
                    b.store(vector, vector_at(b, sums_out, I64(offset)), align=8)
                vectors += sums
            return context.make_tuple(b, signature.return_type, emit_least(b, vectors))

        return signature, emit

    built: Callable[..., tuple[float, int]] = worst_scenario
    return built


# For kernels only: worst_scenario(held, asset_risk, n_assets, size, risk, instrument, start, stop,
# profit, blocks) returns the least P&L and its first scenario, and leaves all of them in profit.
# P&L = sum of held[a] * asset_risk[a] for a < n_assets, then of size[j] * risk[instrument[j]] for
# start <= j < stop. Arrays are contiguous; rows of both tables, and profit, have BLOCK *
# len(blocks) elements.
worst_scenario = _make_worst_scenario()
