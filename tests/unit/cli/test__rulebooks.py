"""``hullmark rulebooks``: every book with its source and date, and one whole."""

import json

from hullmark.cli import main
from hullmark.rulebooks import load_rulebook, rulebook_names, with_parameter


def printed(capsys, *words):
    assert main(["rulebooks", *words]) == 0
    return capsys.readouterr().out


def test_all_are_listed_with_source_date_and_differences(capsys):
    books = json.loads(printed(capsys, "--json"))
    assert [book["name"] for book in books] == list(rulebook_names())
    assert all(book["sources"] and book["differences"] and book["covers"] for book in books)
    text = printed(capsys)
    assert all(f"{book['name']}: {book['venue']}, " in text for book in books)


def test_one_is_printed_with_every_parameter_under_the_path_that_set_takes(capsys):
    tree = load_rulebook("derive-portfolio-2").parameters
    text = printed(capsys, "derive-portfolio-2")
    paths = [line.partition(" = ")[0] for line in text.split("\n") if " = " in line]
    assert len(paths) > 100
    for path in paths:
        with_parameter(tree, f"{path}=1")
    assert "add-on    naked-options, reads naked_option" in text


def test_a_book_that_is_not_there_is_refused_with_those_that_are(capsys):
    assert main(["rulebooks", "nowhere"]) == 1
    assert "no rulebook 'nowhere'; installed: aevo-standard" in capsys.readouterr().err
