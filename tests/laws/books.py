"""Random portfolio documents of version 2, and the slow references that value them.

A document is built so that the rule book of its name can margin it, with every number that the
book reads and thresholds that prices fall just below, at and above.
"""

import copy
import random
import runpy
from functools import lru_cache
from pathlib import Path

from hullmark.domain import Portfolio
from hullmark.rulebooks import load_rulebook, statements

REFERENCE = Path(__file__).parents[1] / "reference"
DERIVE = runpy.run_path(str(REFERENCE / "derive.py"))
DERIBIT = runpy.run_path(str(REFERENCE / "deribit.py"))
SCENARIO_BOOKS = ("derive-portfolio-2", "derive-portfolio", "deribit-portfolio")
DERIVE_BOOKS = {
    "derive-portfolio-2": DERIVE["portfolio_2"],
    "derive-portfolio": DERIVE["portfolio"],
    "derive-standard": DERIVE["standard"],
}
DERIBIT_BOOKS = {
    "deribit-portfolio": DERIBIT["portfolio"],
    "deribit-standard": DERIBIT["standard"],
    "aevo-standard": DERIBIT["standard"],
    "bitcom-standard": DERIBIT["standard"],
    "bybit-options": DERIBIT["standard"],
    "okx-simple": DERIBIT["standard"],
}
CONFIDENCES = ("0", "0.2", "0.549999999999999999", "0.55", "0.56", "1")
PEGS = ("0.52", "0.989999999999999999", "0.99", "1", "1.0002")
SECONDS = (1, 600, 1_799, 86_399, 604_800, 2_592_000, 2_592_001, 8_640_000, 31_536_000)
SETTLES_SECONDS = 1_800  # the average that settles is taken over the last half hour
MONEYNESS = (0.4, 0.8, 0.97, 1.0, 1.04, 1.3, 2.5)
COLLATERALS = {
    "CBBTC": {"risk_cancelling": True, "initial": "0.02", "maintenance": "0.015"},
    "SDAI": {"risk_cancelling": False, "initial": "0.05", "maintenance": "0.1"},
    "WEETH": {"risk_cancelling": True, "initial": "0.1", "maintenance": "0.12"},
}


@lru_cache
def rulebook(name):
    return load_rulebook(name)


def parameters_of(name):
    """Return the parameters of a rule book as a tree that may be changed."""
    return copy.deepcopy(dict(rulebook(name).parameters))


def margins(tree, name, **options):
    """Return the statements of a document."""
    return statements(Portfolio.parse_tree(tree), rulebook(name), **options)


def margin(tree, name):
    """Return the one statement of a document of one account in one currency."""
    (statement,) = margins(tree, name)
    return statement


def text(number, digits=6):
    """Return a number as a document has it."""
    return f"{number:.{digits}f}".rstrip("0").rstrip(".") or "0"


def gross(tree):
    """Return the size of a document's accounts: what the tolerance of a comparison is relative to.

    In USD: notionals at the dearest price in sight, and cash.
    """
    total = 1.0
    collaterals = tree["market"].get("collaterals", {})
    for account in tree["accounts"]:
        total += sum(abs(float(v)) for v in account["cash"].values())
        for name, amount in account.get("collaterals", {}).items():
            total += abs(float(amount)) * float(collaterals[name]["price"])
        for kind in ("perpetuals", "futures", "options", "orders"):
            for holding in account.get(kind, []):
                there = tree["market"]["underlyings"][holding["underlying"]]
                price = max(float(there["spot"]), float(holding.get("strike", 0)))
                total += abs(float(holding["size"])) * price
    return total / min(1.0, float(tree["market"].get("stable", {}).get("price", 1)))


