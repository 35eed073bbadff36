"""The small venue with makers and a pool: Ann is long eight perpetuals, Cat and Dan make markets.

At 90 Ann has 20 left of her 100 USDT and needs 36. Who gives her lots to a maker pays a penalty of
1 % as well.
"""

from hullmark.core import nano
from hullmark.domain import commands

from .bank import EIGHT, SECOND_NS, Bank, deposit, opened, tree

POOL, CAT, DAN = 150, 160, 161
USDT = 10**6
PERCENT = nano("0.01")
MAKERS = {"stage": "backstop"}
VAULT = {"stage": "takeover", "pool": "vault", "loss_usd_max": "100"}


def rules(*chain, notice_s="0", **liquidation):
    """Return the rules of the small venue with a chain and a pool of account 150."""
    found = tree(chain=list(chain) or [MAKERS], **liquidation)
    found["pools"] = {"vault": {"account": POOL, "asset": "USDT", "notice_s": notice_s}}
    return found


def backed(*chain, cash="1000 USDT", notice_s="0", **liquidation):
    """Return a venue where Ann holds eight, and both makers and the pool's account are open."""
    bank = Bank(rules(*chain, notice_s=notice_s, **liquidation)).found()
    bank.do(*(opened(account) for account in (POOL, CAT, DAN)))
    bank.do(*(deposit(account, cash) for account in (CAT, DAN)), *EIGHT)
    return bank


def quoted(bank, quote, maker, lots, offset_nano=PERCENT, *, seconds=100, symbol="PERP", **more):
    """Return the command that posts a quote."""
    expires_ns = bank.now_ns + seconds * SECOND_NS
    terms = {"instrument": symbol, "lots": lots, "offset_nano": offset_nano}
    return commands.PostQuote(quote=quote, maker=maker, expires_ns=expires_ns, **terms, **more)


def joined(account, usdt):
    return commands.JoinPool(pool="vault", account=account, quanta=usdt * USDT)


def left(account, usdt):
    return commands.LeavePool(pool="vault", account=account, quanta=usdt * USDT)
