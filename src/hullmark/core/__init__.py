"""Vocabulary shared by all of hullmark: exact amounts, instants and checked arrays, no market.

What is compiled, `bundle` and ``wide_...``, is loaded when it is first used, so that nothing else
waits for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from hullmark.core._amount import Amount
from hullmark.core._arrays import (
    FloatArray,
    IntArray,
    finite_vector,
    nonnegative_vector,
    positive_vector,
)
from hullmark.core._asset import DECIMALS_MAX, Asset
from hullmark.core._closing import Closing
from hullmark.core._decimals import (
    PRECISION,
    Number,
    clamped,
    decimal_of,
    exactly,
    not_negative,
    positive,
    rounded,
    share,
)
from hullmark.core._exact import (
    INT64_MAX,
    NANO,
    format_scaled,
    int64,
    mul_div_ceil,
    mul_div_floor,
    nano,
    parse_decimal,
    parse_nano,
    parse_scaled,
)
from hullmark.core._instant import (
    DAY_NS,
    SECOND_NS,
    YEAR_DAYS,
    YEAR_NS,
    format_instant,
    parse_instant,
)
from hullmark.core._kernel import inlined, kernel
from hullmark.core._plugins import find_plugin, load_plugin, plugin_names

if TYPE_CHECKING:
    from hullmark.core._bundle import Bundle, bundle
    from hullmark.core._wide import wide_add, wide_ceil, wide_floor, wide_subtract

__all__ = [
    "DAY_NS",
    "DECIMALS_MAX",
    "INT64_MAX",
    "NANO",
    "PRECISION",
    "SECOND_NS",
    "YEAR_DAYS",
    "YEAR_NS",
    "Amount",
    "Asset",
    "Bundle",
    "Closing",
    "FloatArray",
    "IntArray",
    "Number",
    "bundle",
    "clamped",
    "decimal_of",
    "exactly",
    "find_plugin",
    "finite_vector",
    "format_instant",
    "format_scaled",
    "inlined",
    "int64",
    "kernel",
    "load_plugin",
    "mul_div_ceil",
    "mul_div_floor",
    "nano",
    "nonnegative_vector",
    "not_negative",
    "parse_decimal",
    "parse_instant",
    "parse_nano",
    "parse_scaled",
    "plugin_names",
    "positive",
    "positive_vector",
    "rounded",
    "share",
    "wide_add",
    "wide_ceil",
    "wide_floor",
    "wide_subtract",
]

if not TYPE_CHECKING:  # or every name would be one

    def __getattr__(name: str) -> object:
        if name in ("Bundle", "bundle"):
            return getattr(import_module("hullmark.core._bundle"), name)
        if not name.startswith("wide_"):
            raise AttributeError(f"module 'hullmark.core' has no attribute {name!r}")
        return getattr(import_module("hullmark.core._wide"), name)
