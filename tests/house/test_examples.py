"""The examples of the pages: each is run, in order, as a reader would type it."""

import doctest

import pytest

from .conftest import ROOT

PAGES = sorted(
    str(page.relative_to(ROOT))
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
    if ">>> " in page.read_text(encoding="utf-8")
)


def test_the_readme_has_an_example():
    assert "README.md" in PAGES


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page_run_as_written(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    failed, tried = doctest.testfile(str(ROOT / page), module_relative=False)
    assert tried > 0
    assert failed == 0
