"""The store: which slices stand beside a slice."""

import numpy as np

from core.dataset.store import Store


def test_neighbours_are_of_the_same_patient(tiny_store: Store) -> None:
    before, after = tiny_store.pixels_around(2)
    assert after is None, "slice 3 is another patient's"
    np.testing.assert_array_equal(before, tiny_store.pixels(1))


def test_patients_whose_ids_differ_by_a_final_letter_are_one(tiny_store: Store) -> None:
    before, after = tiny_store.pixels_around(6)
    np.testing.assert_array_equal(before, tiny_store.pixels(5))
    np.testing.assert_array_equal(after, tiny_store.pixels(7))


def test_the_first_and_the_last_slice_have_one_neighbour_at_most(tiny_store: Store) -> None:
    assert tiny_store.pixels_around(1)[0] is None
    assert tiny_store.pixels_around(12)[1] is None
