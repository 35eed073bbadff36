"""Many arrays as one argument of a kernel.

To hand over one array takes about 50 ns, and two dozen of them longer than most of what is asked of
a single account. A bundle is handed over once for all of them, and keeps them alive.
"""

from typing import Any

from numba import types
from numba.experimental import structref

from hullmark.core._kernel import kernel


@structref.register
class BundleType(types.StructRef):  # type: ignore[misc]
    """What the compiler knows of a bundle: the type of its content."""


class Bundle(structref.StructRefProxy):  # type: ignore[misc]
    """What a kernel takes for a tuple, and finds the tuple in as ``bundle.content``."""


structref.define_proxy(Bundle, BundleType, ["content"])


def bundle(content: tuple[Any, ...]) -> Bundle:
    """Return a tuple of arrays, numbers and bundles as one argument of a kernel.

    What is later written into its arrays is seen by the next call.
    """
    made = _bundled(content)
    made.content = content  # for ``py_func``
    return made


@kernel
def _bundled(content: tuple[Any, ...]) -> Bundle:
    return Bundle(content)
