"""Stored predictions of the shipped samples, so that an answer to one waits for no network.

``samples/answers.npz`` holds, under names that begin with a digest of the bundles and the slice, what the networks put
out: another network, gate, threshold or slice has another digest, finds nothing here and is run anew.
``core.evaluation.sample_answers`` writes the file.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from core.bundles.bundle import GATE, LITE, Bundle
from core.bundles.measured_gate import has_gate
from core.checked_files import read_arrays
from core.config import SAMPLES
from core.inference.gate import decide
from core.inference.predictor import Prediction, input_picture, model_input
from core.readers.slices import Slice

ANSWERS = SAMPLES / "answers.npz"
_DIMENSIONS = {"probabilities": 1, "tumour": 2, "heat": 2, "scores": 1, "seconds": 0}
_TOO_SMALL = 5e-4
"""Tumour probabilities below this are stored as 0, which takes less room."""


def answer_digest(slice_: Slice, classifier: Bundle, segmenter: Bundle) -> str | None:
    """Return a digest of all that an answer depends on; None where a bundle ships no LiteRT file."""
    stated: list[object] = []
    for bundle in (classifier, segmenter):
        files, gate = bundle.card.files, bundle.card.gate
        if LITE not in files:
            return None
        stated += [bundle.name, bundle.card.classes, files[LITE].sha256, files[GATE].sha256 if GATE in files else None]
        stated += [gate and asdict(gate.thresholds), bundle.card.input.as_dict(), bundle.card.output.as_dict()]
        stated.append(bundle.answer_map)
    digest = hashlib.sha256(f"{json.dumps(stated)} {slice_.pixels.dtype} {slice_.pixels.shape}".encode())
    digest.update(slice_.pixels.tobytes())
    return digest.hexdigest()


def answer_arrays(digest: str, prediction: Prediction) -> dict[str, np.ndarray]:
    """Return a prediction as arrays by their names in the file."""
    gate, tumour = prediction.gate, prediction.tumour_plane[0]
    arrays = {
        "probabilities": prediction.probabilities,
        "tumour": np.where(tumour < _TOO_SMALL, 0, tumour).astype(np.float16),
        "heat": prediction.heat_plane[0],
        "scores": np.array([gate.tumour_score, gate.ood_score] if gate else [], np.float64),
        "seconds": np.array(prediction.seconds),
    }
    return {f"{digest}_{name}": array for name, array in arrays.items()}


def stored_answer(slice_: Slice, classifier: Bundle, segmenter: Bundle, *, path: Path = ANSWERS) -> Prediction | None:
    """Return the stored prediction of a slice by two bundles; None where there is none that can be read.

    Raises:
        BundleError: one of the files that the answer stands for is missing or altered.
    """
    digest = answer_digest(slice_, classifier, segmenter)
    if digest is None or not path.is_file():
        return None
    try:
        arrays = read_arrays(path, {f"{digest}_{name}": count for name, count in _DIMENSIONS.items()})
    except (OSError, ValueError):
        return None
    for bundle in (classifier, segmenter):
        bundle.path(LITE)
    if has_gate(classifier):
        classifier.path(GATE)
    probabilities, tumour, heat, scores, seconds = (arrays[f"{digest}_{name}"] for name in _DIMENSIONS)
    inputs = {bundle.name: model_input(bundle, slice_) for bundle in (classifier, segmenter)}
    gate = None
    if has_gate(classifier):
        gate = decide(float(scores[0]), float(scores[1]), classifier.gate.thresholds, probabilities)
    return Prediction(
        classes=tuple(classifier.card.classes),
        probabilities=probabilities,
        threshold=segmenter.mask_threshold,
        tumour_plane=(tumour.astype(np.float32), inputs[segmenter.name][1]),
        heat_plane=(heat, inputs[classifier.name][1]),
        model_inputs={name: input_picture(values) for name, (values, _) in inputs.items()},
        seconds=float(seconds),
        gate=gate,
        heat_follows_mask=classifier.heat_follows_mask,
    )
