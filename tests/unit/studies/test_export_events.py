"""Every type of event has a table, and every field of it a column in one of its tables."""

import json
from decimal import Decimal
from typing import get_args, get_type_hints

import msgspec
import pytest

from hullmark.domain import AuctionKind, AuctionPhase, Event, events, pack_column
from hullmark.studies._export_events import HEADER, event_tables
from hullmark.studies._export_scales import Scales

from ..clearing.bank import TREE


def rows_of(name, event, scales):
    """Return the rows of an event in a table, by column, without where they are from."""
    (table,) = [t for t in event_tables() if t.name == name]
    kinds = list(table.kinds)[len(HEADER) :]
    rows = table.rows((1, 5, 0, None, None), event, scales)
    return [dict(zip(kinds, row[len(HEADER) :], strict=True)) for row in rows]


@pytest.fixture
def small_scales():
    scales = Scales()
    scales.adopt(json.dumps(TREE))
    return scales


def test_every_field_of_every_event_is_in_a_table():
    tables = {table.name: table for table in event_tables()}
    assert len(tables) == len(set(tables))
    for kind in get_args(Event):
        name = kind.__name__
        if kind is events.TradesBooked:  # its columns are the fields of its trades
            name, kind = f"{name}.trades", events.Traded  # noqa: PLW2901
        columns = set(tables[name].kinds) - set(HEADER)
        for field in get_type_hints(kind):
            plain = field.removesuffix("_ns")
            wanted = {field, plain, f"event_{field}", f"{field}_1", f"{field}_count"}
            assert columns & wanted, f"{name}.{field}"


def test_no_table_names_a_column_twice():
    for table in event_tables():
        names = [column.name for column in table.columns]
        assert len(names) == len(set(names)), table.name
        assert not set(names) & set(HEADER), table.name


def test_a_list_of_structs_has_a_table_of_their_fields():
    tables = {table.name: table for table in event_tables()}
    price = tables["PricesAccepted.prices"].kinds
    names = ["factor", "price_nano", "price", "grade", "accepted", "reason", "low_nano", "low"]
    names += ["high_nano", "high", "doubted", "memory"]
    assert list(price)[len(HEADER) :] == names


def test_what_is_no_table_is_json():
    (table,) = [t for t in event_tables() if t.name == "ReactionsDeferred"]
    assert table.kinds["commands"] == "json"
    event = events.ReactionsDeferred(commands=())
    (row,) = table.rows((1, 5, 0, None, None), event, Scales())
    assert row == (1, 5, 0, None, None, "[]")


def test_the_two_who_signed_have_a_column_each():
    (table,) = [t for t in event_tables() if t.name == "CashAdjusted"]
    event = msgspec.convert(
        {
            "type": "CashAdjusted",
            "source": 1,
            "target": 2,
            "asset": "USDT",
            "quanta": 5,
            "authorisers": ("ann", "bob"),
            "reason": "typed twice",
        },
        events.CashAdjusted,
    )
    (row,) = table.rows((1, 5, 0, None, None), event, Scales())
    found = dict(zip(table.kinds, row, strict=True))
    assert (found["authorisers_1"], found["authorisers_2"]) == ("ann", "bob")
    assert (found["quanta"], found["amount"], found["reverses"]) == (5, None, None)


def test_a_round_is_a_row_per_trade():
    (table,) = [t for t in event_tables() if t.name == "TradesBooked.trades"]
    names = [name for name in events.Traded.__struct_fields__ if name != "instrument"]
    columns = {name: pack_column([7 + k, 8 + k]) for k, name in enumerate(names)}
    event = events.TradesBooked(symbols=("A", "B"), instrument=pack_column([1, 0]), **columns)
    found = table.rows((1, 5, 0, None, None), event, Scales())
    rows = [dict(zip(table.kinds, row, strict=True)) for row in found]
    assert [(r["row"], r["instrument"], r["buyer"], r["lots"]) for r in rows] == [
        (0, "B", 7, 9), (1, "A", 8, 10),
    ]  # fmt: skip


def test_the_numbers_of_a_mapping_are_counted_in_what_they_stand_beside(small_scales):
    event = events.PortfolioMoved(
        source=100,
        target=101,
        lots={"INVERSE": -3},
        cost_quanta={"INVERSE": -(10**8)},
        cash_quanta={"USDT": 5, "BTC": -5},
    )
    names = ("lots", "cost_quanta", "cash_quanta")
    found = {name: rows_of(f"PortfolioMoved.{name}", event, small_scales) for name in names}
    assert found["lots"] == [{"instrument": "INVERSE", "lots": -3, "size": Decimal(-3)}]
    assert found["cost_quanta"] == [
        {"instrument": "INVERSE", "cost_quanta": -(10**8), "cost": Decimal(-1)},
    ]
    assert [(row["asset"], row["cash"]) for row in found["cash_quanta"]] == [
        ("USDT", Decimal("0.000005")), ("BTC", Decimal("-0.00000005")),
    ]  # fmt: skip


def test_a_lot_is_counted_in_its_own_asset_and_the_price_of_it_in_the_other(small_scales):
    started = events.AuctionStarted(
        auction=1,
        account=100,
        kind=AuctionKind.LOT,
        phase=AuctionPhase.SOLVENT,
        asset="USDT",
        top_nano=1,
        lot_asset="BTC",
        lot_quanta=10**8,
        tab_quanta=10**8,
    )
    small_scales.follow(started)
    (row,) = rows_of("AuctionStarted", started, small_scales)
    assert (row["kind"], row["lot"], row["tab"]) == ("LOT", Decimal(1), Decimal(100))
