"""Tests of the decorator of kernels: its options, its source, and where its cache lies."""

import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from hullmark.core import inlined, kernel
from hullmark.core._kernel import _cache_folder, _temporary_folder


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


def test_a_cache_folder_that_the_user_chose_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    kernel(lambda x: x)
    assert os.environ["NUMBA_CACHE_DIR"] == str(tmp_path)
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kernel(lambda x: x)
    assert os.environ["NUMBA_CACHE_DIR"] == str(tmp_path / "hullmark" / "numba")


def test_without_a_cache_home_it_is_the_users(tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert _cache_folder() == tmp_path / ".cache" / "hullmark" / "numba"
    assert _cache_folder().is_dir()


def test_where_no_cache_can_be_made_the_temporary_folder_serves(tmp_path, monkeypatch):
    occupied = tmp_path / "file"
    occupied.write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(occupied))
    folder = _cache_folder()
    assert folder.parent == Path(tempfile.gettempdir())
    assert folder.name.startswith("hullmark-numba")


def test_a_temporary_cache_that_others_can_write_to_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = _temporary_folder()
    assert (_temporary_folder(), folder.stat().st_mode & 0o777) == (folder, 0o700)
    folder.chmod(0o777)
    assert _temporary_folder() != folder
    folder.rmdir()
    folder.symlink_to(tmp_path)
    assert _temporary_folder().resolve() != tmp_path


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
