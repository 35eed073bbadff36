"""Ways to be refused what an operator says, and to trade what is halted; as in ``refused``."""

from hullmark.domain import Mode, Reason, commands

from .bank import ANN, BOB, EXPIRY_NS, QUANTA_MAX, opened
from .refused import ASSET, INSTRUMENT, expired, fields, row, then, under_liquidation

R = Reason


def do(*requests):
    return lambda bank, command: bank.do(*requests)


def halted(symbol="PERP", *, delisting=False):
    return do(commands.HaltInstrument(instrument=symbol, delisting=delisting))


def its_own_halted(bank, command):
    symbol = command["symbols"][0] if "symbols" in command else command["instrument"]
    bank.do(commands.HaltInstrument(instrument=symbol))


def at_its_expiry(bank, command):
    bank.now_ns = EXPIRY_NS
    command["instrument"] = "FUTURE"


def with_halts(cases):
    """Return cases of which those that trade are refused in a halt, too."""
    more = {R.INSTRUMENT_HALTED: its_own_halted}
    return {
        name: (sound, build, spoilers | more if name in ("trade", "round", "rest") else spoilers)
        for name, (sound, build, spoilers) in cases.items()
    }


HALT = commands.HaltInstrument(instrument="PERP")
RESUMED = commands.ResumeInstrument(instrument="PERP")
CASES = {
    "soft": (
        {"account": ANN, "opted_in": True, "saviour": BOB, "asset": "USDT", "quanta_max": 5},
        commands.SetSoftTerms,
        {
            R.AMOUNT_INVALID: fields(quanta_max=QUANTA_MAX + 1),
            R.ACCOUNT_UNKNOWN: fields(saviour=999),
            R.ACCOUNT_MODE: then(do(opened(106, Mode.ISOLATED, parent=BOB)), fields(saviour=106)),
            **ASSET,
            R.AUCTION_SELF: fields(saviour=ANN),
            R.UNDER_LIQUIDATION: under_liquidation,
        },
    ),
    "calls": ({}, commands.CallMargins, {}),
    "breaker": (
        {"level": 1, "until_ns": None, "authorisers": None},
        commands.SetBreaker,
        {
            R.UNAUTHORISED: do(commands.SetBreaker(level=2)),
            R.AMOUNT_INVALID: fields(until_ns=0),
        },
    ),
    "halt": (
        {"instrument": "PERP", "delisting": False},
        commands.HaltInstrument,
        {
            **INSTRUMENT,
            R.INSTRUMENT_EXPIRED: at_its_expiry,
            R.INSTRUMENT_LIVE: fields(instrument="CALL", delisting=True),
            R.INSTRUMENT_HALTED: halted(),
        },
    ),
    "resume-trading": (
        {"instrument": "PERP"},
        commands.ResumeInstrument,
        {**INSTRUMENT, R.INSTRUMENT_HALTED: lambda bank, _: bank.do(RESUMED)},
    ),
}
TOGETHER = {
    ("trade", R.INSTRUMENT_EXPIRED, R.INSTRUMENT_HALTED): (
        then(halted("FUTURE"), expired("FUTURE")),
        then(halted(), fields(instrument="PERP")),
    ),
    ("round", R.INSTRUMENT_EXPIRED, R.INSTRUMENT_HALTED): (
        then(halted("FUTURE"), expired("FUTURE"), row("FUTURE", instrument=0)),
        then(halted(), row("PERP", instrument=0)),
    ),
    ("rest", R.INSTRUMENT_EXPIRED, R.INSTRUMENT_HALTED): (
        then(halted("FUTURE"), expired("FUTURE")),
        then(halted(), fields(instrument="PERP")),
    ),
}
APART = {
    *(
        (name, first, R.INSTRUMENT_HALTED)
        for name in ("trade", "round", "rest")
        for first in (R.ACCOUNT_MODE, R.INSTRUMENT_UNKNOWN, R.INSTRUMENT_UNMARGINED)
    ),
    ("soft", R.ACCOUNT_UNKNOWN, R.ACCOUNT_MODE),
    ("soft", R.ACCOUNT_UNKNOWN, R.AUCTION_SELF),
    ("soft", R.ACCOUNT_MODE, R.AUCTION_SELF),
    ("halt", R.INSTRUMENT_UNKNOWN, R.INSTRUMENT_EXPIRED),
    ("halt", R.INSTRUMENT_UNKNOWN, R.INSTRUMENT_LIVE),
    ("halt", R.INSTRUMENT_UNKNOWN, R.INSTRUMENT_HALTED),
    ("halt", R.INSTRUMENT_EXPIRED, R.INSTRUMENT_LIVE),
    ("halt", R.INSTRUMENT_EXPIRED, R.INSTRUMENT_HALTED),
    ("halt", R.INSTRUMENT_LIVE, R.INSTRUMENT_HALTED),
    ("resume-trading", R.INSTRUMENT_UNKNOWN, R.INSTRUMENT_HALTED),
}
