import numpy as np
import pandas as pd
import pytest

from core.config import splits_file
from core.dataset.splits import (
    FOLD_SPLITS,
    PARTS,
    SPLIT_NAMES,
    TABLE_1,
    TABLE_5,
    index_table,
    make_splits,
    mask_digest,
    recognise_number,
    split_parts,
)
from core.dataset.store import CLASS_COUNTS, PATIENT_COUNT, SLICE_COUNT
from core.errors import DatasetError
from tests.published import a_slice


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(splits_file())


def test_the_shipped_table_is_the_whole_data_set(table):
    assert table["slice"].tolist() == list(range(1, SLICE_COUNT + 1))
    assert table["class"].value_counts().to_dict() == CLASS_COUNTS
    assert sorted(table["patient"].unique()) == list(range(1, PATIENT_COUNT + 1))
    assert table["size"].value_counts().to_dict() == {512: SLICE_COUNT - 15, 256: 15}
    assert sorted(table["fold"].unique()) == [1, 2, 3, 4, 5]
    for name in SPLIT_NAMES:
        assert set(table[name]) == set(PARTS)


def test_patients_are_numbered_by_their_first_slice(table):
    first = table["patient"].drop_duplicates().tolist()
    assert first == list(range(1, PATIENT_COUNT + 1))


def test_patients_whose_ids_differ_by_a_final_letter_are_grouped(table):
    # What is known of the data set: 15 such stems lie in several official folds, 652 slices, all of them glioma.
    grouped = table.groupby("patient_group").agg(folds=("fold", "nunique"), slices=("slice", "size"))
    assert (grouped["folds"] > 1).sum() == 15
    assert grouped["slices"][grouped["folds"] > 1].sum() == 652
    several = table[table["patient_group"] != table["patient"]]
    assert set(several["class"]) == {"glioma"}
    assert (several["patient_group"] < several["patient"]).all()


def test_the_table_holds_no_patient_id():
    # An id has at least five digits or begins with letters; the digests are hexadecimal and as long as each other.
    digests = ["pixel_digest", "mask_digest"]
    numbers = index_table().drop(columns=[*digests, "perceptual_hash", "tumour_px"])
    assert set(numbers.select_dtypes(exclude="number").columns) == {"class", *SPLIT_NAMES}
    assert numbers.select_dtypes("number").to_numpy().max() == SLICE_COUNT
    assert all(index_table()[name].str.fullmatch("[0-9a-f]{16}").all() for name in digests)
    assert index_table()["perceptual_hash"].str.fullmatch("[0-9a-f]{64}").all()


def test_table_1_has_the_reports_counts(table):
    held = table[TABLE_1] == "test"
    assert table[held]["class"].value_counts().to_dict() == {"glioma": 286, "pituitary": 186, "meningioma": 142}
    assert table[~held]["class"].value_counts().to_dict() == {"glioma": 1140, "pituitary": 744, "meningioma": 566}


def test_table_1_validates_on_a_tenth_of_each_class(table):
    counts = table[table[TABLE_1] == "validation"]["class"].value_counts().to_dict()
    assert counts == {"glioma": 114, "pituitary": 74, "meningioma": 57}


def test_table_5_has_the_reports_counts(table):
    assert table[TABLE_5].value_counts().to_dict() == {"train": 2453, "validation": 488, "test": 123}


def test_no_network_of_one_split_has_trained_on_the_others_test_slices(table):
    test_1 = set(table["slice"][table[TABLE_1] == "test"])
    for part in ("test", "validation"):
        assert set(table["slice"][table[TABLE_5] == part]) <= test_1
    assert not set(table["slice"][table[TABLE_1].isin(["train", "validation"])]) & set(
        table["slice"][table[TABLE_5] == "test"]
    )


