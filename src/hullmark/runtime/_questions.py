"""What can be asked of a venue, whether this process writes its journal or follows it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from hullmark.clearing import (
    ACCOUNTS_MIN,
    Books,
    PoolStanding,
    Quote,
    Rules,
    State,
    Views,
    books,
    fund_in_hand,
    newly_under,
    queue_of,
)
from hullmark.core import Amount, FloatArray
from hullmark.errors import DocumentError, InvalidInputError
from hullmark.margin import Health
from hullmark.market import ManipulationPoint
from hullmark.monitor import (
    SHOCKS,
    Cascade,
    Checked,
    Crossings,
    LiquidationMap,
    PartialClosing,
)
from hullmark.runtime import _answers, _feedback
from hullmark.runtime._answers import MOVES, Trade
from hullmark.runtime._recover import Replica
from hullmark.waterfall import FundValue, QueueRow


class Questions:
    """The facts of a venue, what follows from them, and what a client would ask."""

    def __init__(self, replica: Replica, *, indexed_from: int = ACCOUNTS_MIN) -> None:
        self._replica = replica
        self._state = replica.state
        self._views = Views(self._state, indexed_from=indexed_from)

    @property
    def state(self) -> State:
        """The facts. To read; only events change them."""
        return self._state

    @property
    def views(self) -> Views:
        """What follows from the facts."""
        return self._views

    @property
    def rules(self) -> Rules:
        """The rules in force.

        Raises
        ------
        InvalidInputError
            If there are none yet; so does every question that rests on them.
        """
        self._need_rules()
        return self._state.in_force

    def dry_run(self, rules: Rules | Mapping[str, Any]) -> tuple[int, ...]:
        """Return the accounts that rules would bring under maintenance margin now, worst first.

        Prices are weighed again by the policies of these rules. `AdoptRules` refuses what this
        names more of than its ``breaches_max``.

        Parameters
        ----------
        rules : Rules or mapping
            The rules, parsed or as the tree of a venue file.

        Raises
        ------
        DocumentError
            If the tree breaks its schema, or takes away what is in use.
        """
        self._need_rules()
        parsed = rules if isinstance(rules, Rules) else Rules.parse(rules)
        if lost := parsed.takes_away(self.rules):
            raise DocumentError(lost)
        return newly_under(self._state, parsed)

    def health(self, account: int) -> Health:
        """Return the margin of an account at the last accepted prices, whatever their grade.

        Raises
        ------
        InvalidInputError
            If the account is not open, or something it holds has never had a price.
        """
        self._need_rules()
        return _answers.health(self._state, self._views, account)

    def what_if(self, account: int, *trades: Trade) -> Health:
        """Return the margin that an account would have after some trades, fees left out.

        Nothing is traded, and nothing but margin is checked: neither cash nor grades of prices.

        Raises
        ------
        InvalidInputError
            As for `health`; or if an instrument is unknown, past its expiry or not margined for
            the account, or a size or price is none.
        """
        self._need_rules()
        return _answers.what_if(self._state, self._views, account, trades)

    def liquidation_price(self, account: int, underlying: str | None = None) -> Crossings:
        """Return the nearest prices, below and above, at which an account's health is zero.

        Parameters
        ----------
        account : int
            Resting orders are left out.
        underlying : str, optional
            What moves, all else staying; it may be left out if the account is exposed to one only.

        Returns
        -------
        Crossings
            USD per unit of the underlying, by its index; by the mark of the contract where it is
            no asset of the venue. ``None``: not between a hundredth and the hundredfold.

        Raises
        ------
        InvalidInputError
            As for `health`; or if the underlying is unknown, or left out and not obvious.
        """
        self._need_rules()
        return _answers.liquidation_price(self._state, self._views, account, underlying)

    def liquidation_move(self, account: int, underlying: str | None = None) -> Crossings:
        """Return the same as relative moves, -0.1 a fall by a tenth: by default of all at once.

        Raises
        ------
        InvalidInputError
            As for `liquidation_price`.
        """
        self._need_rules()
        return _answers.liquidation_move(self._state, self._views, account, underlying)

    def liquidation_map(
        self, underlying: str | None = None, moves: Sequence[float] | FloatArray = MOVES
    ) -> LiquidationMap:
        """Return what would be under maintenance margin after a move of an underlying, or of all.

        Parameters
        ----------
        underlying : str, optional
            What moves; by default everything that is not meant to be stable, at once.
        moves : sequence of float
            Relative moves; by default from half down to half up in steps of 2 %.

        Raises
        ------
        InvalidInputError
            If the underlying is unknown, or a move is not above -1.
        """
        self._need_rules()
        return _answers.map_liquidations(self._views, underlying, moves)

    def nearest(
        self, count: int = 10, vol: Mapping[str, float] | None = None
    ) -> tuple[tuple[int, float], ...]:
        """Return the accounts nearest to a breach, nearest first, and how near each is.

        Without *vol* that is how far all their prices may move at least, as a share of them: a
        lower bound, taken when the account was last looked at, and 0 where it is looked at on every
        tick. With it, it is a time: until so far is one standard deviation. A venue whose accounts
        are few enough to be evaluated at every tick has no such order, and the answer is empty.

        Parameters
        ----------
        count : int
            How many accounts at most.
        vol : mapping of str to float, optional
            Volatility of underlyings and assets, a fraction per square-root year; the times are in
            years then. What is left out stands still.

        Raises
        ------
        InvalidInputError
            If *count* is no whole number above 0, or a volatility is not finite and >= 0.
        """
        return _answers.nearest(self._views, count, vol)

    @property
    def checked(self) -> Checked:
        """How the last sweep accounted for every account: how many it evaluated, and why."""
        return self._views.index.checked

    def cascade(
        self,
        shocks: Sequence[float] | FloatArray = SHOCKS,
        *,
        closing: float | PartialClosing = 1.0,
    ) -> Cascade:
        """Return what shocks would force out of the book, and how far that moves prices again.

        The markets are the underlyings whose contracts have a ``liquidation.depth_usd``; depths on
        one underlying are added up, and options, which have books of their own, push none.

        Parameters
        ----------
        shocks : sequence of float
            Relative moves of each market alone and of all; by default 1 % to 20 % both ways.
        closing : float in [0, 1], or PartialClosing
            Share of the positions of an account in breach that is closed, or the rule for it.

        Raises
        ------
        InvalidInputError
            If there is no shock, one or the share is none, or the rules give no depth.
        """
        self._need_rules()
        return _feedback.find_cascade(self._views, shocks, closing)

    def manipulation(
        self,
        moves: Sequence[Decimal | int | str] | None = None,
        **terms: Decimal | int | str,
    ) -> dict[str, tuple[ManipulationPoint, ...]]:
        """Return, by underlying, what pushing its index would cost and gain at today's positions.

        Depths are those of ``liquidation.depth_usd``, taken for those of the source that sets the
        index. Open interest is the larger of the two sides of all contracts but options.

        Parameters
        ----------
        moves : sequence of Decimal, int or str, optional
            Relative moves of an index, by default those of `hullmark.market.manipulation_report`.
        **terms
            *fee*, *position_fee*, *kept*, *weight* and *attacker_share*, as in
            `hullmark.market.manipulation_report`.

        Raises
        ------
        InvalidInputError
            If a move or a term is none, a term is unknown, or the rules give no depth.
        """
        self._need_rules()
        return _feedback.report_manipulation(self._views, moves, terms)

    def open_interest(self) -> dict[str, Decimal]:
        """Return what is open per underlying at the accepted prices: USD, the larger side.

        Of all contracts but options, to a cent. User accounts only: what the venue's own accounts
        hold is nobody's position.
        """
        self._need_rules()
        return _feedback.open_interest(self._views)

    def withdrawable(self, account: int, asset: str) -> Amount:
        """Return the most that `Withdraw` would pay out now, one quantum more being refused.

        Of an isolated account it is what `Transfer` would give back to the parent.

        Raises
        ------
        InvalidInputError
            If the account is not open to users, or the asset is unknown.
        """
        self._need_rules()
        return _answers.withdrawable(self._state, self._views, account, asset)

    def cash(self, account: int, asset: str) -> Amount:
        """Return an account's settled cash, the venue's own accounts included.

        Raises
        ------
        InvalidInputError
            If the account or the asset is unknown.
        """
        return _answers.cash(self._state, account, asset)

    def pool(self, name: str) -> PoolStanding:
        """Return what a pool is worth now, and what of it each member's stake is worth.

        Raises
        ------
        InvalidInputError
            If the rules name no such pool, its account is not open, or what that holds has no
            price.
        """
        self._need_rules()
        return _answers.pool(self._state, self._views, name)

    def quotes(self) -> dict[int, Quote]:
        """Return the quotes of market makers that stand now, by number, in the order of posting."""
        return _answers.quotes(self._state)

    def deleveraging_queue(self, instrument: str, *, long: bool) -> tuple[QueueRow, ...]:
        """Return in which order holders of one side of a contract would be closed against others.

        Raises
        ------
        InvalidInputError
            If the venue has no such instrument.
        """
        self._need_rules()
        if instrument not in self._state.ledger.instrument_index:
            raise InvalidInputError(f"instrument must be one of the rules', was {instrument!r}")
        number = self._state.ledger.instrument_index[instrument]
        return queue_of(self._state, self._views, number, long=long)

    def fund(self, asset: str) -> FundValue:
        """Return the insurance fund: its balance, and after unwinding what is in hand.

        Raises
        ------
        InvalidInputError
            If the venue has no such asset.
        """
        self._need_rules()
        if asset not in self._state.ledger.asset_index:
            raise InvalidInputError(f"asset must be one of the rules', was {asset!r}")
        return fund_in_hand(self._state, self._views, self._state.ledger.asset_index[asset])

    def quanta(self, asset: str, amount: str) -> int:
        """Return a decimal amount of an asset in quanta, as commands take it.

        Raises
        ------
        InvalidInputError
            If the asset is unknown, or the amount no whole number of quanta.
        """
        return Amount.parse(amount, _answers.find_asset(self._state, asset)).quanta

    def lots(self, instrument: str, size: str) -> int:
        """Return a decimal size of an instrument in lots, as commands take it.

        Raises
        ------
        InvalidInputError
            If the instrument is unknown, or the size no whole number of lots.
        """
        return _answers.count_lots(self._state, instrument, size)

    def state_hash(self) -> str:
        """Return the hash of the facts."""
        return self._replica.state_hash()

    def books(self) -> Books:
        """Add up the ledger: the proof that the books balance."""
        return books(self._state)

    def _need_rules(self) -> None:
        if self._state.rules is None:
            raise InvalidInputError("a venue must have rules before it is asked, has none")
