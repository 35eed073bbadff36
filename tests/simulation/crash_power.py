"""What a disk has after the power fails: everything that was synchronised, and parts of the rest.

A killed process leaves its writes to the operating system, which carries them out. When the power
fails, writes since the last synchronisation of a file may be there or not, in any order, sector by
sector. `Recorder` notes what SQLite does to its files; `Disk` plays that back up to any moment.
"""

from pathlib import Path
from random import Random
from typing import NamedTuple

import apsw

SECTOR_BYTES = 512
_KEPT = (0.0, 0.5, 0.9)  # how much of what was not synchronised is there


class Step(NamedTuple):
    """Something that was done to a file: written, cut, synchronised, or removed."""

    name: str
    what: str
    offset: int = 0
    data: bytes = b""


class Recorder(apsw.VFS):
    """The file system, and a note of what is done to it while it is the default."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        super().__init__("recorder", "unix")

    def xOpen(self, name, flags):  # noqa: N802 - SQLite's name, as those below
        """Open a file whose changes are noted."""
        return _File(self.steps, name, flags)

    def xDelete(self, filename, syncdir):  # noqa: N802
        """Note that a file is removed, and remove it."""
        self.steps.append(Step(Path(filename).name, "removed"))
        super().xDelete(filename, syncdir)

    def __enter__(self) -> "Recorder":
        apsw.set_default_vfs("recorder")
        return self

    def __exit__(self, *_: object) -> None:
        apsw.set_default_vfs("unix")
        self.unregister()


class _File(apsw.VFSFile):
    def __init__(self, steps, name, flags) -> None:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._steps, self._name = steps, Path(path).name
        super().__init__("unix", name, flags)

    def xWrite(self, data, offset):  # noqa: N802
        self._steps.append(Step(self._name, "written", offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize):  # noqa: N802
        self._steps.append(Step(self._name, "cut", newsize))
        super().xTruncate(newsize)

    def xSync(self, flags):  # noqa: N802
        super().xSync(flags)
        self._steps.append(Step(self._name, "synchronised"))


def write_what_is_left(
    folder: Path, before: dict[str, bytes], steps: list[Step], chance: Random
) -> None:
    """Write the files as they may be after the power has failed.

    Parameters
    ----------
    folder : path
        Where; what is there is removed.
    before : dict of str to bytes
        The files before the first step.
    steps : list of Step
        What was done until then.
    chance : Random
        For what became of the steps that were not synchronised.
    """
    files = {name: bytearray(content) for name, content in before.items()}
    last = {step.name: place for place, step in enumerate(steps) if step.what == "synchronised"}
    kept = chance.choice(_KEPT)
    for place, step in enumerate(steps):
        is_sure = place <= last.get(step.name, -1)
        if step.what == "removed" and (is_sure or chance.random() < kept):
            files.pop(step.name, None)
        elif step.what == "cut" and (is_sure or chance.random() < kept):
            del files[step.name][step.offset :]
        elif step.what == "written":
            _write(files.setdefault(step.name, bytearray()), step, 1.0 if is_sure else kept, chance)
    for path in folder.iterdir():
        path.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _write(file: bytearray, step: Step, kept: float, chance: Random) -> None:
    at, end = step.offset, step.offset + len(step.data)
    while at < end:
        until = min(end, (at // SECTOR_BYTES + 1) * SECTOR_BYTES)
        if chance.random() < kept:
            file.extend(bytes(max(0, until - len(file))))
            file[at:until] = step.data[at - step.offset : until - step.offset]
        at = until
