"""A whole number divided in proportion, so that the parts add up to it."""

from collections.abc import Sequence

from hullmark.errors import InvalidInputError


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Return whole parts of a total in proportion to weights, by the largest remainder.

    They add up to the total and each differs from its exact share by less than one. Equal
    remainders go to whoever stands first. Where the total is not more than the sum of the weights
    no part is more than its weight.

    Parameters
    ----------
    total : int, >= 0
    weights : sequence of int, each >= 0, one of them > 0 where the total is

    Raises
    ------
    InvalidInputError
        If a number is negative, or nobody has a weight and something is to be divided.

    References
    ----------
    Hamilton's method, apportionment of the House of Representatives, 1792.

    >>> apportion(10, [1, 1, 1]), apportion(2, [5, 0, 5])
    ([4, 3, 3], [1, 0, 1])
    """
    if total < 0:
        raise InvalidInputError(f"total must be >= 0, was {total}")
    if weights and min(weights) < 0:
        raise InvalidInputError(f"weights must be >= 0, was {min(weights)}")
    whole = sum(weights)
    if not whole:
        if total:
            raise InvalidInputError("weights must have one > 0, was none")
        return [0] * len(weights)
    if total == whole:
        return list(weights)
    products = [total * weight for weight in weights]
    parts = [product // whole for product in products]
    if short := total - sum(parts):
        behind = [part * whole - product for part, product in zip(parts, products, strict=True)]
        for place in sorted(range(len(weights)), key=behind.__getitem__)[:short]:
            parts[place] += 1
    return parts
