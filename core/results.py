"""What is said about one slice, the same on the page, in its downloads and on the command line."""

import csv
import io
from dataclasses import replace
from typing import Any

import numpy as np

from core import metrics, splits
from core.bundles import Bundle
from core.inference import Prediction
from core.measurements import measure
from core.overlay import TRUTH, Look, compose, default_window, png
from core.screen import CLASS, NO_TUMOUR, NOT_SURE, STRANGER, WITHHOLDING
from core.slices import Slice

NOTICE = "A demonstration on one public data set, not a medical device and not a diagnosis."


def result(slice_: Slice, prediction: Prediction, bundles: tuple[Bundle, ...]) -> dict[str, Any]:
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
    found = measure(prediction.mask, slice_.spacing_mm)
    height, width = slice_.pixels.shape
    return {
        "name": slice_.name,
        "width": width,
        "height": height,
        "bundles": [{"name": bundle.name, "version": bundle.card["version"]} for bundle in bundles],
        "class": prediction.class_name if _kind(prediction) == CLASS else None,
        "likeliest_class": prediction.class_name,
        "probabilities": {
            name: round(float(p), 6) for name, p in zip(prediction.classes, prediction.probabilities, strict=True)
        },
        "answer": _answer(prediction),
        "mask": {
            "withheld": withholds(prediction),
            "threshold": prediction.threshold,
            "area_px": found.area_px,
            "components": found.components,
            "spacing_mm": slice_.spacing_mm,
            "spacing_source": slice_.spacing_source if slice_.spacing_mm is not None else None,
            "area_mm2": _rounded(found.area_mm2),
            "longest_diameter_mm": _rounded(found.diameter_mm),
        },
        "truth": truth(slice_, prediction),
        "trained_on_by": [bundle.name for bundle in bundles if part_in(bundle, slice_) == "train"],
        "warnings": list(slice_.warnings),
        "notes": list(slice_.notes),
        "notice": NOTICE,
    }


def _kind(prediction: Prediction) -> str:
    """Which of ``core.screen.ANSWERS`` is given: a class where there is no screen."""
    return CLASS if prediction.screened is None else prediction.screened.answer


def withholds(prediction: Prediction) -> bool:
    """Whether the answer is one beside which class, mask and heat map are not shown unless asked for."""
    return _kind(prediction) in WITHHOLDING


def shown_probabilities(one: dict[str, Any]) -> dict[str, float]:
    """A ``result``'s probabilities as page, table and command line print them: calibrated where there is a screen."""
    return (one["answer"] or {}).get("calibrated_probabilities", one["probabilities"])


def _answer(prediction: Prediction) -> dict[str, Any] | None:
    """What the classifier's screen says, or None where it has none and every picture is given a class."""
    found = prediction.screened
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


def truth(slice_: Slice, prediction: Prediction) -> dict[str, Any] | None:
    """How the prediction agrees with what is known to be true, or None where nothing is.

    ``class_agrees`` is None where the screen leaves the class open: neither right nor wrong. To call a tumour none is
    wrong.
    """
    if slice_.mask is None and slice_.class_name is None:
        return None
    known: dict[str, Any] = {}
    if slice_.class_name is not None:
        known["class"] = slice_.class_name
        answers = {CLASS: slice_.class_name == prediction.class_name, NO_TUMOUR: False}
        known["class_agrees"] = answers.get(_kind(prediction))
    if slice_.mask is not None:
        if not slice_.mask.any() and prediction.screened is not None:
            known["answer_agrees"] = prediction.screened.answer == NO_TUMOUR
        known["area_px"] = int(np.count_nonzero(slice_.mask))
        known["dice"] = round(metrics.dice(prediction.mask, slice_.mask), 4)
        known["iou"] = round(metrics.iou(prediction.mask, slice_.mask), 4)
    return known


def part_in(bundle: Bundle, slice_: Slice) -> str | None:
    """The slice's part in the bundle's split: train, validation or test; None if not of the data set."""
    if slice_.number is None:
        return None
    return str(splits.parts(bundle.card["data"]["split"])[slice_.number])


def overlay_png(slice_: Slice, prediction: Prediction, look: Look | None = None) -> bytes:
    """Slice, heat map and outlines, as ``look`` says, as PNG at the slice's own size.

    Without a ``look`` they are drawn at default strengths, and of a slice whose answer withholds them the true mask
    alone.
    """
    if look is None:
        look = Look(*default_window(slice_.pixels))
        look = replace(look, layers=(TRUTH,)) if withholds(prediction) else look
    return png(
        compose(slice_.pixels, look, mask=prediction.mask, heat=prediction.heat, truth=slice_.mask), slice_.notes
    )


def table_csv(results: list[dict[str, Any]]) -> str:
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


_WORDS = {NO_TUMOUR: "no tumour", NOT_SURE: "not sure", STRANGER: "no contrast-enhanced T1 slice of a head"}


def said_of(one: dict[str, Any]) -> str:
    """A ``result`` in a line: "glioma (0.912), 3578 px tumour", or what is answered instead of a class."""
    kind = (one["answer"] or {}).get("kind", CLASS)
    if kind != CLASS:
        return f"{_WORDS[kind]}: {one['answer']['reason']}"
    return f"{one['class']} ({shown_probabilities(one)[one['class']]:.3f}), {one['mask']['area_px']} px tumour"
