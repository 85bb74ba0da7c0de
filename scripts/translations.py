"""Renew the catalogues of locale/: take up the messages that stand in the code now, and compile them.

    python scripts/translations.py          writes every slicescope.po and the slicescope.mo beside it
    python scripts/translations.py es       the same, and begins the catalogue of a language that has none

A message is the text in a call of a function that ``core.translation`` has for it, or of an error; what a file of
``DATA`` says to a visitor; or a command's help: the paragraphs of its docstring, and what its options say. One that is
changed is new: the translation of the former text stays at the end of the file, behind ``#~``.
"""

import ast
import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from core import errors  # noqa: E402
from core.cli.speech import paragraphs  # noqa: E402
from core.translation.language import LOCALE  # noqa: E402

TEXTS = {
    "mark": 1,
    "tr": 1,
    "Message": 1,
    "tr_plural": 2,
    **{name: 1 for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)},
}
"""How many of its first arguments are a message's texts, by name of a function or class."""
MESSAGES = {"Label": 2, "Term": 2}
"""How many of its first arguments are a message each, by name of a class."""
DATA = {
    "models/*/card.json": (
        *("title", "about", "intended_use", "limits.*", "input.description", "training.tried.*"),
        *(
            "licence",
            "training.machine",
            "data.set.name",
            "screen.rules.*",
            "screen.tried.*",
            "screen.data",
            "metrics.robustness.definitions.*",
            "metrics.external.aims.*.aim",
        ),
    ),
    "samples/samples.json": ("*.title", "*.alt"),
    "samples/volumes.json": ("*.title", "*.alt"),
    "searches/*/plan.toml": ("about", "known.*", "means.*"),
}
"""Where a file has texts that pages show; ``*`` stands for every entry of a list or a table."""
OPTION_TEXTS = ("help", "show_default")
"""What an option of a command says."""
FILE = "slicescope.po"


def main() -> None:
    """Renew the catalogues that there are, and those that the command line names."""
    for language in {*sys.argv[1:], *(path.parent.parent.name for path in LOCALE.glob(f"*/LC_MESSAGES/{FILE}"))}:
        catalogue = renewed(language)
        path = po_file(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalogue, width=120, include_lineno=False, sort_by_file=True)
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalogue)
        done = sum(bool(message.string) and all(texts(message.string)) for message in catalogue if message.id)
        print(f"{language}: {done} of {len(catalogue)} messages are translated.")


def po_file(language: str) -> Path:
    """Return where a language's translations stand."""
    return LOCALE / language / "LC_MESSAGES" / FILE


def read(language: str) -> Catalog:
    """Read a language's catalogue; an empty one where there is none."""
    path = po_file(language)
    if not path.is_file():
        return Catalog(language, project="SliceScope", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, language)


def renewed(language: str) -> Catalog:
    """Return a language's catalogue with the messages that stand in the code, and only those."""
    template = Catalog(project="SliceScope", fuzzy=False)
    for path, message in (*code_messages(), *data_messages()):
        template.add(message, locations=[(path, 1)])
    catalogue = read(language)
    # No date of today: the same messages give the same file.
    template.creation_date = catalogue.creation_date
    catalogue.update(template, no_fuzzy_matching=True)
    return catalogue


def code_messages() -> Iterator[tuple[str, str | tuple[str, str]]]:
    """Yield each message in the code with its file; one with a plural as both texts."""
    for top in ("core", "pages", "panels"):
        for path in sorted((ROOT / top).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                found = [*messages_of(node), *help_of(node)] if isinstance(node, ast.Call) else help_of(node)
                yield from ((path.relative_to(ROOT).as_posix(), message) for message in found)


def data_messages() -> Iterator[tuple[str, str]]:
    """Yield each text of the files of ``DATA`` with its file."""
    for pattern, places in DATA.items():
        for path in sorted(ROOT.glob(pattern)):
            text = path.read_text(encoding="utf-8")
            content = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
            for place in places:
                for message in texts_at(content, place.split(".")):
                    yield path.relative_to(ROOT).as_posix(), message


def texts_at(content: Any, place: list[str]) -> Iterator[str]:
    """Yield the texts at a place of what a file holds; none where there is no such place."""
    if not place:
        if isinstance(content, str) and content:
            yield content
        return
    first, *rest = place
    entries = dict(enumerate(content)) if isinstance(content, list) else content
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        if first in ("*", name):
            yield from texts_at(entry, rest)


def messages_of(call: ast.Call) -> list[str | tuple[str, str]]:
    """Return the messages of a call that marks some; none where their texts are no literals."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    given = [text.value for text in call.args if isinstance(text, ast.Constant)]
    if name in MESSAGES:
        return list(dict.fromkeys(given[: MESSAGES[name]]))
    match given[: TEXTS.get(name, 0)]:
        case [str(one), str(many)]:
            return [(one, many)]
        case [str(text)] if text and text is call.args[0].value:
            return [text]
    return []


def help_of(node: ast.AST) -> list[str]:
    """Return the messages of a command's docstring or of an option of click; of any other node none."""
    match node:
        case ast.FunctionDef(decorator_list=by) if any(
            ast.unparse(each).startswith(("click.command(", "click.group(")) for each in by
        ):
            return paragraphs(ast.get_docstring(node) or "")
        case ast.Call(func=function, keywords=options) if ast.unparse(function) == "click.option":
            return [
                option.value.value
                for option in options
                if option.arg in OPTION_TEXTS
                and isinstance(option.value, ast.Constant)
                and isinstance(option.value.value, str)
            ]
    return []


def texts(string: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return the texts of a message or a translation, which has several for plurals."""
    return (string,) if isinstance(string, str) else tuple(string)


if __name__ == "__main__":
    main()