class Draw:
    """What a seed makes: numbers as text, and documents of them."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.one = self.random.choice

    def decimal(self, low, high, digits=4):
        """Return a number between two as text."""
        return text(self.random.uniform(low, high), digits)

    def flip(self):
        """Return heads or tails."""
        return self.random.random() < 0.5

    def some(self, values, low, high):
        """Return *low* to *high* of the values, each once."""
        values = list(values)
        return self.random.sample(values, min(self.random.randint(low, high), len(values)))

    def size(self):
        """Return a size of either sign, from a thousandth to thousands."""
        return text(self.one((-1, 1)) * self.one((0.001, 0.003, 0.25, 1, 17, 2_500)), 3)

    def expiry(self, spot, *, expired):
        """Return an expiry: its forward, its volatilities and how far each is trusted."""
        seconds = self.one((0, *SECONDS) if expired else SECONDS)
        forward = spot * self.random.uniform(0.97, 1.06)
        share = self.one((0, 0.3, 0.999)) if seconds < SETTLES_SECONDS else 0
        strikes = [text(spot * m, 2) for m in MONEYNESS]
        expiry = {
            "seconds": seconds,
            "forward": {"fixed": text(forward * share), "variable": text(forward * (1 - share))},
            "rate": self.one(("-0.5", "0", "0.05", "0.21")),
            "marks": {f"{k}-{s}": self.decimal(0.0, 1.5) for k in strikes for s in "CP"},
            "future": {"mark": text(forward * 1.001)},
        }
        for feed in ("forward_confidence", "rate_confidence", "vol_confidence"):
            expiry[feed] = self.one(CONFIDENCES)
        if self.flip():
            expiry["vols"] = {k: self.decimal(0.1, 2.0) for k in strikes}
            return expiry
        low = (0.001, 0.01, -0.9, -0.2, 0.05, 0.05)
        high = (0.1, 0.3, 0.9, 0.2, 0.6, 1.0)
        names = ("a", "b", "rho", "m", "sigma", "years")
        svi = {k: self.decimal(*ends) for k, *ends in zip(names, low, high, strict=True)}
        expiry["svi"] = {**svi, "forward": text(forward)}
        return expiry

    def underlying(self, *, expired):
        """Return the prices of an underlying with one to three expiries."""
        spot = self.one((2.5, 1_850.25, 95_663.5))
        perpetual = {"mark": text(spot * self.random.uniform(0.98, 1.02))}
        count = self.random.randint(1, 3)
        return {
            "spot": text(spot),
            "confidence": self.one(CONFIDENCES),
            "perpetual": {**perpetual, "confidence": self.one(CONFIDENCES)},
            "expiries": {f"expiry-{n}": self.expiry(spot, expired=expired) for n in range(count)},
        }

    def options(self, name, market, low, high):
        """Return options on an underlying, each contract once."""
        spot = float(market["spot"])
        strikes = [text(spot * m, 2) for m in MONEYNESS]
        contracts = [
            {"underlying": name, "expiry": e, "strike": k, "type": side}
            for e in market["expiries"]
            for k in strikes
            for side in ("call", "put")
        ]
        return [
            {**contract, "size": self.size(), "entry": self.decimal(0.01, 2.0)}
            for contract in self.some(contracts, low, high)
        ]

    def linear(self, name, market, *, futures):
        """Return a perpetual, and a future where there are any, of one underlying, or none."""
        entry = text(float(market["spot"]) * 0.98)
        held = {"perpetuals": [], "futures": []}
        if self.flip():
            unsettled = self.decimal(-50.0, 50.0)
            position = {"underlying": name, "size": self.size(), "entry": entry}
            held["perpetuals"].append({**position, "unsettled": unsettled})
        if futures and self.flip():
            position = {"underlying": name, "expiry": self.one(sorted(market["expiries"]))}
            held["futures"].append({**position, "size": self.size(), "entry": entry})
        return held

    def orders(self, name, market, *, apart_from):
        """Return up to three orders for options on an underlying, but for some contracts."""
        skipped = [contract_of(option) for option in apart_from]
        found = []
        for option in self.options(name, market, 0, 3):
            if contract_of(option) not in skipped:
                price = option.pop("entry")
                found.append({"kind": "option", **option, "price": price})
        return found

    def account(self, number, markets, *, futures):
        """Return an account with one to eight options on each underlying, and no cash."""
        account = {"name": f"account-{number}", "cash": {}}
        account |= {"perpetuals": [], "futures": [], "options": []}
        for symbol, market in markets.items():
            account["options"] += self.options(symbol, market, 1, 8)
            for kind, held in self.linear(symbol, market, futures=futures).items():
                account[kind] += held
        return account


def contract_of(holding):
    return tuple(holding[key] for key in ("underlying", "expiry", "strike", "type"))


def whole_document(draw, name, accounts):
    """Return a document for a book that margins an account as a whole: Derive's, and our own."""
    names = ("ETH", "BTC") if name == "derive-standard" else ("ETH",)
    markets = {symbol: draw.underlying(expired=True) for symbol in names}
    parameters = parameters_of(name)
    if name == "derive-portfolio":  # its base asset is priced at spot
        assets = {"ETH": {"price": markets["ETH"]["spot"], "confidence": "1"}}
    else:
        held = parameters["collaterals"] if name == "derive-standard" else COLLATERALS
        parameters["collaterals"] = held
        assets = {
            asset: {"price": draw.decimal(0.5, 3_000.0), "confidence": draw.one(CONFIDENCES)}
            for asset in held
        }
    market = {"stable": {"price": draw.one(PEGS)}, "underlyings": markets, "collaterals": assets}
    found = []
    for n in range(accounts):
        account = draw.account(n, markets, futures=name == "hullmark-portfolio")
        account["cash"] = {"USDC": draw.decimal(-9_999.0, 9_999.0)}
        some = draw.some(sorted(assets), 0, len(assets))
        account["collaterals"] = {asset: draw.decimal(0.001, 40.0) for asset in some}
        found.append(account)
    return {"version": 2, "market": market, "parameters": parameters, "accounts": found}


def split_document(draw, name, accounts):
    """Return a document for a book that margins each underlying: Deribit's and its relatives."""
    parameters = parameters_of(name)
    if "option_delta" in parameters:  # the reference reads it where the market's own rules are
        shared = {"option_delta": parameters.pop("option_delta")}
        markets = parameters["markets"].items()
        parameters["markets"] = {symbol: {**rules, **shared} for symbol, rules in markets}
    markets = {symbol: draw.underlying(expired=False) for symbol in parameters["markets"]}
    found = []
    for n in range(accounts):
        account = draw.account(n, markets, futures=name.startswith("deribit"))
        if not name.startswith("deribit"):
            account["perpetuals"] = []
        account["orders"] = []
        # Bybit's rule on entry prices does not say how fills mix.
        skipped = account["options"] if name == "bybit-options" else []
        for symbol, market in markets.items():
            account["orders"] += draw.orders(symbol, market, apart_from=skipped)
        found.append(account)
    market = {"underlyings": markets}
    return {"version": 2, "market": market, "parameters": parameters, "accounts": found}


def document(name, seed, *, accounts=1):
    """Return a random document that a rule book of this name can margin."""
    whole = rulebook(name).composition.scope == "account"
    return (whole_document if whole else split_document)(Draw(seed), name, accounts)
