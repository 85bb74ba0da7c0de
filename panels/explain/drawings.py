"""What the network draws, on Explain: the stored drawing of each class, and a filter's drawing on demand."""

from typing import Any

import numpy as np
import streamlit as st

from core.bundles.bundle import Bundle
from core.bundles.drawings import stored_drawings
from core.config import CLASSIFICATION
from core.inference.explain import draw_filter
from core.labels import CLASS_LABELS
from core.translation.messages import tr
from panels.explain.controls import cached_convolutions, draw_progress
from panels.shared.controls import fragment
from panels.shared.labels import bundle_title
from panels.shared.theme import percent

_WIDTH = 256
"""In pixels, where there is room."""
_LAST, _WANTED = "explain_drawing", "explain_drawing_wanted"
"""Session keys: the last drawing of a filter with what it is of, and the drawing that a visitor has asked for."""


def draw_drawings(bundle: Bundle) -> None:
    """Draw the stored drawings of the classes, and the choice of a filter to draw now."""
    st.header(tr("What the network draws"), anchor=False)
    if CLASSIFICATION not in bundle.tasks:
        st.caption(tr("{bundle} gives no class, so it draws none.", bundle=bundle_title(bundle)))
    elif (drawings := stored_drawings(bundle)) is None:
        st.caption(
            tr(
                "No drawings of {bundle} are stored; `python -m core draw {name}` makes them.",
                bundle=bundle_title(bundle),
                name=bundle.name,
            )
        )
    else:
        st.markdown(
            tr(
                "Noise, changed until the network's score for one class is high: patterns that it reacts "
                "to, not a tumour."
            )
        )
        for column, (name, drawing) in zip(st.columns(len(drawings)), drawings.items(), strict=True):
            title = CLASS_LABELS[name].title
            caption = f"{title} {percent(drawing.probability)}"
            _draw(column, drawing.pixels, title, caption)
        st.caption(
            tr("The percentage is the network's probability for its drawing."),
            help=tr("Activation maximisation. Grey runs from each picture's darkest to its brightest pixel."),
        )
    with st.expander(tr("Draw one filter of a convolution"), icon=":material/brush:"):
        _draw_filter_choice(bundle)


@fragment
def _draw_filter_choice(bundle: Bundle) -> None:
    task = bundle.tasks[0]
    convolutions = {convolution.name: convolution for convolution in cached_convolutions(bundle, task)}
    columns: Any = st.columns(2)
    layer = columns[0].selectbox(tr("Convolution"), list(convolutions), key="drawing_layer")
    filters = convolutions[layer].filters
    number = columns[1].number_input(
        tr("Filter"), 1, filters, key=f"drawing_filter_{layer}", help=tr("From 1 to {filters}.", filters=filters)
    )
    key = bundle.fingerprint, layer, number
    last = st.session_state.get(_LAST)
    area = st.empty()
    if (last is None or last[0] != key) and st.session_state.get(_WANTED) == key:
        with area.container():
            st.session_state[_LAST] = last = key, _run(bundle, task, layer, number - 1)
    if last is not None and last[0] == key:
        name = tr("Filter {number} of {layer}", number=number, layer=layer)
        _draw(area, last[1], name, name)
    else:
        area.button(
            tr("Draw the filter"),
            key="drawing_run",
            icon=":material/play_arrow:",
            on_click=lambda: st.session_state.update({_WANTED: key}),
        )


def _run(bundle: Bundle, task: str, layer: str, number: int) -> np.ndarray:
    return draw_filter(bundle, task, layer, number, progress=draw_progress(tr("steps")))


def _draw(area: Any, pixels: np.ndarray, name: str, caption: str) -> None:
    with area.container(width=_WIDTH):
        st.image(
            _stretched(pixels), width="stretch", caption=caption, alt=tr("The network's drawing: {name}", name=name)
        )


def _stretched(pixels: np.ndarray) -> np.ndarray:
    """Return the picture from black to white."""
    low, high = int(pixels.min()), int(pixels.max())
    return np.round((pixels.astype(np.float32) - low) * (255 / max(high - low, 1))).astype(np.uint8)
