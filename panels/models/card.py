"""One bundle on the Models page: its card, and its layers beside its drawing."""

import json
from collections import Counter
from typing import Any

import pandas as pd
import streamlit as st

from core import course_report
from core.bundles.bundle import WEIGHTS, Bundle, open_bundle
from core.bundles.layers import Layer, layer_table, read_layers
from core.config import CLASSIFICATION, SEGMENTATION
from panels.models.architecture import architecture
from panels.models.blocks import layer_blocks
from panels.models.table import MEASURES, interval_text, split_words, tasks
from panels.shared.cache import cached_headline_metrics
from panels.shared.theme import escape_markdown

_TABLE_HEIGHT = 560


def network(bundle: Bundle, *, key: str) -> None:
    """Draw the network and list its layers as the report's Table 2 does."""
    found = _layers(bundle.name, str(bundle.card["files"].get(WEIGHTS)))
    table = layer_table(found)
    left, right = st.columns(2, gap="large")
    with left:
        architecture(layer_blocks(found), key=f"{key}_drawing")
    with right:
        st.markdown(f"**{len(table)} layers, {table['parameters'].sum():,} parameters**, {_not_trained(bundle)}")
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
        _beside_the_report(found, bundle)


def card(bundle: Bundle, *, key: str) -> None:
    """What a bundle's card says, for a person; the whole card below."""
    said = bundle.card
    data, training, size = said["data"], said["training"], said["input"]
    figures = cached_headline_metrics(bundle) if bundle.test_metrics else {}
    counts = data.get("counts", {})
    left, right = st.columns(2, gap="large")
    with left:
        _facts(
            "What it is",
            {
                "Version": said["version"],
                "Task": tasks(bundle),
                "Answers": ", ".join(said["classes"]),
                "Input": f"{size['height']} × {size['width']} × {size['channels']}; {size.get('description', '')}",
                **{title: interval_text(name, figures[name]) for name, title in MEASURES.items() if name in figures},
                "Licence": said["licence"],
            },
        )
        if bundle.test_time_flip:
            st.markdown("Answers are means over the slice and its mirror image.")
        _facts(
            "What it was trained on",
            {
                "Data set": "; ".join(map(str, data.get("set", {}).values())),
                "Split": split_words(bundle),
                "Slices": ", ".join(f"{count:,} {part}" for part, count in counts.items()),
                "Where": training.get("machine"),
                "Time": f"{training['seconds']:,.0f} s" if "seconds" in training else None,
                "Epochs": f"{training['epochs_run']}, that of epoch {training['epoch_kept']} kept"
                if "epoch_kept" in training
                else None,
            },
        )
    with right:
        st.markdown("**Intended use**")
        st.markdown(escape_markdown(said["intended_use"]))
        st.markdown("**Limits**")
        st.markdown("\n".join(f"- {escape_markdown(limit)}" for limit in said["limits"]))
        if training.get("tried"):
            st.markdown("**Tried on the way**")
            st.markdown("\n".join(f"- {escape_markdown(note)}" for note in training["tried"]))
    with st.expander("The whole card", icon=":material/description:"):
        st.json(said, expanded=1)
    st.download_button(
        "card.json",
        lambda: json.dumps(said, indent=2, ensure_ascii=False).encode(),
        f"{bundle.name}-card.json",
        "application/json",
        on_click="ignore",
        icon=":material/download:",
        key=f"{key}_download",
    )


@st.cache_data(max_entries=16, show_spinner=False)
def _layers(name: str, fingerprint: str) -> list[Layer]:
    return read_layers(open_bundle(name))


def _not_trained(bundle: Bundle) -> str:
    parameters = bundle.card["parameters"]
    fixed = parameters["total"] - parameters["trainable"]
    return f"{fixed:,} of them not trained" if fixed else "all of them trained"


def _beside_the_report(found: list[Layer], bundle: Bundle) -> None:
    """How the layers compare with what the report says of its network for the same task."""
    own = [(layer.name, layer.kind, layer.shape, layer.parameters) for layer in found if layer.inputs]
    total = sum(layer.parameters for layer in found)
    if bundle.tasks == (CLASSIFICATION,):
        theirs = [(row.name, row.type, row.shape, row.parameters) for row in course_report.TABLE_2]
        st.caption(
            f"The same as the report's Table 2, layer by layer: {len(theirs)} layers, {course_report.CNN_PARAMETERS:,} "
            "parameters."
            if own == theirs
            else f"Not the network of the report's Table 2, which has {len(theirs)} layers and "
            f"{course_report.CNN_PARAMETERS:,} parameters."
        )
    elif bundle.tasks == (SEGMENTATION,):
        counts = Counter(kind for _, kind, _, _ in own)
        if total != course_report.UNET_PARAMETERS:
            st.caption(f"Not the report's U-Net, which has {course_report.UNET_PARAMETERS:,} parameters.")
            return
        st.caption(
            f"The report's U-Net has {course_report.UNET_PARAMETERS:,} parameters too, "
            f"{course_report.UNET_PARAMETERS_NOT_TRAINED:,} of them not trained. Its text counts fewer layers than "
            "these "
            "parameters need:"
        )
        st.dataframe(
            pd.DataFrame(
                [
                    {"Type": kind, "Here": counts.get(kind, 0), "The report's text": theirs}
                    for kind, theirs in course_report.UNET_LAYERS.items()
                ]
            ),
            hide_index=True,
            alt="Layers by type, here and in the report's text",
        )


def _facts(title: str, facts: dict[str, Any]) -> None:
    """A list of what is known."""
    st.markdown(f"**{title}**")
    st.markdown("\n".join(f"- {name}: {escape_markdown(str(value))}" for name, value in facts.items() if value))
