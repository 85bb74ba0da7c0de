"""One table for each kind of thing that is named."""

import re
import tomllib

import pytest

from core.config import CLASSES, PRESENCE, ROOT, TASKS
from core.dataset.splits import PARTS
from core.labels import (
    ANSWER_LABELS,
    CLASS_LABELS,
    METRIC_TITLES,
    OUTCOME_LABELS,
    PART_LABELS,
    SHARE_METRICS,
    TASK_LABELS,
    metric_titles,
)
from core.outcome import OUTCOMES


def test_every_table_has_all_things_of_its_kind_in_their_order() -> None:
    assert tuple(CLASS_LABELS) == CLASSES
    assert tuple(OUTCOME_LABELS) == OUTCOMES
    assert tuple(ANSWER_LABELS) == (*CLASSES, *OUTCOMES[1:])
    assert tuple(PART_LABELS) == PARTS
    assert tuple(TASK_LABELS) == (*TASKS, PRESENCE)
    assert set(METRIC_TITLES) > SHARE_METRICS


@pytest.mark.parametrize("labels", [ANSWER_LABELS, PART_LABELS, TASK_LABELS])
def test_no_two_things_share_a_name_or_a_colour(labels: dict) -> None:
    for names in ([label.short for label in labels.values()], [label.title for label in labels.values()]):
        assert len(set(names)) == len(labels)
    colours = [label.colour for label in labels.values() if label.colour]
    assert len(set(colours)) == len(colours)


def luminance(colour: str) -> float:
    """Relative luminance of a hex colour, as WCAG defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(
    "label", [label for label in ANSWER_LABELS.values() if label.colour], ids=lambda label: label.short
)
def test_text_on_a_colour_can_be_read(label) -> None:
    dark, light = sorted((luminance(label.colour), luminance(label.text_colour)))
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_colours_of_parts_are_chart_colours_of_the_theme() -> None:
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
    assert {label.colour for label in PART_LABELS.values()} <= set(theme["chartCategoricalColors"])
    assert not {label.colour for label in CLASS_LABELS.values()} & set(theme["chartCategoricalColors"])


def test_metrics_keep_the_order_of_the_table() -> None:
    assert list(metric_titles(["missed", "recall_glioma", "accuracy", "unknown"])) == [
        "accuracy",
        "recall_glioma",
        "missed",
    ]


def test_no_page_names_colours_cuts_names_out_of_titles_or_adds_a_plural() -> None:
    paths = [
        ROOT / "app.py",
        ROOT / "frame.py",
        *(path for top in ("panels", "pages") for path in (ROOT / top).rglob("*.py")),
    ]
    assert len(paths) > 50
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"[\"']#[0-9A-Fa-f]{3,8}[\"']", text), f"{path.name} names a colour"
        assert not re.search(r"(?i)title\w*(\[.*?\])?\.(split|lower|capitalize)\(", text), f"{path.name} cuts a title"
        assert not re.search(r"['\"]e?s['\"] (\*|if) ", text), f"{path.name} adds a plural"
