"""Pages, changelog and pins: that they are whole, and say what is there."""

import importlib
import re
import shlex
import sys
from types import SimpleNamespace

import pytest

from hullmark.cli import main
from hullmark.domain import (
    AuctionEnd,
    Command,
    Event,
    HandOver,
    Parked,
    QuoteEnd,
    Reason,
    commands,
    events,
)

# The words of the design; the glossary may have more, and none of these may leave it.
VOCABULARY = {
    "bad debt", "bankruptcy price", "breach", "deficit", "equity ratio", "fund", "gross notional",
    "haircut", "health", "index", "initial equity", "initial margin (IM)", "liquidation map",
    "liquidation price", "lot", "maintenance equity", "maintenance margin (MM)", "margin price",
    "margin ratio", "mark", "net value", "plan", "quote", "scenario", "theta", "vega", "waterfall",
    "withdrawable",
}  # fmt: skip


@pytest.fixture(scope="module")
def tools(root):
    """Import the programs of ``tools/``, which are no package."""
    sys.path.insert(0, str(root / "tools"))
    try:
        names = ("changelog", "pin", "reference")
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in names})
    finally:
        sys.path.remove(str(root / "tools"))


def glossary(text):
    """Return term, meaning, unit and place of each row."""
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    return [tuple(cell.strip() for cell in row.strip("|").split("|")) for row in rows]


def resolve(place):
    """Return what a dotted name stands for; attributes are looked up in modules and classes."""
    parts = place.split(".")
    for stop in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:stop]))
        except ModuleNotFoundError:
            continue
        for part in parts[stop:]:
            found = getattr(found, part)
        return found
    raise LookupError(place)


@pytest.mark.parametrize("name", ["refusals.md", "commands.md", "events.md", "cli.md", "report.md"])
def test_a_reference_page_says_what_the_source_says(name, tools, kept):
    made = tools.reference.PAGES[name]()
    assert kept[f"docs/reference/{name}"] == made, "run make reference"


def test_every_refusal_is_documented_in_order_of_precedence(kept):
    page = kept["docs/reference/refusals.md"]
    at = [page.index(f"`{reason.name}`") for reason in Reason]
    assert at == sorted(at)
    told = [*Parked, *HandOver, *AuctionEnd, *QuoteEnd]
    assert all(f"`{reason.name}` | {reason.value}" in page for reason in told)


def test_every_command_and_event_has_a_heading(kept):
    for module, page in ((commands, "commands.md"), (events, "events.md")):
        text = kept[f"docs/reference/{page}"]
        names = [
            n
            for n, kind in vars(module).items()
            if getattr(kind, "__module__", "") == module.__name__
        ]
        public = [n for n in names if not n.startswith("_")]
        assert len(public) > 15
        assert not [n for n in public if f"\n## {n}\n" not in text]


@pytest.mark.parametrize(("union", "page"), [(Command, "commands.md"), (Event, "events.md")])
def test_every_field_of_a_command_and_an_event_is_in_its_table(union, page, kept):
    blocks = kept[f"docs/reference/{page}"].split("\n## ")
    found = {block.partition("\n")[0]: block for block in blocks}
    for kind in union.__args__:
        fields = re.findall(r"^\| `(\w+)` \| `", found[kind.__name__], re.MULTILINE)
        assert tuple(fields) == kind.__struct_fields__, kind


def test_every_subcommand_in_the_pages_exists(kept):
    pages = {n: t for n, t in kept.items() if n.endswith(".md") and not n.startswith("changes/")}
    called = {
        (name, word)
        for name, text in pages.items()
        for word in re.findall(r"(?:^\$ |[`/])hullmark ([a-z]+)", text, re.MULTILINE)
    }
    assert len(called) > 4
    for name, word in sorted(called):
        with pytest.raises(SystemExit) as stopped:
            main([word, "--help"])
        assert stopped.value.code == 0, f"{name} names hullmark {word}"


def test_a_page_shows_what_the_command_prints(kept, root, capsys, monkeypatch):
    monkeypatch.chdir(root)
    shown = 0
    for name, text in kept.items():
        blocks = re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        for block in blocks if name.endswith(".md") else ():
            for call in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                line, _, output = call.partition("\n")
                program, *words = shlex.split(line)
                if program.rpartition("/")[2] == "hullmark" and output and {*words} & {*kept}:
                    main(words)
                    assert capsys.readouterr().out == output, f"{name}: {line}"
                    shown += 1
    assert shown


