"""Sentences keep their values apart, and say them in the language in which they are shown."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from core.errors import BundleError, SliceError, error_message
from core.text import OR, join_words
from core.translation.language import speaking
from core.translation.messages import Message, mark, shown, tr, tr_plural
from core.translation.numbers import number_text, separators


def test_english_is_as_it_stands() -> None:
    assert tr("{count:,} slices, {share:.1%}", count=1234, share=0.9481) == "1,234 slices, 94.8%"
    assert tr("a {brace} without values") == "a {brace} without values"
    assert tr("") == ""
    assert mark("as it is") == "as it is"


def test_numbers_are_written_as_the_language_has_them() -> None:
    with speaking("es"):
        assert number_text(0.94, ".2f") == "0,94"
        assert number_text(np.float32(94.8), ".1f") == "94,8"
        assert number_text(1234567, ",") == "1.234.567"
        assert number_text("1.5") == "1.5", "a text is left alone"
        assert number_text(True) == "True"
    assert number_text(0.94, ".2f") == "0.94"
    assert number_text(0.94, ".2f", language="es") == "0,94"


def test_charts_are_told_how_numbers_are_written() -> None:
    assert separators() == ".,"
    with speaking("es"):
        assert separators() == ",."


def test_a_plural_follows_its_number() -> None:
    said = [tr_plural("{count} slice of {name}", "{count:,} slices of {name}", n, name="A") for n in (1, 0, 2000)]
    assert said == ["1 slice of A", "0 slices of A", "2,000 slices of A"]


def test_a_message_is_english_as_a_string_and_translated_when_shown() -> None:
    outcome = Message("Low confidence")
    sentence = Message("{outcome}: {share:.1f}", outcome=outcome, share=0.5)
    with speaking("es"):
        assert str(sentence) == "Low confidence: 0.5"
        assert shown(sentence) == "Confianza baja: 0,5"
        assert shown("plain") == "plain"
    assert shown(sentence) == "Low confidence: 0.5"


def test_an_error_is_english_in_a_log_and_translated_on_a_page() -> None:
    error = BundleError("{outcome}: {path}", outcome=Message("Low confidence"), path=Path("models/x"))
    with speaking("es"):
        assert str(error) == "Low confidence: models/x"
        assert error.translated() == error_message(error).translated() == "Confianza baja: models/x"


def test_an_error_says_the_same_in_another_process() -> None:
    cause = OSError(13, "no access")
    cause.lock = open  # type: ignore[attr-defined]
    inner = SliceError("The file holds {count} volumes.", count=3)
    error = SliceError("{inner} {cause} {size:,}", inner=inner, cause=cause, size=4096)
    arrived = pickle.loads(pickle.dumps(error))
    assert type(arrived) is SliceError
    assert str(arrived) == str(error) == "The file holds 3 volumes. [Errno 13] no access 4,096"
    with speaking("es"):
        assert arrived.translated() == error.translated()
        assert arrived.translated().endswith("4.096")


def test_an_error_without_values_may_hold_braces() -> None:
    assert str(SliceError("Unexpected {.")) == "Unexpected {."


@pytest.mark.parametrize(("end", "words"), [(None, "uno, dos y tres"), (OR, "uno, dos o tres")])
def test_an_enumeration_ends_in_the_language(end: str | None, words: str) -> None:
    with speaking("es"):
        assert join_words(["uno", "dos", "tres"], *([end] if end else [])) == words


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_number_never_breaks_from_its_percent_sign(language: str) -> None:
    with speaking(language):
        for said in (
            tr("95 % interval"),
            tr("{share:.0f} % of **{half}** %", share=94.8, half=50),
            tr_plural("{count} % of it", "{count} % of them", 3),
            Message("{share:.0f} % of it", share=94.8).translated(),
        ):
            assert " %" not in said and "\N{NO-BREAK SPACE}%" in said
        for template in ("Network 1 %{y:.3f}", "slice 5 %(name)s", "%.1f %%"):
            assert tr(template) == template, "what is filled in later is no sign"
