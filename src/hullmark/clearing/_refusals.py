"""The catalogue of refusals: what each command can be refused for.

Reasons stand in the order of precedence, which is that of :class:`~hullmark.domain.Reason`; of
several that hold the first is given. :func:`~hullmark.clearing.decide` gives no other.
"""

from collections.abc import Mapping, Sequence

from hullmark.domain import Reason, commands

_R = Reason
_ACCOUNT = (_R.AMOUNT_INVALID, _R.ACCOUNT_UNKNOWN, _R.ACCOUNT_MODE)
_CONTRACT = (
    _R.INSTRUMENT_UNKNOWN,
    _R.INSTRUMENT_UNMARGINED,
    _R.INSTRUMENT_EXPIRED,
    _R.INSTRUMENT_HALTED,
)
_PAYMENT = (_R.PRICE_DOUBTFUL, _R.UNDER_LIQUIDATION, _R.CASH_SHORT, _R.MARGIN_SHORT)
_CORRECTION = (_R.UNAUTHORISED, _R.AMOUNT_INVALID, _R.ACCOUNT_UNKNOWN)
_CORRECTED = (_R.CORRECTED_BEFORE, _R.OVERFLOW, _R.UNDER_LIQUIDATION, _R.CASH_SHORT)

_ONCE_THERE_ARE_RULES: Mapping[type, Sequence[Reason]] = {
    commands.OpenAccount: (
        _R.AMOUNT_INVALID,
        _R.ACCOUNT_EXISTS,
        _R.ACCOUNT_UNKNOWN,
        _R.ACCOUNT_MODE,
    ),
    commands.Deposit: (*_ACCOUNT, _R.ASSET_UNKNOWN, _R.OVERFLOW),
    commands.Withdraw: (
        *_ACCOUNT,
        _R.ASSET_UNKNOWN,
        *_PAYMENT[:-1],
        _R.WITHDRAWALS_GATED,
        _R.MARGIN_SHORT,
    ),
    commands.Transfer: (*_ACCOUNT, _R.ASSET_UNKNOWN, _R.OVERFLOW, *_PAYMENT),
    commands.ReportTrade: (*_ACCOUNT, *_CONTRACT, _R.OVERFLOW, *_PAYMENT),
    commands.ReportTrades: (*_ACCOUNT, *_CONTRACT, _R.OVERFLOW, *_PAYMENT),
    commands.RestOrder: (
        *_ACCOUNT,
        *_CONTRACT,
        _R.ORDER_EXISTS,
        _R.OVERFLOW,
        _R.PRICE_DOUBTFUL,
        _R.UNDER_LIQUIDATION,
        _R.MARGIN_SHORT,
    ),
    commands.CancelOrder: (_R.ORDER_UNKNOWN,),
    commands.BustTrade: (
        *_CORRECTION,
        _R.INSTRUMENT_UNKNOWN,
        _R.INSTRUMENT_EXPIRED,
        *_CORRECTED,
    ),
    commands.AdjustCash: (
        *_CORRECTION,
        _R.ASSET_UNKNOWN,
        *_CORRECTED,
        _R.DEBT_SHORT,
        _R.FUND_SHORT,
    ),
    commands.TakeAuction: (
        *_ACCOUNT,
        _R.INSTRUMENT_UNMARGINED,
        _R.INSTRUMENT_EXPIRED,
        _R.INSTRUMENT_HALTED,
        _R.AUCTION_UNKNOWN,
        _R.AUCTION_SELF,
        _R.BREAKER_SET,
        _R.RESET_DUE,
        _R.LIMIT_BROKEN,
        _R.DUST_LEFT,
        _R.OVERFLOW,
        _R.PRICE_DOUBTFUL,
        _R.UNDER_LIQUIDATION,
        _R.CASH_SHORT,
        _R.MARGIN_SHORT,
    ),
    commands.ResetAuction: (
        _R.ACCOUNT_UNKNOWN,
        _R.AUCTION_UNKNOWN,
        _R.AUCTION_SELF,
        _R.BREAKER_SET,
        _R.RESET_EARLY,
        _R.PRICE_DOUBTFUL,
    ),
    commands.PostQuote: (
        _R.AMOUNT_INVALID,
        _R.ACCOUNT_UNKNOWN,
        *_CONTRACT,
        _R.QUOTE_EXISTS,
        _R.QUOTE_LATE,
        _R.OVERFLOW,
        _R.PRICE_DOUBTFUL,
        _R.UNDER_LIQUIDATION,
        _R.MARGIN_SHORT,
    ),
    commands.JoinPool: (*_ACCOUNT, _R.POOL_UNKNOWN, _R.OVERFLOW, *_PAYMENT),
    commands.LeavePool: (
        *_ACCOUNT[:-1],
        _R.POOL_UNKNOWN,
        _R.OVERFLOW,
        *_PAYMENT[:-1],
        _R.STAKE_SHORT,
        _R.NOTICE_RUNNING,
        _R.MARGIN_SHORT,
    ),
    commands.SetSoftTerms: (*_ACCOUNT, _R.ASSET_UNKNOWN, _R.AUCTION_SELF, _R.UNDER_LIQUIDATION),
    commands.CallMargins: (),
    commands.SetBreaker: (_R.UNAUTHORISED, _R.AMOUNT_INVALID),
    commands.HaltInstrument: (
        _R.INSTRUMENT_UNKNOWN,
        _R.INSTRUMENT_EXPIRED,
        _R.INSTRUMENT_LIVE,
        _R.INSTRUMENT_HALTED,
    ),
    commands.ResumeInstrument: (_R.INSTRUMENT_UNKNOWN, _R.INSTRUMENT_HALTED),
    commands.AllocateFund: (
        _R.AMOUNT_INVALID,
        _R.ASSET_UNKNOWN,
        _R.INSTRUMENT_UNKNOWN,
        _R.FUND_SHORT,
    ),
    commands.RepayLosses: (_R.AMOUNT_INVALID, _R.ASSET_UNKNOWN, _R.DEBT_SHORT, _R.FUND_SHORT),
    commands.ObservePrices: (_R.INSTRUMENT_UNKNOWN, _R.OVERFLOW),
    commands.AdoptSurface: (_R.AMOUNT_INVALID, _R.INSTRUMENT_UNKNOWN),
    commands.AccrueFunding: (
        _R.AMOUNT_INVALID,
        _R.INSTRUMENT_UNKNOWN,
        _R.OVERFLOW,
        _R.PRICE_DOUBTFUL,
    ),
    commands.ChargeInterest: (_R.AMOUNT_INVALID, _R.ASSET_UNKNOWN, _R.OVERFLOW),
    commands.SettleExpiry: (
        _R.AMOUNT_INVALID,
        _R.INSTRUMENT_UNKNOWN,
        _R.INSTRUMENT_EXPIRED,
        _R.INSTRUMENT_LIVE,
        _R.OVERFLOW,
        _R.PRICE_DOUBTFUL,
    ),
    commands.AdvanceTime: (_R.AMOUNT_INVALID,),
    commands.ReportFill: (
        *_ACCOUNT,
        _R.INSTRUMENT_UNMARGINED,
        _R.INSTRUMENT_EXPIRED,
        _R.ORDER_UNKNOWN,
        _R.LIMIT_BROKEN,
        _R.OVERFLOW,
    ),
    commands.SweepAccounts: (),
    commands.CureBreach: (_R.ACCOUNT_UNKNOWN,),
    commands.ActivateRules: (),
    commands.DeferReactions: (),
    commands.ResumeReactions: (),
}

REFUSALS: Mapping[type, Sequence[Reason]] = {
    commands.AdoptRules: (_R.RULES_INVALID,),
    **{kind: (_R.RULES_MISSING, *reasons) for kind, reasons in _ONCE_THERE_ARE_RULES.items()},
}
