"""What an asset is worth as collateral: haircuts per check, and caps.

An account's *asset equity* is its cash in one asset, plus the unrealised value of what is settled
in it. A positive one counts at its price less the haircut of the check (initial or maintenance),
and never above the asset's cap; a negative one is a debt and counts in full. The package sells
nothing, and takes prices as they come: which price a check may use is :mod:`hullmark.market`'s
business.

Units: units of the asset, USD per unit, USD. Laws: the value never exceeds the one without haircut,
does not fall as the units rise, and that of the maintenance check is never below the initial one's.
"""

from hullmark.collateral._terms import CollateralTerms, asset_value_usd

__all__ = ["CollateralTerms", "asset_value_usd"]
