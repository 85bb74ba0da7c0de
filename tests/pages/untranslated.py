"""Find what a page shows without translating it: the app speaks a made-up language of other letters."""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from google.protobuf.message import Message as Proto
from streamlit.testing.v1 import AppTest

from core.bundles.bundle import bundle_names, open_bundle
from core.bundles.layers import read_layers
from core.dataset.splits import SPLIT_NAMES
from core.readers.samples import read_slices_and_volumes
from core.translation import language
from core.translation.language import OFFERED
from scripts.translations import code_messages, data_messages, texts
from tests.shared import shared

SPOKEN = "es"
"""The language whose place the made-up one takes: its numbers are written as in Spanish."""
_WIDE = {ord(letter): ord(letter) + 0xFEE0 for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"}
_NOT_WORDS = re.compile(
    r":material/\w+:|:[\w-]+(?=\[)|\]\([^)]*\)|<style.*?</style>|<[^<>]*>|&#?\w+;|`[^`]*`|https?://\S+|%?\{.*?\}",
    re.DOTALL,
)
"""What is no text in Markdown, HTML and Plotly's templates: icons, colours, addresses, tags, entities, code, places."""
_KEPT = re.compile(rf"%\{{\{{.*?\}}\}}|\{{\w+(?:![rsa])?(?::[^{{}}]*)?\}}|{_NOT_WORDS.pattern}", re.DOTALL)
_ATTRIBUTES = re.compile(r'(?:title|aria-label|alt|placeholder)="([^"]*)"')
_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*[A-Za-z]")

NAMES = {
    *(
        "Grad-CAM",
        "Layer-CAM",
        "SmoothGrad",
        "Score-CAM",
        "PNG",
        "JPG",
        "JPEG",
        "TIF",
        "TIFF",
        "WEBP",
        "WebP",
        "BMP",
        "CSV",
        "JSON",
        "PDF",
    ),
    *(
        "figshare",
        "figshare.h5",
        "card.json",
        "None",
        "mixed_bfloat16",
        "cross-entropy",
        "dice",
        "class",
        "dev",
        "CC BY",
    ),
    *("SLICESCOPE_DATA", "SLICESCOPE_EXTERNAL", "Jun Cheng", "brain tumor dataset", "doi", "PLoS ONE", "journal.pone"),
    *("Cheng et al.", "Deepak and Ameer", "Díaz-Pernas et al.", "Mask R-CNN"),
    "Enhanced Performance of Brain Tumor Classification via Tumor Region Augmentation and Partition",
    "Retrieval of Brain Tumors by Adaptive Spatial Pooling and Fisher Vector Representation",
    "Brain tumor classification using deep CNN features via transfer learning",
    "A Deep Learning Approach for Brain Tumor Classification and Segmentation Using a Multiscale Convolutional Neural "
    "Network",
}
"""What stands untranslated in every language: titles of papers, file formats, methods, names in files and commands."""


def made_up(text: str) -> str:
    """Return an English message in the made-up language: its letters are wide ones, its places stay."""
    kept, end = [], 0
    for found in _KEPT.finditer(text):
        kept += [text[end : found.start()].translate(_WIDE), found.group()]
        end = found.end()
    return "".join([*kept, text[end:].translate(_WIDE)])


@contextmanager
def made_up_language(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have ``SPOKEN`` be the made-up language, with a catalogue of all messages that ``make translations`` finds."""
    monkeypatch.setattr(language, "LOCALE", shared("made_up_language", _write_catalogue))
    _forget_catalogues()
    yield
    _forget_catalogues()


def _write_catalogue(folder: Path) -> None:
    made = Catalog(SPOKEN)
    for _, message in (*code_messages(), *data_messages()):
        one, *many = map(made_up, texts(message))
        made.add(message, [one, *(many * (made.num_plurals - 1))] if many else one)
    path = folder / SPOKEN / "LC_MESSAGES" / "slicescope.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_mo(file, made)


def _forget_catalogues() -> None:
    language.catalogue.cache_clear()
    language.has_catalogue.cache_clear()


def names() -> re.Pattern[str]:
    """Return a pattern of what is called so in every language: ``NAMES``, files, bundles, samples, splits, layers."""
    layers = {
        word for name in bundle_names() for layer in read_layers(open_bundle(name)) for word in (layer.name, layer.kind)
    }
    samples = [sample.name for sample in read_slices_and_volumes()]
    known = sorted({*NAMES, *samples, *OFFERED.values(), *bundle_names(), *SPLIT_NAMES, *layers}, key=len, reverse=True)
    files = r"[\w ]+[-/]\d+\.(?:jpg|png)|\d+-[\w'-]+\.png"
    uploads = r"[\w-]+\.(?:png|mat|nii)|IM\d+"
    papers = r"[\w-]+ et al\., \d{4}"
    return re.compile(rf"(?<!\w)(?:{files}|{uploads}|{papers}|{'|'.join(map(re.escape, known))})(?!\w)")


def left_in_english(text: str, known: re.Pattern[str]) -> list[str]:
    """Return the words of a text that are neither of the made-up language nor known."""
    shown = " ".join([_NOT_WORDS.sub(" ", text), *_ATTRIBUTES.findall(text)])
    return _WORD.findall(known.sub(" ", shown))


_SILENT_FIELDS = {
    *("id", "key", "form_id", "icon", "url", "page_script_hash", "component_name", "color", "url_pathname", "page"),
    *("element_id", "group_id", "user_key", "config", "css_content", "js_content", "html_content", "query_string"),
    *("align", "format", "mime", "type", "fragment_id", "query_param_key", "theme", "deferred_file_id", "file_id"),
    *("column_order", "button_click_widgets"),
}
"""Fields of Streamlit's elements that nobody reads."""
_SILENT_KEYS = {
    *(
        "run",
        "query",
        "paths",
        "steps",
        "language",
        "id",
        "file",
        "group",
        "kind",
        "picture",
        "maps",
        "colour",
        "style",
    ),
    *("selected",),
}
"""Names in the data of our own components whose values nobody reads."""
_SILENT_ELEMENTS = {"Json", "Code", "Exception", "Navigation"}
_FIGURE_TEXTS = {"text", "hovertext", "name", "hovertemplate", "ticktext", "labels", "customdata", "x", "y"}


def shown_texts(app: AppTest) -> Iterator[str]:
    """Yield each text that a page shows: of its elements, tables, charts and components."""
    yield from _of_node(app._tree)


def _of_node(node: Any) -> Iterator[str]:
    proto = getattr(node, "proto", None)
    if isinstance(proto, Proto) and proto.DESCRIPTOR.name not in _SILENT_ELEMENTS:
        yield from _of_proto(proto)
    for child in getattr(node, "children", {}).values():
        yield from _of_node(child)


def _of_proto(proto: Proto, renamed: Collection[str] = ()) -> Iterator[str]:
    renamed = {*renamed, *_columns_with_a_label(proto)}
    for field, value in proto.ListFields():
        if field.name in _SILENT_FIELDS:
            continue
        for each in _each(value):
            match each:
                case Proto():
                    yield from _of_proto(each, renamed)
                case str() if field.name == "spec":
                    yield from _of_json(json.loads(each), only=_FIGURE_TEXTS)
                case str() if field.name == "columns" and proto.DESCRIPTOR.name == "Dataframe":
                    yield from _of_json(json.loads(each), only={"label", "help"})
                case str() if each.startswith("{"):
                    yield from _of_json(json.loads(each))
                case str():
                    yield each
                case bytes():
                    yield from _of_table(each, renamed) if field.name in ("data", "arrow_data") else _of_header(each)


def _columns_with_a_label(proto: Proto) -> set[str]:
    """Return the columns of a table that are shown by another name than their own."""
    settings = json.loads(getattr(proto, "columns", "") or "{}") if proto.DESCRIPTOR.name == "Dataframe" else {}
    return {name for name, column in settings.items() if column.get("label")}


def _each(value: Any) -> Iterable[Any]:
    """Return what a field holds: one value, several, or several by name."""
    if isinstance(value, str | bytes | int | float | Proto):
        return [value]
    return value.values() if hasattr(value, "values") else value


def _of_table(data: bytes, renamed: Collection[str]) -> Iterator[str]:
    try:
        table = pa.ipc.open_stream(data).read_all()
    except pa.ArrowInvalid:
        return
    yield from (name for name in table.column_names if not name.startswith("__") and name not in renamed)
    for column in table.columns:
        yield from (each for each in column.to_pylist() if isinstance(each, str) and not each.startswith("data:"))


def _of_header(data: bytes) -> Iterator[str]:
    """Yield the texts of what a viewer is told (panels/shared/viewer/viewer.py)."""
    end = 4 + int.from_bytes(data[:4], "little")
    if data[4:5] == b"{" and end <= len(data):
        yield from _of_json(json.loads(data[4:end]))


def _of_json(value: Any, only: set[str] | None = None, named: str = "") -> Iterator[str]:
    match value:
        case str() if only is None or named in only:
            yield value
        case dict():
            for name, each in value.items():
                if name not in (_SILENT_KEYS if only is None else ("template",)):
                    yield from _of_json(each, only, name)
        case list():
            for each in value:
                yield from _of_json(each, only, named)
