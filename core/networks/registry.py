"""The networks by name: flat functional Keras models whose layers are named as the report prints them.

They are flat (no model inside a model) so that heat maps find their layers in one list. The caller sets the dtype
policy, but outputs are always float32 so that probabilities are not rounded.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from core.errors import BundleError
from core.networks.report_cnn import report_cnn
from core.networks.report_unet import report_unet
from core.networks.unified_unet import unified_unet

if TYPE_CHECKING:
    import keras

NETWORKS: dict[str, Callable[..., "keras.Model"]] = {
    "report_cnn": report_cnn,
    "report_unet": report_unet,
    "unified_unet": unified_unet,
}


def build_network(name: str, options: dict[str, Any]) -> "keras.Model":
    """Build the network a card or a recipe names.

    Raises:
        BundleError: no such network.
    """
    if name not in NETWORKS:
        raise BundleError(
            "There is no network '{name}'; there are {accepted}.", name=name, accepted=", ".join(NETWORKS)
        )
    return NETWORKS[name](**options)
