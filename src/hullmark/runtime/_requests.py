"""What comes in at the door: commands with or without a key, checked before any is carried out."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from hullmark.clearing import Rules
from hullmark.domain import Command, commands
from hullmark.errors import InvalidInputError
from hullmark.liquidation import load_engine
from hullmark.runtime._keys import Keyed, check_key
from hullmark.waterfall import load_policy

_INTERNAL = (commands.DeferReactions, commands.ResumeReactions)
_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[list[Command]] = msgspec.msgpack.Decoder(list[Command])

_UNFIT = (msgspec.MsgspecError, TypeError, OverflowError, UnicodeEncodeError, RecursionError)


class Request(NamedTuple):
    """A command that fits its schema, and the key it came under."""

    command: Command
    key: str | None


def validate(requests: Iterable[Command | Keyed]) -> list[Request]:
    """Return the requests as values of the schema.

    Structs do not check the types of what they are built from; a float must not reach the ledger.

    Raises
    ------
    InvalidInputError
        If a command does not fit its schema or is the runtime's own, or a key is none.
    PluginError
        If a command would adopt rules whose engine is not installed.
    """
    keys: list[str | None] = []
    wanted: list[Command] = []
    for request in requests:
        if isinstance(request, Keyed):
            check_key(request.key)
            keys.append(request.key)
            wanted.append(request.command)
        else:
            keys.append(None)
            wanted.append(request)
    found = _fit(wanted)
    for command in found:
        if isinstance(command, _INTERNAL):  # it may hold others, which nobody has looked at
            name = type(command).__name__
            raise InvalidInputError(f"{name} must not be submitted: the runtime's own")
        if isinstance(command, commands.AdoptRules):
            _need_engine(command)
    return [Request(command, key) for command, key in zip(found, keys, strict=True)]


def _fit(wanted: Sequence[Command]) -> Sequence[Command]:
    try:
        return _DECODER.decode(_ENCODER.encode(wanted))
    except _UNFIT:
        for command in wanted:
            _fit_one(command)
        raise


def _fit_one(command: Command) -> None:
    try:
        _DECODER.decode(_ENCODER.encode([command]))
    except _UNFIT as e:
        raise InvalidInputError(f"command must fit its schema, but {e}: {command!r:.200}") from e


# Found out now and not when they come into force, which would stop the venue for good.
def _need_engine(command: commands.AdoptRules) -> None:
    try:
        rules = Rules.parse_text(command.rules)
    except InvalidInputError:
        return  # an answer says what is wrong with them
    load_engine(rules.liquidation.order_engine)
    if rules.waterfall.deleveraging is not None:
        load_policy(rules.waterfall.deleveraging.policy)
