"""Founding a venue: its rules, its first prices, its fund and maker, and everybody's positions."""

from collections.abc import Callable, Iterator, Sequence

from hullmark.clearing import Rules
from hullmark.core import NANO, Asset
from hullmark.domain import FIRST_ACCOUNT, Command, Mode, Print, SystemAccount, commands
from hullmark.errors import InvalidInputError
from hullmark.feeds import ReplaySettings
from hullmark.runtime import Venue
from hullmark.sim._path import MarketPath
from hullmark.sim._population import Population
from hullmark.sim._population_sizes import Listing

MAKER = FIRST_ACCOUNT
FIRST_USER = FIRST_ACCOUNT + 1
SOURCE = "replay"  # the one declared source of prices

_BATCH = 2_000  # commands per commit, and between two steps of progress


def listings(rules: Rules, path: MarketPath) -> tuple[Listing, ...]:
    """Return what a draw needs to know of the venue's perpetuals, in the order of the path.

    Weights are the notional that was traded in the window, prices the first marks.
    """
    traded, marks = path.traded_usd(), path.mark_nano(0)
    found = []
    for k, coin in enumerate(path.symbols):
        symbol = instrument_of(coin)
        terms = next((i for i in rules.instruments if i.symbol == symbol), None)
        if terms is None or symbol not in rules.margin.tiered.schedules:
            raise InvalidInputError(f"venue file must list {symbol} with tiers, as the path has it")
        tiers = rules.margin.tiered.schedules[symbol].tiers
        found.append(
            Listing(
                symbol=symbol,
                weight=float(traded[k]),
                price_usd=int(marks[k]) / NANO,
                lot_nano=terms.lot_nano,
                tiers=tuple((tier.floor_usd, tier.initial) for tier in tiers),
            )
        )
    return tuple(found)


def instrument_of(coin: str) -> str:
    """Return the symbol under which a venue of the replay lists a coin's perpetual."""
    return f"{coin}-PERP"


def prints(path: MarketPath, row: int, moved: Sequence[float] | None = None) -> tuple[Print, ...]:
    """Return what the source says of every mark at a row, moved by a share each where given."""
    marks = path.mark_nano(row).tolist()
    if moved is not None:
        marks = [round(mark * (1.0 + share)) for mark, share in zip(marks, moved, strict=True)]
    return tuple(
        Print(
            factor=instrument_of(coin),
            source=SOURCE,
            price_nano=int(mark),
            observed_ns=path.time_ns(row),
        )
        for coin, mark in zip(path.symbols, marks, strict=True)
    )


def found(
    venue: Venue,
    rules: Rules,
    path: MarketPath,
    population: Population,
    settings: ReplaySettings,
    *,
    asset: Asset,
    on_progress: Callable[[int, int], None] | None = None,
) -> None:
    """Bring a venue from nothing to the opening of the window: everybody is in, at the first mark.

    Raises
    ------
    InvalidInputError
        If the venue refuses one of the commands, which is a set-up that cannot be replayed.
    """
    todo = list(_commands(rules, path, population, settings, asset))
    for start in range(0, len(todo), _BATCH):
        batch = todo[start : start + _BATCH]
        for command, answer in zip(batch, venue.submit_all(batch), strict=True):
            if answer.refusal is not None:
                raise InvalidInputError(
                    f"the venue must take the book as drawn, refused {command!r:.200}: "
                    f"{answer.refusal.detail}"
                )
        if on_progress is not None:
            on_progress(min(start + _BATCH, len(todo)), len(todo))


def _commands(
    rules: Rules,
    path: MarketPath,
    population: Population,
    settings: ReplaySettings,
    asset: Asset,
) -> Iterator[Command]:
    yield commands.AdoptRules(rules=rules.text)
    yield commands.ObservePrices(prints=prints(path, 0))
    unit, symbol = asset.quanta_per_unit, asset.symbol
    fund_quanta = round(settings.fund_share * settings.open_interest_usd * unit)
    if fund_quanta:
        yield commands.Deposit(account=SystemAccount.FUND, asset=symbol, quanta=fund_quanta)
    yield commands.OpenAccount(account=MAKER, mode=Mode.CROSS)
    yield commands.Deposit(account=MAKER, asset=symbol, quanta=settings.maker_capital_usd * unit)
    marks = dict(zip(map(instrument_of, path.symbols), path.mark_nano(0).tolist(), strict=True))
    for drawn in population.accounts(FIRST_USER):
        account, quanta = drawn.account, drawn.deposit_quanta
        yield commands.OpenAccount(account=account, mode=drawn.mode, parent=drawn.parent)
        if drawn.parent is None:
            yield commands.Deposit(account=account, asset=symbol, quanta=quanta)
        else:  # an isolated account has its money from its parent
            yield commands.Deposit(account=drawn.parent, asset=symbol, quanta=quanta)
            yield commands.Transfer(
                source=drawn.parent, target=account, asset=symbol, quanta=quanta
            )
        for instrument, lots in drawn.positions:
            buyer, seller = (account, MAKER) if lots > 0 else (MAKER, account)
            yield commands.ReportTrade(
                instrument=instrument,
                buyer=buyer,
                seller=seller,
                lots=abs(lots),
                price_nano=int(marks[instrument]),
            )
