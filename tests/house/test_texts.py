"""What no file may say, and how errors and tests speak."""

import ast
import re

import pytest

# Spelt in halves, so that this file does not find itself.
INDEX = re.compile(
    r"https?://[^\s\"')]*(py" + r"pi|python" + r"hosted|registry\.|/simple\b)"
    r"|(?<![\w-])--(extra-)?index" + r"-url|^\s*index" + r"-url\s*=",
    re.MULTILINE,
)
# Paths that exist on one machine only. What is beside the repository is named from the repository.
ONE_MACHINE = re.compile(
    r"(?<![\w.$}])/(wo" + r"rk|home/\w+|root|Users/\w+)/"
    r"|shared/(know" + r"ledge|des" + r"ign|style)",
)
NAME_WORDS_MIN = 3  # a subject, a verb and what it is about
RAISES = re.compile(r", got \{|[Ii]nvalid \w+[\"']$")


def found(pattern, texts):
    return [
        f"{name}: {match[0].strip()!r}"
        for name, t in texts.items()
        for match in pattern.finditer(t)
    ]


def vague_errors(tree):
    """Yield messages that do not say what was found, or say it in another dialect."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            text = ast.unparse(node.exc)
            if RAISES.search(text.rstrip(")")):
                yield f"line {node.lineno}: {text}"


def short_names(tree):
    """Yield tests whose name is no sentence."""
    for node in ast.walk(tree):
        is_test = isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        if is_test and len(node.name.split("_")) - 1 < NAME_WORDS_MIN:
            yield node.name


def test_no_file_names_a_package_index(kept):
    assert not found(INDEX, kept)


def test_no_file_names_a_path_of_one_machine(kept):
    assert not found(ONE_MACHINE, kept)


def test_an_error_says_what_was_found(library):
    assert not [f"{n}, {e}" for n, m in library.items() for e in vague_errors(m.tree)]


def test_the_name_of_a_test_is_a_sentence(modules):
    assert not [f"{n}: {t}" for n, m in modules.items() for t in short_names(m.tree)]


def test_texts_end_in_one_newline_and_no_line_in_blanks(kept):
    for name, text in kept.items():
        if text and name != "LICENSE":
            assert text.endswith("\n"), name
            assert not text.endswith("\n\n"), name
            assert not [i for i, line in enumerate(text.split("\n"), 1) if line != line.rstrip()], (
                name
            )


def test_the_licence_is_apache_2_whole(kept):
    text = kept["LICENSE"]
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_unit_tests_mirror_the_source(modules):
    sources = {
        n.removeprefix("src/hullmark/").replace("/_", "/") for n in modules if n.startswith("src/")
    }
    for name in modules:
        package, _, file = name.removeprefix("tests/unit/").rpartition("/")
        if not name.startswith("tests/unit/") or not file.startswith("test_") or not package:
            continue
        module = re.sub(r"^_+", "", file.removeprefix("test_"))
        assert f"{package}/{module}" in sources, f"{name} mirrors no module"


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (INDEX, "pip install --index" + "-url x"),
        (INDEX, "https://py" + "pi.org/project"),
        (ONE_MACHINE, "open('/wo" + "rk/main/a')"),
        (ONE_MACHINE, "see shared/know" + "ledge/perps.md"),
    ],
)
def test_the_checks_of_texts_find_what_they_look_for(pattern, text):
    assert found(pattern, {"a": text})


def test_the_checks_of_speech_find_what_they_look_for():
    assert list(vague_errors(ast.parse('raise ValueError("invalid haircut")')))
    assert list(short_names(ast.parse("def test_margin_2(): pass")))
