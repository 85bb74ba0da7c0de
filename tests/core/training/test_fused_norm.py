import keras
import numpy as np

from core.networks.unified_unet import unified_unet
from core.training.fused_norm import with_fused_norms


def test_fused_norms_train_as_keras_own_do():
    plain = unified_unet(size=32, dropout=0.0, small_encoder=True)
    fused = with_fused_norms(plain)
    for layer, copy in zip(plain.layers, fused.layers, strict=True):
        assert (copy.name, [weight.path for weight in copy.weights]) == (
            layer.name,
            [weight.path for weight in layer.weights],
        )
    fused.set_weights(plain.get_weights())
    planes = np.random.default_rng(0).random((16, 32, 32, 1), np.float32)
    targets = (np.arange(16) % 3, np.zeros((16, 32, 32, 1)))
    for model in (plain, fused):
        model.compile("sgd", ["sparse_categorical_crossentropy"] * 2)
        model.train_on_batch(planes, targets)
    for name, before, after in zip(
        [weight.path for weight in plain.weights], plain.get_weights(), fused.get_weights(), strict=True
    ):
        # Unbiased and biased variance of the 16 values at the deepest place: 16 / 15.
        np.testing.assert_allclose(after, before, rtol=0.07 if "moving_variance" in name else 1e-3, atol=1e-4)


def test_fused_norms_answer_as_keras_own_do():
    plain = unified_unet(size=32, small_encoder=True)
    fused = with_fused_norms(plain)
    fused.set_weights(plain.get_weights())
    planes = np.random.default_rng(0).random((2, 32, 32, 1), np.float32)
    for before, after in zip(plain.predict(planes, verbose=0), fused.predict(planes, verbose=0), strict=True):
        np.testing.assert_allclose(after, before, atol=1e-6)
    assert not any(type(layer) is keras.layers.BatchNormalization for layer in fused.layers)
