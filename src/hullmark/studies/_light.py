"""Pictures that stand by themselves, in the light colours of the report's page."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Literal

from hullmark.studies._report_style import STYLE
from hullmark.studies._report_svg import COLOURS, Figure, styled

DPI = 130

# A file of its own has no page to take its colours from.
LIGHT = dict(re.findall(r"--(\w+):(#[0-9a-f]{6})", STYLE.partition("@media")[0]))
_COLOURS = {token: LIGHT[name] for name, token in COLOURS.items()}


@contextmanager
def lit(name: str) -> Iterator[Callable[[tuple[float, float]], Figure]]:
    """Draw as `styled` does, with colours that need no page; yields a maker of figures."""
    with styled(name) as figure_of:
        import matplotlib as mpl  # noqa: PLC0415  `styled` says so where it is not installed

        mpl.rcParams.update(
            {
                key: _COLOURS[value]
                for key, value in mpl.rcParams.items()
                if isinstance(value, str) and value in _COLOURS
            }
        )
        mpl.rcParams["svg.fonttype"] = "path"  # the file is looked at where the font may be absent

        def make(inches: tuple[float, float]) -> Figure:
            figure = figure_of(inches)
            figure.set_facecolor(LIGHT["card"])
            return figure

        yield make


def saved(figure: Figure, form: Literal["png", "svg"]) -> bytes:
    """Return a figure as a file: equal figures, equal bytes under one version of matplotlib."""
    content = BytesIO()
    still = {"Date": None} if form == "svg" else {}
    figure.savefig(content, format=form, dpi=DPI, metadata=still)
    return content.getvalue()
