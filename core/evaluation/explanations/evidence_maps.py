"""Measure the localisation of the evidence map, the heat map beside a bundle's answers, on its test slices."""

from typing import Any

import numpy as np
import pandas as pd

from core.bundles.bundle import EVIDENCE_MAP, EXPLANATIONS, Bundle
from core.bundles.card.schema import Card
from core.bundles.card_update import update_card
from core.config import CLASSIFICATION
from core.dataset.slices import slice_from_store
from core.dataset.store import Store
from core.errors import BundleError
from core.evaluation.explanations.heat_maps import (
    COLUMNS,
    Outcome,
    localise,
    outcomes_of_test_slices,
    summarise_heat_maps,
)
from core.files import write_table
from core.inference.forward import forward
from core.inference.predictor import answer_heat, model_input
from core.inference.runtime import Runtime, load_runtime
from core.metrics.definitions import DEFINITIONS
from core.progress import ProgressWrapper
from core.readers.preprocessing import map_to_slice
from core.readers.slices import Slice


def measure_evidence_maps(bundle: Bundle, store: Store, *, progress: ProgressWrapper = iter) -> Card:
    """Measure every test slice's evidence map of the predicted class; write explanations.csv and the card.

    Rows of other methods stay.

    Args:
        bundle: an evaluated bundle whose card asks for the evidence map.
        store: the whole prepared data set.
        progress: wraps the numbers of the slices.

    Returns:
        The new card.

    Raises:
        BundleError: the bundle is not such a one, is not evaluated yet, or cannot be loaded.
        DatasetError: the store lacks slices.
    """
    if not bundle.heat_follows_mask:
        raise BundleError(
            "The card of the bundle '{bundle}' asks for no evidence map; its recipe may.", bundle=bundle.name
        )
    outcomes = outcomes_of_test_slices(bundle, CLASSIFICATION)
    network = load_runtime(bundle)
    rows = [
        _evidence_row(bundle, network, slice_from_store(store, number), outcomes[number])
        for number in progress(list(outcomes))
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    if EXPLANATIONS in bundle.card.files:
        stored = pd.read_csv(bundle.path(EXPLANATIONS), keep_default_na=False)
        others = stored[stored["method"] != EVIDENCE_MAP]
        table = pd.concat([table, others], ignore_index=True).sort_values("slice", kind="stable")
    write_table(bundle.folder / EXPLANATIONS, table)
    explanation = {
        "layer": bundle.heat_layer,
        "methods": summarise_heat_maps(table),
        "definitions": DEFINITIONS["explanation"],
    }
    return update_card(
        bundle.folder, {"metrics.explanation": explanation}, "Localisation of the evidence map measured."
    )


def _evidence_row(bundle: Bundle, network: Runtime, slice_: Slice, outcome: Outcome) -> dict[str, Any]:
    inputs, place = model_input(bundle, slice_)
    outputs = forward(bundle, network, inputs)
    plane = answer_heat(bundle, outputs, bundle.card.classes.index(outcome.class_name or ""))
    heat: np.ndarray = map_to_slice(plane, place)
    return localise(heat, slice_, outcome, method=EVIDENCE_MAP, layer=bundle.heat_layer or "")
