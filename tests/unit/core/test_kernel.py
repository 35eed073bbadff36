"""Tests of the decorator of kernels: its options, its source, and where its cache lies."""

import math
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numba
import pytest

import hullmark
from hullmark.core import inlined, kernel
from hullmark.core._kernel import _cache_folder, _digest, _made, _temporary_folder

PACKAGE = Path(hullmark.__file__).parent


@kernel
def quotient(a: float, b: float) -> float:
    return a / b


COUNTED = """
from hullmark.core import kernel

@kernel
def twice(x: float) -> float:
    return x + x

assert twice(2.0) == twice.py_func(2.0) == 4.0
print(sum(twice.stats.cache_hits.values()), sum(twice.stats.cache_misses.values()))
"""


def run(*arguments, **environment):
    kept = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(
        command, env=kept | environment, check=True, capture_output=True, text=True, timeout=120
    )
    return done.stdout.split()


def test_a_kernel_keeps_its_source_as_its_reference():
    assert quotient.py_func.__name__ == "quotient"
    assert quotient(1.0, 3.0) == quotient.py_func(1.0, 3.0) == 1.0 / 3.0


def test_a_kernel_releases_the_lock_and_keeps_the_order_of_floats():
    assert quotient.targetoptions["nogil"] is True
    assert not quotient.targetoptions.get("fastmath")
    assert not quotient.targetoptions.get("parallel")


def test_a_kernel_divides_by_zero_as_arrays_do():
    assert quotient(1.0, 0.0) == math.inf
    assert math.isnan(quotient(0.0, 0.0))


def test_a_second_process_finds_what_the_first_compiled(tmp_path):
    program = tmp_path / "counted.py"
    program.write_text(COUNTED)
    home = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    assert run(program, **home) == ["0", "1"]
    assert list((tmp_path / "cache" / "hullmark" / "numba").rglob("*.nbi"))
    assert run(program, **home) == ["1", "0"]


FILLED = """
from hullmark.ledger import fill_kernel

print(fill_kernel(1, 0, 2, 5)[0], sum(fill_kernel.stats.cache_hits.values()))
"""


def test_a_change_of_a_kernel_in_another_package_is_seen_by_its_callers(tmp_path):
    """The number of lots after a fill is a sum that `core` adds up."""
    copy, program = tmp_path / "source" / "hullmark", tmp_path / "filled.py"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    program.write_text(FILLED)
    environment = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONPATH": str(copy.parent)}
    assert run(program, **environment) == ["3", "0"]
    assert run(program, **environment) == ["3", "1"]
    inner = copy / "core" / "_wide.py"
    inner.write_text(inner.read_text().replace("total = a + b\n", "total = a + b + 40\n"))
    assert run(program, **environment) == ["43", "0"]
    copy.joinpath("cli", "_table.py").unlink()  # nothing that the ledger rests on
    assert run(program, **environment) == ["43", "1"]


def test_a_package_is_named_by_all_that_it_imports_and_a_plug_in_by_everything():
    folders = [_cache_folder(f"hullmark.{name}._x").name for name in ("core", "ledger", "margin")]
    assert [name.partition("-")[0] for name in folders] == ["core", "ledger", "margin"]
    assert len({_digest(name) for name in ("core", "ledger", "margin", "elsewhere")}) == 4
    assert _cache_folder("some.plugin") == _cache_folder("hullmarked") == _cache_folder("__main__")


def test_folders_of_older_versions_go_once_nobody_uses_them(tmp_path):
    folders = [tmp_path / name for name in ("core-1", "core-2", "ledger-1")]
    for folder in folders:
        (folder / "inside").mkdir(parents=True)
    for folder in (folders[0], folders[2]):
        os.utime(folder, (0, 0))
    made = _made(tmp_path, "core-3")
    assert [folder.exists() for folder in (*folders, made)] == [False, True, True, True]


def test_a_cache_folder_that_the_user_chose_is_the_one_and_the_choice_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))

    @kernel
    def half(x: float) -> float:
        return x / 2.0

    found = numba.config.CACHE_DIR
    assert found == str(tmp_path)
    folder = _cache_folder(__name__, str(tmp_path))
    assert folder.parent == tmp_path / "hullmark"
    assert half(1.0) == 0.5
    assert list(folder.rglob("*.nbi"))


def test_the_cache_lies_in_the_users_cache_home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert _cache_folder("hullmark.core._wide").parent == tmp_path / "hullmark" / "numba"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = _cache_folder("hullmark.core._wide")
    assert folder.parent == tmp_path / ".cache" / "hullmark" / "numba"
    assert folder.is_dir()


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Let the temporary folder be another one, found anew."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    _temporary_folder.cache_clear()
    yield tmp_path
    _temporary_folder.cache_clear()


def test_where_no_cache_can_be_made_the_temporary_folder_serves(temporary, monkeypatch):
    occupied = temporary / "file"
    occupied.write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(occupied))
    for chosen in ("", str(occupied)):
        folder = _cache_folder("hullmark.core._wide", chosen)
        assert folder.parent == _temporary_folder() == temporary / f"hullmark-numba-{os.getuid()}"


def test_a_temporary_cache_that_others_can_write_to_is_not_used(temporary):
    folder = _temporary_folder()
    assert (_temporary_folder(), folder.stat().st_mode & 0o777) == (folder, 0o700)
    folder.chmod(0o777)
    _temporary_folder.cache_clear()
    assert _temporary_folder() != folder
    folder.rmdir()
    folder.symlink_to(temporary)
    _temporary_folder.cache_clear()
    assert _temporary_folder().resolve() != temporary


@pytest.mark.parametrize("package", ["hullmark", "hullmark.core"])
def test_a_package_without_kernels_does_not_wait_for_the_compiler(package):
    assert run("-c", f"import sys, {package}; print('numba' in sys.modules)") == ["False"]


@inlined
def product(a: float, b: float) -> float:
    return a * b


@kernel
def square(a: float) -> float:
    return product(a, a)


def test_what_is_inlined_is_part_of_its_caller():
    assert square(3.0) == square.py_func(3.0) == 9.0
    assert product(2.0, 3.0) == 6.0
    assert product.py_func(2.0, 3.0) == 6.0
