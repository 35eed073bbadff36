"""Tests of the files that a report leaves: exact, deterministic, self-contained and honest."""

import builtins
import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from hullmark.errors import DocumentError, PluginError
from hullmark.studies import write_report

VOID = {"meta", "br"}
ASKING = {"src", "srcset", "href", "xlink:href", "data", "action"}


class Page(HTMLParser):
    """Collects what a page would ask of the network and its ids, and checks that tags balance."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.references, self.tags = [], [], [], []

    def handle_starttag(self, tag, attrs):  # noqa: D102
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]
        self.references += [value for name, value in attrs if name in ASKING]

    def handle_startendtag(self, tag, attrs):  # noqa: D102
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):  # noqa: D102
        if tag not in VOID:
            assert self.open.pop() == tag


def parsed(text):
    page = Page()
    page.feed(text)
    page.close()
    assert page.open == []
    return page


def written(report, folder):
    return write_report(report, folder).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(crash, tmp_path_factory):
    return written(crash, tmp_path_factory.mktemp("out"))


def test_writes_both_files_and_returns_the_page(report, tmp_path):
    page = write_report(report, tmp_path / "new" / "out")
    assert page == tmp_path / "new" / "out" / "report.html"
    assert sorted(path.name for path in page.parent.iterdir()) == ["report.html", "report.json"]


def test_the_json_file_holds_the_report_and_nothing_else(report, tmp_path):
    report["note"] = {"written": ["and not shown", None, 1.5]}
    write_report(report, tmp_path)
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == report


def test_equal_reports_in_any_key_order_are_equal_bytes(report, tmp_path):
    def turned(value):
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return [turned(item) for item in value] if isinstance(value, list) else value

    write_report(report, tmp_path / "a")
    write_report(turned(report), tmp_path / "b")
    for name in ("report.json", "report.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_the_page_asks_nothing_of_the_network(page):
    seen = parsed(page)
    assert not {"script", "link", "img", "iframe", "object", "image"} & set(seen.tags)
    assert all(reference.startswith("#") for reference in seen.references)
    assert "default-src 'none'" in page
    assert set(re.findall(r"url\((.)", page)) <= {"#"}
    assert "@import" not in page
    assert "://" not in page


def test_ids_are_unique_and_every_reference_in_a_picture_has_its_target(page):
    seen = parsed(page)
    assert len(seen.ids) == len(set(seen.ids))
    used = set(re.findall(r"url\(#([^)]+)\)", page))
    used |= {reference.removeprefix("#") for reference in seen.references}
    assert used
    assert used <= set(seen.ids)


def test_the_page_says_in_its_first_lines_which_source_it_was(page, report, tmp_path):
    assert "This replay ran on recorded prices." in page
    assert page.index("ran on recorded prices") < page.index("Breaches")
    report["source"]["kind"] = "published facts"
    published = written(report, tmp_path)
    assert "This replay ran on published facts." in published
    assert "recorded prices" not in published


def test_texts_of_the_report_cannot_become_markup(report, tmp_path):
    hostile = "<script>alert(1)</script> & \"'"
    report["source"]["text"] = hostile
    report["source"]["files"] = [hostile]
    report["numeraire"] = report["worse"] = hostile
    report["assumptions"][0]["source"] = report["warnings"][0] = hostile
    for run in report["runs"]:
        run["order"] = run["slowest"]["command"] = hostile
        run["parked"] = {hostile: 1}
        run["by_instrument"][0]["instrument"] = hostile
        run["by_tier"][0]["instrument"] = hostile
        run["timeline"]["prices"][hostile] = run["timeline"]["prices"].pop("BTC-PERP")
        run["books"]["assets"][0]["asset"] = hostile
    page = written(report, tmp_path)
    assert "script" not in parsed(page).tags
    assert "alert(1)" in page


def test_a_day_on_which_nothing_happened_is_a_page_too(quiet, tmp_path):
    page = written(quiet, tmp_path)
    assert parsed(page).tags.count("svg") == 9
    assert "Nothing was liquidated." in page


def test_a_failed_proof_stands_out(report, tmp_path):
    run = report["runs"][3]
    run["causes"]["gap"] = "4821377.125004"  # a millionth of a dollar too much
    run["books"]["assets"][0]["sum_quanta"] = -1
    run["books"]["lots"]["ETH-PERP"] = 2
    text = written(report, tmp_path)
    assert text.count('<span class="bad">FAILS</span>') == 3
    assert "off by 0.000001 USD" in text
    assert "USDT do not" in text
    assert "ETH-PERP do not" in text


def test_a_refused_report_leaves_no_file(report, tmp_path):
    del report["state_hash"]
    with pytest.raises(DocumentError, match=r"report\.state_hash must be present"):
        write_report(report, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_matplotlib_is_not_imported_before_a_page_is_written():
    code = "import sys, hullmark.studies; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_matplotlib_the_numbers_are_saved_and_the_error_says_what_to_install(
    report, tmp_path, monkeypatch
):
    real = builtins.__import__

    def absent(name, *args, **kwargs):
        if name.split(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(PluginError, match=r'pip install "hullmark\[report\]"'):
        write_report(report, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
