"""Compiled kernels: one decorator, so that every kernel has the same options and one cache.

No ``parallel``: its thread layers abort or kill the process under fork or concurrent callers.
Kernels release the GIL instead, and callers slice the work over their own threads. No ``fastmath``:
equal inputs must give equal bits.

Numba compiles a kernel again when the file of the kernel has changed. What the kernel calls, writes
out or takes as a constant from another file it does not look at, so the cache of a package lies in
a folder that is named by the text of the package and of all that it imports.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

_ROOT = Path(__file__).parents[1]
_IMPORTS = re.compile(rb"^ *(?:from|import) hullmark\.(\w+)", re.MULTILINE)
_DECORATING = Lock()  # Numba reads the folder from a setting that all threads share
_UNUSED_S_MAX = 24 * 3600  # a process of another version may be at work: its folder is left to it
_ELSEWHERE = "elsewhere"  # kernels of plug-ins, which may call any of ours


def kernel(function: Kernel) -> Kernel:
    """Compile *function* with Numba, cached on disk and without the GIL.

    Numba is imported here and not at the top: commands that compile nothing do not wait for it.
    The undecorated source stays available as ``.py_func``, which is its reference in the tests.
    """
    from numba import config, njit  # noqa: PLC0415

    with _DECORATING:
        chosen = config.CACHE_DIR
        config.CACHE_DIR = str(_cache_folder(function.__module__, chosen))
        try:
            compiled: Kernel = njit(nogil=True, error_model="numpy", cache=True)(function)
        finally:
            config.CACHE_DIR = chosen
    return compiled


def inlined(function: Kernel) -> Kernel:
    """Write *function* out in the kernels that call it, instead of compiling it by itself.

    For what a kernel does per row with many arrays: a call counts a reference to each of them,
    which can take longer than the work.

    The same counting comes back where a branch is the last to use an array: Numba then takes a
    reference before the branch and gives it up in every arm. So an inlined function that branches
    binds its arrays to names first, has one exit, and names arrays and tuples once more in its last
    lines, ``_ = entries, s.head``. It changes nothing but the time, by a factor of three.
    """
    from numba import njit  # noqa: PLC0415

    compiled: Kernel = njit(nogil=True, error_model="numpy", inline="always")(function)
    return compiled


# Where the kernels of a module are cached; *chosen* is the folder that the user gave to Numba.
def _cache_folder(module: str, chosen: str = "") -> Path:
    root, _, rest = module.partition(".")
    package = rest.partition(".")[0] if root == _ROOT.name else _ELSEWHERE
    base = Path(chosen) / "hullmark" if chosen else _default_base()
    name = f"{package}-{_digest(package)}"
    try:
        return _made(base, name)
    except OSError:
        return _made(_temporary_folder(), name)


# Numba's own choice is beside the source, and importing from a read-only installation then fails
# (numba issues 4908 and 5566).
def _default_base() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    folder = Path(base) if base else Path(os.path.expanduser("~")) / ".cache"
    return folder / "hullmark" / "numba"


@cache
def _made(base: Path, name: str) -> Path:
    folder = base / name
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)  # used now
    now_s = folder.stat().st_mtime
    for other in base.glob(f"{name.partition('-')[0]}-*"):
        if now_s - other.stat().st_mtime > _UNUSED_S_MAX:
            shutil.rmtree(other, ignore_errors=True)
    return folder


# What is cached is run when it is loaded: a folder that others can write to is not used.
@cache
def _temporary_folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"hullmark-numba-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid == os.getuid() and not found.st_mode & 0o022:
        return folder
    return Path(tempfile.mkdtemp(prefix="hullmark-numba-"))


# A digest of the files of a package of hullmark and of all that it imports, or of every file.
@cache
def _digest(package: str) -> str:
    found = [package] if (_ROOT / package).is_dir() else sorted(p.stem for p in _ROOT.iterdir())
    for name in found:  # which grows on the way
        found += [other for other in _source(name)[1] if other not in found]
    digests = "".join(f"{name} {_source(name)[0]} " for name in sorted(found))
    return blake2b(digests.encode(), digest_size=8).hexdigest()


# The digest of the files of a package or a module, and what else of hullmark they import.
@cache
def _source(name: str) -> tuple[str, tuple[str, ...]]:
    digest, imports = blake2b(digest_size=16), set[bytes]()
    for path in (*_ROOT.glob(f"{name}.py"), *sorted((_ROOT / name).rglob("*.py"))):
        text = path.read_bytes()
        digest.update(f"{path.relative_to(_ROOT)} {len(text)} ".encode() + text)
        imports.update(_IMPORTS.findall(text))
    return digest.hexdigest(), tuple(sorted(i.decode() for i in imports))
