"""How long things are, what they are called, and that they say what they do."""

import ast
import importlib
import re
import tomllib

MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
LOOSE_ENDS = re.compile(
    r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK"]) + r")\b"
)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def long_functions(tree):
    """Yield name and length of every function over the limit, counted without its docstring."""
    for node in ast.walk(tree):
        if not isinstance(node, FUNCTIONS):
            continue
        lines = node.end_lineno - node.lineno + 1
        if ast.get_docstring(node) is not None:
            lines -= node.body[0].end_lineno - node.body[0].lineno + 1
        if lines > FUNCTION_LINES_MAX:
            yield f"{node.name} has {lines} lines"


def undocumented(tree, names):
    """Yield which of the names, and of their public methods, has no docstring."""
    for node in tree.body:
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)) or node.name not in names:
            continue
        if ast.get_docstring(node) is None:
            yield node.name
        if isinstance(node, ast.ClassDef) and "Protocol" not in map(ast.unparse, node.bases):
            methods = {n.name for n in node.body if isinstance(n, FUNCTIONS)}
            public = {name for name in methods if not name.startswith("_")}
            yield from (f"{node.name}.{name}" for name in undocumented(node, public))


def public_names(library):
    """Return what the packages export, by the file that defines it."""
    found = {}
    for module in library.values():
        for node in module.tree.body if module.stem == "__init__" else ():
            if isinstance(node, ast.ImportFrom):
                file = f"src/{node.module.replace('.', '/')}.py"
                found.setdefault(file, set()).update(alias.name for alias in node.names)
    return found


def loose_ends(text):
    return [f"line {i}" for i, line in enumerate(text.splitlines(), 1) if LOOSE_ENDS.search(line)]


def export_order(name):
    """Return the key by which ``__all__`` is sorted: constants, classes, then functions."""
    if name.isupper() and len(name) > 1:
        return 0, name
    return (1, name) if name[0].isupper() else (2, name)


def exported(tree):
    """Return the names in ``__all__`` and the public names that the module binds."""
    listed, bound = None, set()
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            listed = ast.literal_eval(node.value)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            bound |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            bound |= {target.id for target in targets if isinstance(target, ast.Name)}
    return listed, {name for name in bound if not name.startswith("_")}


def faults(modules, check):
    return [f"{name}: {fault}" for name, module in modules.items() for fault in check(module)]


def test_no_module_is_longer_than_the_limit(modules):
    long = {name: n for name, m in modules.items() if (n := m.text.count("\n")) > MODULE_LINES_MAX}
    assert not long


def test_no_function_is_longer_than_the_limit(modules):
    written = {n: m for n, m in modules.items() if m.stem != "conftest"}  # those spell out data
    assert not faults(written, lambda m: long_functions(m.tree))


def test_every_public_name_has_a_docstring(library):
    names = public_names(library)
    assert sum(map(len, names.values())) > 100
    missing = {
        file: list(undocumented(library[file].tree, names[file]))
        for file in names
        if file in library
    }
    assert not {file: silent for file, silent in missing.items() if silent}


def test_every_module_says_what_it_holds(modules):
    silent = [n for n, m in modules.items() if m.text.strip() and not ast.get_docstring(m.tree)]
    assert not silent


def test_nothing_is_left_for_later(kept):
    assert not [f"{name}, {at}" for name, text in kept.items() for at in loose_ends(text)]


def test_a_package_says_what_it_is_for_and_in_which_units(library):
    for name, module in library.items():
        if module.stem != "__init__" or name == "src/hullmark/__init__.py":
            continue
        words = (ast.get_docstring(module.tree) or "").split()
        assert len(words) >= 12, f"{name} must say more than {' '.join(words)!r}"


def test_a_package_exports_what_it_lists_in_order(library):
    for name, module in library.items():
        if module.stem != "__init__":
            continue
        listed, bound = exported(module.tree)
        if name == "src/hullmark/__init__.py" and listed is None:
            continue
        assert listed == sorted(listed or [], key=export_order), f"{name}: __all__ must be sorted"
        lazy = "__getattr__" in module.text
        assert lazy or set(listed) == bound, f"{name}: __all__ differs by {set(listed) ^ bound}"


def test_a_module_is_private_unless_an_entry_point_names_it(library, root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {v.partition(":")[0] for g in project["entry-points"].values() for v in g.values()}
    for name, module in library.items():
        dotted = name.removeprefix("src/").removesuffix(".py").replace("/", ".")
        allowed = module.stem.startswith("_") or dotted in named or dotted == "hullmark.errors"
        assert allowed, f"{name} must begin with an underscore: the package is the interface"


def test_every_entry_point_leads_somewhere(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["scripts"], *project["entry-points"].values()]
    for value in (value for group in groups for value in group.values()):
        module, _, attribute = value.partition(":")
        assert hasattr(importlib.import_module(module), attribute), value


def test_every_data_file_is_in_the_distribution(root):
    tool = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    patterns = tool["setuptools"]["package-data"]
    for path in (root / "src" / "hullmark").rglob("*"):
        if path.is_dir() or path.suffix in {".py", ".pyc"} or "__pycache__" in path.parts:
            continue
        package = ".".join(path.parent.relative_to(root / "src").parts)
        listed = any(path.match(pattern) for pattern in patterns.get(package, ()))
        assert listed, f"{path.name} must be package data of {package}, and is not"


def test_a_folder_is_a_noun_of_the_domain(library):
    techniques = {"common", "helpers", "kernels", "misc", "utils"}
    used = {part.strip("_") for name in library for part in name.removesuffix(".py").split("/")}
    assert not techniques & used


def test_the_checks_find_what_they_look_for():
    assert list(long_functions(ast.parse("def f():\n" + "    x = 1\n" * FUNCTION_LINES_MAX)))
    assert not list(long_functions(ast.parse("def f():\n" + "    x = 1\n" * 59)))
    silent = ast.parse("class A:\n    '''Said.'''\n    def silent(self): pass\n")
    assert list(undocumented(silent, {"A"})) == ["A.silent"]
    assert loose_ends("x = 1\n# " + "TO" + "DO: later")
    assert exported(ast.parse("from a import b\n__all__ = []")) == ([], {"b"})
    assert sorted(["a", "Ba", "AB"], key=export_order) == ["AB", "Ba", "a"]
