"""Count the data set's slices and patients by class, fold and part, and the leakage of a split.

Every ``table`` is ``core.dataset.splits.index_table``: one row a slice.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from core.dataset.splits import PARTS


@dataclass(frozen=True)
class Leakage:
    """How many test patients of a split also have slices in training.

    Attributes:
        patients: number of test patients.
        patients_in_training: those who also have slices in training.
        slices: number of test slices.
        slices_in_training: those whose patient also has slices in training.
    """

    patients: int
    patients_in_training: int
    slices: int
    slices_in_training: int


@dataclass(frozen=True)
class SimilarIds:
    """Patients whose ids differ only by a final letter. The data set does not say whether they are one person.

    Attributes:
        groups: number of groups of such patients.
        groups_across_folds: number of groups in more than one official fold.
        slices_across_folds: number of slices of these.
        classes: classes of all groups' slices.
    """

    groups: int
    groups_across_folds: int
    slices_across_folds: int
    classes: tuple[str, ...]


def split_leakage(table: pd.DataFrame, split: str) -> Leakage:
    """Count the test patients and slices of the split ``split`` whose patient has slices in training."""
    test = table[table[split] == "test"]
    in_training = test["patient"].isin(table.loc[table[split] == "train", "patient"])
    return Leakage(
        test["patient"].nunique(), test.loc[in_training, "patient"].nunique(), len(test), int(in_training.sum())
    )


def similar_patient_ids(table: pd.DataFrame) -> SimilarIds:
    """Count the patients whose ids differ only by a final letter."""
    groups = table.groupby("patient_group")
    similar = groups["patient"].transform("nunique") > 1
    across_folds = similar & (groups["fold"].transform("nunique") > 1)
    return SimilarIds(
        table.loc[similar, "patient_group"].nunique(),
        table.loc[across_folds, "patient_group"].nunique(),
        int(across_folds.sum()),
        tuple(sorted(table.loc[similar, "class"].unique())),
    )


def class_counts(table: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Count slices and patients (columns) by class (rows)."""
    counted = table.groupby("class").agg(slices=("slice", "size"), patients=("patient", "nunique"))
    return counted.reindex(list(classes), fill_value=0)


def patients_by_slices(table: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Count patients by their number of slices (rows, from 1 to the largest) and class (columns)."""
    sizes = table.groupby(["patient", "class"]).size().rename("slices").reset_index()
    counted = pd.crosstab(sizes["slices"], sizes["class"])
    rows = range(1, int(sizes["slices"].max()) + 1)
    return counted.reindex(index=rows, columns=list(classes), fill_value=0)


def patients_by_part(table: pd.DataFrame, split: str) -> pd.DataFrame:
    """Count each patient's slices (rows, most slices first) in each part (columns) of the split ``split``."""
    counted = pd.crosstab(table["patient"], table[split]).reindex(columns=list(PARTS), fill_value=0)
    order = counted.sum(axis=1).sort_values(ascending=False, kind="stable").index
    return counted.loc[order]


def part_counts(table: pd.DataFrame, splits: Sequence[str]) -> pd.DataFrame:
    """Count slices by split (rows) and part (columns)."""
    return (
        pd.DataFrame({name: table[name].value_counts() for name in splits}).reindex(list(PARTS)).fillna(0).astype(int).T
    )


def fold_counts(table: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Count slices by official fold (rows) and class (columns)."""
    return pd.crosstab(table["fold"], table["class"]).reindex(columns=list(classes), fill_value=0)


def typical_slices(table: pd.DataFrame, classes: Sequence[str]) -> dict[str, int]:
    """Choose a slice for each class: of full size, with the median tumour area (the upper of two medians)."""
    full = table[table["size"] == table["size"].max()].sort_values(["tumour_px", "slice"])
    typical = {}
    for name in classes:
        numbers = full.loc[full["class"] == name, "slice"]
        if len(numbers):
            typical[name] = int(numbers.iloc[len(numbers) // 2])
    return typical
