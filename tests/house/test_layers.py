"""Who may know whom, beyond what the import linter sees: lazy imports, privacy, time and chance."""

import ast
import sys
import tomllib

import pytest

# Neither clock nor chance nor the outside world from these packages inwards.
PURE = {
    "book", "clearing", "collateral", "core", "domain", "errors", "ledger", "liquidation", "margin",
    "market", "monitor", "pricing", "rulebooks", "scenarios", "volatility", "waterfall",
}  # fmt: skip
BANNED_MODULES = {
    "asyncio", "http", "multiprocessing", "random", "secrets", "select", "signal", "socket",
    "sqlite3", "subprocess", "time", "urllib", "uuid",
}  # fmt: skip
BANNED_CALLS = (
    "date.today", "datetime.now", "datetime.today", "datetime.utcnow", "np.random", "numpy.random",
    "os.urandom",
)  # fmt: skip


# What says what time it is, or draws without a seed that was handed in. Timeouts and progress bars
# may measure how long something took: that ends up in no event.
CLOCKS = ("time.time", "time.time_ns", "date.today", "datetime.now", "datetime.today",
          "datetime.utcnow")  # fmt: skip
CHANCE = ("os.urandom", "random.SystemRandom", "uuid.uuid1", "uuid.uuid4")
# The one seam: where the runtime is handed the machine's clock, unless the caller brings another.
SEAM = {"src/hullmark/runtime/_open.py", "src/hullmark/runtime/_follower.py"}


def imports(tree):
    """Yield every imported module, at any depth of the file, and the names taken from it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), tuple(alias.name for alias in node.names)


def foreign_private(tree, package):
    """Yield imports of another package's modules past its ``__init__``."""
    for module, names in imports(tree):
        parts = module.split(".")
        if parts[0] != "hullmark" or parts[1:2] == [package]:
            continue
        if any(part.startswith("_") for part in [*parts[1:], *names]):
            yield f"imports {', '.join(names) or module} from {module}"


def impure(tree):
    """Yield what reaches for a clock, for chance or for the outside world."""
    for module, _ in imports(tree):
        if module.split(".")[0] in BANNED_MODULES:
            yield f"imports {module}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node).endswith(BANNED_CALLS):
            yield f"calls {ast.unparse(node)}"


def unseeded(tree):
    """Yield what reads the machine's clock, or draws from a source that no seed was given to."""
    for module, names in imports(tree):
        if module == "secrets" or (module == "random" and set(names) - {"Random"}):
            yield f"imports {', '.join(names) or module} from {module}"
    for node in ast.walk(tree):
        name = ast.unparse(node) if isinstance(node, ast.Attribute) else ""
        if name.endswith((*CLOCKS, *CHANCE)):
            yield f"uses {name}"
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            first, _, last = called.rpartition(".")
            if first == "random" and last != "Random":
                yield f"calls {called}"
            if first in ("np.random", "numpy.random") and last != "default_rng":
                yield f"calls {called}"
            if last in ("Random", "default_rng") and not node.args and not node.keywords:
                yield f"calls {called} without a seed"


def test_packages_meet_at_their_doors(library):
    found = [
        f"{n} {fault}" for n, m in library.items() for fault in foreign_private(m.tree, m.package)
    ]
    assert not found


def test_imports_of_the_library_are_absolute(library):
    used = {module for m in library.values() for module, _ in imports(m.tree)}
    assert not [module for module in used if module.startswith(".")]


def test_programs_and_benchmarks_use_the_doors_too(modules):
    outside = {n: m for n, m in modules.items() if n.startswith(("benchmarks/", "examples/"))}
    assert not [
        f"{n} {fault}" for n, m in outside.items() for fault in foreign_private(m.tree, None)
    ]


def test_a_unit_test_looks_behind_one_door_only(modules):
    for name, module in modules.items():
        parts = name.split("/")
        if parts[:2] == ["tests", "unit"] and len(parts) > 3:
            assert not list(foreign_private(module.tree, parts[2])), name


def test_deciding_needs_no_clock_no_chance_and_no_io(library):
    pure = {n: m for n, m in library.items() if m.package in PURE}
    assert len(pure) > 40
    assert not [f"{name} {fault}" for name, m in pure.items() for fault in impure(m.tree)]


def test_time_and_chance_come_in_through_one_seam(library):
    found = [
        f"{n} {fault}" for n, m in library.items() if n not in SEAM for fault in unseeded(m.tree)
    ]
    assert not found
    assert all(list(unseeded(library[name].tree)) for name in SEAM)


def test_every_package_has_a_layer_and_the_pure_ones_a_ban(library, root):
    linter = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    layers, forbidden = linter["importlinter"]["contracts"]
    packages = {m.package for m in library.values()} - {"__init__", "py"}
    layered = {
        p.strip().removeprefix("hullmark.") for row in layers["layers"] for p in row.split("|")
    }
    assert packages == layered
    assert {p.removeprefix("hullmark.") for p in forbidden["source_modules"]} == PURE


def test_the_auditor_knows_nothing_of_the_engine(library):
    auditor = {n: m for n, m in library.items() if n.startswith("src/hullmark/sim/_auditor")}
    allowed = {"hullmark.errors", *(f"hullmark.sim.{n[17:-3]}" for n in auditor)}
    used = {module for m in auditor.values() for module, _ in imports(m.tree)} - allowed
    assert len(auditor) > 10
    assert {module.split(".")[0] for module in used} <= sys.stdlib_module_names


@pytest.mark.parametrize(
    "source",
    ["def f():\n    import time\n", "from random import choice", "x = np.random.default_rng()"],
)
def test_the_check_of_purity_finds_it(source):
    assert list(impure(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "import secrets",
        "from random import choice",
        "random.random()",
        "random.Random()",
        "np.random.default_rng()",
        "np.random.normal(3)",
        "now = time.time_ns",
        "datetime.datetime.now(UTC)",
    ],
)
def test_the_check_of_the_seam_finds_it(source):
    assert list(unseeded(ast.parse(source)))
    assert not list(unseeded(ast.parse("random.Random(7); np.random.default_rng(7); Random(s)")))


@pytest.mark.parametrize(
    "source",
    ["from hullmark.margin._tiers import Tier", "from hullmark.margin import _tiers"],
)
def test_the_check_of_doors_finds_a_broken_one(source):
    assert list(foreign_private(ast.parse(source), "monitor"))
    assert not list(foreign_private(ast.parse(source), "margin"))
