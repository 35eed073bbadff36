"""Commands that cannot be carried out: what names nothing, is too much, or is no command at all."""

from collections.abc import Callable
from random import Random
from typing import Any

from hullmark.core import INT64_MAX
from hullmark.domain import Mode, commands, pack_column
from hullmark.sim._workload_users import CROSS, MAKER

_ONE, _OTHER, _NOBODY = CROSS[0], CROSS[1], 999
_MUCH = INT64_MAX // 4  # the most that commands take

# Each is refused, whatever the facts; together they name everything that can be wrong with a form.
_REFUSED: tuple[Callable[[], commands.Command], ...] = (
    lambda: commands.Deposit(account=_NOBODY, asset="USDT", quanta=1),
    lambda: commands.Deposit(account=1, asset="USDT", quanta=1),
    lambda: commands.Deposit(account=_ONE, asset="NOTHING", quanta=1),
    lambda: commands.Deposit(account=_ONE, asset="USDT", quanta=0),
    lambda: commands.Deposit(account=_ONE, asset="USDT", quanta=-5),
    lambda: commands.Deposit(account=MAKER, asset="USDT", quanta=_MUCH),
    lambda: commands.Deposit(account=MAKER, asset="USDT", quanta=INT64_MAX),
    lambda: commands.Withdraw(account=_ONE, asset="USDT", quanta=_MUCH),
    lambda: commands.Withdraw(account=_NOBODY, asset="USDT", quanta=1),
    lambda: commands.Transfer(source=_ONE, target=_ONE, asset="USDT", quanta=1),
    lambda: commands.Transfer(source=_ONE, target=2, asset="USDT", quanta=1),
    lambda: commands.OpenAccount(account=7, mode=Mode.CROSS),
    lambda: commands.OpenAccount(account=_NOBODY, mode=Mode.ISOLATED),
    lambda: commands.OpenAccount(account=_NOBODY, mode=Mode.CROSS, parent=_ONE),
    lambda: _trade(instrument="NOWHERE"),
    lambda: _trade(buyer=_OTHER, seller=_OTHER),
    lambda: _trade(lots=0),
    lambda: _trade(lots=_MUCH),
    lambda: _trade(lots=_MUCH, price_nano=INT64_MAX),
    lambda: _trade(price_nano=-1),
    lambda: _trade(buyer_fee_quanta=-1),
    lambda: _trade(instrument="BTC-INVERSE", lots=_MUCH, price_nano=1),
    lambda: _trade(instrument="BTC-USDT", lots=_MUCH),
    lambda: _round(lots=b""),
    lambda: _round(lots=b"no number"),
    lambda: _round(instrument=pack_column([1])),
    lambda: _round(instrument=pack_column([-1])),
    lambda: _round(symbols=("BTC-PERP", "BTC-PERP")),
    lambda: _round(seller=pack_column([_ONE])),
    lambda: _round(lots=pack_column([_MUCH])),
    lambda: _round(price_nano=pack_column([0])),
    lambda: _rest(order=0),
    lambda: _rest(lots=0),
    lambda: _rest(limit_nano=INT64_MAX + 1),
    lambda: _rest(lots=-_MUCH),
    lambda: commands.CancelOrder(order=-1),
    lambda: commands.AccrueFunding(instrument="BTC-USDT", rate_nano=1),
    lambda: commands.AccrueFunding(instrument="BTC-PERP", rate_nano=10**10),
    lambda: commands.ChargeInterest(asset="NOTHING", rate_nano=1),
    lambda: commands.ChargeInterest(asset="USDT", rate_nano=0),
    lambda: commands.SettleExpiry(instrument="NOWHERE", price_nano=1),
    lambda: commands.SettleExpiry(instrument="BTC-PERP", price_nano=0),
    lambda: commands.AdoptRules(rules="no rules"),
    lambda: commands.AdoptRules(rules="[]", effective_ns=-1),
    lambda: commands.CureBreach(account=3),
    lambda: commands.ReportFill(
        order=10**9, counterparty=MAKER, lots=1, price_nano=1, arrival_nano=1, final=True
    ),
)

_ANY: Any = commands  # built without regard to types, as a careless caller would

# Each must be turned away before anything happens: it does not fit its schema.
_MALFORMED: tuple[Callable[[], Any], ...] = (
    lambda: _ANY.Deposit(account=_ONE, asset="USDT", quanta=1.5),
    lambda: _ANY.Deposit(account=_ONE, asset="USDT", quanta="7"),
    lambda: _ANY.Deposit(account=_ONE, asset="USDT", quanta=None),
    lambda: _ANY.Deposit(account=_ONE, asset="USDT", quanta=2**64),
    lambda: _ANY.Deposit(account=_ONE, asset="USDT", quanta=-(2**70)),
    lambda: _ANY.Deposit(account=_ONE, asset="USDT", quanta=float("nan")),
    lambda: _ANY.Deposit(account="102", asset="USDT", quanta=1),
    lambda: _ANY.Deposit(account=_ONE, asset=b"USDT", quanta=1),
    lambda: _ANY.Deposit(account=_ONE, asset="\ud800", quanta=1),
    lambda: _ANY.OpenAccount(account=_NOBODY, mode="generous"),
    lambda: _ANY.ReportTrade(
        instrument="BTC-PERP", buyer=_ONE, seller=_OTHER, lots=1, price_nano=0.5
    ),
    lambda: _ANY.ObservePrices(prints=7),
    lambda: _ANY.ObservePrices(prints=(commands.CancelOrder(order=1),)),
    lambda: _ANY.AdoptSurface(vol_nano={"BTC-C1": 0.5}),
    lambda: _ANY.AdoptRules(rules={}),
    lambda: _ANY.DeferReactions(commands=(7,)),
    lambda: commands.DeferReactions(commands=(commands.SweepAccounts(),)),  # the runtime's own
    commands.ResumeReactions,
    lambda: "AdvanceTime",
    lambda: None,
    object,
)


def refused(chance: Random) -> commands.Command:
    """Return a command that is refused, whatever the facts."""
    return chance.choice(_REFUSED)()


def malformed(chance: Random) -> Any:  # noqa: ANN401 - whatever a careless caller passes
    """Return what does not fit the schema of any command, or is nobody's to submit."""
    return chance.choice(_MALFORMED)()


def _trade(**changed: Any) -> commands.ReportTrade:  # noqa: ANN401 - of any field
    sides: dict[str, Any] = {"instrument": "BTC-PERP", "buyer": _ONE, "seller": MAKER}
    return commands.ReportTrade(**(sides | {"lots": 1, "price_nano": 10**11} | changed))


def _round(**changed: Any) -> commands.ReportTrades:  # noqa: ANN401 - of any field
    row = {"instrument": 0, "buyer": _ONE, "seller": MAKER, "lots": 1, "price_nano": 10**11}
    row |= {"buyer_fee_quanta": 0, "seller_fee_quanta": 0}
    columns: dict[str, Any] = {name: pack_column([number]) for name, number in row.items()}
    return commands.ReportTrades(**({"symbols": ("BTC-PERP",)} | columns | changed))


def _rest(**changed: int) -> commands.RestOrder:
    order = {"order": 10**6, "account": _ONE, "lots": 1, "limit_nano": 10**11}
    return commands.RestOrder(instrument="BTC-PERP", **(order | changed))
