"""Join words into a sentence."""

import pytest

from core.text import OR, join_words, lower_first


@pytest.mark.parametrize(
    ("words", "sentence"), [(["a"], "a"), (["a", "b"], "a and b"), ([1, 2, 3], "1, 2 and 3"), (iter("ab"), "a and b")]
)
def test_words_are_listed_as_in_a_sentence(words: list, sentence: str) -> None:
    assert join_words(words) == sentence


def test_the_last_word_may_be_or() -> None:
    assert join_words(["PNG", "JPEG", "TIFF"], OR) == "PNG, JPEG or TIFF"


@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        ("Mean Dice", "mean Dice"),
        ("Accuracy", "accuracy"),
        ("Dice medio", "Dice medio"),
        ("IoU mediano", "IoU mediano"),
        ("F1 macro", "F1 macro"),
        ("", ""),
    ],
)
def test_names_keep_their_capitals_within_a_sentence(title: str, sentence: str) -> None:
    assert lower_first(title) == sentence
