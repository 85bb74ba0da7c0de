"""The sanity check on Explain: heat maps of a network whose layers are randomised one after the other."""

from collections.abc import Hashable

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.bundles.bundle import EVIDENCE_MAP, Bundle
from core.explanation.explainer import METHODS
from core.explanation.sanity_check import RandomisationStep
from core.inference.explain import check_sanity
from core.inference.predictor import model_input
from core.inference.render import default_window, grey_image, overlay_heat_map
from core.readers.preprocessing import map_to_slice
from core.readers.slices import Slice
from core.translation.messages import tr
from panels.explain.controls import PREDICTED_CLASS, ExplanationRequest, draw_progress, method_title
from panels.explain.heat_maps import worker_request
from panels.explain.picture import scale_for_display
from panels.shared.controls import fragment
from panels.shared.theme import PLOT_CONFIG, text_colour

_MAX_IMAGES = 6
_IMAGE_WIDTH = 150
_OPACITY = 0.6
_LAST_RESULT, _REQUESTED = "explain_sanity", "explain_sanity_wanted"
"""Session keys: the last result with what it is of, and the check that a visitor has started."""


@fragment
def draw_sanity_check(slice_: Slice, identity: Hashable, bundle: Bundle, requests: list[ExplanationRequest]) -> None:
    """Draw a button that runs the check for this slice and method; draw the result where it is the last one.

    Args:
        slice_: the slice.
        identity: tells it from every other slice of the session.
        bundle: the network to explain.
        requests: the heat maps of the page, at least one.
    """
    with st.expander(tr("Sanity check: does the heat map show what was learnt?"), icon=":material/psychology_alt:"):
        st.markdown(
            tr(
                "The network's weights are replaced by random ones, layer by layer from the output on. The heat map is "
                "made again after each layer. One that hardly changes shows edges of the slice or the network's "
                "architecture, not what was learnt (Adebayo et al., 2018)."
            )
        )
        request = _choose_request(bundle, requests)
        key = (identity, bundle.fingerprint, request)
        last = st.session_state.get(_LAST_RESULT)
        done = last is not None and last[0] == key
        area = st.empty()
        if not done and st.session_state.get(_REQUESTED) == key:
            # It stays requested until it is done: another choice meanwhile starts it again.
            with area.container():
                st.session_state[_LAST_RESULT] = key, _run(slice_, bundle, request)
            done = True
            area.empty()
        if done:
            _draw_result(slice_, bundle, st.session_state[_LAST_RESULT][1])
        else:
            area.button(
                tr("Run the check"),
                key="explain_sanity_run",
                icon=":material/play_arrow:",
                on_click=lambda: st.session_state.update({_REQUESTED: key}),
            )


def _choose_request(bundle: Bundle, requests: list[ExplanationRequest]) -> ExplanationRequest:
    """Draw the choice of one method where the page has several; return its request.

    For the evidence map stands the method that it is made of, and for all classes the predicted one.
    """
    output = PREDICTED_CLASS if len({request.output for request in requests}) > 1 else requests[0].output
    names = [bundle.heat_method if request.method == EVIDENCE_MAP else request.method for request in requests]
    methods = list(dict.fromkeys(names))
    method = methods[0]
    if len(methods) > 1:
        method = st.segmented_control(
            tr("Method"),
            methods,
            default=methods[0],
            required=True,
            wrap=True,
            format_func=method_title,
            key=f"explain_sanity_method_{'_'.join(methods)}",
        )
    return ExplanationRequest(method, requests[0].layer, output)


def _run(slice_: Slice, bundle: Bundle, request: ExplanationRequest) -> list[RandomisationStep]:
    progress = draw_progress(tr("layers, by {method}", method=METHODS[request.method].title))
    inputs, _ = model_input(bundle, slice_)
    return check_sanity(bundle, inputs, worker_request(request), progress=progress)


def _draw_result(slice_: Slice, bundle: Bundle, steps: list[RandomisationStep]) -> None:
    names = [step.layer or "trained" for step in steps]
    last = steps[-1].similarity
    st.plotly_chart(
        _similarity_curve(names, [step.similarity for step in steps]),
        key="explain_sanity_curve",
        config=PLOT_CONFIG,
        alt=tr("Similarity to the trained network's heat map after each layer; {last:.2f} at the end", last=last),
    )
    st.caption(
        tr(
            "Spearman's rank correlation with the trained network's heat map after each randomised "
            "layer: 1 is the same order of hot and cold, 0 is unrelated. Random weights are drawn "
            "once, from a fixed seed."
        )
    )
    if not steps[0].explanation.grid.any():
        st.info(tr("The trained network's heat map of this slice is empty, so there is nothing to compare."))
    _, placement = model_input(bundle, slice_)
    grey = grey_image(slice_.pixels, *default_window(slice_.pixels))
    chosen = sorted({round(number) for number in np.linspace(0, len(steps) - 1, min(_MAX_IMAGES, len(steps)))})
    with st.container(horizontal=True, gap="small"):
        for number in chosen:
            heat = map_to_slice(steps[number].explanation.plane, placement)
            with st.container(width=_IMAGE_WIDTH):
                st.image(
                    overlay_heat_map(grey, scale_for_display(heat), opacity=_OPACITY),
                    width=_IMAGE_WIDTH,
                    caption=tr("trained") if number == 0 else tr("down to {layer}", layer=names[number]),
                    alt=tr("The heat map, trained")
                    if number == 0
                    else tr("The heat map, random down to {layer}", layer=names[number]),
                )


def _similarity_curve(names: list[str], similarities: list[float]) -> go.Figure:
    figure = go.Figure(
        go.Scatter(x=list(range(len(names))), y=similarities, mode="lines+markers", text=names, hoverinfo="text+y")
    )
    figure.update_traces(line={"color": st.get_option("theme.chartCategoricalColors")[0]})
    few = len(names) <= 8
    figure.update_layout(
        height=240,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        font={"size": 13, "color": text_colour()},
        xaxis={
            "tickvals": list(range(len(names))) if few else None,
            "ticktext": names if few else None,
            "title": {
                "text": tr("randomised from the output down to")
                if few
                else tr("layers randomised, from the output on"),
                "font": {"color": text_colour()},
            },
            "tickangle": -40 if few else 0,
            "range": [-0.3, len(names) - 0.7],
            "fixedrange": True,
            "tickfont": {"color": text_colour()},
        },
        yaxis={
            "range": [min(-0.1, min(similarities) - 0.1), 1.05],
            "title": {"text": "similarity", "font": {"color": text_colour()}},
            "fixedrange": True,
            "tickfont": {"color": text_colour()},
        },
    )
    return figure
