"""Who is in the data set: slices and patients by class, fold and part, and what a split lets leak.

Every table here is ``core.dataset.splits.index_table``'s: one row a slice.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from core.dataset.splits import PARTS


@dataclass(frozen=True)
class Leakage:
    """How far a split's test part is known from training.

    Attributes:
        patients: test patients.
        patients_in_training: those of them who have slices in training, too.
        slices: test slices.
        slices_in_training: those of them whose patient has slices in training, too.
    """

    patients: int
    patients_in_training: int
    slices: int
    slices_in_training: int


@dataclass(frozen=True)
class SimilarIds:
    """Patients whose ids differ only by a final letter: they may be one person, the data set does not say.

    Attributes:
        groups: groups of such patients.
        divided: groups that stand in more than one official fold.
        slices_across_folds: slices of these.
        classes: classes of all of them.
    """

    groups: int
    divided: int
    slices_across_folds: int
    classes: tuple[str, ...]


def split_leakage(table: pd.DataFrame, split: str) -> Leakage:
    """How many test patients and slices of the split ``split`` training knows."""
    test = table[table[split] == "test"]
    known = test["patient"].isin(table.loc[table[split] == "train", "patient"])
    return Leakage(test["patient"].nunique(), test.loc[known, "patient"].nunique(), len(test), int(known.sum()))


def similar_patient_ids(table: pd.DataFrame) -> SimilarIds:
    """The patients whose ids differ only by a final letter."""
    groups = table.groupby("patient_group")
    twin = groups["patient"].transform("nunique") > 1
    divided = twin & (groups["fold"].transform("nunique") > 1)
    return SimilarIds(
        table.loc[twin, "patient_group"].nunique(),
        table.loc[divided, "patient_group"].nunique(),
        int(divided.sum()),
        tuple(sorted(table.loc[twin, "class"].unique())),
    )


def class_counts(table: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Columns slices and patients, a row a class."""
    counted = table.groupby("class").agg(slices=("slice", "size"), patients=("patient", "nunique"))
    return counted.reindex(list(classes), fill_value=0)


def patients_by_slices(table: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Patients by their number of slices (rows, 1 to the most any has) and class (columns)."""
    sizes = table.groupby(["patient", "class"]).size().rename("slices").reset_index()
    counted = pd.crosstab(sizes["slices"], sizes["class"])
    rows = range(1, int(sizes["slices"].max()) + 1)
    return counted.reindex(index=rows, columns=list(classes), fill_value=0)


def patients_by_part(table: pd.DataFrame, split: str) -> pd.DataFrame:
    """Slices of each patient (rows, those with most first) in each part (columns) of the split ``split``."""
    counted = pd.crosstab(table["patient"], table[split]).reindex(columns=list(PARTS), fill_value=0)
    order = counted.sum(axis=1).sort_values(ascending=False, kind="stable").index
    return counted.loc[order]


def part_counts(table: pd.DataFrame, splits: Sequence[str]) -> pd.DataFrame:
    """Slices by split (rows) and part (columns)."""
    return (
        pd.DataFrame({name: table[name].value_counts() for name in splits}).reindex(list(PARTS)).fillna(0).astype(int).T
    )


def fold_counts(table: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Slices by official fold (rows) and class (columns)."""
    return pd.crosstab(table["fold"], table["class"]).reindex(columns=list(classes), fill_value=0)


def typical_slices(table: pd.DataFrame, classes: Sequence[str]) -> dict[str, int]:
    """Of each class the slice of full size whose tumour is as large as the median, the upper one of two."""
    full = table[table["size"] == table["size"].max()].sort_values(["tumour_px", "slice"])
    found = {}
    for name in classes:
        numbers = full.loc[full["class"] == name, "slice"]
        if len(numbers):
            found[name] = int(numbers.iloc[len(numbers) // 2])
    return found
