"""One network on the Models page: its layers beside its diagram."""

from collections import Counter

import pandas as pd
import streamlit as st

from core import course_report
from core.bundles.bundle import Bundle
from core.bundles.layers import Layer, layer_table, read_layers
from core.config import CLASSIFICATION, SEGMENTATION
from panels.models.diagram import draw_diagram
from panels.models.diagram_layout import layer_blocks
from panels.shared.cache import HASH_BUNDLES
from panels.shared.labels import term

_TABLE_HEIGHT = 560


def draw_network(bundle: Bundle, *, key: str) -> None:
    """Draw a bundle's network and list its layers as the report's Table 2 does.

    Args:
        bundle: the network's.
        key: tells the widgets from others on the page.
    """
    layers = network_layers(bundle)
    table = layer_table(layers)
    left, right = st.columns(2, gap="large")
    with left:
        draw_diagram(layer_blocks(layers), key=f"{key}_drawing")
    with right:
        total = table["parameters"].sum()
        st.markdown(f"**{len(table)} layers, {total:,} {term('parameters', 'parameters')}**, {_trainable_text(bundle)}")
        st.dataframe(
            pd.DataFrame(
                {
                    "Name (type) of layer": table["name"] + " (" + table["type"] + ")",
                    "Output shape": table["output shape"],
                    "Parameters": table["parameters"],
                }
            ),
            hide_index=True,
            height=min(_TABLE_HEIGHT, 38 + 35 * len(table)),
            column_config={"Parameters": st.column_config.NumberColumn(format="localized")},
            alt="The network's layers with output shapes and parameters",
        )
        if bundle.tasks == (CLASSIFICATION,):
            _compare_with_table_2(layers)
        elif bundle.tasks == (SEGMENTATION,):
            _compare_with_report_unet(layers)


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs=HASH_BUNDLES)
def network_layers(bundle: Bundle) -> list[Layer]:
    """Return a bundle's layers, read once (``core.bundles.layers.read_layers``)."""
    return read_layers(bundle)


def _trainable_text(bundle: Bundle) -> str:
    parameters = bundle.card.parameters
    fixed = parameters.total - parameters.trainable
    return f"{fixed:,} of them not trainable" if fixed else "all of them trainable"


def _compare_with_table_2(layers: list[Layer]) -> None:
    ours = [(layer.name, layer.kind, layer.shape, layer.parameters) for layer in layers if layer.inputs]
    theirs = [(row.name, row.type, row.shape, row.parameters) for row in course_report.TABLE_2]
    size = f"{len(theirs)} layers and {course_report.CNN_PARAMETERS:,} parameters"
    st.caption(
        f"The same as the report's Table 2, layer by layer: {size}."
        if ours == theirs
        else f"Not the network of the report's Table 2, which has {size}."
    )


def _compare_with_report_unet(layers: list[Layer]) -> None:
    if sum(layer.parameters for layer in layers) != course_report.UNET_PARAMETERS:
        st.caption(f"Not the report's U-Net, which has {course_report.UNET_PARAMETERS:,} parameters.")
        return
    counts = Counter(layer.kind for layer in layers if layer.inputs)
    st.caption(
        f"The report's U-Net has {course_report.UNET_PARAMETERS:,} parameters too, "
        f"{course_report.UNET_PARAMETERS_NOT_TRAINED:,} of them not trainable. Its text counts fewer layers than these "
        "parameters need:"
    )
    st.dataframe(
        pd.DataFrame(
            [
                {"Type": kind, "This network": counts.get(kind, 0), "The report's text": count}
                for kind, count in course_report.UNET_LAYERS.items()
            ]
        ),
        hide_index=True,
        alt="Layers by type, in this network and in the report's text",
    )
