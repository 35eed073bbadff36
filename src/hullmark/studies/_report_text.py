"""Numbers and sentences of the report, written the same way in the terminal and on the page."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from hullmark.studies._report_read import Report, Run

_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_TIERED = re.compile(r"(\S+) tier (\d+): (.*)", re.DOTALL)
_SCALES = ((10**9, "bn"), (10**6, "M"), (10**3, "k"))


HASH_SHOWN = 10  # digits of a state hash where there is no room for all


class Check(NamedTuple):
    """An identity that the report's own numbers must keep, and by how much they miss it."""

    rule: str
    holds: bool
    detail: str


class WarningGroup(NamedTuple):
    """Warnings that differ only in their numbers, told once."""

    times: int
    text: str
    where: str


def usd(text: str) -> str:
    """Return an amount in whole dollars, with cents below a thousand, never a false zero.

    >>> usd("1234567.89"), usd("12.3"), usd("-0.001"), usd("0.00")
    ('1,234,568', '12.30', '-<0.01', '0')
    """
    amount = Decimal(text)
    if not amount:
        return "0"
    if abs(amount) <= Decimal("0.005"):  # a half cent rounds to the even one, which is none
        return "<0.01" if amount > 0 else "-<0.01"
    return f"{amount:,.2f}" if abs(amount) < 1000 else f"{amount:,.0f}"


def usd_short(amount: str | float | Decimal, digits: int = 3) -> str:
    """Return an amount in *digits* significant digits with its scale.

    >>> usd_short("183245000"), usd_short(1e9), usd_short("-999.6"), usd_short(0.0)
    ('$183M', '$1bn', '-$1k', '$0')
    """
    value = float(amount)
    rounded = float(f"{abs(value):.{digits}g}")
    sign = "-" if value < 0 < rounded else ""
    for scale, name in _SCALES:
        if rounded >= scale:
            return f"{sign}${_plain_number(rounded / scale, digits)}{name}"
    return f"{sign}${_plain_number(rounded, digits)}"


def percent(share: float, digits: int = 2) -> str:
    """Return a fraction as a percentage.

    >>> percent(0.0123), percent(0.5, 0)
    ('1.23%', '50%')
    """
    return f"{share:.{digits}%}"


def seconds(value: float) -> str:
    """Return a duration in seconds, in words.

    >>> seconds(3), seconds(0.5), seconds(41.234), seconds(0)
    ('3 s', '0.5 s', '41.2 s', '0 s')
    """
    return f"{value:.1f}".removesuffix(".0") + " s"


def delays(run: Run) -> str:
    """Return the two delays of a run: the oracle's and the execution's."""
    if not run.oracle_delay_s and not run.execution_delay_s:
        return "no delay"
    return f"{seconds(run.oracle_delay_s)} + {seconds(run.execution_delay_s)}"


def instant(text: str) -> str:
    """Return an instant to the minute, or to the second where it has seconds.

    >>> instant("2025-10-10T21:20:41Z"), instant("2025-10-10T00:00:00Z")
    ('2025-10-10 21:20:41', '2025-10-10 00:00')
    """
    return text.replace("T", " ").removesuffix("Z").removesuffix(":00")


def run_lines(runs: Sequence[Run]) -> Iterator[tuple[str, int, list[str]]]:
    """Yield the lines of the table of runs: label, indent, and one text per run."""
    lines: tuple[tuple[str, int, Callable[[Run], str]], ...] = (
        ("Breaches", 0, lambda run: f"{run.breaches:,}"),
        ("Accounts liquidated", 0, lambda run: f"{run.liquidations:,}"),
        ("Orders", 0, lambda run: f"{run.orders:,}"),
        ("Fills", 0, lambda run: f"{run.fills:,}"),
        ("Notional liquidated", 0, lambda run: usd(run.notional)),
        ("Penalties", 0, lambda run: usd(run.penalties)),
        ("Accounts in deficit", 0, lambda run: f"{run.deficits:,}"),
        ("Deficit before the fund", 0, lambda run: usd(run.deficit)),
        ("gap", 1, lambda run: usd(run.causes.gap)),
        ("participation", 1, lambda run: usd(run.causes.participation)),
        ("latency", 1, lambda run: usd(run.causes.latency)),
        ("oracle", 1, lambda run: usd(run.causes.oracle)),
        ("impact", 1, lambda run: usd(run.causes.impact)),
        ("Fund used", 0, lambda run: usd(run.fund.used)),
        ("Fund at the end", 0, lambda run: usd(run.fund.end)),
        ("Bad debt", 0, lambda run: usd(run.bad_debt)),
        ("Parked orders", 0, lambda run: f"{sum(run.parked.values()):,}"),
        ("Wall time", 0, lambda run: seconds(run.wall_s)),
        ("State hash begins", 0, lambda run: run.state_hash[:HASH_SHOWN]),
    )
    for label, depth, text in lines:
        yield label, depth, [text(run) for run in runs]


