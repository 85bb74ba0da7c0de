"""Measure the localisation of a bundle's heat maps on its test slices, and store those of its usual method.

An interrupted run resumes: every slice's results are appended to a partial file, which is removed when the bundle's own
files are written.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.bundles.bundle import EVIDENCE_MAP, EXPLANATIONS, HEAT_MAPS, PREDICTIONS, WEIGHTS, Bundle, load_network
from core.bundles.card.schema import Card
from core.bundles.card_update import update_card
from core.bundles.contents import read_bundle_table, refused_content
from core.bundles.stored_maps import write_heat_maps
from core.checked_files import Columns, Content
from core.config import CLASSIFICATION
from core.dataset.slices import slice_from_store
from core.dataset.store import Store
from core.errors import BundleError
from core.evaluation.slice_predictions import draw_slices
from core.explanation.explainer import METHODS, Explainer, methods_for
from core.explanation.heat_layers import deepest_convolution_layer
from core.explanation.targets import bundle_target
from core.files import replace_file, write_table
from core.inference.predictor import model_input
from core.metrics.definitions import DEFINITIONS
from core.metrics.localisation import chance_level, heat_inside, pointing_game_hit
from core.networks.receptive_field import receptive_field
from core.progress import ProgressWrapper
from core.readers.preprocessing import map_to_slice
from core.readers.slices import Slice

COLUMNS = ("slice", "method", "layer", "class", "right", "inside", "area", "hit")
SLOW_SLICES = 120
"""Number of test slices, drawn from the seed, on which the slow methods are measured too."""
CORRECT_IOU = 0.5
"""IoU from which a predicted mask counts as right, as for detections in PASCAL VOC (Everingham et al., 2010)."""
TOLERANCE_PX = 0.0
"""Tolerance of the pointing game; without any, the chance level is the mask's share of the slice."""


def evaluate_heat_maps(
    bundle: Bundle, store: Store, partial: Path, *, slow: int = SLOW_SLICES, progress: ProgressWrapper = iter
) -> Card:
    """Explain the bundle's prediction for every test slice; write ``explanations.csv``, ``heat.npz`` and the card.

    Args:
        bundle: an evaluated bundle.
        store: the whole prepared data set.
        partial: file with the slices that are done; removed at the end.
        slow: number of test slices on which the slow methods are measured too.
        progress: wraps the numbers of the slices that are left.

    Returns:
        The new card.

    Raises:
        BundleError: the bundle is not evaluated yet, or cannot be loaded.
        DatasetError: the store lacks slices.
    """
    task = bundle.tasks[0]
    predictions = outcomes_of_test_slices(bundle, task)
    slowly = draw_slices(np.array(list(predictions)), slow)
    explainer = Explainer(load_network(bundle))
    network = explainer.network
    layer = network.get_layer(bundle.heat_layer) if bundle.heat_layer else deepest_convolution_layer(network)
    stamp = bundle.card.files[WEIGHTS].sha256
    done = _resume(partial, stamp)
    with partial.open("a", encoding="utf-8") as file:
        for number in progress([number for number in predictions if number not in done]):
            methods = [name for name in methods_for(task) if METHODS[name].quick or number in slowly]
            slice_ = slice_from_store(store, number)
            done[number] = _explain_slice(
                bundle, explainer, slice_, predictions[number], methods=methods, layer=layer.name
            )
            file.write(json.dumps({"stamp": stamp, "slice": number, **done[number]}) + "\n")
            file.flush()
    table = pd.DataFrame([row for number in sorted(done) for row in done[number]["rows"]], columns=list(COLUMNS))
    write_table(bundle.folder / EXPLANATIONS, table)
    write_heat_maps(
        bundle.folder / HEAT_MAPS,
        {number: np.array(done[number]["grid"], np.uint8) for number in sorted(done)},
        field=receptive_field(layer),
        size=bundle.card.input.height,
    )
    explanation = {
        "layer": layer.name,
        "methods": summarise_heat_maps(table),
        "definitions": DEFINITIONS["explanation"],
    }
    card = update_card(bundle.folder, {"metrics.explanation": explanation}, "Heat-map localisation measured.")
    partial.unlink()
    return card


