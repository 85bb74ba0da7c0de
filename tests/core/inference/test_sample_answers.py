"""Stored answers to samples: equal to the networks', and void once anything they depend on has changed."""

import functools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.bundles.bundle import LITE, WEIGHTS, Bundle
from core.evaluation.sample_answers import answering_pairs
from core.inference.predictor import Predictor
from core.inference.sample_answers import ANSWERS, stored_answer
from core.readers.samples import Sample, read_samples

PAIRS = answering_pairs()
SAMPLE = read_samples()[0]


@functools.cache
def predictor_of(pair: int) -> Predictor:
    return Predictor(*PAIRS[pair])


@pytest.mark.parametrize("pair", range(len(PAIRS)))
@pytest.mark.parametrize("sample", read_samples(), ids=lambda sample: sample.name)
def test_a_stored_answer_is_what_the_networks_answer(sample: Sample, pair: int) -> None:
    slice_ = sample.slice()
    stored, answered = stored_answer(slice_, *PAIRS[pair]), predictor_of(pair)(slice_)
    assert stored is not None, "run 'python -m core samples'"
    assert stored.classes == answered.classes and stored.threshold == answered.threshold
    np.testing.assert_allclose(stored.probabilities, answered.probabilities, atol=1e-3)
    np.testing.assert_allclose(stored.tumour, answered.tumour, atol=1e-3)
    np.testing.assert_allclose(stored.heat, answered.heat, atol=1e-3)
    for name, plane in answered.model_inputs.items():
        np.testing.assert_array_equal(stored.model_inputs[name], plane)
    if answered.gate is None:
        assert stored.gate is None
    else:
        assert stored.gate is not None and stored.gate.outcome == answered.gate.outcome
        assert stored.gate.tumour_score == pytest.approx(answered.gate.tumour_score, abs=1e-3)
        assert stored.gate.ood_score == pytest.approx(answered.gate.ood_score, abs=1e-3)
        np.testing.assert_allclose(stored.gate.probabilities, answered.gate.probabilities, atol=1e-3)


def with_card(bundle: Bundle, **changes: object) -> Bundle:
    return replace(bundle, card=bundle.card.model_copy(update=changes))


def test_a_changed_slice_has_no_stored_answer() -> None:
    slice_ = SAMPLE.slice()
    assert stored_answer(replace(slice_, pixels=slice_.pixels + 1), *PAIRS[0]) is None


def test_a_changed_network_threshold_or_gate_has_no_stored_answer() -> None:
    bundle, slice_ = PAIRS[0][0], SAMPLE.slice()
    card = bundle.card
    assert card.gate is not None
    for changed in (
        with_card(bundle, files=card.files | {LITE: card.files[WEIGHTS]}),
        with_card(bundle, output=card.output.model_copy(update={"threshold": 0.3})),
        with_card(
            bundle, gate=card.gate.model_copy(update={"thresholds": replace(card.gate.thresholds, strange=99.0)})
        ),
    ):
        assert stored_answer(slice_, changed, changed) is None
    assert stored_answer(slice_, bundle, bundle) is not None


def test_a_damaged_file_of_answers_is_no_answer(tmp_path: Path) -> None:
    damaged = tmp_path / "answers.npz"
    damaged.write_bytes(ANSWERS.read_bytes()[:5000])
    assert stored_answer(SAMPLE.slice(), *PAIRS[0], path=damaged) is None
