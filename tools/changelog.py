"""Fold ``changes/`` into ``CHANGELOG.md``: ``python tools/changelog.py VERSION DATE``.

A fragment is one change, told to a user, in a file of its own, so that parallel work never meets in
the changelog: ``changes/<topic>.<kind>.md``. The topic is words joined by hyphens, the kind one of
``added``, ``changed``, ``fixed`` and ``removed``. The text is one paragraph or several, without
headings, and ends a sentence. A change that breaks what worked is of the kind ``changed`` or
``removed`` and begins with ``Breaking:``.

At a release the fragments become a section on top of the changelog, and are deleted. Without
arguments the section is printed and nothing changes; ``--check`` prints only what is malformed.
"""

import re
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import NamedTuple, Self

ROOT = Path(__file__).resolve().parent.parent
FRAGMENTS = ROOT / "changes"
CHANGELOG = ROOT / "CHANGELOG.md"
KINDS = ("added", "changed", "fixed", "removed")

_NAME = re.compile(r"^([a-z0-9]+(?:-[a-z0-9]+)*)\.([a-z]+)\.md$")
_VERSION = re.compile(r"^\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?$")
_FIRST_SECTION = re.compile(r"^## ", re.MULTILINE)


class Fragment(NamedTuple):
    """One change."""

    topic: str
    kind: str
    text: str

    @classmethod
    def parse(cls, name: str, text: str) -> Self:
        """Read a fragment from a file's name and content; refuse it with a ``ValueError``."""
        match = _NAME.match(name)
        if match is None:
            raise ValueError(f"{name} must be named <topic>.<kind>.md, in lower case and hyphens")
        if match[2] not in KINDS:
            raise ValueError(f"{name} must be of a kind in {', '.join(KINDS)}, was {match[2]!r}")
        body = text.strip()
        if not body.endswith((".", "`")):
            raise ValueError(f"{name} must end a sentence, was {body[-20:]!r}")
        if any(line.startswith("#") for line in body.splitlines()):
            raise ValueError(f"{name} must have no heading: the kind is its heading")
        return cls(match[1], match[2], body)


def main() -> int:
    """Print, check or release; return the exit status."""
    parser = ArgumentParser(description="Fold changes/ into CHANGELOG.md.")
    parser.add_argument("version", nargs="?", help="such as 0.2.0; without it nothing is written")
    parser.add_argument("date", nargs="?", help="of the release, such as 2026-11-24")
    parser.add_argument("--check", action="store_true", help="only look for malformed fragments")
    args = parser.parse_args()
    fragments, faults = read(FRAGMENTS)
    if faults:
        print("\n".join(faults), file=sys.stderr)
        return 1
    if args.check:
        return 0
    if args.version is None:
        print(section("Unreleased", fragments))
        return 0
    if not _VERSION.match(args.version):
        parser.error(f"version must be like 0.2.0, was {args.version!r}")
    try:
        day = date.fromisoformat(args.date or "")
    except ValueError:
        parser.error(f"date must be like 2026-11-24, was {args.date!r}")
    if not fragments:
        parser.error("changes/ must hold a fragment, was empty")
    text = CHANGELOG.read_text(encoding="utf-8")
    released = insert(text, section(f"{args.version} ({day})", fragments))
    CHANGELOG.write_text(released, encoding="utf-8")
    for fragment in fragments:
        (FRAGMENTS / f"{fragment.topic}.{fragment.kind}.md").unlink()
    return 0


def read(folder: Path) -> tuple[list[Fragment], list[str]]:
    """Return the fragments of a folder in order of name, and what is malformed."""
    fragments, faults = [], []
    for path in sorted(folder.iterdir()):
        if path.name == "README.md":
            continue
        try:
            fragments.append(Fragment.parse(path.name, path.read_text(encoding="utf-8")))
        except ValueError as e:
            faults.append(f"changes/{e}")
    return fragments, faults


def section(title: str, fragments: Iterable[Fragment]) -> str:
    """Return a section of the changelog: a heading per kind, an item per fragment."""
    items = list(fragments)
    blocks = [f"## {title}"]
    for kind in KINDS:
        of_kind = [f for f in items if f.kind == kind]
        if of_kind:
            blocks.append(f"### {kind.capitalize()}")
            blocks.append("\n".join(_item(f.text) for f in of_kind))
    return "\n\n".join(blocks) + "\n"


def insert(changelog: str, new: str) -> str:
    """Return the changelog with a section before its first one."""
    first = _FIRST_SECTION.search(changelog)
    if first is None:
        return f"{changelog.rstrip()}\n\n{new}"
    return f"{changelog[: first.start()]}{new}\n{changelog[first.start() :]}"


def _item(text: str) -> str:
    first, *rest = text.splitlines()
    return "\n".join([f"- {first}", *(f"  {line}" if line else "" for line in rest)])


if __name__ == "__main__":
    sys.exit(main())