def instrument_rows(run: Run) -> list[list[str]]:
    """Return a row per instrument: name, accounts, notional, penalties, deficit, worst slippage."""
    return [
        [
            row.instrument, f"{row.liquidations:,}", usd(row.notional), usd(row.penalties),
            usd(row.deficit), "-" if row.worst_slippage is None else percent(row.worst_slippage),
        ]
        for row in run.by_instrument
    ]  # fmt: skip


def tier_rows(run: Run) -> tuple[list[int], list[list[str]]]:
    """Return the tiers, and a row per instrument: its name, and liquidated / accounts per tier."""
    tiers = sorted({row.tier for row in run.by_tier})
    found = {(row.instrument, row.tier): row for row in run.by_tier}
    rows = []
    for name in dict.fromkeys(row.instrument for row in run.by_tier):
        cells = [found.get((name, tier)) for tier in tiers]
        rows.append([name, *(f"{c.liquidated:,}/{c.accounts:,}" if c else "" for c in cells)])
    return tiers, rows


def fund_rows(report: Report) -> list[list[str]]:
    """Return a row per size of the fund: its share of open interest, the size, the bad debt."""
    return [
        [percent(float(point.share)), usd(point.fund), usd(point.bad_debt)]
        for point in report.fund_curve
    ]


def checks(report: Report) -> list[Check]:
    """Return the identities of the journalled run, recomputed from the report's own numbers."""
    run = report.journalled
    fund, causes = run.fund, run.causes
    deficit = Decimal(run.deficit)
    off_assets = [row.asset for row in run.books.assets if row.sum_quanta]
    off_lots = sorted(name for name, lots in run.books.lots.items() if lots)
    n_assets, n_lots = len(run.books.assets), len(run.books.lots)
    return [
        Check("the ledger says that its books balance", run.books.balanced, ""),
        _names("each asset sums to zero quanta over all accounts", off_assets, n_assets),
        _names("each instrument sums to zero lots over all accounts", off_lots, n_lots),
        _equal(
            "gap + participation + latency + oracle + impact = deficit",
            sum((Decimal(getattr(causes, c)) for c in causes.__struct_fields__), Decimal(0)),
            deficit,
        ),
        _equal(
            "fund used + bad debt = deficit", Decimal(fund.used) + Decimal(run.bad_debt), deficit
        ),
        _equal(
            "fund at start + penalties - used = fund at end",
            Decimal(fund.start) + Decimal(fund.penalties_in) - Decimal(fund.used),
            Decimal(fund.end),
        ),
    ]


def grouped(warnings: Iterable[str]) -> list[WarningGroup]:
    """Tell warnings that differ only in their numbers, or in instrument and tier, once.

    >>> texts = ["A tier 1: MM 0.4% is under 1.2%", "A tier 2: MM 0.5% is under 1.2%", "No depth"]
    >>> for group in grouped(texts):
    ...     print(group)
    WarningGroup(times=2, text='MM 0.4 to 0.5% is under 1.2%', where='A tiers 1-2')
    WarningGroup(times=1, text='No depth', where='')
    """
    groups: dict[str, list[tuple[str, int, str]]] = {}
    for warning in warnings:
        tiered = _TIERED.fullmatch(warning)
        found = (tiered[1], int(tiered[2]), tiered[3]) if tiered else ("", 0, warning)
        groups.setdefault(_NUMBER.sub("#", found[2]) + f"\0{bool(found[0])}", []).append(found)
    return [
        WarningGroup(len(group), _ranges([text for _, _, text in group]), _where(group))
        for group in groups.values()
    ]


def _plain_number(value: float, digits: int) -> str:
    text = f"{value:.{digits}g}"
    return f"{float(text):.0f}" if "e" in text else text


def _names(rule: str, off: list[str], total: int) -> Check:
    return Check(rule, not off, ", ".join(off) + " do not" if off else f"{total} of {total}")


def _equal(rule: str, left: Decimal, right: Decimal) -> Check:
    return Check(
        rule,
        left == right,
        "exact" if left == right else f"off by {(left - right).normalize():f} USD",
    )


# Every number that differs between the texts becomes "least to most".
def _ranges(texts: list[str]) -> str:
    columns = zip(*(_NUMBER.findall(text) for text in texts), strict=True)
    ranges = iter([_range(column) for column in columns])
    return _NUMBER.sub(lambda _: next(ranges), texts[0])


def _range(numbers: tuple[str, ...]) -> str:
    least, most = (pick(numbers, key=lambda n: Decimal(n.replace(",", ""))) for pick in (min, max))
    return least if least == most else f"{least} to {most}"


def _where(group: list[tuple[str, int, str]]) -> str:
    tiers: dict[str, set[int]] = {}
    for instrument, tier, _ in group:
        if instrument:
            tiers.setdefault(instrument, set()).add(tier)
    return "; ".join(f"{name} {_tiers(sorted(found))}" for name, found in tiers.items())


def _tiers(tiers: list[int]) -> str:
    spans: list[list[int]] = []
    for tier in tiers:
        if spans and spans[-1][1] == tier - 1:
            spans[-1][1] = tier
        else:
            spans.append([tier, tier])
    text = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)
    return ("tier " if len(tiers) == 1 else "tiers ") + text
