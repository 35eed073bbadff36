"""The fused multiply-add, ``a * b + c`` rounded once, which kernels can ask for by name.

Without fastmath LLVM never fuses on its own, and that is right: which operations it fused would
depend on the machine. A fused operation that stands in the source has the same bits everywhere.
"""

from typing import Any

from hullmark.core import kernel


def fma(a: float, b: float, c: float) -> float:
    """Return ``a * b + c``; rounded once in a kernel, and twice as plain Python."""
    return a * b + c


kernel(fma)  # settles where Numba caches, which it reads when it is imported

from numba import types  # noqa: E402
from numba.extending import intrinsic, overload  # noqa: E402


@intrinsic  # type: ignore[untyped-decorator]
def _fused(_: Any, a: Any, b: Any, c: Any) -> Any:  # noqa: ANN401 - Numba's own types
    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:  # noqa: ANN401
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), generate


@overload(fma)  # type: ignore[untyped-decorator]
def _fma(a: Any, b: Any, c: Any) -> Any:  # noqa: ANN401
    def fused(a: Any, b: Any, c: Any) -> Any:  # noqa: ANN401
        return _fused(a, b, c)

    return fused
