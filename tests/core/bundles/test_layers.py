"""Layers read from a bundle's file are those Keras would name, without Keras."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from core import course_report
from core.bundles.bundle import WEIGHTS, Bundle, load_network, open_bundle
from core.bundles.layers import edges, layer_table, read_layers
from core.config import ROOT
from core.errors import BundleError
from tests.core import tiny


def as_keras_says(bundle: Bundle) -> list[tuple[str, str, str, int]]:
    network = load_network(bundle)
    return [
        (layer.name, type(layer).__name__, str(tuple(layer.output.shape)), layer.count_params())
        for layer in network.layers[1:]
    ]


def written(folder: Path, stated: list[dict[str, Any]], arrays: dict[str, list[tuple[int, ...]]]) -> Bundle:
    """A bundle whose network's file has these layers and, by layer name, arrays of these shapes."""
    folder.mkdir()
    with h5py.File(folder / "weights.h5", "w") as file:
        for place, layer in enumerate(stated):
            group = file.create_group(f"layers/any_{place}/vars")
            group.attrs["name"] = layer["name"]
            for number, shape in enumerate(arrays.get(layer["name"], [])):
                group[str(number)] = np.zeros(shape)
    with zipfile.ZipFile(folder / WEIGHTS, "w") as file:
        file.writestr("config.json", json.dumps({"config": {"layers": stated}}))
        file.write(folder / "weights.h5", "model.weights.h5")
    from core.bundles.bundle import file_facts

    return Bundle(folder, {"name": folder.name, "files": {WEIGHTS: file_facts(folder / WEIGHTS)}})


def stated(name: str, kind: str, *taken: tuple[str, list[int | None]], **config: Any) -> dict[str, Any]:
    """A layer as a .keras file states it."""
    tensors = [
        {"class_name": "__keras_tensor__", "config": {"shape": shape, "keras_history": [source, 0, 0]}}
        for source, shape in taken
    ]
    nodes = [{"args": tensors, "kwargs": {}}] if taken else []
    return {"name": name, "class_name": kind, "config": config, "inbound_nodes": nodes}


def test_the_reports_table_2_is_what_its_networks_file_says() -> None:
    found = read_layers(open_bundle("report-cnn"))
    assert [(one.name, one.kind, one.shape, one.parameters) for one in found if one.inputs] == [
        (row.name, row.type, row.shape, row.parameters) for row in course_report.TABLE_2
    ]
    assert sum(row.parameters for row in course_report.TABLE_2) == course_report.CNN_PARAMETERS
    assert layer_table(found)["output shape"].iloc[0] == "(None, 510, 510, 32)"
    assert found[0].name == "image" and found[0].shape == (512, 512, 3)


@pytest.mark.parametrize("name", ["report-cnn", "report-unet"])
def test_the_table_is_what_keras_says_of_the_network(name: str) -> None:
    bundle = open_bundle(name)
    table = layer_table(read_layers(bundle))
    assert list(table.itertuples(index=False, name=None)) == as_keras_says(bundle)
    assert table["parameters"].sum() == bundle.card["parameters"]["total"]


def test_the_unets_skips_are_among_its_edges() -> None:
    found = edges(read_layers(open_bundle("report-unet")))
    assert ("encoder_2_norm", "decoder_2_concat") in found
    assert ("decoder_2_up", "decoder_2_concat") in found
    assert len(found) == 39 + 4, "each layer is fed once, the four that concatenate twice"


def test_layers_are_read_without_tensorflow() -> None:
    code = (
        "import sys; from core.bundles.bundle import open_bundle; from core.bundles.layers import read_layers; "
        "assert len(read_layers(open_bundle('report-unet'))) == 40; "
        "print(sorted({'tensorflow', 'keras', 'streamlit'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_depthwise_convolutions_and_two_outputs_are_read_from_a_file(tmp_path: Path) -> None:
    image, wide, pooled = [None, 8, 8, 3], [None, 4, 4, 6], [None, 6]
    two_d = {"kernel_size": [3, 3], "strides": [2, 2], "dilation_rate": [1, 1], "padding": "same", "filters": 5}
    bundle = written(
        tmp_path / "own",
        [
            stated("image", "InputLayer"),
            stated("depthwise", "DepthwiseConv2D", ("image", image)),
            stated("pool", "GlobalAveragePooling2D", ("depthwise", wide)),
            stated("class", "Dense", ("pool", pooled), units=3),
            stated("mask", "Conv2D", ("depthwise", wide), **two_d),
        ],
        {"depthwise": [(3, 3, 3, 2), (6,)], "class": [(6, 3), (3,)], "mask": [(3, 3, 6, 5), (5,)]},
    )
    found = {one.name: (one.shape, one.parameters, one.inputs) for one in read_layers(bundle)}
    assert found == {
        "image": ((8, 8, 3), 0, ()),
        "depthwise": ((4, 4, 6), 60, ("image",)),
        "pool": ((6,), 0, ("depthwise",)),
        "class": ((3,), 21, ("pool",)),
        "mask": ((2, 2, 5), 275, ("depthwise",)),
    }


@pytest.mark.parametrize(
    ("padding", "dilation", "side"), [("valid", 1, 4), ("same", 1, 5), ("valid", 2, 3), ("same", 2, 5)]
)
def test_a_last_convolutions_output_is_worked_out_by_hand(
    tmp_path: Path, padding: str, dilation: int, side: int
) -> None:
    config = {"kernel_size": [3, 3], "strides": [2, 2], "dilation_rate": [dilation] * 2, "padding": padding}
    bundle = written(
        tmp_path / "own",
        [stated("image", "InputLayer"), stated("mask", "Conv2D", ("image", [None, 10, 10, 1]), **config, filters=2)],
        {},
    )
    assert read_layers(bundle)[-1].shape == (side, side, 2)


def test_a_last_layer_of_another_kind_is_refused_by_its_kind(tmp_path: Path) -> None:
    bundle = written(
        tmp_path / "own", [stated("image", "InputLayer"), stated("end", "Resizing", ("image", [None, 8, 8, 1]))], {}
    )
    with pytest.raises(BundleError, match=r"'own' ends with a layer of kind Resizing"):
        read_layers(bundle)


def test_a_network_of_open_size_is_refused(tmp_path: Path) -> None:
    size = [None, None, None, 1]
    bundle = written(tmp_path / "own", [stated("image", "InputLayer"), stated("end", "Softmax", ("image", size))], {})
    with pytest.raises(BundleError, match=r"does not say which layers"):
        read_layers(bundle)


def test_weights_that_are_no_weights_are_refused(tmp_path: Path) -> None:
    from core.bundles.bundle import write_card

    bundle = tiny.classifier(tmp_path)
    path = bundle.folder / WEIGHTS
    with zipfile.ZipFile(path) as file:
        config = file.read("config.json")
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", config)
        file.writestr("model.weights.h5", b"none")
    write_card(bundle.folder, bundle.card)
    with pytest.raises(BundleError, match=r"does not say which layers"):
        read_layers(open_bundle(bundle.name, tmp_path))
