"""Convert a network to the file that LiteRT runs, with everything an answer needs among its outputs."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.bundles.bundle import LITE, Bundle, load_network
from core.bundles.card_update import update_card
from core.config import CLASSIFICATION, FEATURES, HEAT, HEAT_FIELD
from core.errors import TrainingError
from core.explanation.class_maps import class_maps
from core.files import write_whole
from core.networks.gate_features import with_feature_output
from core.networks.unified_unet import unified_unet

if TYPE_CHECKING:
    import keras


def write_lite(bundle: Bundle) -> None:
    """Write a bundle's LiteRT file, and its size and hash into the card.

    Raises:
        BundleError: see ``load_network``.
        TrainingError: see ``convert_network``.
    """
    convert_bundle(bundle, bundle.folder / LITE)
    update_card(bundle.folder, {}, "The network as LiteRT runs it.")


def convert_network(network: "keras.Model", tasks: tuple[str, ...]) -> bytes:
    """Convert a network to a float32 LiteRT model: ``image`` (n, S, S, C) -> outputs by name.

    The outputs are those of the tasks; of a classifier ``HEAT`` (n, h, w, classes) and ``HEAT_FIELD`` (first, step),
    see ``core.explanation.class_maps``; of ``unified_unet`` also ``FEATURES`` (n, F).

    Raises:
        TrainingError: a classifier whose heat map needs gradients, which LiteRT does not compute.
    """
    import keras
    import tensorflow as tf

    outputs = dict(zip(tasks, network.outputs, strict=True))
    constants: dict[str, Any] = {}
    if network.name == unified_unet.__name__:
        outputs[FEATURES] = with_feature_output(network).outputs[-1]
    if CLASSIFICATION in tasks:
        maps = class_maps(network)
        if maps is None:
            raise TrainingError(
                "The network '{network}' has no heat map without gradients; add one to core/explanation/class_maps.py.",
                network=network.name,
            )
        outputs[HEAT], field = maps
        constants[HEAT_FIELD] = tf.constant([field.first, field.step], tf.float32)
    model = keras.Model(network.inputs[0], outputs)
    # Constants take a quarter of the time that the converter needs to find, save and load variables.
    weights = [
        [tf.constant(variable.numpy()) for variable in variables]
        for variables in (model.trainable_variables, model.non_trainable_variables)
    ]
    served = tf.Module()
    served.serve = tf.function(
        lambda image: {**model.stateless_call(*weights, image, training=False)[0], **constants},
        input_signature=[tf.TensorSpec((None, *network.inputs[0].shape[1:]), name="image")],
    )
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(served, folder, signatures=served.serve)
        converted: bytes = tf.lite.TFLiteConverter.from_saved_model(folder).convert()
    return converted


def convert_bundle(bundle: Bundle, path: Path) -> None:
    """Write a bundle's LiteRT model to a file; the card stays as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, convert_network(load_network(bundle), bundle.tasks))
