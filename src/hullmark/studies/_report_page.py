"""The crash replay's report as one page of HTML that asks nothing of the network."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from html import escape

from hullmark.studies._pictures import Picture
from hullmark.studies._report_read import Report, Run
from hullmark.studies._report_style import STYLE
from hullmark.studies._report_text import (
    HASH_SHOWN,
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
    usd_short,
)

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render_page(report: Report, pictures: Mapping[str, Picture]) -> str:
    """Return the whole page; every text of the report is escaped on its way in."""
    parts = [
        _head(report),
        _section("The runs", _wide(_runs(report)), _figure(pictures["causes"])),
        _section("The day", *(_figure(pictures[name]) for name in ("prices", "breaches", "fund"))),
        _section(
            "By instrument and tier",
            _figure(pictures["instruments"]),
            _wide(_tiers(report.journalled)),
            _wide(_instruments(report.journalled)),
        ),
        _section(
            "Accounts before and after", _figure(pictures["health"]), _figure(pictures["map"])
        ),
        _section("The fund", _figure(pictures["curve"]), _card(_fund_curve(report))),
        _section("The book", _figure(pictures["population"]), _wide(_book(report))),
        _section(
            "Proof and cost",
            _card(_proof(report)),
            _card(_cost(report.journalled) + _parked(report.journalled)),
            _wide(_books(report.journalled)),
        ),
        _section("Assumptions", _wide(_assumptions(report))),
        _section("Warnings of the venue's set-up", _wide(_warnings(report))),
    ]
    title = escape(f"Crash replay, {report.window[0][:10]}")
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(parts)
        + f"\n<footer>Hullmark {escape(report.hullmark)}. Amounts are in USD and rounded for "
        "reading; the exact ones are in <code>report.json</code>, beside this page.</footer>\n"
        "</main>\n</body>\n</html>\n"
    )


def _head(report: Report) -> str:
    run = report.journalled
    kind = "recorded prices" if report.source.kind == "recorded" else "published facts"
    css = "source" if report.source.kind == "recorded" else "source facts"
    files = ", ".join(f"<code>{escape(name)}</code>" for name in report.source.files)
    tiles = (
        ("Breaches", f"{run.breaches:,}", f"in {report.accounts:,} accounts"),
        (
            "Notional liquidated",
            usd_short(run.notional),
            f"from {run.liquidations:,} accounts",
        ),
        ("Fund used", usd_short(run.fund.used), f"of {usd_short(run.fund.start)} at the start"),
        ("Bad debt", usd_short(report.bad_debt), f"of {usd_short(run.deficit)} deficit"),
        ("Wall time", seconds(report.wall_s), f"{len(report.all_runs)} runs, seed {report.seed}"),
    )
    cells = "".join(
        f'<div class="tile"><dt>{name}</dt><dd>{escape(value)}</dd>'
        f"<small>{escape(note)}</small></div>"
        for name, value, note in tiles
    )
    start, end = (instant(text) for text in report.window)
    return (
        f'<header><p class="kicker">Hullmark crash replay</p>\n<h1>{escape(start)} to '
        f"{escape(end)} UTC</h1>\n"
        f'<p class="{css}"><strong>This replay ran on {kind}.</strong> {escape(report.source.text)}'
        f"{f'<br><small>{files}</small>' if files else ''}</p>\n"
        f"<p>{report.accounts:,} accounts with {usd_short(report.open_interest_usd)} of open "
        f"interest, in {escape(report.numeraire)}. The numbers below, and every picture over time, "
        f"are those of the worse bar order ({escape(report.worse)}) at {_said_delays(run)}.</p>\n"
        f'<dl class="tiles">{cells}<div class="tile"><dt>State hash</dt>'
        f'<dd class="hash">{escape(report.state_hash[:HASH_SHOWN])}</dd>'
        f"<small>first {HASH_SHOWN} digits</small></div>"
        f"</dl>\n<small>State hash <code>{escape(report.state_hash)}</code></small></header>"
    )


def _said_delays(run: Run) -> str:
    return (
        f"delays of {seconds(run.oracle_delay_s)} (oracle) and "
        f"{seconds(run.execution_delay_s)} (execution)"
    )


def _section(title: str, *cards: str) -> str:
    return (
        f'<section><h2>{title}</h2>\n<div class="grid">\n' + "\n".join(cards) + "\n</div></section>"
    )


def _card(body: str, *, css: str = "card") -> str:
    return f'<div class="{css}">{body}</div>'


def _wide(body: str) -> str:
    return _card(body, css="card wide long")


def _figure(picture: Picture) -> str:
    css = "card wide" if picture.wide else "card"
    return (
        f'<figure class="{css}" id="{picture.name}"><h3>{escape(picture.title)}</h3>'
        f'<div class="scroll">{picture.svg}</div>'
        f"<figcaption>{escape(picture.caption)}</figcaption></figure>"
    )


# A table whose first column names the row; cells are text, and escaped here.
def _table(
    caption: str, header: Sequence[str], rows: Iterable[Sequence[str]], *, prose: bool = False
) -> str:
    if not (body := list(rows)):
        return f'<p class="muted">{escape(caption)}: none.</p>'
    head = "".join(
        f'<th scope="col"{_text_css(k == 0)}>{escape(name)}</th>' for k, name in enumerate(header)
    )
    lines = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>\n"
        for row in body
    )
    css = ' class="prose"' if prose else ""
    return (
        f'<p class="muted">{escape(caption)}</p><div class="scroll">'
        f'<table{css} aria-label="{escape(caption)}">'
        f"<thead><tr>{head}</tr></thead>\n<tbody>{lines}</tbody></table></div>"
    )


def _text_css(is_text: bool) -> str:
    return ' class="text"' if is_text else ""


def _runs(report: Report) -> str:
    runs = report.all_runs
    heads = []
    for run in runs:
        bound = run is report.upper_bound
        name = f"upper bound\n{run.order}" if bound else run.order
        css = ' class="ours"' if run.journalled and not bound else ""
        heads.append(f'<th scope="col"{css}>{escape(name)}\n{escape(delays(run))}</th>')
    lines = []
    for label, depth, values in run_lines(runs):
        css = ' class="sub"' if depth else ""
        cells = "".join(
            f"<td{_ours(run, report)}>{escape(value)}</td>"
            for run, value in zip(runs, values, strict=True)
        )
        lines.append(f'<tr><th scope="row"{css}>{escape(label)}</th>{cells}</tr>\n')
    caption = (
        "Two orders of the four prices of a bar, with and without delays (oracle + execution). The "
        "bold run is the worse order at default delays: it is journalled, and the hash is its."
    )
    if report.upper_bound is not None:
        caption += (
            " The upper bound of the gap jumps between the four prices instead of walking there."
        )
    return (
        f'<p class="muted">{caption}</p><div class="scroll"><table aria-label="Runs">'
        "<thead><tr><td></td>"
        f"{''.join(heads)}</tr></thead>\n<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _ours(run: Run, report: Report) -> str:
    return ' class="ours"' if run.journalled and run is not report.upper_bound else ""


def _instruments(run: Run) -> str:
    header = ("", "Liquidations", "Notional (USD)", "Penalties (USD)", "Deficit (USD)",
              "Worst slippage")  # fmt: skip
    return _table("Liquidations by instrument", header, instrument_rows(run))


def _tiers(run: Run) -> str:
    tiers, rows = tier_rows(run)
    header = ("", *(f"Tier {tier}" for tier in tiers))
    return _table("Accounts liquidated / accounts in each margin tier", header, rows)


def _fund_curve(report: Report) -> str:
    header = ("Share of open interest", "Fund (USD)", "Bad debt left (USD)")
    return _table("Bad debt had the fund been of another size", header, fund_rows(report))


def _book(report: Report) -> str:
    book = report.population
    pairs = zip(
        book.quantiles, book.leverage.real, book.leverage.drawn, book.size_usd.real,
        book.size_usd.drawn, strict=True,
    )  # fmt: skip
    rows = [
        (
            f"{q:.0%}" if q <= 0.99 else f"{q:.1%}",
            f"{a:.2f}x",
            f"{b:.2f}x",
            f"{c:,.0f}",
            f"{d:,.0f}",
        )
        for q, a, b, c, d in pairs
    ]
    header = ("Quantile", "Leverage, real", "drawn", "Size (USD), real", "drawn")
    total = sum(book.accounts_by_mode.values()) or 1
    modes = ", ".join(
        f"{n:,} {mode} ({n / total:.0%})" for mode, n in sorted(book.accounts_by_mode.items())
    )
    return _table("Quantiles of the accounts", header, rows) + (
        f"<p>Longs are {percent(book.long_share.drawn, 1)} of the drawn accounts, and "
        f"{percent(book.long_share.real, 1)} of the real ones. Accounts by mode: "
        f"{escape(modes)}.</p>"
    )


def _proof(report: Report) -> str:
    items = "".join(
        f'<li><span class="{"good" if check.holds else "bad"}">'
        f"{'holds' if check.holds else 'FAILS'}</span> {escape(check.rule)}"
        f"{f' <small>({escape(check.detail)})</small>' if check.detail else ''}</li>"
        for check in checks(report)
    )
    return f"<h3>The books balance</h3><ul>{items}</ul>"


def _books(run: Run) -> str:
    rows = (
        (
            row.asset, f"{row.sum_quanta:,}",
            *(f"{Decimal(x):,f}" for x in (row.custody, row.accounts, row.fund, row.bad_debt)),
        )
        for row in run.books.assets
    )  # fmt: skip
    header = ("", "Sum (quanta)", "Custody", "Accounts", "Fund", "Bad debt")
    return _table("Every unit of each asset, in units of the asset", header, rows)


def _cost(run: Run) -> str:
    slow, maker = run.slowest, run.maker
    return (
        f"<h3>Slowest step</h3><p>{escape(slow.command)} at {escape(instant(slow.time))} UTC took "
        f"{slow.wall_ms:,.1f} ms for {slow.events:,} events. After the founding the run made "
        f"{run.events:,} events in {run.units:,} units, in {seconds(run.wall_s)}.</p>"
        f"<h3>Market maker</h3><p>Began with {usd_short(maker.capital)}, ended at "
        f"{usd_short(maker.equity_end)} of equity; its margin ratio was at most "
        f"{maker.margin_ratio_worst:.2f}.</p>"
    )


def _parked(run: Run) -> str:
    rows = sorted(run.parked.items(), key=lambda item: (-item[1], item[0]))
    return _table(
        f"Orders parked after {run.retries:,} retries, by reason",
        ("Reason", "Orders"),
        [(reason, f"{count:,}") for reason, count in rows],
    )


def _assumptions(report: Report) -> str:
    rows = ((a.name, a.value, a.source) for a in report.assumptions)
    return _table(
        "Numbers that are assumed, not measured", ("", "Value", "Source"), rows, prose=True
    )


def _warnings(report: Report) -> str:
    rows = ((f"{group.times}x", group.text, group.where) for group in grouped(report.warnings))
    return _table(
        "Warnings that differ only in their numbers are told once",
        ("", "Warning", "Where"),
        rows,
        prose=True,
    )
