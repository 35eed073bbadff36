"""The ``hullmark fit`` command."""

import json
import math
from argparse import ArgumentParser, Namespace
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hullmark.cli._main import ExitStatus
from hullmark.cli._market import HELP, split_market
from hullmark.cli._output import write_whole
from hullmark.cli._table import Column, percent, price, table

if TYPE_CHECKING:
    from hullmark.volatility import Crossing, Residuals, SmileFit, SurfaceFit

_CROSSINGS_SHOWN = 5


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("chain", metavar="CHAIN[@TIME]", help=HELP)
    parser.add_argument("--underlying", metavar="COIN", help="fit this one alone")
    parser.add_argument(
        "--source",
        choices=("mark", "mid", "bid", "ask"),
        default="mark",
        help="whose vol is fitted (default: %(default)s)",
    )
    parser.add_argument(
        "--weights",
        choices=("window", "vega", "spread"),
        default="window",
        help="what a quote counts: alike within some 2.5 standard deviations, by vega, or by the"
        " width of its bid and ask (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument(
        "--output", metavar="FILE", type=Path, help="draw the smiles into a .png or .svg file"
    )


def run(args: Namespace) -> int:
    """Fit the surface of every underlying of a snapshot, and print what was found."""
    from hullmark.errors import InvalidInputError
    from hullmark.feeds import read_quotes
    from hullmark.volatility import fit_surface

    if args.output is not None and args.output.suffix not in (".png", ".svg"):
        raise InvalidInputError(f"--output must end in .png or .svg, was {str(args.output)!r}")
    path, at_ns = split_market("CHAIN", args.chain)
    time_ns, quotes = read_quotes(path).at(at_ns)
    if args.underlying is not None:
        if args.underlying not in quotes:
            raise InvalidInputError(
                f"--underlying must be one of {', '.join(quotes)}, was {args.underlying!r}"
            )
        quotes = {args.underlying: quotes[args.underlying]}
    fits = {
        coin: fit_surface(columns, source=args.source, weights=args.weights)
        for coin, columns in quotes.items()
    }
    if args.output is not None:
        from hullmark.studies import draw_smiles

        picture = draw_smiles(fits, quotes, time_ns=time_ns, form=args.output.suffix[1:])
        write_whole(args.output, picture)
    print(to_json(fits, time_ns) if args.json else to_tables(fits, time_ns))
    return ExitStatus.FINE


def to_tables(fits: "dict[str, SurfaceFit]", time_ns: int) -> str:
    """Lay the surfaces out for a reader: the smiles, what is wrong with them, what was left out."""
    from hullmark.core import SECOND_NS, format_instant

    parts = [
        f"Surface of {format_instant(time_ns // SECOND_NS * SECOND_NS)}",
        "Raw SVI in total variance; errors are |model - quote| in vol points, within 3 standard"
        " deviations\nof the vol at the money; g is the least density, below 0 a butterfly is"
        " free.",
    ]
    for coin, fit in fits.items():
        parts += [
            f"{coin}  {_errors(fit.residuals())}",
            _smiles(fit, time_ns),
            _calendar(fit),
            _shared(fit),
            _dropped(fit),
        ]
    return "\n\n".join(parts)


def _smiles(fit: "SurfaceFit", time_ns: int) -> str:
    columns = [
        Column("expiry", left=True),
        Column("forward", price),
        Column("strikes"),
        Column("vol", percent),
        *(Column(name, _signed) for name in ("a", "b", "rho", "m", "sigma")),
        *(Column(name, _points) for name in ("median", "95%", "most")),
        Column("g", _signed),
        Column("", left=True),
    ]
    checks = fit.arbitrage.slices
    rows = []
    for one, check in zip(fit.smiles, checks, strict=True):
        found = one.residuals()
        rows.append(
            (
                *(_expiry(one, time_ns)[:10], one.quotes.forward, one.quotes.k.size),
                float(one.svi.vol([0.0], years=one.quotes.years)[0]),
                *one.svi.parameters,
                *(found.median, found.p95, found.max),
                check.density_min,
                "" if one.svi == one.repaired else "repaired",
            )
        )
    return table(columns, rows)


def _calendar(fit: "SurfaceFit") -> str:
    crossings = sorted(fit.arbitrage.crossings, key=lambda c: -c.vol_points)
    if not crossings:
        return "Calendar: no two smiles cross."
    lines = [f"Calendar: {len(crossings)} neighbours in time cross, the worst first:"]
    lines += [f"  {_crossing(c)}" for c in crossings[:_CROSSINGS_SHOWN]]
    if len(crossings) > _CROSSINGS_SHOWN:
        lines.append(f"  and {len(crossings) - _CROSSINGS_SHOWN} more")
    free = fit.repaired.arbitrage().free
    lines.append(
        f"Repaired surface: {'free of arbitrage' if free else 'NOT free of arbitrage'};"
        f" {_errors(fit.residuals(repaired=True))}"
    )
    return "\n".join(lines)


