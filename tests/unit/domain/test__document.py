"""Tests of the portfolio document: what it reads, and everything it refuses."""

import copy
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from hullmark.domain import Document, DocumentMarket, Mode
from hullmark.errors import DocumentError

EXAMPLE = Path(__file__).parents[3] / "docs" / "reference" / "portfolio.example.json"
TREE = json.loads(EXAMPLE.read_text(encoding="utf-8"))
MISSING = object()


def changed(path, value):
    """Return the example with the value at *path* replaced, or taken out."""
    tree = copy.deepcopy(TREE)
    *way, last = path
    node = tree
    for step in way:
        node = node[step]
    if value is MISSING:
        del node[last]
    else:
        node[last] = value
    return tree


def leaves(node, path=()):
    """Return the paths of everything in a tree."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from leaves(value, (*path, key))


def test_reads_the_documented_example_exactly():
    document = Document.parse(EXAMPLE.read_bytes())
    strangle, long = document.accounts
    assert strangle.mode is Mode.PORTFOLIO
    assert strangle.cash_quanta == {"BTC": 150_000_000, "USDC": 20_000_000_000}
    assert [p.lots for p in strangle.positions] == [-40, -40, 3_200]
    assert strangle.positions[0].entry_nano is None
    assert long.positions[0].entry_nano == 65_000 * 10**9
    assert document.coins == {"BTC"}
    assert document.price_nano("BTC") == 64_000 * 10**9
    assert document.price_nano("USDC") == 10**9  # its peg, since the index has no such price
    assert document.market.quotes["BTC-PERPETUAL"].grade == "uncertain"


def test_a_market_is_written_as_it_is_read():
    market = Document.parse_tree(TREE).market
    assert market.tree() == TREE["market"]


def test_a_document_without_a_market_waits_for_one():
    waiting = Document.parse_tree(changed(("market",), MISSING))
    assert waiting.market is None
    with pytest.raises(DocumentError, match="market must be given"):
        waiting.price_nano("BTC")
    market = Document.parse_tree(TREE).market
    assert waiting.with_market(market) == Document.parse_tree(TREE)


def test_another_market_must_quote_what_is_held():
    document = Document.parse_tree(TREE)
    late = DocumentMarket(
        time_ns=document.market.time_ns, index_nano={"BTC": 1}, forwards_nano={}, quotes={}
    )
    rule = r"accounts\[0\].positions\[0\].instrument must be quoted by the market of 2026-02-0"
    with pytest.raises(DocumentError, match=rule):
        document.with_market(late)


PUT = ("market", "quotes", "BTC-27MAR26-58000-P")
BTC = ("parameters", "assets", "BTC")
FIRST = ("parameters", "instruments", 0)
HELD = ("accounts", 0, "positions", 0)
PERP = ("accounts", 1, "positions", 0)
CASH = ("accounts", 0, "cash", "USDC")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("version",), 2, r"version must be 1, was 2"),
        (("version",), True, r"version must be 1, was True"),
        (("version",), MISSING, r"the document must have the key 'version'"),
        (("note",), "x", r"the document must have no keys but .*, was 'note'"),
        (("accounts",), {}, r"accounts must be a list, was {}"),
        (("accounts", 1), "x", r"accounts\[1\] must be an object, was 'x'"),
        (("accounts", 1, "name"), "short strangle", r"accounts\[1\] must have a name of its own"),
        (("accounts", 0, "name"), "", r"accounts\[0\].name must be a string that is not empty"),
        (("accounts", 0, "mode"), "margin", r"accounts\[0\].mode must be one of cross, port"),
        (CASH, 20000, r"accounts\[0\].cash.USDC must be a decimal string such as"),
        (CASH, 20000.5, r"accounts\[0\].cash.USDC must be a decimal string .*, was 20000.5"),
        (CASH, "NaN", r"accounts\[0\].cash.USDC must be a decimal string .*, was 'NaN'"),
        (CASH, "Infinity", r"accounts\[0\].cash.USDC must be a decimal string"),
        (CASH, float("nan"), r"accounts\[0\].cash.USDC must be a decimal string .*, was nan"),
        (CASH, "1e3", r"accounts\[0\].cash.USDC must be a decimal string"),
        (CASH, "٣", r"accounts\[0\].cash.USDC must be a decimal string"),
        (CASH, "1.0000000", r"USDC must have at most 6 decimals, was '1.0000000'"),
        (CASH, " 1", r"accounts\[0\].cash.USDC must be a decimal string .*, was ' 1'"),
        (CASH, True, r"accounts\[0\].cash.USDC must be a decimal string .*, was True"),
        (CASH, "-9223372036854.775808", r"cash.USDC must fit in 64 bits with 6 decimals, was '-92"),
        (CASH, "1.1234567", r"accounts\[0\].cash.USDC must have at most 6 decimals"),
        (CASH, "9" * 20, r"accounts\[0\].cash.USDC must fit in 64 bits"),
        (("accounts", 0, "cash", "EUR"), "1", r"accounts\[0\].cash.EUR must be in an asset"),
        ((*HELD, "instrument"), "BTC-9", r"positions\[0\].instrument must be a derivative among"),
        ((*PERP, "entry_price"), MISSING, r"\.positions\[0\] must have the key 'entry_price'"),
        ((*HELD, "instrument"), "BTC-27MAR26-72000-C", r"positions\[1\] must be the acc"),
        ((*HELD, "size"), "0", r"size must be a whole number of lots of 0.1, not zero, was '0'"),
        ((*HELD, "size"), "0.05", r"size must be a whole number of lots of 0.1, not zero"),
        ((*HELD, "size"), "0.1234567891", r"size must have at most 9 decimals, was '0.1234567891'"),
        ((*HELD, "entry_price"), "0", r"positions\[0\].entry_price must be > 0, was '0'"),
        ((*HELD, "leverage"), "3", r"positions\[0\] must have no keys but .*, was 'leverage'"),
        (("market", "time"), "soon", r"market.time must be an ISO 8601 instant, was 'soon'"),
        (("market", "time"), "0001-01-01", r"market.time must fit in 64 bits, was -6213559680000"),
        (("market", "time"), 1_770_000_000, r"market.time must be a string"),
        (("market", "index", "BTC"), "9223372036.854775808", r"index.BTC must fit in 64 bits with"),
        (("market",), None, r"market must be an object, was None"),
        (("market", "quotes", "BTC-PERPETUAL", "mark"), "-1", r"BTC-PERPETUAL.mark must be >= 0"),
        (("market", "forwards", "BTC", "2026-03-27T08:00:00Z"), "0", r"08:00:00Z must be > 0, was"),
        (("market", "time"), "2026-03-27T08:00:00Z", r"\[0\].instrument must expire after"),
        (("market", "index", "BTC"), "0", r"market.index.BTC must be > 0, was '0'"),
        (("market", "index", "BTC"), "-1", r"market.index.BTC must be > 0, was '-1'"),
        (("market", "index", "BTC"), MISSING, r"parameters.assets.BTC must have a 'peg'"),
        (("market", "index", "XRP"), "1", r"market.index must name parameters.assets, was 'XRP'"),
        (("market", "quotes", "X"), {"mark": "1"}, r"market.quotes must name parameters.instr"),
        (("market", "forwards", "BTC"), {}, r"market.forwards.BTC must have the expiry 2026-03-27"),
        (("market", "forwards", "BTC"), {"x": "1"}, r"key of market.forwards.BTC.x must be an ISO"),
        (PUT, MISSING, r"positions\[0\].instrument must be quoted by the market"),
        ((*PUT, "vol"), MISSING, r"market.quotes.BTC-27MAR26-58000-P must have a 'vol'"),
        ((*PUT, "vol"), "0", r"BTC-27MAR26-58000-P.vol must be > 0, was '0'"),
        ((*PUT, "mark"), "-0.1", r"BTC-27MAR26-58000-P.mark must be >= 0, was '-0.1'"),
        ((*PUT, "grade"), "stale", r"grade must be one of valid, uncertain, was 'stale'"),
        (("market", "quotes", "BTC-PERPETUAL", "vol"), "1", r"BTC-PERPETUAL must have no 'vol'"),
        (("market", "quotes", "BTC-PERPETUAL", "mark"), "0", r"BTC-PERPETUAL.mark must be > 0"),
        ((*BTC, "decimals"), 10, r"parameters.assets.BTC.decimals: decimals of BTC must be in"),
        ((*BTC, "decimals"), "8", r"BTC.decimals must be a whole number, was '8'"),
        ((*BTC, "decimals"), MISSING, r"BTC must have the key 'decimals'"),
        ((*BTC, "shocked"), "yes", r"BTC.shocked must be true or false, was 'yes'"),
        ((*BTC, "shocked"), False, r"instruments\[0\].underlying must be an asset that is shocked"),
        ((*BTC, "cap_usd"), None, r"assets.BTC.cap_usd must be an object, a list, .* was None"),
        (("parameters", "assets", "USDC", "peg"), MISSING, r"assets.USDC must have a 'peg'"),
        (("parameters", "liquidation"), {}, r"parameters must have no keys but .* 'liquidation'"),
        (("parameters", "margin", "x"), [{"y": 0.5}], r"parameters.margin.x\[0\].y must be .* 0.5"),
        ((*FIRST, "lot"), MISSING, r"instruments\[0\]: instrument .* must have 'lot'"),
        ((*FIRST, "lot"), "0", r"instruments\[0\].lot must be > 0, was '0'"),
        ((*FIRST, "lot"), 1, r"instruments\[0\].lot must be a decimal string .*, was 1"),
        ((*FIRST, "strike"), "1e5", r"instruments\[0\].strike must be a decimal string"),
        ((*FIRST, "strike"), "-1", r"parameters.instruments\[0\].strike must be > 0"),
        ((*FIRST, "kind"), "swap", r"instruments\[0\]: kind of instrument .* must be one of"),
        ((*FIRST, "kind"), ["option"], r"instruments\[0\].kind must be a string"),
        ((*FIRST, "symbol"), "BTC-PERPETUAL", r"instruments\[2\] must have a symbol of its own"),
        ((*FIRST, "settlement"), "USDC", r"settlement must be the underlying, since"),
        ((*FIRST, "inverse"), False, r"settlement must be an asset that is not shocked, since it"),
        ((*FIRST, "underlying"), "XRP", r"underlying must be one of parameters.assets, was 'XRP'"),
        ((*FIRST, "tick"), "5", r"instruments\[0\]: .* has an unknown key 'tick'"),
    ],
)  # fmt: skip
def test_refuses_with_path_rule_and_value(path, value, message):
    with pytest.raises(DocumentError, match=message):
        Document.parse_tree(changed(path, value))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"version": 1, "accounts": [', "the document must be JSON in UTF-8, was not: Expecting"),
        ("", "the document must be JSON in UTF-8, was not: Expecting value"),
        (b"\x00" * 64, "must be JSON"),
        (b"\xff\xfe\x00", "must be JSON"),
        (EXAMPLE.read_text(encoding="utf-8").encode("utf-16"), "must be JSON in UTF-8, was not"),
        (EXAMPLE.read_text(encoding="utf-8").encode("utf-16-le"), "must be JSON in UTF-8, was not"),
        ("[" * 100_000, "must be JSON"),
        ('{"version": ' + "9" * 5_000 + "}", "must be JSON"),
        ("null", "the document must be an object, was None"),
        ("[]", r"the document must be an object, was \[\]"),
        ('{"version": 1, "version": 1}', "must have each key once, was 'version'"),
        (
            EXAMPLE.read_text(encoding="utf-8").replace('"USDC": "20000"', '"BTC": "2"'),
            r"accounts\[0\].cash must have each key once, was 'BTC'",
        ),
    ],
)
def test_refuses_what_is_no_single_reading(text, message):
    with pytest.raises(DocumentError, match=message):
        Document.parse(text)


def test_a_byte_order_mark_is_ignored():
    marked = EXAMPLE.read_text(encoding="utf-8").encode("utf-8-sig")
    assert Document.parse(marked) == Document.parse_tree(TREE)


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e400", "1.5", "-0"])
def test_a_bare_number_is_refused_by_its_path(number):
    text = EXAMPLE.read_text(encoding="utf-8").replace('"64000"', number)
    with pytest.raises(DocumentError, match=r"market.index.BTC must be a decimal string such as"):
        Document.parse(text)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("accounts", 0, "mode"), "m" * 10_000),
        (("accounts", 0, "name"), "n" * 10_000),
        (("accounts", 0, "name"), ["n"] * 10_000),
        (("accounts", 0, "cash", "USDC"), "9" * 10_000),
        (("accounts", 0, "cash", "A" * 10_000), "1"),
        (("market", "time"), "2" * 10_000),
        (("parameters", "margin", "cross"), "t" * 10_000),
        (("market", "quotes"), {str(n): {} for n in range(10_000)}),
        (("parameters", "margin", "tiered", "\n" * 10_000), {}),
    ],
)
def test_a_long_value_is_shown_in_part(path, value):
    with pytest.raises(DocumentError) as caught:
        Document.parse_tree(changed(path, value))
    assert len(str(caught.value)) < 250
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("open_close", ["[]", ('{"a":', "}")])
def test_what_plug_ins_read_is_not_deep(open_close):
    opening, closing = open_close
    for depth in (40, 300, 900):
        deep = opening * depth + '"1"' + closing * depth
        for key in ('"decimals": 6', '"cross"', '"kind": "perpetual"', '"name"'):
            text = EXAMPLE.read_text(encoding="utf-8").replace(key, f'"deep": {deep}, {key}', 1)
            with pytest.raises(DocumentError, match=r"nested at most 32 deep|must be JSON|no keys"):
                Document.parse(text)


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31m", "\ud800", "tab\t", ""])
def test_names_that_no_table_could_show_are_refused(name):
    with pytest.raises(DocumentError, match=r"accounts\[1\].name must be"):
        Document.parse_tree(changed(("accounts", 1, "name"), name))
    with pytest.raises(DocumentError, match=r"cash must have printable keys of 1 to 128 char"):
        Document.parse_tree(changed(("accounts", 0, "cash", name), "1"))
    with pytest.raises(DocumentError, match=r"\[0\].symbol must be"):
        Document.parse_tree(changed((*FIRST, "symbol"), name))


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]),
    st.sampled_from(["1", "-1", "0.0000000001", "1e9", "NaN", "BTC", "9" * 40, {}, [[]], {"a": 1}]),
)  # fmt: skip


SCHEMA = json.loads((EXAMPLE.parent / "portfolio.schema.json").read_text(encoding="utf-8"))
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


def accepts(schema, value):
    """Whether a schema accepts a value: as much of JSON Schema as ours uses, and no more."""
    if "$ref" in schema:
        return accepts(SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], value)
    if "const" in schema or "enum" in schema:
        return any(type(value) is type(o) and value == o for o in schema.get("enum", [1]))
    kind = TYPES[schema["type"]]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        return False
    if kind is str:
        good = re.search(schema.get("pattern", ""), value, re.ASCII)
        length = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
        return good is not None and length
    known, others = schema.get("properties", {}), schema.get("additionalProperties")
    members = [schema["items"]] * len(value) if kind is list else []
    if kind is dict:
        members = [known.get(key, others) for key in value]
        if not all(accepts(schema.get("propertyNames", {"enum": [*value]}), key) for key in value):
            return False
    entries = value.values() if kind is dict else value if kind is list else ()
    return (
        all(key in value for key in schema.get("required", ()))
        and (kind is not int or schema["minimum"] <= value <= schema["maximum"])
        and all(member and accepts(member, e) for member, e in zip(members, entries, strict=True))
    )


def test_the_schema_accepts_the_example_and_not_everything():
    assert accepts(SCHEMA, TREE)
    assert not accepts(SCHEMA, changed(("accounts", 0, "mode"), "margin"))
    assert not accepts(SCHEMA, changed(("accounts", 0, "cash", "BTC"), 1.5))


# Margin and haircuts are read by their models, not here.
OWN = [
    path
    for path in leaves(TREE)
    if "margin" not in path[:2] and not str(path[-1]).startswith(("haircut", "cap"))
]


@given(st.sampled_from(sorted(OWN, key=str)), JUNK)
def test_what_is_read_is_what_the_schema_accepts(path, junk):
    tree = changed(path, junk)
    try:
        Document.parse_tree(tree)
    except DocumentError:
        return
    assert accepts(SCHEMA, tree)


def refusal(tree):
    """Return what a tree is refused with; nothing if it is read."""
    try:
        Document.parse_tree(tree)
    except DocumentError as e:
        return str(e)
    return ""


@given(st.sampled_from(sorted(leaves(TREE), key=str)), JUNK)
def test_whatever_is_put_anywhere_is_read_or_refused_in_one_line(path, junk):
    assert refusal(changed(path, junk)).isprintable()


@given(st.sampled_from(sorted((p[:-1] for p in leaves(TREE)), key=str)), st.text(max_size=3))
def test_whatever_key_is_put_anywhere_is_read_or_refused_in_one_line(path, key):
    tree = copy.deepcopy(TREE)
    node = tree
    for step in path:
        node = node[step]
    if isinstance(node, list):
        return
    node[key] = "1"
    assert refusal(tree).isprintable()


@given(st.binary(max_size=40) | st.text(max_size=40))
def test_any_text_is_read_or_refused_in_one_line(text):
    with pytest.raises(DocumentError, match=r"\Athe document must [^\n]*\Z"):
        Document.parse(text)
