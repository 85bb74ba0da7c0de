"""What a network draws raises its score, and is the same every time."""

from typing import Any

import numpy as np
import pytest

from core.explanation.drawing import FILTER_SMOOTHNESS, Drawer, filter_drawer, filter_score

SIZE, RANGE = 16, (0.0, 2.0)


@pytest.fixture(scope="module")
def network() -> Any:
    """Without softmax; the input's channels are copies of one grey plane."""
    import keras

    keras.utils.set_random_seed(3)
    inputs = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.Conv2D(6, 3, activation="relu", name="conv")(inputs)
    x = keras.layers.GlobalAveragePooling2D()(x)
    # Logits of a trained network's size, beside which total variation is small.
    x = keras.layers.Rescaling(1000)(x)
    return keras.Model(inputs, keras.layers.Dense(3)(x))


def noise() -> np.ndarray:
    return np.random.default_rng(0).uniform(*RANGE, (8, SIZE, SIZE)).astype(np.float32)


def outputs(model: Any, planes: np.ndarray) -> np.ndarray:
    return np.asarray(model(np.repeat(planes[..., None], 3, axis=-1)))


def test_a_classs_drawing_scores_above_noise_and_stays_in_range(network: Any) -> None:
    reported: list[tuple[int, int]] = []
    draw = Drawer(network, RANGE)
    for index in range(3):
        reported.clear()
        drawing = draw(lambda logits, i=index: logits[:, i], steps=24, progress=lambda *done: reported.append(done))
        assert drawing.shape == (SIZE, SIZE)
        assert drawing.min() >= RANGE[0] and drawing.max() <= RANGE[1]
        assert outputs(network, drawing[None])[0, index] > outputs(network, noise())[:, index].max()
        assert reported == [(step, 24) for step in range(1, 25)]


def test_a_filters_drawing_excites_it_more_than_noise(network: Any) -> None:
    import keras

    convolution = keras.Model(network.inputs, network.get_layer("conv").output)
    drawing = filter_drawer(network, "conv", RANGE)(filter_score(2), smoothness=FILTER_SMOOTHNESS, steps=24)
    of_drawing, of_noise = (
        outputs(convolution, planes)[..., 2].mean(axis=(1, 2)) for planes in (drawing[None], noise())
    )
    assert of_drawing[0] > of_noise.max()


def test_a_drawing_is_the_same_every_time_and_leaves_numpys_state_alone(network: Any) -> None:
    draw = Drawer(network, RANGE)
    np.random.seed(1)
    expected = np.random.random()
    np.random.seed(1)
    first = draw(lambda logits: logits[:, 0], steps=6)
    assert np.random.random() == expected
    np.testing.assert_array_equal(draw(lambda logits: logits[:, 0], steps=6), first)
    assert np.abs(draw(lambda logits: logits[:, 0], steps=6, seed=5) - first).max() > 0.01
