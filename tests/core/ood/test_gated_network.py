"""A gate beside a small network: its features, its decisions, and how results state them."""

from pathlib import Path

import keras
import numpy as np
import pytest

from core.bundles.bundle import Bundle, load_network
from core.inference.gate import gate_classifier, load_gate
from core.inference.predictor import Predictor
from core.inference.result import results_csv, slice_result, summary_line
from core.labels import OUTCOME_LABELS
from core.networks.gate_features import FUSION_LAYER, with_feature_output
from core.outcome import UNUSUAL, decide_outcomes
from tests.core import tiny


def test_features_leave_the_networks_outputs_as_they_were(gated: tuple[Bundle, Path]) -> None:
    bundle, _ = gated
    network = load_network(bundle)
    inputs = np.random.default_rng(0).uniform(0, 1, (2, tiny.UNIFIED_SIZE, tiny.UNIFIED_SIZE, 1)).astype(np.float32)
    plain, with_features = network.predict_on_batch(inputs), with_feature_output(network).predict_on_batch(inputs)
    for output, same in zip(plain, with_features[:2], strict=True):
        np.testing.assert_allclose(output, same, atol=1e-6)
    gate, _ = load_gate(bundle)
    assert with_features[2].shape == (2, len(gate.weights) + len(gate.centre))
    probabilities = gate_classifier(network, gate).predict_on_batch(inputs)
    np.testing.assert_allclose(
        np.log(probabilities[:, 1] / probabilities[:, 0]), gate.tumour_score(with_features[2]), atol=1e-3
    )


def test_the_tumour_score_is_read_from_the_head_alone(gated: tuple[Bundle, Path]) -> None:
    network = load_network(gated[0])
    model = keras.Model(
        network.inputs, [network.get_layer(FUSION_LAYER).output, with_feature_output(network).outputs[-1]]
    )
    plane = np.full((1, 64, 64, 1), 0.5, np.float32)
    plane[:, :, 32:] = 0.05
    activations, features = model.predict_on_batch(plane)
    activations, channels = activations[0], activations.shape[-1]
    left = activations[:, : activations.shape[1] // 2].reshape(-1, channels)
    np.testing.assert_allclose(features[0, :channels], left.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(features[0, channels : 2 * channels], left.max(axis=0), atol=1e-5)
    np.testing.assert_allclose(features[0, -channels:], activations.mean(axis=(0, 1)), atol=1e-5)
    # Where there is no head at all, every place counts.
    activations, features = model.predict_on_batch(np.zeros_like(plane))
    np.testing.assert_allclose(features[0, channels : 2 * channels], activations[0].max(axis=(0, 1)), atol=1e-5)
    assert np.isfinite(features).all()


@pytest.fixture(scope="module")
def gated_predictor(gated: tuple[Bundle, Path]) -> Predictor:
    """The small network with its gate."""
    return Predictor(gated[0], gated[0])


def test_the_predictor_decides_as_the_gate_does(
    gated: tuple[Bundle, Path], gated_predictor: Predictor, tmp_path: Path
) -> None:
    bundle, _ = gated
    image = tiny.a_picture(60)
    decision = gated_predictor(image).gate
    assert decision is not None
    assert decision.outcome == str(
        decide_outcomes(decision.tumour_score, decision.ood_score, decision.probabilities.max(), decision.thresholds)
    )
    beside = Predictor(bundle, tiny.lite(tiny.segmenter(tmp_path)))(image).gate
    assert beside is not None and beside.tumour_score == pytest.approx(decision.tumour_score, abs=1e-3)
    assert Predictor(tiny.lite(tiny.classifier(tmp_path)), bundle)(image).gate is None


def test_a_result_states_the_answer_and_its_reason_and_a_table_has_it(
    gated: tuple[Bundle, Path], gated_predictor: Predictor
) -> None:
    bundle, _ = gated
    image = tiny.a_picture(60)
    prediction = gated_predictor(image)
    result = slice_result(image, prediction, (bundle,))
    assert prediction.gate is not None
    assert result["outcome"] == prediction.gate.outcome
    assert result["reason"] == prediction.gate.reason
    assert prediction.gate.outcome in results_csv([result])
    flagged = {**result, "outcome": UNUSUAL, "class": None, "reason": "Why."}
    assert summary_line(flagged) == f"{OUTCOME_LABELS[UNUSUAL].in_text}: Why."