def test_every_make_target_in_the_pages_exists(kept):
    targets = set(re.findall(r"^([a-z ]+):", kept["Makefile"], re.MULTILINE))
    targets = {target for line in targets for target in line.split()}
    for name, text in kept.items():
        if name.endswith(".md"):
            asked = set(re.findall(r"(?:\$ |`|&& )make ([a-z]+)", text))
            assert asked <= targets, f"{name} names make {asked - targets}"


def test_the_glossary_has_its_terms_once_and_in_order(kept):
    terms = [row[0] for row in glossary(kept["docs/glossary.md"])]
    assert terms == sorted(set(terms), key=str.lower)
    assert not VOCABULARY - set(terms)


def test_the_glossary_points_at_what_exists(kept):
    for term, meaning, _, place in glossary(kept["docs/glossary.md"]):
        assert meaning, term
        if place:
            assert resolve(place.strip("`")) is not None, f"{term} is not at {place}"


def test_every_page_is_reached_from_the_navigation(kept):
    pages = {n.removeprefix("docs/") for n in kept if n.startswith("docs/") and n.endswith(".md")}
    named = re.findall(r'= "([^"]+\.md)"', kept["zensical.toml"])
    assert sorted(named) == sorted(pages)


def test_decisions_are_numbered_without_a_gap_and_listed(kept):
    names = sorted(n.rpartition("/")[2] for n in kept if re.match(r"docs/decisions/\d", n))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    for name in names:
        text = kept[f"docs/decisions/{name}"]
        headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences", "Cost"], name
        assert f"]({name})" in kept["docs/decisions/index.md"]


def test_links_between_files_lead_somewhere(kept, root):
    for name, text in kept.items():
        if not name.endswith(".md"):
            continue
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            if not re.match(r"[a-z]+:", target):
                assert ((root / name).parent / target).exists(), f"{name} links to {target}"


def test_every_fragment_of_the_changelog_is_well_formed(tools, root):
    fragments, faults = tools.changelog.read(root / "changes")
    assert not faults
    assert fragments or "\n## " in (root / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Ledger.added.md", "A ledger."),
        ("ledger.md", "A ledger."),
        ("ledger.improved.md", "A ledger."),
        ("ledger.added.md", "A ledger"),
        ("ledger.added.md", "# Ledger\n\nA ledger."),
    ],
)
def test_a_malformed_fragment_is_refused_by_name(name, text, tools):
    with pytest.raises(ValueError, match=r"must .*, was|must "):
        tools.changelog.Fragment.parse(name, text)


def test_a_release_goes_on_top_of_the_changelog(tools):
    fragments = [
        tools.changelog.Fragment.parse("b.fixed.md", "A cent\nis found."),
        tools.changelog.Fragment.parse("a.added.md", "A ledger."),
    ]
    new = tools.changelog.section("0.2.0 (2026-11-24)", fragments)
    assert tools.changelog.insert("# Changelog\n\n## 0.1.0\n\nold\n", new) == (
        "# Changelog\n\n## 0.2.0 (2026-11-24)\n\n### Added\n\n- A ledger.\n\n"
        "### Fixed\n\n- A cent\n  is found.\n\n## 0.1.0\n\nold\n"
    )


def test_every_requirement_is_pinned_and_hashed(tools, kept):
    wanted = tools.pin.requirements(kept["pyproject.toml"])
    files = {n for n in kept if n.startswith("requirements/")}
    assert files == {f"requirements/{name}.txt" for name in wanted}
    for name, lines in wanted.items():
        text = kept[f"requirements/{name}.txt"]
        assert not tools.pin.unpinned(lines, text), "run make pin"
        blocks = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
        assert all("--hash=sha256:" in block for block in blocks), name


def test_no_two_files_pin_different_versions(tools, kept):
    versions = {}
    for name in (n for n in kept if n.startswith("requirements/")):
        for package, found in tools.pin.pins(kept[name]).items():
            assert versions.setdefault(package, found) == found, f"{package} in {name}"


def test_a_requirement_without_a_pin_is_found(tools):
    assert tools.pin.unpinned(["numpy>=2", "apsw"], "numpy==2.4.6 \\\n") == ["apsw"]
    assert tools.pin.pins("Foo_Bar==1.0 ; python_version < '4'") == {"foo-bar": ["1.0"]}
