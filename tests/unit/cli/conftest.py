"""A journal on disk for the commands that read one."""

from pathlib import Path

import pytest

from hullmark.core import nano
from hullmark.domain import Mode, SystemAccount, commands
from hullmark.runtime import open_venue

EXAMPLE = Path(__file__).parents[3] / "examples" / "venue.toml"
NOW_NS = 1_760_130_900_000_000_000


def prices(usd):
    return commands.ObservePrices(
        prints=tuple(
            commands.Print(factor=factor, source=source, price_nano=nano(usd), observed_ns=NOW_NS)
            for factor in ("BTC", "BTC-PERP")
            for source in ("alpha", "beta")
        )
    )


@pytest.fixture
def traded(tmp_path):
    """Return the journal of a small venue on which two accounts have traded, closed."""
    path = tmp_path / "traded.db"
    with open_venue(EXAMPLE, journal=path, clock=lambda: NOW_NS) as venue:
        quanta, lots = venue.quanta("USDT", "50000"), venue.lots("BTC-PERP", "0.5")
        venue.submit_all(
            [
                *(commands.OpenAccount(account=a, mode=Mode.CROSS) for a in (100, 101)),
                *(
                    commands.Deposit(account=a, asset="USDT", quanta=quanta)
                    for a in (100, 101, SystemAccount.FUND)
                ),
                prices("64000"),
            ]
        )
        trade = commands.ReportTrade(
            instrument="BTC-PERP", buyer=101, seller=100, lots=lots, price_nano=nano("64000")
        )
        venue.submit(trade, key="first")
    return path


@pytest.fixture
def go_on():
    """Return a function that deposits a unit of USDT more on a journal, and returns its tip."""

    def deposit(path):
        with open_venue(journal=path, clock=lambda: NOW_NS) as venue:
            venue.submit(commands.Deposit(account=100, asset="USDT", quanta=10**6))
            return venue.tip

    return deposit
