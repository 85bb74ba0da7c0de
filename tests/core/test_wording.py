"""Words in a sentence."""

import pytest

from core.wording import listed, uncapitalized


@pytest.mark.parametrize(
    ("words", "said"), [(["a"], "a"), (["a", "b"], "a and b"), ([1, 2, 3], "1, 2 and 3"), (iter("ab"), "a and b")]
)
def test_words_are_listed_as_in_a_sentence(words: list, said: str) -> None:
    assert listed(words) == said


def test_the_last_word_may_be_or() -> None:
    assert listed(["PNG", "JPEG", "TIFF"], "or") == "PNG, JPEG or TIFF"


@pytest.mark.parametrize(("title", "said"), [("Mean Dice", "mean Dice"), ("Accuracy", "accuracy"), ("", "")])
def test_names_keep_their_capitals_within_a_sentence(title: str, said: str) -> None:
    assert uncapitalized(title) == said
