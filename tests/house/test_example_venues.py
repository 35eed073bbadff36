"""The example venue files: each is read, opened, and takes a trade and a breach."""

import json
import tomllib
from pathlib import Path

import pytest

from hullmark.clearing import Rules
from hullmark.core import nano
from hullmark.domain import Mode, commands, events
from hullmark.journal import Journal
from hullmark.journal.memory import MemoryStore
from hullmark.runtime import Venue

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*venue.toml"))
START_NS = 1_760_054_400_000_000_000


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_venue_takes_an_account_from_a_trade_to_a_liquidation(file):
    tree = tomllib.loads(file.read_text(encoding="utf-8"))
    rules = Rules.parse(tree)
    clock = [START_NS]
    venue = Venue(Journal(MemoryStore()), clock=lambda: clock[0])

    def say(usd):
        marks = {"BTC-PERP": usd, "ETH-PERP": usd / 20}
        prices = {f: usd if f == "BTC-PERP" else usd / 20 for f in rules.prices}
        return commands.ObservePrices(
            prints=tuple(
                commands.Print(
                    factor=factor,
                    source=source,
                    price_nano=nano(str(marks.get(factor, price))),
                    observed_ns=clock[0],
                )
                for factor, price in prices.items()
                for source in rules.prices[factor].sources
            )
        )

    def do(*todo):
        answers = venue.submit_all(todo)
        assert not [answer.refusal for answer in answers if answer.refusal]
        return [e for answer in answers for unit in answer.units for e in unit.events]

    do(commands.AdoptRules(rules=json.dumps(tree)))
    do(*(commands.OpenAccount(account=account, mode=Mode.CROSS) for account in (100, 101)))
    do(commands.Deposit(account=100, asset="USDT", quanta=10**13))
    do(commands.Deposit(account=101, asset="USDT", quanta=5_000 * 10**6), say(60_000.0))
    trade = commands.ReportTrade(
        instrument="BTC-PERP", buyer=101, seller=100, lots=1_000, price_nano=nano("60000")
    )
    do(trade)
    clock[0] += 10**9
    told = do(say(56_300.0))
    assert [e.account for e in told if isinstance(e, events.LiquidationStarted)] == [101]
    assert not venue.books().broken
