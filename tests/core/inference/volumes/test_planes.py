"""Whether two planes agree."""

import numpy as np
import pytest

from core.config import CLASSES
from core.inference.volumes.analysis import VolumeAnswer
from core.inference.volumes.planes import disagreement
from core.outcome import CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, UNUSUAL
from core.translation.language import speaking


def answer(kind: str = CONFIDENT, likeliest: int = 0, ml: float | None = 10.0) -> VolumeAnswer:
    found = kind in (CONFIDENT, LOW_CONFIDENCE)
    probabilities = np.roll([0.8, 0.1, 0.1], likeliest) if found else None
    return VolumeAnswer(kind, probabilities, (1,) if found else (), 1 if found else None, ml, None)


@pytest.mark.parametrize(
    ("first", "second", "agree"),
    [
        (answer(), answer(ml=12.0), True),
        (answer(), answer(LOW_CONFIDENCE), True),
        (answer(), answer(ml=None), True),
        (answer(NO_TUMOUR), answer(UNUSUAL), True),
        (answer(), answer(NO_TUMOUR), False),
        (answer(), answer(likeliest=1), False),
        (answer(), answer(ml=14.0), False),
    ],
)
def test_planes_disagree_in_tumour_class_or_size(first, second, agree):
    sentences = (
        disagreement(("axial", "coronal"), (first, second), CLASSES),
        disagreement(("coronal", "axial"), (second, first), CLASSES),
    )
    assert [sentence == "" for sentence in sentences] == [agree, agree]
    assert agree or all("axial" in sentence and "coronal" in sentence for sentence in sentences)


def test_the_plane_with_the_tumour_is_named_first():
    sentence = disagreement(("axial", "coronal"), (answer(NO_TUMOUR), answer()), CLASSES)
    assert sentence.index("coronal") < sentence.index("axial")


@pytest.mark.parametrize("second", [answer(NO_TUMOUR), answer(likeliest=1), answer(ml=14.5)])
def test_a_disagreement_is_said_in_the_reader_s_language(second):
    with speaking("es"):
        sentence = disagreement(("axial", "sagittal"), (answer(), second), CLASSES)
    assert "sagital" in sentence
    assert "planes" not in sentence
