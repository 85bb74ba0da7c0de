"""One network on the Models page: its layers beside its diagram."""

from collections import Counter

import pandas as pd
import streamlit as st

from core import course_report
from core.bundles.bundle import Bundle
from core.bundles.layers import Layer, layer_table, read_layers
from core.config import CLASSIFICATION, SEGMENTATION
from core.translation.messages import Message, tr
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
        st.markdown(
            tr(
                "**{count} layers, {total:,} {parameters}**, {trainable}",
                count=len(table),
                total=total,
                parameters=term("parameters", tr("parameters")),
                trainable=_trainable_text(bundle),
            )
        )
        st.dataframe(
            pd.DataFrame(
                {
                    tr("Name (type) of layer"): table["name"] + " (" + table["type"] + ")",
                    tr("Output shape"): table["output shape"],
                    tr("Parameters"): table["parameters"],
                }
            ),
            hide_index=True,
            height=min(_TABLE_HEIGHT, 38 + 35 * len(table)),
            column_config={tr("Parameters"): st.column_config.NumberColumn(format="localized")},
            alt=tr("The network's layers with output shapes and parameters"),
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
    return tr("{fixed:,} of them not trainable", fixed=fixed) if fixed else tr("all of them trainable")


def _compare_with_table_2(layers: list[Layer]) -> None:
    ours = [(layer.name, layer.kind, layer.shape, layer.parameters) for layer in layers if layer.inputs]
    theirs = [(row.name, row.type, row.shape, row.parameters) for row in course_report.TABLE_2]
    size = Message(
        "{layers} layers and {parameters:,} parameters", layers=len(theirs), parameters=course_report.CNN_PARAMETERS
    )
    st.caption(
        tr("The same as the report's Table 2, layer by layer: {size}.", size=size)
        if ours == theirs
        else tr("Not the network of the report's Table 2, which has {size}.", size=size)
    )


def _compare_with_report_unet(layers: list[Layer]) -> None:
    if sum(layer.parameters for layer in layers) != course_report.UNET_PARAMETERS:
        st.caption(
            tr(
                "Not the report's U-Net, which has {unet_parameters:,} parameters.",
                unet_parameters=course_report.UNET_PARAMETERS,
            )
        )
        return
    counts = Counter(layer.kind for layer in layers if layer.inputs)
    st.caption(
        tr(
            "The report's U-Net has {unet_parameters:,} parameters too, {unet_parameters_not_trained:,} of "
            "them not trainable. Its text counts fewer layers than these parameters need:",
            unet_parameters=course_report.UNET_PARAMETERS,
            unet_parameters_not_trained=course_report.UNET_PARAMETERS_NOT_TRAINED,
        )
    )
    st.dataframe(
        pd.DataFrame(
            [
                {tr("Type"): kind, tr("This network"): counts.get(kind, 0), tr("The report's text"): count}
                for kind, count in course_report.UNET_LAYERS.items()
            ]
        ),
        hide_index=True,
        alt=tr("Layers by type, in this network and in the report's text"),
    )
