"""What is said about one slice, the same on the page, in its downloads and on the command line."""

import csv
import io
from dataclasses import replace
from typing import Any

import numpy as np

from core.bundles.bundle import Bundle
from core.dataset import splits
from core.inference.gate import ABSTAINING, CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, OUT_OF_DISTRIBUTION
from core.inference.measurements import measure_mask
from core.inference.predictor import Prediction
from core.inference.render import SHOW_TRUTH, DisplayOptions, compose_overlay, default_window, encode_png
from core.metrics import overlap
from core.readers.slices import Slice

NOTICE = "A demonstration on one public data set, not a medical device and not a diagnosis."


def slice_result(slice_: Slice, prediction: Prediction, bundles: tuple[Bundle, ...]) -> dict[str, Any]:
    """Everything that is said about a slice, ready for JSON.

    ``class`` is the class that is answered, None where the screen answers something else; ``likeliest_class`` is the
    network's most probable one, whatever is answered. ``probabilities`` are the network's own; those that are printed
    where there is a screen are ``answer.calibrated_probabilities``, see ``shown_probabilities``. The mask's figures are
    the network's too; ``mask.withheld`` tells whether the answer is one beside which the mask is not shown.

    Args:
        slice_: the slice.
        prediction: what the networks said.
        bundles: those that were asked.
    """
    found = measure_mask(prediction.mask, slice_.spacing_mm)
    height, width = slice_.pixels.shape
    return {
        "name": slice_.name,
        "width": width,
        "height": height,
        "bundles": [{"name": bundle.name, "version": bundle.card["version"]} for bundle in bundles],
        "class": prediction.class_name if _kind(prediction) == CONFIDENT else None,
        "likeliest_class": prediction.class_name,
        "probabilities": {
            name: round(float(p), 6) for name, p in zip(prediction.classes, prediction.probabilities, strict=True)
        },
        "answer": _answer(prediction),
        "mask": {
            "withheld": is_withheld(prediction),
            "threshold": prediction.threshold,
            "area_px": found.area_px,
            "components": found.components,
            "spacing_mm": slice_.spacing_mm,
            "spacing_source": slice_.spacing_source if slice_.spacing_mm is not None else None,
            "area_mm2": _rounded(found.area_mm2),
            "longest_diameter_mm": _rounded(found.diameter_mm),
        },
        "truth": compare_with_truth(slice_, prediction),
        "trained_on_by": [bundle.name for bundle in bundles if split_part(bundle, slice_) == "train"],
        "warnings": list(slice_.warnings),
        "notes": list(slice_.notes),
        "notice": NOTICE,
    }


def _kind(prediction: Prediction) -> str:
    """Which of ``core.inference.gate.ANSWERS`` is given: a class where there is no screen."""
    return CONFIDENT if prediction.gate is None else prediction.gate.answer


def is_withheld(prediction: Prediction) -> bool:
    """Whether the answer is one beside which class, mask and heat map are not shown unless asked for."""
    return _kind(prediction) in ABSTAINING


def shown_probabilities(one: dict[str, Any]) -> dict[str, float]:
    """A ``result``'s probabilities as page, table and command line print them: calibrated where there is a screen."""
    return (one["answer"] or {}).get("calibrated_probabilities", one["probabilities"])


def _answer(prediction: Prediction) -> dict[str, Any] | None:
    """What the classifier's screen says, or None where it has none and every picture is given a class."""
    found = prediction.gate
    if found is None:
        return None
    return {
        "kind": found.answer,
        "reason": found.reason,
        "tumour_score": _rounded(found.tumour_score),
        "strangeness": _rounded(found.strangeness),
        "calibrated_probabilities": {
            name: round(float(p), 6) for name, p in zip(prediction.classes, found.probabilities, strict=True)
        },
    }


def compare_with_truth(slice_: Slice, prediction: Prediction) -> dict[str, Any] | None:
    """How the prediction agrees with what is known to be true, or None where nothing is.

    ``class_agrees`` is None where the screen leaves the class open: neither right nor wrong. To call a tumour none is
    wrong.
    """
    if slice_.mask is None and slice_.class_name is None:
        return None
    known: dict[str, Any] = {}
    if slice_.class_name is not None:
        known["class"] = slice_.class_name
        answers = {CONFIDENT: slice_.class_name == prediction.class_name, NO_TUMOUR: False}
        known["class_agrees"] = answers.get(_kind(prediction))
    if slice_.mask is not None:
        if not slice_.mask.any() and prediction.gate is not None:
            known["answer_agrees"] = prediction.gate.answer == NO_TUMOUR
        known["area_px"] = int(np.count_nonzero(slice_.mask))
        known["dice"] = round(overlap.dice(prediction.mask, slice_.mask), 4)
        known["iou"] = round(overlap.iou(prediction.mask, slice_.mask), 4)
    return known


def split_part(bundle: Bundle, slice_: Slice) -> str | None:
    """The slice's part in the bundle's split: train, validation or test; None if not of the data set."""
    if slice_.number is None:
        return None
    return str(splits.split_parts(bundle.card["data"]["split"])[slice_.number])


def overlay_png(slice_: Slice, prediction: Prediction, look: DisplayOptions | None = None) -> bytes:
    """Slice, heat map and outlines, as ``look`` says, as PNG at the slice's own size.

    Without a ``look`` they are drawn at default strengths, and of a slice whose answer withholds them the true mask
    alone.
    """
    if look is None:
        look = DisplayOptions(*default_window(slice_.pixels))
        look = replace(look, layers=(SHOW_TRUTH,)) if is_withheld(prediction) else look
    return encode_png(
        compose_overlay(slice_.pixels, look, mask=prediction.mask, heat=prediction.heat, truth=slice_.mask),
        slice_.notes,
    )


def results_csv(results: list[dict[str, Any]]) -> str:
    """A CSV row a slice, from several ``result``s; ``p_…`` are ``shown_probabilities``; a withheld mask has no size."""
    rows = [
        {
            "name": one["name"],
            "answer": (one["answer"] or {}).get("kind"),
            "class": one["class"],
            "likeliest_class": one["likeliest_class"],
            **{f"p_{name}": p for name, p in shown_probabilities(one).items()},
            **{
                key: None if one["mask"]["withheld"] else one["mask"][key]
                for key in ("area_px", "components", "area_mm2", "longest_diameter_mm")
            },
            "true_class": (one["truth"] or {}).get("class"),
            "dice": (one["truth"] or {}).get("dice"),
            "iou": (one["truth"] or {}).get("iou"),
        }
        for one in results
    ]
    file = io.StringIO()
    writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


_WORDS = {
    NO_TUMOUR: "no tumour",
    LOW_CONFIDENCE: "not sure",
    OUT_OF_DISTRIBUTION: "no contrast-enhanced T1 slice of a head",
}


def summary_line(one: dict[str, Any]) -> str:
    """A ``result`` in a line: "glioma (0.912), 3578 px tumour", or what is answered instead of a class."""
    kind = (one["answer"] or {}).get("kind", CONFIDENT)
    if kind != CONFIDENT:
        return f"{_WORDS[kind]}: {one['answer']['reason']}"
    return f"{one['class']} ({shown_probabilities(one)[one['class']]:.3f}), {one['mask']['area_px']} px tumour"
