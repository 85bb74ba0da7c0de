"""The demonstration of Keras' IoU of scores."""

import numpy as np
import pandas as pd
import pytest

from core.metrics.iou_demonstration import iou_demonstration, iou_demonstration_metrics


@pytest.mark.parametrize(("coverage", "ones"), ((0, 0), (0.5, 0), (1, 0), (1, 0.5), (1, 1)))
def test_the_demonstrated_mask_covers_what_it_should(coverage: float, ones: float) -> None:
    tumour, scores = iou_demonstration(coverage, ones)
    assert (scores >= 0.5).sum() == round(coverage * tumour.sum())
    assert (scores == 1).sum() == round(ones * round(coverage * tumour.sum()))
    assert not (scores >= 0.5)[~tumour].any()


def test_keras_figure_stays_at_half_the_background_while_the_tumours_iou_goes_from_0_to_1() -> None:
    curve = pd.DataFrame([iou_demonstration_metrics(float(step), 0) for step in np.linspace(0, 1, 11)])
    assert curve["tumour"].tolist() == pytest.approx(np.linspace(0, 1, 11), abs=0.01)
    assert curve["keras"].to_numpy() == pytest.approx(curve["half_of_background"].to_numpy(), abs=1e-9)
    assert 0.48 < curve["keras"].iloc[0] < 0.5


def test_scores_that_are_exactly_1_count() -> None:
    assert iou_demonstration_metrics(1, 1)["keras"] == 1
    assert 0.5 < iou_demonstration_metrics(1, 0.3)["keras"] < 1