def test_three_of_table_1s_test_slices_are_trained_on_in_table_5_since_the_counts_leave_no_choice(table):
    assert ((table[TABLE_1] == "test") & (table[TABLE_5] == "train")).sum() == 3
    # All of Table 1's other slices are not enough for Table 5's training part.
    assert (table[TABLE_1] != "test").sum() == 2450 == (table[TABLE_5] == "train").sum() - 3


def test_slices_are_drawn_and_not_taken_in_order(table):
    # The first fifth of a class would be a handful of patients.
    for name in (TABLE_1, TABLE_5):
        tested = table[table[name] == "test"]
        assert tested["patient"].nunique() > 80
        assert tested["slice"].is_monotonic_increasing
        assert tested["slice"].diff().max() < 200


@pytest.mark.parametrize("name", FOLD_SPLITS)
def test_a_folds_test_slices_are_the_official_fold(table, name):
    fold = int(name[-1])
    assert ((table[name] == "test") == (table["fold"] == fold)).all()


@pytest.mark.parametrize("name", FOLD_SPLITS)
def test_no_patient_is_tested_and_trained_on(table, name):
    tested = set(table["patient"][table[name] == "test"])
    assert not tested & set(table["patient"][table[name] != "test"])


@pytest.mark.parametrize("name", FOLD_SPLITS)
def test_patients_who_may_be_one_stay_on_one_side_of_the_validation(table, name):
    groups = {part: set(table["patient_group"][table[name] == part]) for part in ("train", "validation")}
    assert not groups["train"] & groups["validation"]


@pytest.mark.parametrize("name", FOLD_SPLITS)
def test_a_folds_validation_is_about_a_tenth_of_each_class(table, name):
    rest = table[table[name] != "test"]
    share = (rest[name] == "validation").groupby(rest["class"]).mean()
    assert len(share) == 3
    assert share.between(0.08, 0.12).all()


def test_parts_are_looked_up_by_slice_number(table):
    part = split_parts(TABLE_1)
    assert part.index.tolist() == table["slice"].tolist()
    assert part.loc[3064] == table[TABLE_1].iloc[-1]
    assert part.tolist() != split_parts(TABLE_5).tolist()


def test_an_unknown_split_is_refused_with_its_name():
    with pytest.raises(DatasetError, match=r"'table-2'.*table-1, table-5, fold-1"):
        split_parts("table-2")
    with pytest.raises(DatasetError):
        split_parts("slice")


def test_a_mask_of_no_slice_of_the_data_set_has_no_number():
    assert recognise_number(*a_slice(1, side=512)[:2]) is None


def test_masks_of_other_shapes_with_the_same_bits_have_different_digests():
    bits = np.arange(64) % 3 == 0
    shapes = [(8, 8), (4, 16), (16, 4), (1, 64)]
    assert len({mask_digest(bits.reshape(shape)) for shape in shapes}) == len(shapes)


def test_splits_are_not_drawn_from_part_of_the_data_set(tiny_store):
    with pytest.raises(DatasetError, match="whole"):
        make_splits(tiny_store)


@pytest.mark.dataset
def test_the_seed_draws_the_shipped_splits_again(data_store, tmp_path):
    drawn = tmp_path / "splits.csv"
    make_splits(data_store).to_csv(drawn, index=False, lineterminator="\n")
    assert drawn.read_text() == splits_file().read_text()


@pytest.mark.dataset
@pytest.mark.parametrize("number", [1, 752, 955, 3064])
def test_a_slice_is_recognised_by_its_pixels_or_its_true_mask_and_by_no_other(data_store, number):
    pixels, mask = data_store.pixels(number), data_store.mask(number)
    unknown = np.zeros_like(pixels)
    assert recognise_number(pixels) == number
    assert recognise_number(pixels * np.int16(7) + np.int16(300)) == number
    assert recognise_number(pixels.T) is None
    assert recognise_number(unknown, mask) == number
    assert recognise_number(unknown, mask.T) is None
    mask[0, 0] ^= True
    assert recognise_number(unknown, mask) is None