def read_explanations(bundle: Bundle) -> pd.DataFrame:
    """Read the rows of a bundle's ``explanations.csv``.

    Raises:
        BundleError: the file is missing or altered, or holds something else.
    """
    columns: Columns = {
        "slice": Content.COUNT,
        "method": (EVIDENCE_MAP, *METHODS),
        **dict.fromkeys(("right", "hit"), Content.FLAG),
        **dict.fromkeys(("inside", "area"), Content.SHARE),
    }
    table = read_bundle_table(bundle, EXPLANATIONS, columns, keep_default_na=False)
    with refused_content(bundle, EXPLANATIONS):
        own = dict.fromkeys((bundle.answer_map, bundle.heat_method))
        if not table["method"].isin(own).any():
            raise ValueError(f"it has no row of the bundle's own {' or '.join(own)}")
    return table


def summarise_heat_maps(table: pd.DataFrame) -> dict[str, Any]:
    """Average by method, separately for right and wrong predictions.

    Args:
        table: rows of ``explanations.csv``.

    Returns:
        {method: {"right" or "wrong": {"slices", "inside", "area", "hit"}}}; of no slices, only their number.
    """
    summary: dict[str, Any] = {}
    for method in table["method"].unique():
        for name, right in (("right", True), ("wrong", False)):
            rows = table[(table["method"] == method) & (table["right"] == right)]
            means: dict[str, Any] = {"slices": len(rows)}
            if len(rows):
                means |= {column: float(rows[column].mean()) for column in ("inside", "area", "hit")}
            summary.setdefault(str(method), {})[name] = means
    return summary


@dataclass(frozen=True)
class Outcome:
    """The predicted class of a test slice, None for a mask, and whether the prediction is right."""

    class_name: str | None
    right: bool


def outcomes_of_test_slices(bundle: Bundle, task: str) -> dict[int, Outcome]:
    """Return the outcome of every test slice by its number.

    Raises:
        BundleError: the bundle is not evaluated yet.
    """
    if PREDICTIONS not in bundle.card.files:
        raise BundleError(
            "The bundle '{bundle}' is not evaluated yet; run 'python -m core evaluate {bundle}' first.",
            bundle=bundle.name,
        )
    table = pd.read_csv(bundle.path(PREDICTIONS)).set_index("slice")
    table = table[table["part"] == "test"]
    if task == CLASSIFICATION:
        classes, right = table["predicted"].tolist(), table["predicted"] == table["true"]
    else:
        classes, right = [None] * len(table), table["iou"] >= CORRECT_IOU
    return {
        number: Outcome(class_name, is_right)
        for number, class_name, is_right in zip(table.index.tolist(), classes, right.tolist(), strict=True)
    }


def _explain_slice(
    bundle: Bundle, explainer: Explainer, slice_: Slice, outcome: Outcome, *, methods: list[str], layer: str
) -> dict[str, Any]:
    """Return a slice's rows, and its heat map by the bundle's method as (h, w) whole numbers from 0 to 255."""
    inputs, place = model_input(bundle, slice_)
    target = bundle_target(bundle, outcome.class_name)
    rows = []
    for method in methods:
        explanation = explainer(inputs, target, method=method, layer=layer)
        heat = map_to_slice(explanation.plane, place)
        rows.append(localise(heat, slice_, outcome, method=method, layer=layer if METHODS[method].at_layer else ""))
        if method == bundle.heat_method:
            grid = np.round(explanation.grid * 255).astype(int).tolist()
    return {"rows": rows, "grid": grid}


def localise(heat: np.ndarray, slice_: Slice, outcome: Outcome, *, method: str, layer: str) -> dict[str, Any]:
    """Return the row of explanations.csv for a heat map, (H, W), of a slice with a true mask."""
    assert slice_.mask is not None  # a store's slices have one
    return {
        "slice": slice_.number,
        "method": method,
        "layer": layer,
        "class": outcome.class_name or "tumour",
        "right": outcome.right,
        "inside": heat_inside(heat, slice_.mask),
        "area": chance_level(slice_.mask),
        "hit": pointing_game_hit(heat, slice_.mask, tolerance_px=TOLERANCE_PX),
    }


def _resume(partial: Path, stamp: str) -> dict[int, dict[str, Any]]:
    """Return what the partial file holds of these weights; remove everything else from it."""
    done: dict[int, dict[str, Any]] = {}
    lines = partial.read_text(encoding="utf-8").splitlines() if partial.is_file() else []
    kept = []
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue  # truncated when the run was killed
        if entry["stamp"] == stamp:
            done[entry["slice"]] = {"rows": entry["rows"], "grid": entry["grid"]}
            kept.append(line + "\n")
    with replace_file(partial) as temporary:
        temporary.write_text("".join(kept), encoding="utf-8")
    return done
