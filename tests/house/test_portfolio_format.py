"""The portfolio document of version 2: schema, page and parser say the same."""

import copy
import json
import re

import pytest
from hypothesis import given, strategies as st

from hullmark.domain import Portfolio
from hullmark.errors import DocumentError

from .conftest import ROOT

REFERENCE = ROOT / "docs" / "reference"
SCHEMA = json.loads((REFERENCE / "portfolio-2.schema.json").read_text(encoding="utf-8"))
PAGE = (REFERENCE / "portfolio.md").read_text(encoding="utf-8")
EXAMPLES = sorted(
    path
    for folder in (REFERENCE, ROOT / "docs" / "rulebooks")
    for path in folder.glob("*.example.json")
    if json.loads(path.read_text(encoding="utf-8"))["version"] == 2
)
TYPES = {"object": dict, "array": list, "string": str, "integer": int}

# One document with every key there is, put together from the examples.
TREE = json.loads((REFERENCE / "portfolio-2.example.json").read_text(encoding="utf-8"))
_BTC = TREE["market"]["underlyings"]["BTC"]["expiries"]["2025-03-28"]
_BTC |= {"marks": {"80000-P": "0.0218"}, "future": {"mark": "88550"}}
_FUTURE = {"underlying": "BTC", "expiry": "2025-03-28", "size": "1", "entry": "88000"}
TREE["accounts"][0]["futures"] = [_FUTURE | {"unsettled": "-1.5"}]
TREE["accounts"][0]["options"][0]["entry"] = "2000"
TREE["accounts"][0]["orders"] = [
    {"kind": "perpetual", "underlying": "BTC", "size": "1", "price": "87000"},
    {"kind": "future", "underlying": "BTC", "expiry": "2025-03-28", "size": "-1", "price": "1"},
    {"kind": "option", **TREE["accounts"][1]["options"][0], "price": "45.5"},
]


def accepts(schema, value):
    """Whether a schema accepts a value: as much of JSON Schema as ours uses, and no more."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    if "anyOf" in schema:
        return any(accepts(each, value) for each in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        allowed = schema.get("enum", [schema.get("const")])
        return any(type(value) is type(each) and value == each for each in allowed)
    kind = TYPES[schema["type"]]
    own = {str: accepts_text, int: accepts_whole, list: accepts_list, dict: accepts_object}
    return isinstance(value, kind) and not isinstance(value, bool) and own[kind](schema, value)


def accepts_text(schema, value):
    good = re.search(schema.get("pattern", ""), value, re.ASCII)
    length = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
    return good is not None and length and not value.endswith("\n")


def accepts_whole(schema, value):
    return schema["minimum"] <= value <= schema["maximum"]


def accepts_list(schema, value):
    return all(accepts(schema["items"], each) for each in value)


def accepts_object(schema, value):
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    names = schema.get("propertyNames", {"type": "string"})
    missing = set(schema.get("required", ())) - value.keys()
    forbidden = set(schema.get("not", {}).get("required", [None])) <= value.keys()
    if missing or forbidden or not all(accepts(names, key) for key in value):
        return False
    for key, member in value.items():
        own = known.get(key, others)
        if own is not True and not (own and accepts(own, member)):
            return False
    return True


def leaves(tree, path=()):
    """Yield the path of every value that is no object or list."""
    if isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from leaves(value, (*path, key))
    else:
        yield path


def nodes(tree, path=()):
    """Yield the path of every object."""
    if isinstance(tree, dict):
        yield path
    if isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from nodes(value, (*path, key))


def at(tree, path):
    for key in path:
        tree = tree[key]
    return tree


def changed(path, value):
    tree = copy.deepcopy(TREE)
    at(tree, path[:-1])[path[-1]] = value
    return tree


def reads(tree):
    try:
        Portfolio.parse_tree(tree)
    except DocumentError:
        return False
    return True


OWN = [path for path in leaves(TREE) if path[0] != "parameters"]
# What refers to another place of the document: that it is there no schema can say.
REFERENCES = {"underlying", "expiry", "name", "time"}
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), st.just([]),
    st.sampled_from([
        "1", "0", "-0", "-1", "0.000000000000000001", "1e9", "NaN", "01", "1.", ".5", "+1", "1 ",
        "0.5", "1.0", "1.000000000000000001", "9" * 15, "9" * 16, "0." + "1" * 19, "put", "call",
        {}, [[]], {"fixed": "0", "variable": "0"}, {"fixed": "1", "variable": "0"},
    ]),
)  # fmt: skip


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_read_and_the_schema_accepts_them(path):
    tree = json.loads(path.read_text(encoding="utf-8"))
    assert reads(tree)
    assert accepts(SCHEMA, tree)


def test_a_document_with_every_key_is_read_and_the_schema_accepts_it():
    assert reads(TREE)
    assert accepts(SCHEMA, TREE)


@given(st.sampled_from(sorted(OWN, key=str)), VALUES)
def test_what_is_read_is_what_the_schema_accepts(path, value):
    tree = changed(path, value)
    if reads(tree):
        assert accepts(SCHEMA, tree)
    # Rules across keys are beyond a schema: a forward of two zeros, a contract held twice.
    elif path[-1] not in REFERENCES and value != {"fixed": "0", "variable": "0"}:
        assert not accepts(SCHEMA, tree)


@pytest.mark.parametrize("path", [p for p in nodes(TREE) if p[:1] != ("parameters",)], ids=str)
def test_a_key_that_is_unknown_or_missing_is_refused_by_both(path):
    free = at(TREE, path)
    tree = copy.deepcopy(TREE)
    at(tree, path)["nobody"] = "5"
    if path[2:] != ("collaterals",):  # that the market prices it no schema can say
        assert reads(tree) == accepts(SCHEMA, tree)
    for key in free:
        tree = copy.deepcopy(TREE)
        del at(tree, path)[key]
        if not accepts(SCHEMA, tree):
            assert not reads(tree), key


def properties(schema):
    """Yield every key that a schema names."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield from schema["properties"]
        for value in schema.values():
            yield from properties(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from properties(value)


def test_the_page_names_every_key():
    page = PAGE.partition("\n## Version 2\n")[2]
    assert page
    named = set(re.findall(r"`([a-z_]+)`", page))
    assert not set(properties(SCHEMA)) - named
