"""Deleveraging, slowly and obviously: fractions, one lot or one quantum at a time.

Nothing of the package is used. An account is a dictionary with ``account``, ``lots``, ``quote``,
``net`` and ``gain``; a price is a fraction. Answers are dictionaries by account.
"""

import math
from fractions import Fraction


def opposite(lots, mark, accounts):
    """Return who may be named: the other side, with a gain on it, and solvent."""
    return [
        a
        for a in sorted(accounts, key=lambda a: a["account"])
        if a["lots"] * lots < 0 and a["lots"] * mark + a["quote"] > 0 and a["net"] > 0
    ]


def bankruptcy(lots, mark, deficit):
    """Return the price at which closing all lots brings the deficit."""
    return mark + Fraction(deficit, lots)


def loss(lots, mark, price):
    """Return what a holder loses by closing at the price, rounded up."""
    return math.ceil(lots * (mark - price))


def most_lots(account, mark, price):
    """Return how many lots an account can close and not be below zero, counted one by one."""
    size, side = 0, 1 if account["lots"] > 0 else -1
    while size < abs(account["lots"]):
        if loss(side * (size + 1), mark, price) > max(account["net"], 0):
            break
        size += 1
    return size


def score(account, mark):
    """Return profit over entry, times the position over the net value."""
    value, entry = account["lots"] * mark, abs(account["quote"])
    if not entry:
        return math.inf
    return Fraction(value + account["quote"], entry) * Fraction(abs(value), account["net"])


def divide(total, weights):
    """Divide a number one by one: each unit to whoever is furthest behind the exact share.

    Nobody is given a unit beyond the first whole number above the share.
    """
    whole = sum(weights)
    exact = [Fraction(total * weight, whole) for weight in weights] if whole else []
    parts = [math.floor(share) for share in exact] or [0] * len(weights)
    while sum(parts) < total:
        behind = [share - part for share, part in zip(exact, parts, strict=True)]
        parts[behind.index(max(behind))] += 1
    return parts


def queue(lots, mark, price, deficit, accounts):
    """Return closures and haircuts of the queue."""
    order = sorted(opposite(lots, mark, accounts), key=lambda a: -score(a, mark))
    left, closed, lost = abs(lots), {}, {}
    for a in order:
        size = min(left, most_lots(a, mark, price))
        if size:
            closed[a["account"]] = size if a["lots"] > 0 else -size
            lost[a["account"]] = loss(closed[a["account"]], mark, price)
            left -= size
    rest, shared = max(0, deficit - sum(lost.values())), {}
    for a in order:
        able = max(0, min(a["gain"], a["net"])) - lost.get(a["account"], 0)
        part = min(rest, max(0, able))
        if part:
            shared[a["account"]] = part
            rest -= part
    return closed, lost, shared


def pro_rata(lots, mark, price, deficit, accounts):
    """Return closures and haircuts in proportion to positions."""
    able = opposite(lots, mark, accounts)
    sizes = [most_lots(a, mark, price) for a in able]
    parts = divide(min(abs(lots), sum(sizes)), sizes)
    side = -1 if lots > 0 else 1
    closed = {a["account"]: side * n for a, n in zip(able, parts, strict=True) if n}
    lost = {account: loss(n, mark, price) for account, n in closed.items()}
    rest = max(0, deficit - sum(lost.values()))
    most = [max(0, max(0, min(a["gain"], a["net"])) - lost.get(a["account"], 0)) for a in able]
    return closed, lost, _shared(rest, able, most)


def least_haircut(lots, mark, deficit, accounts):
    """Return closures at the mark and haircuts by net gain."""
    able = opposite(lots, mark, accounts)
    most = [max(0, min(a["gain"], a["net"])) for a in able]
    closed, left, side = {}, abs(lots), -1 if lots > 0 else 1
    for paying in (True, False):
        group = [a for a, m in zip(able, most, strict=True) if bool(m) is paying]
        sizes = [abs(a["lots"]) for a in group]
        parts = divide(min(left, sum(sizes)), sizes)
        closed |= {a["account"]: side * n for a, n in zip(group, parts, strict=True) if n}
        left -= sum(parts)
    return closed, _shared(deficit, able, most)


def _shared(quanta, accounts, most):
    parts = divide(min(quanta, sum(most)), most)
    return {a["account"]: part for a, part in zip(accounts, parts, strict=True) if part}
