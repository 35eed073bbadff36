"""Ways to be refused what makers and members of pools ask for; as in `refused`."""

from hullmark.core import nano
from hullmark.domain import Reason, commands

from .backed import CAT, DAN, POOL, USDT, VAULT, joined
from .bank import (
    ANN,
    BOB,
    CHILD,
    MAKER,
    PORT,
    QUANTA_MAX,
    SECOND_NS,
    START_NS,
    adjust,
    adopt,
    deposit,
    opened,
    trade,
)
from .refused import RULES, expired, fields, stale, then

R = Reason
LATE_NS = START_NS + 4 * 86_400 * SECOND_NS  # after everything that spoilers do to the clock
POOLED = RULES | {
    "pools": {"vault": {"account": POOL, "asset": "USDT", "notice_s": "20"}},
    "liquidation": RULES["liquidation"] | {"chain": [{"stage": "partial"}, VAULT]},
}


def halted(bank, command):
    bank.do(commands.HaltInstrument(instrument=command["instrument"]))


def under_liquidation(account):
    """Return a spoiler that leaves an account with ether and hardly any cash."""

    def spoil(bank, command):
        have = bank.state.ledger.cash(account, 0)
        bank.do(trade(account, 20, "ETHER", "10"))
        bank.do(adjust(account, MAKER, f"{have // USDT - 1} USDT"))
        assert account in bank.state.episodes

    return spoil


def pool_is_at_work(bank, command):
    bank.do(trade(POOL, 350, "ETHER", "10"))


def notice_given(bank, command):
    bank.do(commands.LeavePool(pool="vault", account=DAN, quanta=1))
    command["account"] = DAN


def prepare(name, bank):
    """Make the unspoilt command of that name go through."""
    bank.do(adopt(POOLED), *(opened(account) for account in (POOL, CAT, DAN)))
    bank.do(*(deposit(account, "1000 USDT") for account in (CAT, DAN)))
    bank.do(joined(CAT, 300), joined(DAN, 100))
    bank.do(trade(POOL, 1, "ETHER", "10"))
    terms = {"instrument": "ETHER", "lots": 1, "offset_nano": 0, "expires_ns": LATE_NS}
    bank.do(commands.PostQuote(quote=6, maker=CAT, **terms))
    if name == "leave":
        bank.do(commands.LeavePool(pool="vault", account=CAT, quanta=1))
        bank.pass_time(20, usd="100")


CASES = {
    "quote": (
        {
            "quote": 5,
            "maker": CAT,
            "instrument": "PERP",
            "lots": 1,
            "offset_nano": nano("0.01"),
            "expires_ns": LATE_NS,
            "account": None,
        },
        commands.PostQuote,
        {
            R.AMOUNT_INVALID: fields(offset_nano=-1),
            R.ACCOUNT_UNKNOWN: fields(maker=999),
            R.INSTRUMENT_UNKNOWN: fields(instrument="GELD"),
            R.INSTRUMENT_UNMARGINED: fields(instrument="CALL"),
            R.INSTRUMENT_EXPIRED: expired("FUTURE"),
            R.INSTRUMENT_HALTED: halted,
            R.QUOTE_EXISTS: fields(quote=6),
            R.QUOTE_LATE: fields(account=BOB),
            R.OVERFLOW: fields(lots=QUANTA_MAX),
            R.PRICE_DOUBTFUL: stale,
            R.UNDER_LIQUIDATION: under_liquidation(CAT),
            R.MARGIN_SHORT: fields(lots=500),
        },
    ),
    "join": (
        {"pool": "vault", "account": DAN, "quanta": 1},
        commands.JoinPool,
        {
            R.AMOUNT_INVALID: fields(quanta=0),
            R.ACCOUNT_UNKNOWN: fields(account=999),
            R.ACCOUNT_MODE: fields(account=CHILD),
            R.POOL_UNKNOWN: fields(pool="well"),
            R.OVERFLOW: fields(quanta=QUANTA_MAX),
            R.PRICE_DOUBTFUL: stale,
            R.UNDER_LIQUIDATION: under_liquidation(POOL),
            R.CASH_SHORT: fields(quanta=2_000 * USDT),
            R.MARGIN_SHORT: fields(account=ANN, quanta=60 * USDT),
        },
    ),
    "leave": (
        {"pool": "vault", "account": CAT, "quanta": 1},
        commands.LeavePool,
        {
            R.AMOUNT_INVALID: fields(quanta=0),
            R.ACCOUNT_UNKNOWN: fields(account=999),
            R.POOL_UNKNOWN: fields(pool="well"),
            R.OVERFLOW: fields(quanta=QUANTA_MAX),
            R.PRICE_DOUBTFUL: stale,
            R.UNDER_LIQUIDATION: under_liquidation(POOL),
            R.CASH_SHORT: fields(quanta=450 * USDT),
            R.STAKE_SHORT: fields(quanta=301 * USDT),
            R.NOTICE_RUNNING: notice_given,
            R.MARGIN_SHORT: then(pool_is_at_work, fields(quanta=90 * USDT)),
        },
    ),
}
TOGETHER = {
    ("quote", R.INSTRUMENT_UNMARGINED, R.INSTRUMENT_EXPIRED): (
        expired("CALL"),
        fields(maker=PORT),
    ),
    ("join", R.CASH_SHORT, R.MARGIN_SHORT): (
        fields(account=ANN, quanta=101 * USDT),
        fields(quanta=60 * USDT),
    ),
    ("leave", R.CASH_SHORT, R.STAKE_SHORT): (
        fields(quanta=450 * USDT),
        lambda bank, command: bank.do(deposit(POOL, "100 USDT")),
    ),
}
APART = {
    ("quote", R.ACCOUNT_UNKNOWN, R.INSTRUMENT_UNMARGINED),
    *(
        ("quote", R.INSTRUMENT_UNKNOWN, r)
        for r in (R.INSTRUMENT_UNMARGINED, R.INSTRUMENT_EXPIRED, R.INSTRUMENT_HALTED)
    ),
    ("join", R.ACCOUNT_UNKNOWN, R.ACCOUNT_MODE),
}
