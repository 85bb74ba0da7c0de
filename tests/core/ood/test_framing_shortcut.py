"""The framing shortcut: margins of made-up heads, and a model that learns from them what is there and no more."""

import numpy as np
import pandas as pd
import pytest

from core.config import CLASSES
from core.dataset.splits import index_table
from core.dataset.store import Store, default_store
from core.ood.framing_shortcut import (
    MARGINS,
    head_margins,
    majority_accuracy,
    predict_by_fold,
    shortcut_table,
    touches_border,
)


def test_margins_are_shares_of_the_frame() -> None:
    pixels = np.zeros((200, 100), np.int16)
    pixels[40:180, 30:100] = 500
    assert head_margins(pixels) == pytest.approx({"above": 0.2, "below": 0.1, "left": 0.3, "right": 0.0}, abs=0.011)


def test_a_slice_without_a_head_fills_its_frame() -> None:
    assert head_margins(np.zeros((64, 64))) == dict.fromkeys(MARGINS, 0)


def made_up(*, informative: bool, count: int = 600, seed: int = 0) -> pd.DataFrame:
    """Frames whose margins depend on the class, or do not."""
    random = np.random.default_rng(seed)
    kinds = random.integers(0, 3, count)
    at = kinds if informative else random.integers(0, 3, count)
    frame = {name: 0.05 + 0.1 * at + random.normal(0, 0.015, count) for name in MARGINS}
    return pd.DataFrame(
        {"slice": range(count), "fold": np.arange(count) % 5 + 1, "true": [CLASSES[index] for index in kinds], **frame}
    )


def test_informative_margins_predict_the_class_and_others_do_not() -> None:
    informative = predict_by_fold(made_up(informative=True))
    assert (informative["true"] == informative["predicted"]).mean() > 0.95
    uninformative = predict_by_fold(made_up(informative=False))
    assert (uninformative["true"] == uninformative["predicted"]).mean() < 0.42


def test_a_fold_is_judged_by_a_model_that_has_not_seen_it() -> None:
    # In fold 5 the margins belong to other classes: a model that had seen it would do better there.
    frames = made_up(informative=True)
    last = frames["fold"] == 5
    frames.loc[last, "true"] = [CLASSES[(CLASSES.index(name) + 1) % 3] for name in frames.loc[last, "true"]]
    predicted = predict_by_fold(frames)
    right = predicted["true"] == predicted["predicted"]
    assert right[last].mean() < 0.05
    assert right[~last].mean() > 0.8


def test_the_neck_does_not_count_as_touching() -> None:
    frames = pd.DataFrame([dict.fromkeys(MARGINS, 0.1) | {"below": 0.0}, dict.fromkeys(MARGINS, 0.1) | {"left": 0.0}])
    assert touches_border(frames).tolist() == [False, True]


def test_the_majority_is_that_of_the_other_folds() -> None:
    frames = pd.DataFrame({"fold": [1, 1, 2, 2, 2], "true": ["glioma", "glioma", "pituitary", "pituitary", "glioma"]})
    # Fold 2's majority is pituitary, fold 1's is glioma.
    assert majority_accuracy(frames) == 1 / 5


def test_what_ships_is_about_every_slice_by_its_own_fold() -> None:
    shipped, index = shortcut_table(), index_table()
    assert shipped["slice"].tolist() == index["slice"].tolist()
    assert shipped["fold"].tolist() == index["fold"].tolist()
    assert shipped["true"].tolist() == index["class"].tolist()
    again = predict_by_fold(shipped.drop(columns="predicted"))
    assert again["predicted"].tolist() == shipped["predicted"].tolist()


@pytest.mark.dataset
def test_what_ships_is_measured_on_the_data_set() -> None:
    shipped = shortcut_table().set_index("slice")
    with Store(default_store()) as store:
        for number in shipped.index[::153]:
            measured = head_margins(store.pixels(int(number)))
            assert measured == pytest.approx(shipped.loc[number, list(MARGINS)].to_dict(), abs=1e-5)
