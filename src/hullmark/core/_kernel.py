"""Compiled kernels: one decorator, so that every kernel has the same options and one cache.

No ``parallel``: its thread layers abort or kill the process under fork or concurrent callers.
Kernels release the GIL instead, and callers slice the work over their own threads. No ``fastmath``:
equal inputs must give equal bits.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def kernel(function: Kernel) -> Kernel:
    """Compile *function* with Numba, cached on disk and without the GIL.

    Numba is imported here and not at the top: commands that compile nothing do not wait for it.
    The undecorated source stays available as ``.py_func``, which is its reference in the tests.
    """
    return _compiled(function, cache=True)


def inlined(function: Kernel) -> Kernel:
    """Write *function* out in the kernels that call it, instead of compiling it by itself.

    For what a kernel does per row with many arrays: a call counts a reference to each of them,
    which can take longer than the work. Keep it in the module of its caller, whose cache does not
    see changes elsewhere.
    """
    return _compiled(function, inline="always")


def _compiled(function: Kernel, **options: object) -> Kernel:
    os.environ.setdefault("NUMBA_CACHE_DIR", str(_cache_folder()))  # read when Numba is imported
    from numba import njit  # noqa: PLC0415

    compiled: Kernel = njit(nogil=True, error_model="numpy", **options)(function)
    return compiled


# Numba's own choice is beside the source, and importing from a read-only installation then fails
# (numba issues 4908 and 5566).
def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    folder = Path(base) if base else Path(os.path.expanduser("~")) / ".cache"
    folder = folder / "hullmark" / "numba"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return _temporary_folder()
    return folder


# What is cached is run when it is loaded: a folder that others can write to is not used.
def _temporary_folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"hullmark-numba-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid == os.getuid() and not found.st_mode & 0o022:
        return folder
    return Path(tempfile.mkdtemp(prefix="hullmark-numba-"))
