"""The typed card: read and written again unchanged, and garbage refused in one sentence."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.bundles.bundle import CARD, bundle_names, open_bundle
from core.bundles.card.schema import SCHEMA, Card, card_schema
from core.config import models_folder
from core.errors import BundleError

NAME = "unified-unet"
FOLDS = open_bundle("report-cnn-patients").card.as_dict()["metrics"]["cross_validation"]
Spoil = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize("name", bundle_names())
def test_a_shipped_card_is_the_same_after_reading_and_writing(name: str) -> None:
    text = (models_folder() / name / CARD).read_text(encoding="utf-8")
    assert json.dumps(Card.from_json(text).as_dict(), indent=2, ensure_ascii=False) + "\n" == text


def test_the_shipped_schema_is_the_code_s() -> None:
    assert (models_folder() / SCHEMA).read_text(encoding="utf-8") == card_schema(), (
        "python -m core card --schema writes it"
    )


@pytest.mark.parametrize("name", bundle_names())
def test_a_shipped_card_says_what_changed_oldest_first(name: str) -> None:
    changelog = open_bundle(name).card.changelog
    assert changelog and [entry.date for entry in changelog] == sorted(entry.date for entry in changelog)


GARBAGE: dict[str, tuple[Spoil, str]] = {
    "no output": (lambda card: card.pop("output"), "output is missing;"),
    "no network": (lambda card: card.pop("network"), "network is missing;"),
    "no threshold": (lambda card: card["output"].pop("threshold"), "has an output.threshold;"),
    "files as a list": (lambda card: card.update(files=[]), "files is a list; it must be a table;"),
    "a file elsewhere": (
        lambda card: card["files"].update({"../x": {}}),
        "it must be the name of a file, without a folder;",
    ),
    "no hash": (lambda card: card["files"]["network.keras"].update(sha256="abc"), "it must be 64 hexadecimal"),
    "text for a number": (
        lambda card: card["input"].update(height="192"),
        "input.height is '192'; it must be a whole number;",
    ),
    "a fraction of a pixel": (
        lambda card: card["input"].update(height=1.5),
        "input.height is 1.5; it must be a whole number;",
    ),
    "true for a number": (lambda card: card["output"].update(threshold=True), "output.threshold is True; it must be a"),
    "no finite number": (
        lambda card: card["screen"]["thresholds"].update(sure=float("nan")),
        "screen.thresholds.sure is nan; it must be a finite number;",
    ),
    "a threshold of the gate less": (
        lambda card: card["screen"]["thresholds"].pop("sure"),
        "screen.thresholds.sure is missing;",
    ),
    "more than all": (lambda card: card["output"].update(threshold=1.5), "it must be at most 1;"),
    "less than none": (lambda card: card["training"].update(seconds=-1), "it must be at least 0;"),
    "another task": (lambda card: card.update(task="regression"), "the task is regression; it may be"),
    "no task": (lambda card: card.update(task={}), "the task is missing; it may be"),
    "one class": (lambda card: card.update(classes=["glioma"]), "classes is a list; it must be a list of at least 2;"),
    "metrics as text": (lambda card: card.update(metrics="good"), "metrics is 'good'; it must be a table;"),
    "test metrics as a list": (
        lambda card: card["metrics"].update(test=[]),
        "metrics.test is a list; it must be a table",
    ),
    "words for a metric": (
        lambda card: card["metrics"]["test"].update(accuracy="high"),
        "metrics.test.accuracy is 'high';",
    ),
    "no accuracy": (lambda card: card["metrics"]["test"].pop("accuracy"), "have an accuracy"),
    "another matrix": (lambda card: card["metrics"]["test"].update(confusion_matrix=[[1]]), "of 3 by 3;"),
    "no Dice": (lambda card: card["metrics"]["test"].pop("dice_mean"), "have a dice_mean;"),
    "a fold of words": (
        lambda card: card["metrics"].update(cross_validation={**FOLDS, "accuracy": "high"}),
        "metrics.cross_validation.accuracy is 'high'; it must be a table;",
    ),
    "a sixth fold": (
        lambda card: card["metrics"].update(cross_validation={**FOLDS, "folds_done": [6]}),
        "it must be at",
    ),
    "an aim of words": (
        lambda card: card["metrics"]["external"].update(aims={"a": "b"}),
        "metrics.external.aims.a is 'b'",
    ),
    "an unknown field": (
        lambda card: card.update(colour="blue"),
        "colour is unknown;",
    ),
    "an unknown section": (lambda card: card["metrics"].update(train={}), "metrics.train is unknown; it may be test, "),
    "a changelog of words": (lambda card: card.update(changelog="none"), "changelog is 'none'; it must be a list;"),
}


@pytest.mark.parametrize("spoiled", GARBAGE)
def test_garbage_is_refused_in_one_sentence_with_bundle_and_field(spoiled: str, tmp_path: Path) -> None:
    spoil, part = GARBAGE[spoiled]
    card = json.loads((models_folder() / NAME / CARD).read_text(encoding="utf-8"))
    spoil(card)
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / CARD).write_text(json.dumps(card))
    with pytest.raises(
        BundleError, match=rf"^[^\n]+ card [^\n]+ bundle '{NAME}' [^\n]+; take its folder [^\n.]+\.$"
    ) as refusal:
        open_bundle(NAME, tmp_path)
    assert part in str(refusal.value)


def test_changes_reach_any_level_and_none_removes() -> None:
    card = open_bundle(NAME).card
    changed = card.changed({"output.threshold": 0.4, "metrics.external": None, "heat": None})
    assert (changed.output.threshold, changed.metrics.external, changed.heat) == (0.4, None, None)
    assert changed.metrics.test == card.metrics.test
    assert card.output.threshold != 0.4, "the given card stays as it is"
