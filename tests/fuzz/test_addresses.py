"""Whatever stands in an address, a page is drawn: sentences instead of errors, and no text of the address is a link."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from streamlit.runtime.scriptrunner import script_runner
from streamlit.testing.v1 import AppTest

from core.bundles.bundle import bundle_names
from core.config import CLASSES, PAGES, ROOT
from core.readers.samples import read_samples
from panels.analyse import preparation

SLOWNESS = 8
"""How many times fewer cases than elsewhere: each runs a page, which takes up to a second."""
_QUERY_KEY = re.compile(r'\bbound\(.*?\bkey="(\w+)"', re.DOTALL)
KEYS = sorted(
    {
        "sample",
        "slice",
        "upload",
        "networks",
        "bundle",
        "segmenter",
        "class_by",
        "mask_by",
        "page",
        "metric",
        "show",
        "all_slices",
    }.union(
        *(
            _QUERY_KEY.findall(path.read_text(encoding="utf-8"))
            for folder in ("pages", "panels")
            for path in (ROOT / folder).rglob("*.py")
        )
    )
)
"""Names that pages read from an address."""
SAMPLES = [sample.name for sample in read_samples()]
KNOWN = (
    *bundle_names(), *CLASSES, "Custom", "Report CNN + U-Net", "Unified U-Net", "Report's tables", "Table", "Splits",
    "grad-cam", "score-cam", "Viridis", "true", "false", "50", "0.5", "1", "6",
)  # fmt: skip
HOSTILE = (
    "", " ", "0", "-1", "1e309", "nan", "inf", "-0", "1_000", "٣", "9" * 400, "3064", "3065", "None", "[]", "{}",
    "../..", "/etc/passwd", "www.evil.example", "https://evil.example",
    "[log](https://evil.example)", "![x](//evil.example/x)",
    "===", "# head", "- a\n- b", "$x$", ":red[x]", "<script>alert(1)</script>", "<b>", "&lt;b&gt;", "a\0b", "\u202ex",
    "=1+1", "%00", "%", "x" * 5000, "'\"`", "\\",
)  # fmt: skip
values = some.sampled_from(KNOWN) | some.sampled_from(HOSTILE) | some.text(max_size=20) | some.integers().map(str)
addresses = some.dictionaries(some.sampled_from(KEYS), some.lists(values, max_size=3), max_size=6)


@pytest.fixture(autouse=True, scope="module")
def nothing_prepared():
    """Keep pages from loading networks in the background, and from what Streamlit does after each run."""
    patch = pytest.MonkeyPatch()
    patch.setattr(preparation, "prepare_first_answer", lambda: None)
    patch.setattr(script_runner, "_clean_problem_modules", lambda: None)
    patch.delenv("SLICESCOPE_DATA", raising=False)
    yield
    patch.undo()


def holds(app: AppTest, address: dict[str, list[str]]) -> None:
    """Run a page with an address; it is drawn, and what it says is a sentence without a link."""
    for name, of in address.items():
        app.query_params[name] = of
    app.run()
    assert not app.exception, [element.value for element in app.exception]
    for element in (*app.error, *app.warning):
        text = element.value
        assert "\n" not in text and "\0" not in text and len(text) < 50_000
        assert not re.search(r"(?<!\\)\]\(|www\.evil|https://evil|(?<!\\)<(b|script)>|^(=|# )", text), text


def every_kind_of_widget() -> None:
    """A page with each kind of widget that an address sets."""
    import streamlit as st

    from panels.shared.controls import errors_in_one_sentence
    from panels.shared.link.address import bound, draw_unknown_values, page_address
    from panels.shared.slices import gallery

    with errors_in_one_sentence(), page_address("every kind"):
        bound(st.selectbox, "One", ["Custom", "report-cnn"], key="bundle")
        bound(st.segmented_control, "One or none", ["Table", "Splits"], key="view")
        bound(st.pills, "Some", ["true", "glioma"], selection_mode="multi", key="metric")
        bound(st.slider, "Number", 0, 100, 80, key="coverage")
        bound(st.slider, "Range", 0.0, 1.0, (0.0, 1.0), key="confidence")
        bound(st.toggle, "Yes", key="log")
        bound(st.pagination, 5, key="page")
        gallery.opened_slice([1, 6])
        gallery.tell_unknown_slice()
    draw_unknown_values()


@settings(max_examples=max(10, settings.default.max_examples // SLOWNESS))
@given(addresses)
def test_widgets_take_any_value_of_an_address(address):
    app = AppTest.from_function(every_kind_of_widget, default_timeout=60)
    holds(app, address)


pages = [path.stem for path in PAGES.glob("*.py")]


@settings(max_examples=max(10, settings.default.max_examples // SLOWNESS))
@given(some.sampled_from(pages), addresses)
def test_pages_take_any_address(page, address):
    # A slice would start TensorFlow there.
    if page == "explain":
        address = {name: of for name, of in address.items() if name not in ("sample", "slice")}
    app = AppTest.from_file(str(ROOT / "frame.py"), default_timeout=120)
    app.switch_page(f"pages/{page}.py")
    holds(app, address)


@given(some.sampled_from(SAMPLES), some.sampled_from(["networks", "class_by"]), values)
@settings(max_examples=max(3, settings.default.max_examples // SLOWNESS // 3))
def test_a_sample_is_answered_whatever_else_the_address_asks(sample, name, value):
    app = AppTest.from_file(str(ROOT / "frame.py"), default_timeout=120)
    holds(app, {"sample": [sample], name: [value]})
