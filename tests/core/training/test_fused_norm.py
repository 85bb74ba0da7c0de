import keras
import numpy as np

from core.networks.unified_unet import unified_unet
from core.training.fused_norm import with_fused_norms


def test_fused_norms_train_as_keras_own_do():
    keras.utils.set_random_seed(0)
    plain = unified_unet(size=32, dropout=0.0, small_encoder=True)
    fused = with_fused_norms(plain)
    assert [weight.path for weight in fused.weights] == [weight.path for weight in plain.weights]
    start = plain.get_weights()
    fused.set_weights(start)
    planes = np.random.default_rng(0).random((16, 32, 32, 1), np.float32)
    targets = (np.arange(16) % 3, np.zeros((16, 32, 32, 1)))
    for model in (plain, fused):
        model.compile("sgd", ["sparse_categorical_crossentropy"] * 2)
        model.train_on_batch(planes, targets)
    # Together: a single weight's change may be rounding. The moving variances differ by up to 16 / 15, the unbiased
    # variance of the 16 values at the deepest place.
    for kind, tolerance in (("kernel", 0.02), ("gamma", 0.02), ("moving_mean", 0.02), ("moving_variance", 0.07)):
        rows = [number for number, weight in enumerate(plain.weights) if weight.path.endswith(kind)]
        wanted, got = (
            np.concatenate([(model.get_weights()[row] - start[row]).ravel() for row in rows])
            for model in (plain, fused)
        )
        assert np.linalg.norm(wanted) > 0 and np.linalg.norm(got - wanted) < tolerance * np.linalg.norm(wanted), kind


def test_fused_norms_answer_as_keras_own_do():
    plain = unified_unet(size=32, small_encoder=True)
    fused = with_fused_norms(plain)
    fused.set_weights(plain.get_weights())
    planes = np.random.default_rng(0).random((2, 32, 32, 1), np.float32)
    for before, after in zip(plain.predict(planes, verbose=0), fused.predict(planes, verbose=0), strict=True):
        np.testing.assert_allclose(after, before, atol=1e-6)
    assert not any(type(layer) is keras.layers.BatchNormalization for layer in fused.layers)
