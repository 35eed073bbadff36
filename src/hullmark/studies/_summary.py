"""The crash replay's report as a table for the terminal: plain text, at most 100 columns."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from hullmark.studies._report_read import Report, Run, read_report
from hullmark.studies._report_text import (
    checks,
    delays,
    fund_rows,
    grouped,
    instant,
    instrument_rows,
    percent,
    run_lines,
    seconds,
    tier_rows,
    usd,
)

WIDTH = 100
_LABEL = 26
_INDENT = "  "


def summary(report: Mapping[str, object]) -> str:
    """Return the report of a crash replay as lines of text, the last one ending in a newline.

    Amounts are in USD, whole from a thousand up; ``*`` marks the journalled run.

    Raises
    ------
    DocumentError
        If *report* breaks its schema. The message names the key, the rule and the value.
    """
    read = read_report(report)
    run = read.journalled
    blocks = [
        _head(read),
        _runs(read),
        _upper_bound(read),
        _titled("By instrument", _instruments(run)),
        _titled("By tier: accounts liquidated / accounts", _tiers(run)),
        _titled("Fund: bad debt had it been of another size", _fund_curve(read)),
        _titled("Accounts: quantiles, real and drawn", _quantiles(read)),
        _titled("Proof that the books balance", _proof(read)),
        _titled("Book and cost", _cost(read)),
        _titled("Assumptions", _assumptions(read)),
        _titled("Warnings", _warnings(read)),
        [f"state hash  {read.state_hash}"],
    ]
    return (
        "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks if block) + "\n"
    )


def _head(report: Report) -> list[str]:
    start, end = (instant(text) for text in report.window)
    kind = "recorded prices" if report.source.kind == "recorded" else "published facts"
    return [
        f"Crash replay, {start} to {end} UTC",
        *_wrapped(f"Source: {kind}. {report.source.text}", ""),
        f"{report.accounts:,} accounts, open interest {usd(report.open_interest_usd)} USD, in "
        f"{report.numeraire}, seed {report.seed}",
    ]


def _runs(report: Report) -> list[str]:
    runs = report.runs
    names = [("* " if run.journalled else "") + run.order for run in runs]
    rows = [["", *names], ["USD", *(delays(run) for run in runs)]]
    rows += [[_INDENT * depth + label, *texts] for label, depth, texts in run_lines(runs)]
    lines = _aligned(rows, widths=[_LABEL] + [18] * len(runs))
    rule = "-" * max(len(line) for line in lines)
    note = f"* the worse order ({report.worse}) at default delays (oracle + execution): journalled"
    waited = "participation is what waiting to send cost: rounds, pauses, throttles"
    return [*lines[:2], rule, *lines[2:], rule, note, f"  {waited}"]


def _upper_bound(report: Report) -> list[str]:
    bound = report.upper_bound
    if bound is None:
        return []
    causes = bound.causes
    return list(
        _wrapped(
            "Upper bound of the gap, on a path that jumps between the four points of a bar: "
            f"deficit {usd(bound.deficit)} (gap {usd(causes.gap)}, participation "
            f"{usd(causes.participation)}, "
            f"latency {usd(causes.latency)}, oracle {usd(causes.oracle)}, impact "
            f"{usd(causes.impact)}), bad debt {usd(bound.bad_debt)}.",
            "",
        )
    )


def _instruments(run: Run) -> list[str]:
    header = ["", "liquidations", "notional", "penalties", "deficit", "worst slippage"]
    rows = instrument_rows(run)
    return _aligned([header, *rows]) if rows else []


def _tiers(run: Run) -> list[str]:
    tiers, rows = tier_rows(run)
    return _aligned([["", *(f"tier {tier}" for tier in tiers)], *rows]) if rows else []


def _fund_curve(report: Report) -> list[str]:
    rows = fund_rows(report)
    return _aligned([["of open interest", "fund", "bad debt"], *rows]) if rows else []


def _quantiles(report: Report) -> list[str]:
    book = report.population
    samples = (
        ("leverage, real", [f"{x:.2f}x" for x in book.leverage.real]),
        ("leverage, drawn", [f"{x:.2f}x" for x in book.leverage.drawn]),
        ("size in USD, real, scaled", [usd(f"{x:.2f}") for x in book.size_usd.real]),
        ("size in USD, drawn", [usd(f"{x:.2f}") for x in book.size_usd.drawn]),
    )
    header = ["", *(percent(q, 0) for q in book.quantiles)]
    return _aligned([header, *([label, *texts] for label, texts in samples)])


def _proof(report: Report) -> list[str]:
    lines: list[str] = []
    for check in checks(report):
        verdict = "ok   " if check.holds else "FAILS"
        lines += _wrapped(f"{verdict} {check.rule}" + (check.detail and f" ({check.detail})"))
    return lines


def _cost(report: Report) -> list[str]:
    run, book = report.journalled, report.population
    slow, maker = run.slowest, run.maker
    modes = ", ".join(f"{n:,} {mode}" for mode, n in sorted(book.accounts_by_mode.items()))
    parked = "; ".join(f"{n:,} {why}" for why, n in sorted(run.parked.items())) or "none"
    sentences = (
        f"Accounts: {modes}; longs {percent(book.long_share.drawn, 1)} drawn, "
        f"{percent(book.long_share.real, 1)} real.",
        f"Orders parked: {parked}; {run.retries:,} retries.",
        f"Maker: {usd(maker.capital)} of capital, {usd(maker.equity_end)} of equity at the end, "
        f"margin ratio at most {maker.margin_ratio_worst:.2f}.",
        f"Slowest step: {slow.command} at {instant(slow.time)} UTC, {slow.wall_ms:,.1f} ms for "
        f"{slow.events:,} events.",
        f"After the founding the run made {run.events:,} events in {run.units:,} units; all runs "
        f"took {seconds(report.wall_s)}.",
    )
    return [line for sentence in sentences for line in _wrapped(sentence)]


def _assumptions(report: Report) -> list[str]:
    texts = (f"{a.name}: {a.value} ({a.source})" for a in report.assumptions)
    return [line for text in texts for line in _wrapped(text)]


def _warnings(report: Report) -> list[str]:
    lines: list[str] = []
    for group in grouped(report.warnings):
        where = f" [{group.where}]" if group.where else ""
        lines += _wrapped(f"{group.times}x {group.text}{where}")
    return lines


def _titled(title: str, lines: Sequence[str]) -> list[str]:
    return [title, *lines] if lines else []


def _wrapped(text: str, indent: str = _INDENT) -> Iterator[str]:
    return iter(
        textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent and indent * 2)
    )


# The first column to the left, the others to the right, each as wide as it must be and no more.
def _aligned(rows: Iterable[Sequence[str]], widths: Sequence[int] | None = None) -> list[str]:
    table = list(rows)
    if widths is None:
        columns = list(zip(*table, strict=True))
        natural = [max(map(len, column)) for column in columns]
        gap = 3 if sum(natural) + 3 * len(natural) <= WIDTH else 2
        widths = [len(_INDENT) + natural[0], *(width + gap for width in natural[1:])]
        table = [[_INDENT + row[0], *row[1:]] for row in table]
    return [
        row[0].ljust(widths[0])
        + "".join(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in table
    ]
