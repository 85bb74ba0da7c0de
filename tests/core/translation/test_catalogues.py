"""The catalogues have what stands in the code, and a translation keeps every place of its message."""

import string
from collections import Counter

import pytest
from babel.messages.catalog import Message

from core.translation.language import ENGLISH, OFFERED, catalogue
from scripts.translations import LOCALE, code_messages, data_messages, read, texts

LANGUAGES = sorted(path.name for path in LOCALE.iterdir())
BEGUN = [(language, message) for language in LANGUAGES for message in read(language) if message.id and message.string]
MARKS = ("**", "`", ":material/", "\n", "<extra>")


def places(text: str) -> Counter[tuple[str, str | None, str | None]]:
    """The places of a message for values, with how each is written."""
    return Counter(field[1:] for field in string.Formatter().parse(text) if field[1] is not None)  # type: ignore[misc]


def test_catalogues_and_messages_are_found() -> None:
    assert "es" in LANGUAGES
    assert len(list(code_messages())) > 300


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_says_what_the_text_says(language: str) -> None:
    shown = catalogue(language)
    for message in read(language):
        if isinstance(message.id, str) and message.id:
            expected = message.id if message.fuzzy or not message.string else message.string
            assert shown.gettext(message.id) == expected
        elif message.id and all(texts(message.string)):
            assert (shown.ngettext(*message.id, 1), shown.ngettext(*message.id, 2)) == message.string


@pytest.mark.parametrize(("language", "message"), BEGUN)
def test_a_translation_has_the_places_of_its_message(language: str, message: Message) -> None:
    several = texts(message.id)
    for said in filter(None, texts(message.string)):
        # The text for one may leave the number out.
        assert places(said) in [places(text) for text in several], said


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_the_marks_of_its_message(language: str) -> None:
    """Bold words, code and icons of Markdown, lines, and the space at an end by which texts are joined."""
    for message in read(language):
        for text, said in zip(texts(message.id), texts(message.string), strict=True):
            if text and said:
                assert {mark: said.count(mark) for mark in MARKS} == {mark: text.count(mark) for mark in MARKS}, said
                ends = [(len(each) - len(each.lstrip(" ")), len(each) - len(each.rstrip(" "))) for each in (text, said)]
                assert ends[0] == ends[1], said


def test_an_offered_language_has_all_messages_of_the_code() -> None:
    """``make translations`` takes them up."""
    in_code = {message for _, message in (*code_messages(), *data_messages())}
    for language in {*OFFERED} - {ENGLISH}:
        done = {message.id: message.string for message in read(language) if message.id and not message.fuzzy}
        assert in_code == {*done}
        assert not [message for message, said in done.items() if not all(texts(said or ""))]
