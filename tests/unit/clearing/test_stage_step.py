"""Pauses, and losses at absurd prices."""

from hullmark.clearing._checks import QUANTA_MAX
from hullmark.clearing._stage_step import bounded, park
from hullmark.domain import Parked

from .bank import ANN, SECOND_NS, START_NS


def test_a_pause_begins_now_and_lasts_as_long_as_the_rules_say(bank):
    pause = park(bank.state, ANN, Parked.THROTTLED)
    assert (pause.account, pause.reason) == (ANN, Parked.THROTTLED)
    assert pause.until_ns == START_NS + 60 * SECOND_NS


def test_what_is_told_of_a_loss_fits_in_a_column():
    assert [bounded(quanta) for quanta in (5, -5, QUANTA_MAX, -QUANTA_MAX)] == [
        5, -5, QUANTA_MAX, -QUANTA_MAX,
    ]  # fmt: skip
    assert (bounded(QUANTA_MAX + 1), bounded(-QUANTA_MAX - 1)) == (QUANTA_MAX, -QUANTA_MAX)
