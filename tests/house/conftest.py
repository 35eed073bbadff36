"""The tree under test: what git would keep, read once."""

import ast
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def kept():
    """Texts of all files that git tracks or would, by their path from the root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    paths = [ROOT / name for name in names.decode().split("\0") if name]
    texts = {}
    for path in paths:
        if not path.is_file():  # deleted, and not yet committed so
            continue
        try:
            texts[str(path.relative_to(ROOT))] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture or a recorded table
    assert len(texts) > 100, "git must list the tree"
    return texts


@pytest.fixture(scope="session")
def modules(kept):
    """Every Python file with its text and syntax tree, by path; ``package`` only in the library."""
    found = {}
    for name, text in kept.items():
        if not name.endswith(".py"):
            continue
        parts = Path(name).parts
        inner = parts[2:] if parts[:2] == ("src", "hullmark") else ()
        found[name] = SimpleNamespace(
            text=text,
            tree=ast.parse(text),
            stem=parts[-1].removesuffix(".py"),
            package=inner[0].removesuffix(".py") if inner else None,
        )
    return found


@pytest.fixture(scope="session")
def library(modules):
    return {name: module for name, module in modules.items() if name.startswith("src/")}
