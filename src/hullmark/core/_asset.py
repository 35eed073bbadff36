"""Assets: what an amount is counted in."""

from dataclasses import dataclass

from hullmark.errors import InvalidInputError

DECIMALS_MAX = 9  # 18-decimal tokens are scaled at the door, so that int64 holds 9.2e9 units


@dataclass(frozen=True, slots=True)
class Asset:
    """A fungible asset, and how many decimals its smallest unit, the *quantum*, has.

    Raises
    ------
    InvalidInputError
        If the symbol is empty, or the decimals are outside of [0, `DECIMALS_MAX`].
    """

    symbol: str
    decimals: int

    def __post_init__(self) -> None:
        if not self.symbol:
            raise InvalidInputError("symbol must not be empty, was ''")
        if not 0 <= self.decimals <= DECIMALS_MAX:
            raise InvalidInputError(
                f"decimals of {self.symbol} must be in [0, {DECIMALS_MAX}], was {self.decimals}"
            )

    @property
    def quanta_per_unit(self) -> int:
        """How many quanta make one whole unit."""
        quanta: int = 10**self.decimals
        return quanta
