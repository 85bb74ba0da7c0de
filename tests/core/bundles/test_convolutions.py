"""A bundle's convolutions, read without loading its network."""

import pytest

from core.bundles.bundle import load_network
from core.bundles.convolutions import deepest_convolution, default_convolution, find_convolutions
from core.errors import BundleError
from core.explanation.explainer import Explainer
from core.explanation.heat_layers import deepest_convolution_layer, network_convolutions
from tests.core import tiny


@pytest.mark.parametrize("make", [tiny.classifier, tiny.segmenter])
def test_a_bundles_convolutions_are_those_of_its_network(make, tmp_path):
    bundle = make(tmp_path)
    convolutions = find_convolutions(bundle, bundle.tasks[0])
    network = load_network(bundle)
    assert convolutions == network_convolutions(network)
    assert deepest_convolution(convolutions).name == deepest_convolution_layer(network).name
    assert len(convolutions) == (4 if bundle.tasks == ("classification",) else 20)


def test_only_convolutions_that_lead_to_a_tasks_output_are_listed_for_it(tmp_path):
    bundle = tiny.unified(tmp_path)
    explained = {task: Explainer(load_network(bundle), output=i).network for i, task in enumerate(bundle.tasks)}
    listed = {task: find_convolutions(bundle, task) for task in bundle.tasks}
    for task in bundle.tasks:
        assert set(network_convolutions(explained[task])) == set(listed[task])
    names = {task: [convolution.name for convolution in listed[task]] for task in bundle.tasks}
    assert "look_conv" in names["classification"] and "look_conv" not in names["segmentation"]


def test_a_bundle_may_name_the_layer_of_its_heat_maps(tmp_path):
    bundle = tiny.unified(tmp_path)
    assert bundle.heat_layer == "look_conv"
    assert default_convolution(bundle, find_convolutions(bundle, "classification")).name == "look_conv"
    mask = find_convolutions(bundle, "segmentation")
    assert default_convolution(bundle, mask) == deepest_convolution(mask), "the mask does not depend on that layer"
    plain = tiny.classifier(tmp_path)
    assert plain.heat_layer is None and plain.heat_method == "grad-cam"
    assert default_convolution(plain, find_convolutions(plain, "classification")).name == "conv2d_3"


def test_a_bundle_whose_layers_cannot_be_read_is_refused_in_one_sentence(tmp_path):
    from core.bundles.bundle import LAYERS, open_bundle
    from core.bundles.card_update import update_card

    bundle = tiny.classifier(tmp_path)
    (bundle.folder / LAYERS).write_text("no layers\n")
    update_card(bundle.folder, {}, "Another network.")
    with pytest.raises(BundleError, match=r"^layers\.csv .*'report-cnn' "):
        find_convolutions(open_bundle(bundle.name, tmp_path), "classification")
