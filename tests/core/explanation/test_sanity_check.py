"""The sanity check: heat maps of a network whose weights are randomised layer by layer."""

import itertools

import numpy as np

from core.explanation.sanity_check import cascading_randomisation
from core.explanation.targets import class_target, mask_target, top_class_target
from core.networks.registry import report_cnn, report_unet


def test_layers_are_randomised_from_the_output_on_and_stay_randomised():
    network = report_cnn(size=64, filters=(4, 4, 4, 8))
    inputs = np.random.default_rng(0).random((1, 64, 64, 3), np.float32)
    before = network.get_weights()
    steps = list(cascading_randomisation(network, inputs, class_target(1), layer="conv2d_1"))
    assert [step.layer for step in steps] == [None, "dense", "conv2d_3", "conv2d_2", "conv2d_1", "conv2d"]
    assert [step.number for step in steps] == list(range(6))
    assert {step.steps for step in steps} == {5}
    assert steps[0].similarity == 1
    logits = [step.explanation.logits for step in steps]
    for earlier, later in itertools.pairwise(logits):
        assert np.abs(earlier - later).max() > 1e-4, "every step changes the network"
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    # The explained layer stays the chosen one.
    assert all(step.explanation.grid.shape == (29, 29) for step in steps)


def test_the_same_seed_gives_the_same_steps_and_another_seed_others():
    network = report_cnn(size=64, filters=(4, 4, 4, 8))
    inputs = np.random.default_rng(0).random((1, 64, 64, 3), np.float32)
    first, same, other = (
        [step.explanation.logits for step in cascading_randomisation(network, inputs, class_target(1), seed=seed)]
        for seed in (1, 1, 50)
    )
    np.testing.assert_allclose(first, same, atol=1e-6)
    np.testing.assert_allclose(first[0], other[0], atol=1e-6)
    assert np.abs(first[-1] - other[-1]).max() > 1e-4


def test_the_pixels_that_are_explained_stay_those_of_the_trained_network():
    # A network with random weights predicts no tumour; its heat maps were empty then.
    network = report_unet(size=32, filters=2)
    kernel, _ = network.get_layer("mask").get_weights()
    network.get_layer("mask").set_weights([kernel, np.array([0.0, 5.0])])
    inputs = np.random.default_rng(0).random((1, 32, 32, 1), np.float32)
    steps = list(cascading_randomisation(network, inputs, mask_target(0.9), method="saliency"))
    assert (steps[0].explanation.probabilities[..., 1] >= 0.9).all()
    assert not (steps[1].explanation.probabilities[..., 1] >= 0.9).any()
    assert all(step.explanation.grid.any() for step in steps[:5])


def test_the_class_that_is_explained_stays_that_of_the_trained_network():
    network = report_cnn(size=64, filters=(4, 4, 4, 8))
    inputs = np.random.default_rng(0).random((1, 64, 64, 3), np.float32)
    trained = list(cascading_randomisation(network, inputs, top_class_target()))
    top = int(trained[0].explanation.logits.argmax())
    for step, expected in zip(trained, cascading_randomisation(network, inputs, class_target(top)), strict=True):
        np.testing.assert_allclose(step.explanation.grid, expected.explanation.grid, atol=1e-5)
