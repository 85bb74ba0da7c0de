"""The encoder against numbers that the original computed (scripts/convert_efficientnet.py)."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from core.config import PRETRAINED
from core.errors import TrainingError
from core.networks.efficientnet_lite0 import efficientnet_lite0, load_pretrained

ORIGINAL = json.loads(Path(__file__).with_name("efficientnet_features.json").read_text())


def encoder(height: int = 64, width: int = 64) -> keras.Model:
    inputs = keras.Input((height, width, 3), name="image")
    return keras.Model(inputs, efficientnet_lite0(inputs), name="encoder")


@pytest.fixture(scope="module")
def features() -> list[np.ndarray]:
    """Ours, on the input the original was given."""
    random = np.random.default_rng(ORIGINAL["seed"])
    count, height, width, channels = ORIGINAL["input_shape"]
    coarse = random.uniform(-1, 1, (count, height // 16, width // 16, channels)).repeat(16, 1).repeat(16, 2)
    fine = random.uniform(-0.2, 0.2, (count, height, width, channels))
    model = encoder(height, width)
    load_pretrained(model)
    return model.predict_on_batch(np.clip(coarse + fine, -1, 1).astype(np.float32))


@pytest.mark.parametrize("place", range(5))
def test_features_are_those_of_the_original(features: list[np.ndarray], place: int) -> None:
    ours, original = features[place], ORIGINAL["features"][place]
    # Half precision of the stored kernels, in parts of the features' spread.
    within = 0.01 * original["std"]
    assert list(ours.shape) == original["shape"]
    np.testing.assert_allclose(ours.ravel()[original["places"]], original["values"], rtol=0, atol=within)
    assert ours.mean() == pytest.approx(original["mean"], abs=within)
    assert ours.std() == pytest.approx(original["std"], rel=0.01)


def test_features_come_at_five_strides() -> None:
    shapes = [feature.shape for feature in encoder(96, 64).outputs]
    assert shapes == [
        (None, 48, 32, 16),
        (None, 24, 16, 24),
        (None, 12, 8, 40),
        (None, 6, 4, 112),
        (None, 3, 2, 320),
    ]


def test_the_encoder_is_flat_and_every_layer_says_what_it_is() -> None:
    model = encoder()
    assert not [layer for layer in model.layers if isinstance(layer, keras.Model)]
    assert all(layer.name.startswith(("encoder_stem_", "encoder_block")) for layer in model.layers[1:])
    depthwise = model.get_layer("encoder_block3b_depthwise_conv")
    assert isinstance(depthwise, keras.layers.DepthwiseConv2D)
    assert (depthwise.kernel_size, depthwise.strides) == ((5, 5), (1, 1))
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert {layer.epsilon for layer in norms} == {1e-3}
    assert {layer.max_value for layer in model.layers if isinstance(layer, keras.layers.ReLU)} == {6.0}


def test_pretrained_weights_fill_the_whole_encoder_and_nothing_else() -> None:
    whole = encoder()
    outputs = keras.layers.Conv2D(2, 1, name="mask")(whole.outputs[0])
    model = keras.Model(whole.inputs, [outputs, *whole.outputs])
    before = {weight.path: weight.numpy().copy() for weight in model.weights}
    load_pretrained(model)
    same = {weight.path for weight in model.weights if np.array_equal(weight.numpy(), before[weight.path])}
    assert same == {"mask/kernel", "mask/bias"}


def test_half_an_encoder_is_refused() -> None:
    whole = encoder()
    half = keras.Model(whole.inputs, whole.outputs[0], name="half")
    with pytest.raises(TrainingError, match=r"efficientnet-lite0\.npz.*do not fit.*'half'"):
        load_pretrained(half)


def test_weights_of_another_network_are_refused_and_change_nothing(tmp_path: Path) -> None:
    with np.load(PRETRAINED) as file:
        arrays = dict(file)
    arrays["encoder_stem_conv/kernel"] = arrays["encoder_stem_conv/kernel"][..., :16]
    np.savez(tmp_path / "other.npz", **arrays)
    model = encoder()
    before = [weight.numpy().copy() for weight in model.weights]
    with pytest.raises(TrainingError, match=r"'other\.npz'.*'encoder'.*1 arrays.*'encoder_stem_conv/kernel'"):
        load_pretrained(model, tmp_path / "other.npz")
    for old, new in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(old, new.numpy())


def test_missing_weights_are_refused_with_their_path(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"gone\.npz.*missing"):
        load_pretrained(encoder(), tmp_path / "gone.npz")
