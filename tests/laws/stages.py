"""What users, keepers, makers and operators ask of a venue with stages, pools and a waterfall."""

import copy

from hullmark.core import NANO, nano
from hullmark.domain import AuctionKind, SystemAccount, commands

from .small_venue import ACCOUNTS, INSTRUMENTS, LOTTED, MAKER, STAGED, USERS

SECOND_NS = 10**9
KINDS = (
    ("soft", 3),
    ("take", 4),
    ("reset", 2),
    ("quote", 3),
    ("join", 2),
    ("leave", 2),
    ("breaker", 1),
    ("halt", 1),
    ("resume", 2),
    ("allocate", 1),
    ("repay", 1),
    ("calls", 1),
)
SIGNED = ("Ada", "Grace")
BIDDERS = (MAKER, *USERS)


class StageSteps:
    """Steps of a world whose venue has a chain; each takes three small numbers."""

    def soft(self, a, b, c):
        """Return terms for a soft liquidation, with a saviour or without, or the end of them."""
        account = ACCOUNTS[a % len(ACCOUNTS)]
        if c % 7 == 0:
            return commands.SetSoftTerms(account=account, opted_in=False)
        if c % 3 == 0:
            return commands.SetSoftTerms(account=account, opted_in=True)
        saviour = (*USERS, MAKER)[b % (len(USERS) + 1)]
        return commands.SetSoftTerms(
            account=account, opted_in=True, saviour=saviour, asset="USDT", quanta_max=c * 10**5
        )

    def take(self, a, b, c):
        """Return a bid on an auction that is open, mostly of the form that it asks for."""
        number = self._auction(a)
        auction = self.state.auctions.get(number)
        bidder = BIDDERS[b % len(BIDDERS)] if c % 3 else MAKER
        bid = {"auction": number, "bidder": bidder, "pay_quanta_max": 10**12}
        if c % 13 == 0:
            bid["pay_quanta_max"] = 1
        share = auction is None or auction.kind is AuctionKind.SHARE
        if share == (c % 17 > 0):
            return commands.TakeAuction(**bid, share_nano=NANO * (1 + c % 10) // 10)
        part = 1 if auction is None else auction.lot_quanta * (1 + b % 10) // 10
        return commands.TakeAuction(**bid, quanta=max(part, 1))

    def reset(self, a, b, c):
        """Return the reset of an auction, whether it is due or not."""
        return commands.ResetAuction(auction=self._auction(a), keeper=BIDDERS[b % len(BIDDERS)])

    def quote(self, a, b, c):
        """Return a quote to buy or sell, for everybody or in answer to a request."""
        asked = list(self.state.requests)
        return commands.PostQuote(
            quote=1 + a % 40,
            maker=MAKER if b % 3 else ACCOUNTS[b % len(ACCOUNTS)],
            instrument=INSTRUMENTS[b % len(INSTRUMENTS)],
            lots=(1 + a % 12) * (1 if c % 2 else -1),
            offset_nano=c % 50 * nano("0.001"),
            expires_ns=self.now_ns + (10 + a % 200) * SECOND_NS,
            account=asked[a % len(asked)] if asked and c % 3 else None,
            loss_quanta_max=10**6 if c % 5 == 0 else None,
        )

    def join(self, a, b, c):
        """Return a payment into a pool."""
        account = (*ACCOUNTS, MAKER, MAKER)[a % (len(ACCOUNTS) + 2)]
        return commands.JoinPool(pool=self._pool(b), account=account, quanta=c * 10**5)

    def leave(self, a, b, c):
        """Return a notice to a pool, or what takes money out of it."""
        account = (*ACCOUNTS, MAKER, MAKER)[a % (len(ACCOUNTS) + 2)]
        members = [member for _, member in self.state.stakes]
        if members and a % 5:
            account = members[a % len(members)]
        return commands.LeavePool(pool=self._pool(b), account=account, quanta=c % 300 * 10**5)

    def breaker(self, a, b, c):
        """Return a level of the breaker, for some seconds, for ever, or not signed by two."""
        level = (0, 0, 0, 1, 2, 3)[a % 6]
        until_ns = self.now_ns + (1 + b % 30) * SECOND_NS if level and b % 4 else None
        signed = None if c % 5 == 0 else SIGNED
        return commands.SetBreaker(level=level, until_ns=until_ns, authorisers=signed)

    def halt(self, a, b, c):
        """Return a halt; the future may be delisted, and is settled then by the next expiry."""
        symbol = INSTRUMENTS[b % len(INSTRUMENTS)]
        return commands.HaltInstrument(
            instrument=symbol, delisting=symbol == "FUTURE" and a % 9 == 0
        )

    def resume(self, a, b, c):
        """Return the end of a halt, mostly of one that is there."""
        halted = list(self.state.halted)
        symbol = halted[a % len(halted)] if halted and c % 9 else INSTRUMENTS[b % len(INSTRUMENTS)]
        return commands.ResumeInstrument(instrument=symbol)

    def allocate(self, a, b, c):
        """Return money of the fund for a market, or back from it; the fund is given some first."""
        symbol = INSTRUMENTS[b % len(INSTRUMENTS)]
        if a % 4 == 0:
            return commands.Deposit(
                account=SystemAccount.FUND, asset="USDT", quanta=10**6 * (1 + c % 9)
            )
        return commands.AllocateFund(instrument=symbol, asset="USDT", quanta=(c % 40 - 10) * 10**5)

    def repay(self, a, b, c):
        """Return what pays recorded losses back, a part or all of them, or more than there are."""
        lost = sum(quanta for (_, asset), quanta in self.state.losses.items() if asset == "USDT")
        return commands.RepayLosses(asset="USDT", quanta=max(lost * (1 + c % 5) // 4, 1))

    def calls(self, a, b, c):
        """Return what comes by itself as time passes."""
        return commands.CallMargins()

    def vary_chain(self, tree, a, c):
        """Take a stage out of the chain, or all; or turn its auction into the other kind."""
        liquidation, waterfall = tree["liquidation"], tree["waterfall"]
        match a % 8:
            case 1 | 2:
                del liquidation["chain"][c % len(liquidation["chain"])]
            case 3:
                other = STAGED if self.tree is LOTTED else LOTTED
                liquidation["chain"] = copy.deepcopy(other["liquidation"]["chain"])
            case 4 if c % 2:
                del liquidation["chain"]
            case 5:
                waterfall["steps"] = [step for step in waterfall["steps"] if step != "socialised"]
            case 6:
                waterfall |= {"season_s": "30", "fund": {"pooled": False}}
                waterfall["adl"] = {"policy": ("queue", "pro-rata", "least-haircut")[c % 3]}

    def _auction(self, a):
        numbers = list(self.state.auctions)
        return numbers[a % len(numbers)] if numbers and a % 11 else self.state.auction_last + 1

    def _pool(self, b):
        return ("vault", "staked", "nowhere")[b % 9 % 4 % 3]
