"""Matplotlib, held so that a picture is the same bytes each time and takes its colours from a page.

It is imported here, when a report is written, and nowhere else.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any, TypeAlias

from hullmark.errors import PluginError

Figure: TypeAlias = Any  # of matplotlib, which we see without its types
Axes: TypeAlias = Any
Axis: TypeAlias = Any
Locator: TypeAlias = Any

SERIES = 7  # colours of the page, c1 to c7

# Colours that matplotlib can draw, each standing for a variable of the page.
COLOURS = {"ink": "#010101", "muted": "#010102", "grid": "#010103", "card": "#010104"}
COLOURS |= {f"c{k}": f"#0102{k:02x}" for k in range(1, SERIES + 1)}
_VARIABLES = {token: f"var(--{name})" for name, token in COLOURS.items()}
_TOKEN = re.compile("|".join(_VARIABLES))
_UNUSED_ID = re.compile(r' id="(?![mph][0-9a-f]{10}")[^"]*"')

_STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": COLOURS["muted"],
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": COLOURS["muted"],
    "axes.labelsize": 10,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "none",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: measured alike everywhere
    "font.size": 10,
    "grid.color": COLOURS["grid"],
    "grid.linewidth": 0.8,
    "legend.fontsize": 9.5,
    "legend.frameon": False,
    "legend.labelcolor": COLOURS["ink"],
    "lines.linewidth": 1.6,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",  # text stays text: to be found, copied and read aloud
    "text.color": COLOURS["ink"],
    "xtick.color": COLOURS["muted"],
    "xtick.labelsize": 9.5,
    "ytick.color": COLOURS["muted"],
    "ytick.labelsize": 9.5,
}


@contextmanager
def styled(name: str) -> Iterator[Callable[[tuple[float, float]], Figure]]:
    """Draw with matplotlib's defaults and our style, whatever the user's settings say.

    Yields a maker of figures, by width and height in inches. Ids are hashed with *name*: equal each
    time, and different in each picture of a page.

    Raises
    ------
    PluginError
        If matplotlib is not installed.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415  only when a report is written
        from matplotlib import figure  # noqa: PLC0415
    except ImportError as e:
        raise PluginError(
            'pictures need matplotlib, which is not installed: pip install "hullmark[report]"'
        ) from e
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE | {"svg.hashsalt": f"hullmark {name}"})
        yield lambda inches: figure.Figure(figsize=inches, layout="constrained")


def svg_of(figure: Figure, title: str) -> str:
    """Return the figure as an ``svg`` element for a page: named, sized by its place, undated."""
    text = StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    body = text.getvalue()
    body = body[body.index("<svg") :]
    body = re.sub(r"<(metadata|style)\b.*?</\1>", "", body, flags=re.DOTALL)  # the page has its own
    body = _TOKEN.sub(lambda token: _VARIABLES[token[0]], body)
    body = _UNUSED_ID.sub(
        "", body
    )  # matplotlib counts from 1 in each picture: not unique in a page
    box = re.search(r'viewBox="[^"]+"', body)
    assert box is not None
    opening = f'<svg {box[0]} role="img" aria-label="{title}">'
    return opening + body[body.index(">") + 1 :].replace("xlink:href", "href").strip()


def clock_ticks(step_min: int, offset_min: int) -> Locator:
    """Return a locator of every *step_min* minutes of the day, where minute 0 is *offset_min*."""
    from matplotlib.ticker import MultipleLocator  # noqa: PLC0415

    return MultipleLocator(step_min, offset=-(offset_min % step_min))
