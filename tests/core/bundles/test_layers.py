"""Layers read from a bundle are those Keras names; reading them needs no Keras."""

import subprocess
import sys
from pathlib import Path

import pytest

from core import course_report
from core.bundles.bundle import LAYERS, WEIGHTS, Bundle, bundle_names, file_facts, load_network, open_bundle
from core.bundles.card_update import update_card
from core.bundles.layers import Layer, ancestors, edges, layer_rows, layer_table, read_layers
from core.config import ROOT, TASKS
from core.errors import BundleError
from core.training.export import network_layers, write_layers
from tests.core import tiny

HEADER = "name,type,output_shape,parameters,inputs,task\n"


def bundle_of(folder: Path, text: str, *, tasks: tuple[str, ...] = ("segmentation",), parameters: int = 0) -> Bundle:
    """A bundle for these tasks whose layers.csv holds this text, and whose card states this number of parameters."""
    folder.mkdir()
    (folder / LAYERS).write_text(text)
    (folder / WEIGHTS).write_bytes(b"")
    files = {name: file_facts(folder / name) for name in (LAYERS, WEIGHTS)}
    counts = {"total": parameters, "trainable": parameters}
    changes = {
        "name": folder.name,
        "task": list(tasks),
        "files": files,
        "parameters": counts,
        "metrics": None,
        "heat": None,
    }
    return Bundle(folder, open_bundle("unified-unet").card.changed(changes))


def test_the_reports_table_2_is_what_its_network_has() -> None:
    layers = read_layers(open_bundle("report-cnn"))
    assert [(layer.name, layer.kind, layer.shape, layer.parameters) for layer in layers if layer.inputs] == [
        (row.name, row.type, row.shape, row.parameters) for row in course_report.TABLE_2
    ]
    assert sum(row.parameters for row in course_report.TABLE_2) == course_report.CNN_PARAMETERS
    assert layer_table(layers)["output shape"].iloc[0] == "(None, 510, 510, 32)"
    assert layers[0].name == "image" and layers[0].shape == (512, 512, 3)


@pytest.mark.parametrize("name", ["report-cnn", "report-unet"])
def test_the_table_is_what_keras_says_of_the_network(name: str) -> None:
    bundle = open_bundle(name)
    table = layer_table(read_layers(bundle))
    assert list(table.itertuples(index=False, name=None)) == [
        (layer.name, type(layer).__name__, str(tuple(layer.output.shape)), layer.count_params())
        for layer in load_network(bundle).layers[1:]
    ]
    assert table["parameters"].sum() == bundle.card.parameters.total


@pytest.mark.parametrize("name", bundle_names())
def test_every_shipped_bundle_holds_the_layers_of_its_network(name: str) -> None:
    bundle = open_bundle(name)
    assert read_layers(bundle) == network_layers(load_network(bundle), bundle.tasks)


def test_the_unets_skips_are_among_its_edges() -> None:
    pairs = edges(read_layers(open_bundle("report-unet")))
    assert ("encoder_2_norm", "decoder_2_concat") in pairs
    assert ("decoder_2_up", "decoder_2_concat") in pairs
    assert len(pairs) == 39 + 4, "each layer is fed once, the four that concatenate twice"


