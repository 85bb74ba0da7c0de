"""A series: which slices count, the mean over them, and the outcome of all."""

from typing import Any

import numpy as np
import pytest

from core.api.results import SeriesResult
from core.config import RESULT_VERSION
from core.inference.volumes.series import left_out_message, series_line, series_result, unify
from core.outcome import CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, NOT_A_HEAD, UNUSUAL

SURE = 0.7


def a_slice(outcome: str | None, *p: float, true: str | None = None, name: str = "a.png") -> dict[str, Any]:
    """A result as ``slice_result`` gives it, as far as a series looks at it; ``p`` are the calibrated probabilities."""
    shown = dict(zip(("meningioma", "glioma", "pituitary"), p, strict=True))
    raw = {name: 1 / 3 for name in shown}
    return {
        "name": name,
        "bundles": [{"name": "a-network", "version": "1.0.0"}],
        "outcome": outcome,
        "probabilities": raw if outcome else shown,
        "gate": {"calibrated_probabilities": shown} if outcome else None,
        "truth": {"class": true} if true else None,
        "trained_on_by": [],
    }


def test_the_mean_is_over_the_slices_that_give_a_class_and_the_others_are_named() -> None:
    result = series_result(
        "series",
        [
            a_slice(CONFIDENT, 0.9, 0.1, 0.0),
            a_slice(NO_TUMOUR, 0.0, 0.0, 1.0, name="empty.png"),
            a_slice(LOW_CONFIDENCE, 0.6, 0.4, 0.0),
            a_slice(UNUSUAL, 0.0, 1.0, 0.0, name="photo.png"),
        ],
        sure=SURE,
    )
    assert result["probabilities"] == pytest.approx({"meningioma": 0.75, "glioma": 0.25, "pituitary": 0.0})
    assert result["class"] == "meningioma" and result["outcome"] == CONFIDENT
    assert result["slices_counted"] == [1, 3] and result["slices"] == 4
    assert result["left_out"] == [
        {"name": "empty.png", "outcome": NO_TUMOUR},
        {"name": "photo.png", "outcome": UNUSUAL},
    ]
    assert str(left_out_message(result)) == "2 of 4 slices count; left out: 1 no tumour found, 1 unusual image."
    assert series_line(result).startswith("meningioma (0.750), confident: 2 of 4")
    assert SeriesResult.model_validate(result).as_dict() == result
    assert result["schema_version"] == RESULT_VERSION


def test_slices_that_disagree_or_that_are_all_unsure_have_low_confidence() -> None:
    disagree = series_result("s", [a_slice(CONFIDENT, 1.0, 0.0, 0.0), a_slice(CONFIDENT, 0.0, 1.0, 0.0)], sure=SURE)
    assert disagree["outcome"] == LOW_CONFIDENCE and max(disagree["probabilities"].values()) == 0.5
    unsure = series_result("s", [a_slice(LOW_CONFIDENCE, 0.9, 0.1, 0.0)] * 2, sure=SURE)
    assert unsure["outcome"] == LOW_CONFIDENCE and unsure["class"] == "meningioma"


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([NO_TUMOUR, NO_TUMOUR], NO_TUMOUR),
        ([UNUSUAL, NO_TUMOUR], NO_TUMOUR),
        ([NOT_A_HEAD, NOT_A_HEAD, UNUSUAL], NOT_A_HEAD),
    ],
)
def test_without_a_slice_that_counts_no_class_is_given(outcomes: list[str], expected: str) -> None:
    assert unify(outcomes, [np.full(3, 1 / 3)] * len(outcomes), [False] * len(outcomes)).outcome == expected
    result = series_result("s", [a_slice(outcome, 1.0, 0.0, 0.0) for outcome in outcomes], sure=SURE)
    assert result["outcome"] == expected and result["class"] is None and result["probabilities"] is None
    assert SeriesResult.model_validate(result).class_ is None


def test_without_a_gate_every_slice_counts_and_there_is_no_outcome() -> None:
    result = series_result("s", [a_slice(None, 0.8, 0.2, 0.0), a_slice(None, 0.0, 1.0, 0.0)])
    assert result["outcome"] is None and result["class"] == "glioma" and result["slices_counted"] == [1, 2]


def test_the_truth_is_compared_and_slices_of_several_classes_are_no_series() -> None:
    one = series_result("s", [a_slice(CONFIDENT, 0.9, 0.1, 0.0, true="glioma"), a_slice(CONFIDENT, 0.8, 0.2, 0.0)])
    assert one["truth"] == {"class": "glioma", "class_agrees": False} and not one["warnings"]
    mixed = [a_slice(CONFIDENT, 0.9, 0.1, 0.0, true=name) for name in ("glioma", "meningioma")]
    (warning,) = series_result("s", mixed)["warnings"]
    assert "not of one patient" in warning


def test_no_slice_is_no_series() -> None:
    with pytest.raises(ValueError, match="at least one"):
        series_result("s", [])
