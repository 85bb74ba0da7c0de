"""Slices that no session has seen: the samples, each shifted and dimmed a little, as files and with their answers."""

import functools
import io
from dataclasses import dataclass
from itertools import count

import numpy as np
from PIL import Image

from core.bundles.bundle import DEFAULT_CLASSIFIER, open_bundle
from core.dataset.slices import read_and_recognise_slice
from core.inference.predictor import Predictor
from core.inference.result import shown_probabilities, slice_result
from core.labels import CLASS_LABELS, OUTCOME_LABELS
from core.outcome import CONFIDENT
from core.readers.samples import read_samples

_numbers = count(1)


@dataclass(frozen=True)
class NewSlice:
    """A file to upload: its name and its bytes, a PNG."""

    name: str
    data: bytes


def new_slices(wanted: int, *, confident: bool = False) -> list[NewSlice]:
    """Make slices of which no two are alike.

    Args:
        wanted: how many.
        confident: leave out those whose class and mask Analyse hides or doubts.
    """
    samples = [sample for sample in read_samples() if sample.class_name]
    slices: list[NewSlice] = []
    while len(slices) < wanted:
        number = next(_numbers)
        with Image.open(samples[number % len(samples)].path) as image:
            pixels = np.asarray(image.convert("L"), np.float32)
        moved = np.roll(pixels, (number % 5 - 2, number // 5 % 5 - 2), (0, 1)) * (1 - number % 1000 / 10_000)
        file = io.BytesIO()
        Image.fromarray(moved.round().astype(np.uint8)).save(file, "PNG")
        made = NewSlice(f"new-{number}.png", file.getvalue())
        if not confident or _result(made)["outcome"] == CONFIDENT:
            slices.append(made)
    return slices


def expected_texts(slice_: NewSlice) -> set[str]:
    """Return the texts on Analyse that give a slice's class or, without one, its outcome, and the area of its mask."""
    result = _result(slice_)
    name, area = result["class"], result["mask"]["area_px"]
    if name is None:
        return {OUTCOME_LABELS[result["outcome"]].title}
    # Only now: it brings Streamlit, and memory is measured in this process.
    from panels.shared.theme import percent

    texts = {f"{CLASS_LABELS[name].title} · {percent(shown_probabilities(result)[name])}"}
    return texts | ({f"Predicted area **{area:,} px**, pixel size unknown"} if area else set())


def _result(slice_: NewSlice) -> dict:
    read = read_and_recognise_slice(slice_.data, slice_.name)
    predictor = _predictor()
    return slice_result(read, predictor(read), (predictor.classifier,))


@functools.cache
def _predictor() -> Predictor:
    bundle = open_bundle(DEFAULT_CLASSIFIER)
    return Predictor(bundle, bundle)
