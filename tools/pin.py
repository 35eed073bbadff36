"""Pin what the Makefile installs: ``python tools/pin.py [--check]``.

Each file of ``requirements/`` is one of the extras of ``pyproject.toml``, resolved with all that it
needs, for every platform and every Python from the oldest supported one up, with the hashes that
``pip --require-hashes`` asks for. ``build.txt`` is what building the package itself takes. All are
cut from one resolution, so that no version differs between two of them.

No file names an index: whoever installs chooses it by the ordinary settings of their client.
``--check`` asks no index either: it looks whether the pins still satisfy ``pyproject.toml``.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
PYTHON = "3.11"  # the oldest supported
BUILD = ("wheel",)  # beside the build system's own requirements

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)")
_NAME = re.compile(r"^[A-Za-z0-9._-]+")
_OPTIONS = (
    "--universal",
    "--generate-hashes",
    "--no-header",
    "--no-annotate",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--quiet",
)


def main() -> int:
    """Write the files, or say which of them no longer fit; return the exit status."""
    parser = ArgumentParser(description="Pin what the Makefile installs.")
    parser.add_argument("--check", action="store_true", help="write nothing, and ask no index")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    args = parser.parse_args()
    wanted = requirements((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    if args.check:
        faults = [
            f"requirements/{name}.txt has no pin of {missing}: run python tools/pin.py"
            for name, lines in wanted.items()
            for missing in unpinned(lines, _read(name))
        ]
        print("\n".join(faults), end="\n" if faults else "")
        return 1 if faults else 0
    everything = [line for lines in wanted.values() for line in lines]
    known = "" if args.upgrade else "".join(_read(name) for name in wanted)
    all_pins = resolve(everything, constraints=_versions(known))
    for name, lines in wanted.items():
        text = resolve(lines, constraints=_versions(all_pins))
        (REQUIREMENTS / f"{name}.txt").write_text(text, encoding="utf-8")
        print(f"requirements/{name}.txt: {len(pins(text))} packages")
    return 0


def requirements(pyproject: str) -> dict[str, list[str]]:
    """Return what each file pins, by its name, from the text of ``pyproject.toml``."""
    tree: Mapping[str, Any] = tomllib.loads(pyproject)
    project = tree["project"]
    core: list[str] = project["dependencies"]
    extras: Mapping[str, list[str]] = project["optional-dependencies"]
    return {
        "build": [*tree["build-system"]["requires"], *BUILD],
        "core": core,
        **{extra: [*core, *lines] for extra, lines in extras.items()},
    }


def resolve(lines: Iterable[str], *, constraints: Iterable[str]) -> str:
    """Return the pins and hashes that satisfy *lines*, no newer than the constraints say."""
    with tempfile.TemporaryDirectory() as folder:
        wanted, limits = Path(folder) / "wanted.in", Path(folder) / "constraints.txt"
        wanted.write_text("\n".join(lines) + "\n", encoding="utf-8")
        limits.write_text("\n".join(constraints) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "uv", "pip", "compile", str(wanted), *_OPTIONS]
        command += ["--python-version", PYTHON, "--constraints", str(limits)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8")
    return done.stdout


def pins(text: str) -> dict[str, list[str]]:
    """Return the versions that a file pins, by normalised name."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if match := _PIN.match(line):
            found.setdefault(normalise(match[1]), []).append(match[2])
    return found


def unpinned(lines: Iterable[str], text: str) -> list[str]:
    """Return the requirements whose package a file does not pin."""
    known = pins(text)
    names = {line: _NAME.match(line) for line in lines}
    return [line for line, name in names.items() if not name or normalise(name[0]) not in known]


def normalise(name: str) -> str:
    """Return a package's name as it is compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _versions(text: str) -> list[str]:
    # The pin without its hashes; the marker after the semicolon stays.
    return sorted({line.rstrip("\\ ") for line in text.splitlines() if _PIN.match(line)})


def _read(name: str) -> str:
    path = REQUIREMENTS / f"{name}.txt"
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
