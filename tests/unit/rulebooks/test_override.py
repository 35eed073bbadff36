"""One parameter by its dotted path."""

import pytest

from hullmark.errors import DocumentError
from hullmark.rulebooks import load_rulebook, overridden, with_parameter

TREE = {"basis": {"up": "1.05"}, "scenarios": [{"spot": "1"}, {"spot": "2"}], "borrowing": True}


@pytest.mark.parametrize(
    ("assignment", "changed"),
    [
        ("basis.up=1.1", {"basis": {"up": "1.1"}}),
        ("scenarios.1.spot=3", {"scenarios": [{"spot": "1"}, {"spot": "3"}]}),
        ('scenarios=[{"spot": "4"}]', {"scenarios": [{"spot": "4"}]}),
        ("borrowing=false", {"borrowing": False}),
        ("basis.up=a=b", {"basis": {"up": "a=b"}}),
    ],
)
def test_a_value_takes_its_place_and_nothing_else_changes(assignment, changed):
    before = repr(TREE)
    assert with_parameter(TREE, assignment) == {**TREE, **changed}
    assert repr(TREE) == before


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("basis.down=1", r"parameter basis\.down must exist; where 'down' should be there is up"),
        ("scenarios.2.spot=1", r"where '2' should be there is 0, 1"),
        ("basis.up.x=1", r"where 'x' should be there is nothing"),
        ("basis", r"a setting must be such as vol_shock\.up=0\.6, was 'basis'"),
        ("=1", r"a setting must be such as"),
        ("scenarios=[", r"the setting of scenarios must be JSON, was not"),
        ("scenarios=" + 50_000 * "[", r"the setting of scenarios must be JSON, was not"),
        ('basis={"up": "1", "up": "2"}', r"basis must have each key once, was 'up'"),
        (f"scenarios.{5_000 * '1'}=1", r"there is 0, 1"),
        ("scenarios.\u0663.spot=1", r"there is 0, 1"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(assignment, message):
    with pytest.raises(DocumentError, match=message):
        with_parameter(TREE, assignment)


def test_every_parameter_of_every_book_has_a_path():
    tree = load_rulebook("derive-portfolio-2").parameters
    assert with_parameter(tree, "scenarios.0.spot=1.2")["scenarios"][0]["spot"] == "1.2"
    assert with_parameter(tree, "skew.linear.cap=0.3")["skew"]["linear"]["cap"] == "0.3"


def test_objects_merge_and_lists_are_replaced():
    merged = overridden(TREE, {"basis": {"up": "2"}, "scenarios": []}, "parameters")
    assert merged == {"basis": {"up": "2"}, "scenarios": [], "borrowing": True}
    with pytest.raises(DocumentError, match=r"parameters\.basis must be an object, was '1'"):
        overridden(TREE, {"basis": "1"}, "parameters")
    with pytest.raises(DocumentError, match=r"parameters\.borrowing must be no object"):
        overridden(TREE, {"borrowing": {}}, "parameters")
