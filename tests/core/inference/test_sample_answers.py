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
from core.metrics.overlap import dice
from core.outcome import CONFIDENT
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


@pytest.mark.parametrize("sample", read_samples(), ids=lambda sample: sample.name)
def test_a_sample_is_a_known_failure_where_the_default_network_finds_another_class(sample: Sample) -> None:
    stored = stored_answer(sample.slice(), *PAIRS[0])
    assert stored is not None and stored.gate is not None
    likeliest = stored.classes[int(np.argmax(stored.gate.probabilities))]
    expected = likeliest if sample.class_name not in (None, likeliest) else None
    assert sample.known_failure == expected, "state it in scripts/simulated/catalogue.py and samples.json"


def test_the_first_sample_is_answered_well() -> None:
    stored = stored_answer(SAMPLE.slice(), *PAIRS[0])
    assert stored is not None and stored.gate is not None
    assert stored.gate.outcome == CONFIDENT and SAMPLE.known_failure is None
    assert dice(stored.tumour >= stored.threshold, SAMPLE.slice().mask) > 0.9


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