def _crossing(crossing: "Crossing") -> str:
    from hullmark.core import YEAR_DAYS

    ends = (crossing.earlier_years, crossing.later_years)
    days = "{:.1f} and {:.1f} days".format(*(YEAR_DAYS * t for t in ends))
    if math.isinf(crossing.k):
        side = "right" if crossing.k > 0 else "left"
        return f"{days}: the {side} wing of the earlier one is steeper, by {crossing.lack:.3g}"
    return f"{days}: by {crossing.vol_points:.2f} vol points at k = {crossing.k:+.3f}"


def _shared(fit: "SurfaceFit") -> str:
    from hullmark.volatility import fit_ssvi

    found = fit_ssvi(fit)
    shape = found.ssvi
    return (
        f"SSVI: rho {shape.rho:+.4f}, eta {shape.eta:.4f}, gamma {shape.gamma:.4f};"
        f" {_errors(found.residuals())}"
    )


def _dropped(fit: "SurfaceFit") -> str:
    if not fit.dropped:
        return "Every quote was fitted."
    kinds = Counter(
        " ".join(w if _plain(w) else "(so much)" for w in d.reason.split()) for d in fit.dropped
    )
    lines = [f"{len(fit.dropped)} quotes were dropped, all listed by --json:"]
    lines += [f"  {count} because: {kind}" for kind, count in kinds.most_common()]
    return "\n".join(lines)


def to_json(fits: "dict[str, SurfaceFit]", time_ns: int) -> str:
    """Write the surfaces for a program. The keys are part of the public interface."""
    from hullmark.core import format_instant

    document = {
        "version": 1,
        "time": format_instant(time_ns),
        "underlyings": {coin: _surface(fit, time_ns) for coin, fit in fits.items()},
    }
    return json.dumps(_finite(document), indent=2, allow_nan=False)


def _surface(fit: "SurfaceFit", time_ns: int) -> dict[str, Any]:
    from hullmark.volatility import fit_ssvi

    shared = fit_ssvi(fit)
    report = fit.arbitrage
    return {
        "residuals": fit.residuals()._asdict(),
        "repaired_residuals": fit.residuals(repaired=True)._asdict(),
        "repaired_free": fit.repaired.arbitrage().free,
        "crossings": [c._asdict() for c in report.crossings],
        "expiries": [
            _slice(one, time_ns) | {"density_min": check.density_min, "density_min_k": check.k}
            for one, check in zip(fit.smiles, report.slices, strict=True)
        ],
        "ssvi": {
            **{name: getattr(shared.ssvi, name) for name in ("rho", "eta", "gamma", "levels")},
            "residuals": shared.residuals()._asdict(),
        },
        "dropped": [d._asdict() for d in fit.dropped],
    }


def _slice(one: "SmileFit", time_ns: int) -> dict[str, Any]:
    import msgspec

    from hullmark.volatility import JumpWing

    years = one.quotes.years
    return {
        "expiry": _expiry(one, time_ns),
        "years": years,
        "forward_usd": one.quotes.forward,
        "strikes": int(one.quotes.k.size),
        "svi": msgspec.to_builtins(one.svi),
        "repaired": msgspec.to_builtins(one.repaired),
        "jump_wing": msgspec.to_builtins(JumpWing.of(one.svi, years=years)),
        "residuals": one.residuals()._asdict(),
        "repaired_residuals": one.residuals(repaired=True)._asdict(),
    }


def _expiry(one: "SmileFit", time_ns: int) -> str:
    from hullmark.core import SECOND_NS, YEAR_NS, format_instant

    # Years are a float: they give the instant back to well under a second.
    seconds = round((time_ns + one.quotes.years * YEAR_NS) / SECOND_NS)
    return format_instant(seconds * SECOND_NS)


# JSON has no infinity and no NaN: what has no value is null.
def _finite(tree: Any) -> Any:  # noqa: ANN401
    if isinstance(tree, dict):
        return {key: _finite(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_finite(value) for value in tree]
    return None if isinstance(tree, float) and not math.isfinite(tree) else tree


def _errors(found: "Residuals") -> str:
    return (
        f"errors: median {found.median:.2f}, 95% {found.p95:.2f}, 99% {found.p99:.2f},"
        f" most {found.max:.2f}"
        + (f" (worth {found.max_ticks:.1f} ticks)" if math.isfinite(found.max_ticks) else "")
    )


def _plain(word: str) -> bool:
    return not any(c.isdigit() for c in word)


def _signed(value: float) -> str:
    return f"{value:.4f}"


def _points(value: float) -> str:
    return f"{value:.2f}"
