"""Texts that are shown stand in the code as literals with named places, so that they can be found and translated."""

import ast
import re
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.config import ROOT
from scripts.translations import TEXTS

FILES = sorted(path for top in ("core", "panels", "pages") for path in (ROOT / top).rglob("*.py"))
WITHOUT_VALUES = ("mark",)


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """The calls by name of a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id, node


def places(text: str) -> set[str]:
    """The names of a text's places."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_message_is_a_whole_literal_with_a_value_for_each_place(path: Path) -> None:
    for name, call in calls(path):
        for text in call.args[: TEXTS.get(name, 0)]:
            where = f"line {call.lineno}"
            assert not isinstance(text, ast.JoinedStr | ast.BinOp), f"{where}: an f-string or a sum is not found"
            named = {value.arg for value in call.keywords}
            if isinstance(text, ast.Constant) and name not in WITHOUT_VALUES and None not in named:
                found = places(text.value) if named or name == "tr_plural" else set()
                assert found <= named | ({"count"} if name == "tr_plural" else set()), where
                assert all(place.isidentifier() for place in found), where


def test_importing_a_module_translates_nothing() -> None:
    """Else the language of whoever came first would stay in the module."""
    code = """
import importlib, pkgutil
import core, panels
from core.translation import language, messages, numbers

def refuse():
    raise AssertionError("translated while a module is imported")

messages.current_language = numbers.current_language = refuse
for package in (core, panels):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_what_is_cached_is_not_translated() -> None:
    """Else a visitor would read the language of another; a function whose language is an argument may translate."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and any("cache" in ast.unparse(by) for by in node.decorator_list):
                called = {getattr(call.func, "id", "") for call in ast.walk(node) if isinstance(call, ast.Call)}
                is_told = "language" in {argument.arg for argument in node.args.args}
                assert is_told or not called & {"tr", "tr_plural", "shown", "number_text", "join_words"}, node.name


SHOWING = {
    *("title", "header", "subheader", "caption", "markdown", "write", "text", "info", "warning", "error", "success"),
    *("button", "download_button", "toggle", "checkbox", "radio", "selectbox", "multiselect", "slider", "metric"),
    *("select_slider", "number_input", "text_input", "file_uploader", "expander", "popover", "pills", "page_link"),
    *("segmented_control", "link_button", "spinner", "toast", "dialog", "form_submit_button", "status", "badge"),
}
"""Functions of Streamlit whose first argument is shown."""
SHOWN_OPTIONS = {"help", "placeholder", "alt", "label", "caption"}


def words(node: ast.expr) -> str:
    """The words that stand in an expression as they are: those of literals, outside of any call."""
    match node:
        case ast.Constant(value=str(text)):
            return "" if text.startswith("pages/") else re.sub(r":material/\w+:", "", text)
        case ast.JoinedStr(values=parts):
            if words(parts[0]) == "" and isinstance(parts[0], ast.Constant):  # the path of a page
                return ""
            return " ".join(words(part) for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return f"{words(left)} {words(right)}"
        case ast.IfExp(body=body, orelse=other):
            return f"{words(body)} {words(other)}"
    return ""


def unmarked(path: Path) -> list[str]:
    """The texts that a module hands to Streamlit without marking them."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            shown = [option.value for option in node.keywords if option.arg in SHOWN_OPTIONS and name != "dict"]
            if isinstance(node.func, ast.Attribute) and name in SHOWING:
                shown += node.args[:1]
            if name == "bound":
                shown += node.args[1:2]
            found += [text for text in map(words, shown) if re.search(r"[^\W\d]{2}", text)]
    return found


def test_what_streamlit_shows_is_marked() -> None:
    paths = [path for path in FILES if path.relative_to(ROOT).parts[0] != "core"]
    left = [path.relative_to(ROOT).as_posix() for path in paths if unmarked(path)]
    assert left == [], "mark these with tr()"


def test_an_unmarked_text_is_noticed(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        'st.text("Not marked", help=tr("Marked"))\nbound(st.toggle, f"{name} is not marked", key="key")\n'
    )
    assert len(unmarked(module)) == 2


def composed(path: Path) -> list[str]:
    """The sentences that a module puts together in f-strings, where no translation finds them."""
    strings = (
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.JoinedStr)
    )
    return [text for text in map(words, strings) if re.fullmatch(r"[A-Z]\w+ .+ .+[.!?]", text.strip())]


def test_no_sentence_for_a_page_is_composed_in_an_f_string() -> None:
    """The disagreement of a volume's planes was English on a Spanish page."""
    tops = ("panels/", "pages/", "core/inference/", "core/readers/", "core/explanation/", "core/dataset/")
    names = {path: path.relative_to(ROOT).as_posix() for path in FILES}
    left = {name: found for path, name in names.items() if name.startswith(tops) and (found := composed(path))}
    assert left == {}, "use tr() with named places"


def test_a_composed_sentence_is_noticed(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('said = f"The planes disagree: {one} here and {other} there."\nlink = f"{page}?slice={number}"\n')
    assert len(composed(module)) == 1
