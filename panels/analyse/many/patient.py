"""All slices that the data set has of a patient, answered together as one series."""

from functools import partial

import streamlit as st

from core.translation.messages import tr
from panels.shared.link.address import bound
from panels.shared.slices.data_set.find import has_store, open_store
from panels.shared.slices.uploads import SliceIdentity

_SERIES = "patient_series"
"""Session key of the answers, which are of one patient at a time."""
_WANTED = "all_slices"
"""Key of the switch, and its name in the address."""


def offer_patient(identity: SliceIdentity) -> None:
    """Draw the switch that has all slices of the patient answered; nothing where they are not at hand.

    Args:
        identity: of the chosen slice.
    """
    numbers = _slices_of_patient(identity)
    if len(numbers) > 1:
        bound(
            st.toggle,
            tr("All slices of this patient"),
            key=_WANTED,
            help=tr(
                "The data set has {count} slices of this patient. They are classified together as one series: the "
                "class with the highest mean probability is that of all of them. Slices for which no class is given "
                "are left out.",
                count=len(numbers),
            ),
            width="content",
        )


def draw_patient(identity: SliceIdentity, *, key: str) -> None:
    """Draw the answer for all slices of the patient and a row for each, where the visitor wants them.

    Args:
        identity: of the slice that is open.
        key: of the page.
    """
    numbers = _slices_of_patient(identity)
    if len(numbers) < 2 or not st.session_state.get(_WANTED):
        return
    # Only now: what an answer needs would make the first page slow.
    from core.api.series import Task
    from core.bundles.bundle import distinct_bundles
    from core.dataset.slices import slice_from_store, slice_name
    from panels.analyse.many.table import Entry, Table, draw_table
    from panels.analyse.prediction import warn_of_seen_series
    from panels.shared.model_choice import chosen_model

    networks = chosen_model().classifier, chosen_model().segmenter
    warn_of_seen_series(numbers, distinct_bundles(*networks))
    fingerprints, store = [bundle.fingerprint for bundle in networks], open_store()
    entries = []
    for number in numbers:
        task = Task((number, *fingerprints), slice_name(number), partial(slice_from_store, store, number))
        entries.append(Entry(("slice", number), task.name, task))
    label = tr("{count} slices of a patient and their answers", count=len(entries))
    table = Table(entries, networks, identity, label, name=_SERIES, of=numbers[0], of_one_patient=True)
    draw_table(table, key=f"{key}_patient")


def _slices_of_patient(identity: SliceIdentity) -> list[int]:
    """Return the numbers of a patient's slices in the prepared data set, ascending; none for another slice."""
    kind, number = identity
    if kind != "slice" or not has_store() or int(number) not in open_store():
        return []
    return open_store().numbers_of_patient(int(number))
