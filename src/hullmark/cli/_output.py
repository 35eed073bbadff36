"""Files that a command leaves behind: whole, or not at all."""

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place and then move it there: no reader ever sees a part of it.

    What is no file (a pipe, a terminal) is written to directly.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    place = Path(os.path.realpath(path))  # a link stays a link
    part = place.with_name(f"{place.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(place)
    except BaseException as e:
        part.unlink(missing_ok=True)
        if isinstance(e, OSError):
            e.filename = str(path)
        raise
