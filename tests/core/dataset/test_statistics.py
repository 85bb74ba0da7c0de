"""Count slices and patients on tables small enough to count by hand."""

import pandas as pd
import pytest

from core.config import CLASSES
from core.dataset.splits import FOLD_SPLITS, TABLE_1, TABLE_5, index_table
from core.dataset.statistics import (
    Leakage,
    SimilarIds,
    class_counts,
    fold_counts,
    part_counts,
    patients_by_part,
    patients_by_slices,
    similar_patient_ids,
    split_leakage,
    typical_slices,
)
from core.dataset.store import CLASS_COUNTS, PATIENT_COUNT

TABLE = pd.DataFrame(
    [
        (1, "glioma", 1, 1, 1, 512, 10, "train"),
        (2, "glioma", 1, 1, 1, 512, 30, "test"),
        (3, "glioma", 2, 1, 2, 512, 20, "test"),
        (4, "pituitary", 3, 3, 2, 256, 5, "train"),
        (5, "pituitary", 3, 3, 2, 512, 9, "validation"),
        (6, "pituitary", 3, 3, 2, 512, 9, "test"),
        (7, "pituitary", 3, 3, 2, 512, 40, "test"),
    ],
    columns=["slice", "class", "patient", "patient_group", "fold", "size", "tumour_px", "own"],
)


def test_a_leak_is_a_test_patient_with_slices_in_training() -> None:
    # Patients 1, 2 and 3 are tested; 1 and 3 have training slices, and three of the four test slices.
    assert split_leakage(TABLE, "own") == Leakage(3, 2, 4, 3)


def test_validation_alone_is_no_leak() -> None:
    table = TABLE.assign(own=TABLE["own"].replace("train", "validation"))
    assert split_leakage(table, "own") == Leakage(3, 0, 4, 0)


def test_patient_ids_that_differ_by_a_final_letter_are_counted_within_and_across_folds() -> None:
    assert similar_patient_ids(TABLE) == SimilarIds(
        groups=1, groups_across_folds=1, slices_across_folds=3, classes=("glioma",)
    )
    assert similar_patient_ids(TABLE.assign(fold=1)) == SimilarIds(1, 0, 0, ("glioma",))
    assert similar_patient_ids(TABLE.assign(patient_group=TABLE["patient"])) == SimilarIds(0, 0, 0, ())


def test_counts_by_class_patient_part_and_fold() -> None:
    classes = class_counts(TABLE, CLASSES)
    assert classes["slices"].to_dict() == {"meningioma": 0, "glioma": 3, "pituitary": 4}
    assert classes["patients"].to_dict() == {"meningioma": 0, "glioma": 2, "pituitary": 1}
    patients = patients_by_slices(TABLE, CLASSES)
    assert patients["glioma"].to_dict() == {1: 1, 2: 1, 3: 0, 4: 0}
    assert patients["pituitary"].to_dict() == {1: 0, 2: 0, 3: 0, 4: 1}
    by_part = patients_by_part(TABLE, "own")
    assert by_part.index.tolist() == [3, 1, 2], "those with most slices first"
    assert by_part.loc[3].to_dict() == {"train": 1, "validation": 1, "test": 2}
    assert part_counts(TABLE, ["own"]).loc["own"].to_dict() == {"train": 2, "validation": 1, "test": 4}
    assert fold_counts(TABLE, CLASSES).loc[2].to_dict() == {"meningioma": 0, "glioma": 1, "pituitary": 4}


def test_a_typical_slice_is_of_full_size_and_has_the_median_tumour() -> None:
    # Slice 4 is small; of 9, 9 and 40 the middle one is slice 6, of 10, 20 and 30 it is slice 3.
    assert typical_slices(TABLE, CLASSES) == {"glioma": 3, "pituitary": 6}


def test_the_shipped_table_counts_as_the_data_set_states() -> None:
    counts = class_counts(index_table(), CLASSES)
    assert counts["slices"].to_dict() == CLASS_COUNTS
    assert counts["patients"].sum() == PATIENT_COUNT
    assert set(typical_slices(index_table(), CLASSES)) == set(CLASSES)


@pytest.mark.parametrize("fold", FOLD_SPLITS)
def test_no_patient_id_leaks_in_an_official_fold(fold: str) -> None:
    assert split_leakage(index_table(), fold).patients_in_training == 0


@pytest.mark.parametrize("split", [TABLE_1, TABLE_5])
def test_nearly_every_patient_leaks_in_a_slice_level_split(split: str) -> None:
    leakage = split_leakage(index_table(), split)
    assert leakage.patients_in_training > 0.95 * leakage.patients


def test_fifteen_groups_of_similar_patient_ids_lie_in_two_folds() -> None:
    similar = similar_patient_ids(index_table())
    assert (similar.groups_across_folds, similar.slices_across_folds, similar.classes) == (15, 652, ("glioma",))
