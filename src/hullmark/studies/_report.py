"""The crash replay's report on disk: one page to read, one file for programs."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from hullmark.studies._pictures import draw_pictures
from hullmark.studies._report_page import render_page
from hullmark.studies._report_read import plain_tree, read_report


def write_report(report: Mapping[str, object], folder: str | os.PathLike[str]) -> Path:
    """Write ``report.json`` and ``report.html`` into *folder*, and return the path of the page.

    Equal reports give equal bytes: keys are sorted, and the page (under one version of matplotlib)
    has no date. The page is one file and asks nothing of the network. ``report.json`` comes first,
    so that the numbers are safe where pictures cannot be drawn.

    Parameters
    ----------
    report : mapping
        The tree of ``report.json``; what the schema does not name is written and not shown.
    folder : path
        Made if absent. Files of the same names are replaced, each at once.

    Raises
    ------
    DocumentError
        If *report* breaks its schema; nothing is written. The message names the key.
    PluginError
        If matplotlib is not installed; ``report.json`` is written, the page is not.
    """
    read = read_report(report)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    text = json.dumps(
        plain_tree(report), allow_nan=False, ensure_ascii=False, indent=1, sort_keys=True
    )
    _replace(target / "report.json", text + "\n")
    page = target / "report.html"
    _replace(page, render_page(read, draw_pictures(read)))
    return page


# A reader sees the old file or the new one, never half of it.
def _replace(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(text.encode())
    part.replace(path)
