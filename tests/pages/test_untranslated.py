"""Every text that a visitor reads is translated: in a made-up language no page shows an English word."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pages.situations import NOTHING, opened, situation
from tests.pages.untranslated import SPOKEN, left_in_english, made_up, made_up_language, names, shown_texts

ADDRESSES: list[tuple[str, dict[str, str]]] = [
    ("analyse", {}),
    ("analyse", {"sample": "glioma-axial-2"}),
    ("analyse", {"sample": "no-tumour-axial", "networks": "Report CNN + U-Net"}),
    ("analyse", {"sample": "glioma-volume"}),
    ("analyse", {"sample": "figshare"}),
    ("explain", {}),
    ("errors", {}),
    ("errors", {"true": "glioma", "predicted": "meningioma", "slice": "1"}),
    ("errors", {"view": "Confidence"}),
    ("errors", {"view": "Compare"}),
    ("errors", {"view": "Report's tables"}),
    ("masks", {}),
    ("masks", {"view": "Slices"}),
    ("masks", {"view": "Why IoU says 0.49"}),
    ("external", {}),
    ("external", {"view": "Thresholds"}),
    ("external", {"view": "By image kind"}),
    ("training", {}),
    ("training", {"kind": "Masks"}),
    ("tuning", {}),
    ("report", {}),
    ("models", {}),
    ("models", {"view": "Card"}),
    ("models", {"show": "Slice-level and patient-level splits"}),
    ("models", {"show": "Internal and external"}),
    ("models", {"show": "Published results"}),
    ("data", {}),
]


@pytest.fixture(scope="module")
def known() -> re.Pattern[str]:
    return names()


@pytest.fixture(autouse=True)
def in_the_made_up_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with made_up_language(tmp_path / "locale", monkeypatch), situation(NOTHING, tmp_path, monkeypatch):
        yield


@pytest.mark.parametrize(
    ("page", "query"), ADDRESSES, ids=lambda part: part if isinstance(part, str) else "-".join(part.values())
)
def test_no_english_word_is_left(page: str, query: dict[str, str], known: re.Pattern[str]) -> None:
    app = opened(page, lang=SPOKEN, **query)
    assert not app.exception
    left = {text: words for text in shown_texts(app) if (words := left_in_english(text, known))}
    assert left == {}


def test_an_english_word_is_noticed(known: re.Pattern[str]) -> None:
    assert made_up("{count} slices") == "{count} ｓｌｉｃｅｓ"
    assert left_in_english(made_up("[Slices](#term-slice) of :material/info: `code`"), known) == []
    assert left_in_english('<b title="Title">ｔｅｘｔ</b> unified-unet of', known) == ["of", "Title"]


def test_the_texts_of_charts_tables_and_components_are_found() -> None:
    found = {*shown_texts(opened("masks", lang=SPOKEN))}
    for text in ("Slice", "Class", "true mask, pixels", "Copy link", "Threshold"):
        assert any(made_up(text) in each for each in found), text
