"""A portfolio document assessed slowly and obviously, from the text of docs/reference/portfolio.md.

Plain Python on the JSON tree: no arrays, no tables, no code of the package. Prices are functions of
a *world*, which says by what factor each coin has moved, by what each volatility has, and how many
days have passed.
"""

import math
from datetime import datetime
from typing import NamedTuple

SECONDS_A_DAY, DAYS_A_YEAR = 86_400, 365.25


class World(NamedTuple):
    """Where the market stands, seen from the document's."""

    factors: dict  # by coin; 1 where there is none
    vol_add: float = 0.0
    days_later: float = 0.0


HERE = World({})


def cdf(x):
    return math.erfc(-x / math.sqrt(2)) / 2


def black76(forward, strike, years, vol, *, call):
    """Return the undiscounted value of an option on a forward."""
    sign, deviation = (1 if call else -1), vol * math.sqrt(years)
    if deviation == 0:
        return max(sign * (forward - strike), 0.0)
    d1 = math.log(forward / strike) / deviation + deviation / 2
    return sign * (forward * cdf(sign * d1) - strike * cdf(sign * (d1 - deviation)))


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Portfolio:
    """A document's tree, asked for the numbers of one account at a time."""

    def __init__(self, tree):
        self.market, parameters = tree["market"], tree["parameters"]
        self.assets, self.margin = parameters["assets"], parameters["margin"]
        self.instruments = {i["symbol"]: i for i in parameters["instruments"]}
        self.accounts = {a["name"]: a for a in tree["accounts"]}
        self.coins = [a for a, terms in self.assets.items() if terms["shocked"]]
        self._models = {}

    def price(self, asset, world=HERE):
        """Return what one unit of an asset is worth, USD."""
        text = self.market["index"].get(asset) or self.assets[asset]["peg"]
        return float(text) * (world.factors.get(asset, 1.0) if asset in self.coins else 1.0)

    def days(self, instrument, world=HERE):
        """Return the days to expiry."""
        left = instant(instrument["expiry"]) - instant(self.market["time"])
        return left / SECONDS_A_DAY - world.days_later

    def model_usd(self, symbol, world, vol=None):
        """Return what one contract unit of an option is worth by the model, USD."""
        key = symbol, tuple(sorted(world.factors.items())), world[1:], vol
        if key not in self._models:
            self._models[key] = self._model_usd(symbol, world, vol)
        return self._models[key]

    def _model_usd(self, symbol, world, vol):
        i, quote = self.instruments[symbol], self.market["quotes"][symbol]
        factor = world.factors.get(i["underlying"], 1.0)
        (forward,) = (
            float(value) * factor
            for at, value in self.market["forwards"][i["underlying"]].items()
            if instant(at) == instant(i["expiry"])
        )
        vol = (float(quote["vol"]) if vol is None else vol) + world.vol_add
        years = self.days(i, world) / DAYS_A_YEAR
        value = black76(forward, float(i["strike"]), years, vol, call=i["call"])
        settled = value / forward if i.get("inverse") else value
        return settled * self.price(i["settlement"], world)

    def equities(self, name, world=HERE):
        """Return units by asset: cash, unsettled profit, and options at the venue's mark.

        In another world an option has gained what its model has gained, in USD.
        """
        account = self.accounts[name]
        units = {asset: float(text) for asset, text in account["cash"].items()}
        for position in account["positions"]:
            i, size = self.instruments[position["instrument"]], float(position["size"])
            mark = float(self.market["quotes"][i["symbol"]]["mark"])
            if i["kind"] == "option":
                usd = mark * self.price(i["settlement"])
                usd += self.model_usd(i["symbol"], world) - self.model_usd(i["symbol"], HERE)
                gained = size * max(usd, 0.0) / self.price(i["settlement"], world)
            else:
                entry = float(position["entry_price"])
                mark *= world.factors.get(i["underlying"], 1.0)
                gained = size * (1 / entry - 1 / mark if i.get("inverse") else mark - entry)
            units[i["settlement"]] = units.get(i["settlement"], 0.0) + gained
        return units

    def net_value(self, name, world=HERE):
        """Return what the account is worth, USD, without haircuts."""
        units = self.equities(name, world)
        return math.fsum(u * self.price(a, world) for a, u in units.items())

    def equity(self, name, check, world=HERE):
        """Return net value less the haircuts of the check, ``initial`` or ``maintenance``."""
        total = 0.0
        for asset, units in self.equities(name, world).items():
            value, terms = units * self.price(asset, world), self.assets[asset]
            if value > 0:
                value *= 1 - float(terms.get(f"haircut_{check}", "0"))
                value = min(value, float(terms.get("cap_usd", "inf")))
            total += value
        return total

    def notionals(self, name, world=HERE):
        """Return the absolute notional of each position by instrument, USD."""
        found = {}
        for position in self.accounts[name]["positions"]:
            i, size = self.instruments[position["instrument"]], abs(float(position["size"]))
            if i["kind"] == "option":
                size *= self.price(i["underlying"], world)
            elif not i.get("inverse"):
                mark = float(self.market["quotes"][i["symbol"]]["mark"])
                mark *= world.factors.get(i["underlying"], 1.0)
                size *= mark * self.price(i["settlement"], world)
            found[i["symbol"]] = size
        return found

    def scenarios(self):
        """Return the grid as (label, move, -1, 0 or 1) in its documented order."""
        tree = self.margin["scenario"]
        moves, words = [float(m) for m in tree["moves"]], {-1: "down", 0: "same", 1: "up"}
        grid = []
        for k, move in enumerate(moves):
            edge = tree.get("edges_up_only", False) and k in (0, len(moves) - 1)
            for shock in (1,) if edge and len(moves) > 1 else (-1, 0, 1):
                grid.append((f"{100 * move:+.10g}% vol {words[shock]}", move, shock))
        return grid

    def shocked_vol(self, instrument, shock):
        """Return the volatility of an option after a shock of its sign."""
        tree = self.margin["scenario"]
        days = max(self.days(instrument), float(tree["days_floor"]))
        scale = (30 / days) ** float(tree["power_short" if days < 30 else "power_long"])
        vol = float(self.market["quotes"][instrument["symbol"]]["vol"])
        if shock < 0:
            return vol * max(1 - float(tree["vol_down"]) * scale, 0)
        if shock > 0:
            return max(vol * (1 + float(tree["vol_up"]) * scale), float(tree["vol_floor"]))
        return vol

    def profits(self, name, world=HERE):
        """Return the account's profit in each scenario: the model after less the model before."""
        account, found = self.accounts[name], {}
        for label, move, shock in self.scenarios():
            there = World({c: world.factors.get(c, 1.0) * (1 + move) for c in self.coins})
            profit = 0.0
            for asset, text in account["cash"].items():
                profit += float(text) * (self.price(asset, there) - self.price(asset, world))
            for position in account["positions"]:
                profit += self._profit(position, world, there, shock)
            found[label] = profit
        return found

    def _profit(self, position, world, there, shock):
        i, size = self.instruments[position["instrument"]], float(position["size"])
        if i["kind"] == "option":
            after = self.model_usd(i["symbol"], there, self.shocked_vol(i, shock))
            return size * (after - self.model_usd(i["symbol"], world))
        entry, coin = float(position["entry_price"]), i["underlying"]
        values = []
        for at in (there, world):
            mark = float(self.market["quotes"][i["symbol"]]["mark"]) * at.factors.get(coin, 1.0)
            gained = 1 / entry - 1 / mark if i.get("inverse") else mark - entry
            values.append(size * gained * self.price(i["settlement"], at))
        return values[0] - values[1]

    def requirement(self, name, check, world=HERE):
        """Return the initial or maintenance margin."""
        model = self.margin[self.accounts[name]["mode"]]
        if model == "scenario":
            worst = min(self.profits(name, world).values())
            return max(-worst, 0.0) * float(self.margin["scenario"][f"{check}_factor"])
        total = 0.0
        for symbol, notional in self.notionals(name, world).items():
            tiers = self.margin["tiered"][symbol]["tiers"]
            floors = [float(tier["floor_usd"]) for tier in tiers] + [math.inf]
            for k, tier in enumerate(tiers):
                slice_usd = min(notional, floors[k + 1]) - floors[k]
                total += max(slice_usd, 0.0) * float(tier[check])
        return total

    def health(self, name, world=HERE):
        """Return maintenance equity less maintenance margin."""
        return self.equity(name, "maintenance", world) - self.requirement(
            name, "maintenance", world
        )

    def greeks(self, name, coin):
        """Return delta, gamma, vega and theta of net value by central differences."""
        spot, h = self.price(coin), 1e-4
        up, same, down = (self.net_value(name, World({coin: f})) for f in (1 + h, 1.0, 1 - h))
        delta = (up - down) / (2 * h * spot)
        gamma = (up - 2 * same + down) / (h * spot) ** 2
        vega = self._slope(name, coin, World({}, vol_add=1e-4), World({}, vol_add=-1e-4)) / 0.02
        step = 1e-4
        later, sooner = World({}, days_later=step), World({}, days_later=-step)
        return delta, gamma, vega, self._slope(name, coin, later, sooner) / (2 * step)

    def _slope(self, name, coin, one, other):
        return math.fsum(
            float(p["size"])
            * (self.model_usd(p["instrument"], one) - self.model_usd(p["instrument"], other))
            for p in self.accounts[name]["positions"]
            if self.instruments[p["instrument"]]["kind"] == "option"
            and self.instruments[p["instrument"]]["underlying"] == coin
        )

    def crossing(self, name, moved, direction, *, step, stop):
        """Return the nearest factor of the coins *moved* at which health changes its sign.

        A dense scan of logs from 0 outwards, and 50 bisections; ``None`` if it keeps its sign.
        """

        def breached(log):
            return self.health(name, World(dict.fromkeys(moved, math.exp(log)))) < 0

        start = breached(0.0)
        for k in range(1, round(stop / step) + 1):
            if breached(direction * k * step) != start:
                near, far = direction * (k - 1) * step, direction * k * step
                for _ in range(50):
                    middle = (near + far) / 2
                    near, far = (near, middle) if breached(middle) != start else (middle, far)
                return math.exp(far)
        return None
