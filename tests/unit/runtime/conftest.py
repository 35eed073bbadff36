"""The example venue on a clock that tests set, and a day whose journal tests may forge."""

import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from hullmark.core import nano
from hullmark.domain import Mode, commands
from hullmark.journal import Journal, read
from hullmark.journal.sqlite import SqliteStore
from hullmark.runtime import open_venue

from .forgery import Day

EXAMPLE = Path(__file__).parents[3] / "examples" / "venue.toml"
START_NS = 1_760_130_900_000_000_000  # 2025-10-10T21:15Z
PRICES_USD = {
    "BTC": "64000",
    "BTC-USDT": "64000",
    "BTC-PERP": "64000",
    "BTC-USD-PERP": "64000",
    "ETH-PERP": "2500",
}
MAKER, TRADER, PORTFOLIO, COINS = 100, 101, 102, 103


class Market:
    """A venue, its clock and its feed."""

    def __init__(self, **opened):
        self.now_ns = START_NS
        self.venue = open_venue(**({"venue": EXAMPLE} | opened), clock=lambda: self.now_ns)

    def observe(self, **changed):
        """Return a command that says every price, some of them changed: ``BTC_PERP="60000"``."""
        prices = PRICES_USD | {k.replace("_", "-"): v for k, v in changed.items()}
        said = [
            commands.Print(factor=f, source=s, price_nano=nano(usd), observed_ns=self.now_ns)
            for f, usd in prices.items()
            for s in ("alpha", "beta")
        ]
        return commands.ObservePrices(prints=tuple(said))

    def bitcoin(self, usd):
        """Return a command that says all prices of bitcoin at once."""
        names = ("BTC", "BTC_USDT", "BTC_PERP", "BTC_USD_PERP")
        return self.observe(**dict.fromkeys(names, usd))

    def do(self, *requests):
        """Submit, and insist that nothing is refused."""
        answers = self.venue.submit_all(requests)
        assert not [answer.refusal for answer in answers if answer.refusal]
        return answers

    def deposit(self, account, asset, amount):
        """Return a deposit of a decimal amount."""
        return commands.Deposit(
            account=account, asset=asset, quanta=self.venue.quanta(asset, amount)
        )

    def withdraw(self, account, asset, quanta):
        """Return a withdrawal to the quantum."""
        return commands.Withdraw(account=account, asset=asset, quanta=quanta)

    def trade(self, symbol, size, usd, *, buyer=TRADER, seller=MAKER):
        """Return a trade of a decimal size."""
        lots = self.venue.lots(symbol, size)
        return commands.ReportTrade(
            instrument=symbol, buyer=buyer, seller=seller, lots=lots, price_nano=nano(usd)
        )

    def found(self):
        """Open four accounts with money, and say the first prices."""
        modes = {
            MAKER: Mode.CROSS,
            TRADER: Mode.CROSS,
            PORTFOLIO: Mode.PORTFOLIO,
            COINS: Mode.CROSS,
        }
        self.do(
            *(commands.OpenAccount(account=a, mode=mode) for a, mode in modes.items()),
            self.deposit(MAKER, "USDT", "10000000"),
            self.deposit(MAKER, "BTC", "100"),
            self.deposit(TRADER, "USDT", "5000"),
            self.deposit(PORTFOLIO, "USDT", "20000"),
            self.deposit(PORTFOLIO, "BTC", "1"),
            self.deposit(COINS, "BTC", "2"),
            self.observe(),
            commands.AdoptSurface(vol_nano={"BTC-25DEC26-80000-C": nano("0.6")}),
        )
        return self


@pytest.fixture(scope="session")
def example():
    """Return the path of the example venue file."""
    return EXAMPLE


@pytest.fixture
def tree():
    """Return the tree of the example venue file."""
    return tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))


@pytest.fixture
def names():
    return SimpleNamespace(
        example=EXAMPLE,
        maker=MAKER,
        trader=TRADER,
        portfolio=PORTFOLIO,
        coins=COINS,
        start=START_NS,
    )


@pytest.fixture
def opened():
    """Return a maker of markets; what they opened is closed at the end."""
    made = []

    def make(**keywords):
        made.append(Market(**keywords))
        return made[-1]

    yield make
    for market in made:
        market.venue.close()


@pytest.fixture
def market(opened):
    return opened().found()


@pytest.fixture
def day(tmp_path):
    """Return a venue after its crash, still open."""
    running = Day(tmp_path / "journal.db")
    running.begin()
    running.crash()
    with running.venue:
        yield running


@pytest.fixture
def journal(tmp_path, day):
    """Return the journal of the day, closed."""
    day.venue.close()
    return tmp_path / "journal.db"


@pytest.fixture
def forge(tmp_path, journal):
    """Return a function that writes the day's units and more of them, well hashed, to a file."""
    genuine = list(read(journal))

    def write(*more, change=None):
        units = [*genuine, *more] if change is None else change(genuine)
        path = tmp_path / "forged.db"
        with Journal(SqliteStore(path)) as forged:
            forged.append(units)
        return path

    write.last = genuine[-1]
    return write
