"""A venue to be stressed: longs and shorts, a coin-margined one, an isolated child, an option."""

import tomllib
from pathlib import Path

from hullmark.core import nano
from hullmark.domain import Mode, SystemAccount, commands
from hullmark.runtime import open_venue

EXAMPLE = Path(__file__).parents[3] / "examples" / "venue.toml"
NOW_NS = 1_760_130_900_000_000_000
USD = {"BTC": 64_000, "BTC-USDT": 64_000, "BTC-PERP": 64_000, "BTC-USD-PERP": 64_000}
USD |= {"ETH-PERP": 2_500}
OPTION, VOL = "BTC-25DEC26-80000-C", 0.6
DEPTH_USD = {"BTC-PERP": 5_000_000.0, "ETH-PERP": 400_000.0, "BTC-USD-PERP": 2_000_000.0}
MAKER, LONG, SHORT, COIN, PARENT, CHILD, WRITER, IDLE = range(100, 108)
NETTED = (MAKER, WRITER)  # under the scenario model
CASH = {  # per account, what is paid in
    MAKER: {"USDT": "500000000"},
    LONG: {"USDT": "4000"},
    SHORT: {"USDT": "60000", "BTC": "0.5"},
    COIN: {"BTC": "0.25"},
    PARENT: {"USDT": "20000"},
    WRITER: {"USDT": "150000"},
    IDLE: {"USDT": "1", "BTC": "3"},
}
TRADES = (
    ("BTC-PERP", LONG, MAKER, "1"),
    ("BTC-PERP", MAKER, SHORT, "5"),
    ("ETH-PERP", SHORT, MAKER, "60"),
    ("BTC-USD-PERP", COIN, MAKER, "100000"),
    ("ETH-PERP", PARENT, MAKER, "40"),
    ("ETH-PERP", CHILD, MAKER, "30"),
    (OPTION, MAKER, WRITER, "4"),
)


def rules(**waterfall):
    """Return the tree of the example's venue file, with depths, and terms of the waterfall."""
    tree = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    tree["liquidation"]["depth_usd"] = {k: f"{usd:.0f}" for k, usd in DEPTH_USD.items()}
    tree["waterfall"] |= waterfall
    return tree


def traded(**waterfall):
    """Return the venue after the trades, each at the mark."""
    venue = open_venue(rules(**waterfall), clock=lambda: NOW_NS)

    def do(*requests):
        refused = [a.refusal for a in venue.submit_all(requests) if a.refusal]
        assert not refused, refused[0]

    modes = dict.fromkeys(NETTED, Mode.PORTFOLIO)
    do(*(commands.OpenAccount(account=a, mode=modes.get(a, Mode.CROSS)) for a in CASH))
    do(commands.OpenAccount(account=CHILD, mode=Mode.ISOLATED, parent=PARENT))
    paid = {**CASH, SystemAccount.FUND: {"USDT": "30000", "BTC": "0.125"}}
    do(
        *(
            commands.Deposit(account=account, asset=asset, quanta=venue.quanta(asset, amount))
            for account, cash in paid.items()
            for asset, amount in cash.items()
        ),
        commands.ObservePrices(
            prints=tuple(
                commands.Print(factor=f, source=s, price_nano=nano(str(usd)), observed_ns=NOW_NS)
                for f, usd in USD.items()
                for s in ("alpha", "beta")
            )
        ),
        commands.AdoptSurface(vol_nano={OPTION: nano(str(VOL))}),
        commands.Transfer(
            source=PARENT, target=CHILD, asset="USDT", quanta=venue.quanta("USDT", "8000")
        ),
    )
    marks = {**{s: nano(str(usd)) for s, usd in USD.items()}, OPTION: nano("9000")}
    do(
        *(
            commands.ReportTrade(
                instrument=symbol,
                buyer=buyer,
                seller=seller,
                lots=venue.lots(symbol, size),
                price_nano=marks[symbol],
            )
            for symbol, buyer, seller, size in TRADES
        )
    )
    return venue