def test_layers_are_read_without_tensorflow() -> None:
    code = (
        "import sys; from core.bundles.bundle import open_bundle; from core.bundles.layers import read_layers; "
        "assert len(read_layers(open_bundle('report-unet'))) == 40; "
        "print(sorted({'tensorflow', 'keras', 'streamlit'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_depthwise_convolutions_and_two_outputs_are_written_and_read(tmp_path: Path) -> None:
    import keras

    image = keras.Input((8, 8, 3), name="image")
    wide = keras.layers.DepthwiseConv2D(3, 2, "same", depth_multiplier=2, name="depthwise")(image)
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(wide)
    outputs = [
        keras.layers.Dense(3, name="class")(pooled),
        keras.layers.Conv2D(5, 3, 2, "same", name="mask")(wide),
    ]
    layers = network_layers(keras.Model(image, outputs), TASKS)
    assert layers == [
        Layer("image", "InputLayer", (8, 8, 3), 0, ()),
        Layer("depthwise", "DepthwiseConv2D", (4, 4, 6), 60, ("image",)),
        Layer("pool", "GlobalAveragePooling2D", (6,), 0, ("depthwise",)),
        Layer("class", "Dense", (3,), 21, ("pool",), "classification"),
        Layer("mask", "Conv2D", (2, 2, 5), 275, ("depthwise",), "segmentation"),
    ]
    assert [layer.name for layer in ancestors(layers, "mask")] == ["image", "depthwise", "mask"]
    text = layer_rows(layers).to_csv(index=False)
    assert read_layers(bundle_of(tmp_path / "own", text, tasks=TASKS, parameters=60 + 21 + 275)) == layers


@pytest.mark.parametrize(
    ("padding", "dilation", "side"), [("valid", 1, 4), ("same", 1, 5), ("valid", 2, 3), ("same", 2, 5)]
)
def test_a_last_convolutions_output_is_worked_out_by_hand(
    tmp_path: Path, padding: str, dilation: int, side: int
) -> None:
    import keras

    image = keras.Input((10, 10, 1))
    # Keras has no convolution with both; a dilated one keeps every place, of which the stride takes every second.
    dense = keras.layers.Conv2D(2, 3, padding=padding, dilation_rate=dilation)(image)
    last = keras.layers.MaxPooling2D(1, 2, name="last")(dense)
    layers = network_layers(keras.Model(image, last), ("segmentation",))
    text, total = layer_rows(layers).to_csv(index=False), sum(layer.parameters for layer in layers)
    assert read_layers(bundle_of(tmp_path / "own", text, parameters=total))[-1].shape == (side, side, 2)


def test_a_layer_that_is_fed_the_same_tensor_thrice_names_it_thrice() -> None:
    layers = {layer.name: layer for layer in read_layers(open_bundle("unified-unet"))}
    assert layers["grey_to_colour"].inputs == ("normalise",) * 3


def test_a_bundle_without_layers_is_refused_until_they_are_written(tmp_path: Path) -> None:
    bundle = tiny.unified(tmp_path)
    before, layers = bundle.card, read_layers(bundle)
    (bundle.folder / LAYERS).unlink()
    update_card(bundle.folder, {}, "Another network.")
    bundle = open_bundle(bundle.name, tmp_path)
    with pytest.raises(BundleError, match=r"'unified-unet' .*layers\.csv; 'python -m core card unified-unet' "):
        read_layers(bundle)
    write_layers(bundle)
    again = open_bundle(bundle.name, tmp_path)
    assert read_layers(again) == layers
    assert again.card.changed({"changelog": None}) == before.changed({"changelog": None})


def test_layers_are_not_written_beside_an_altered_file(tmp_path: Path) -> None:
    bundle = tiny.classifier(tmp_path)
    (bundle.folder / "history.csv").write_text("epoch\n")
    with pytest.raises(BundleError, match=r"^history\.csv .*'report-cnn' .*SHA-256"):
        write_layers(bundle)
    assert open_bundle(bundle.name, tmp_path).card == bundle.card


@pytest.mark.parametrize("file", [LAYERS, WEIGHTS])
def test_an_altered_file_is_refused(file: str, tmp_path: Path) -> None:
    bundle = tiny.classifier(tmp_path)
    (bundle.folder / file).write_bytes((bundle.folder / file).read_bytes() + b"\n")
    with pytest.raises(BundleError, match="SHA-256"):
        read_layers(bundle)


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEADER,
        "name,type\nimage,InputLayer\n",
        HEADER + "image,InputLayer,NonexNonex1,0,,segmentation\n",
        HEADER + "image,InputLayer,8x8x1,,,segmentation\n",
        HEADER + "image,InputLayer,8x8x1,0,,classification\n",
    ],
)
def test_a_file_that_lists_no_layers_of_the_bundle_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(
        BundleError,
        match=r"^layers\.csv .*'own' .*'python -m core card own'",
    ):
        read_layers(bundle_of(tmp_path / "own", text))
