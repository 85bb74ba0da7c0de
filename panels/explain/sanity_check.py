"""The sanity check on the page: the heat map of a network that forgets, layer by layer."""

from collections.abc import Hashable

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.bundles.bundle import WEIGHTS, Bundle, load_network
from core.explanation.explainer import METHODS
from core.explanation.sanity_check import RandomisationStep, cascading_randomisation
from core.inference.predictor import model_input
from core.inference.render import DisplayOptions, default_window, grey_image, overlay_heat_map
from core.readers.preprocessing import map_to_slice
from core.readers.slices import Slice
from panels.explain.heat_maps import ALL_CLASSES, PREDICTED_CLASS, ExplanationRequest, explained_target
from panels.explain.picture import scale_for_display
from panels.shared.theme import PLOT_CONFIG, text_colour

_SHOWN = 6
_WIDTH = 150
_MEMORY, _WANTED = "explain_sanity", "explain_sanity_wanted"


def draw_sanity_check(
    slice_: Slice, identity: Hashable, bundle: Bundle, asked: ExplanationRequest, look: DisplayOptions
) -> None:
    """A button that runs the check for the slice, network, method and layer at hand; its last result is remembered."""
    about = PREDICTED_CLASS if asked.about == ALL_CLASSES else asked.about
    key = (identity, bundle.card["files"][WEIGHTS]["sha256"], asked.method, asked.layer, about)
    remembered = st.session_state.get(_MEMORY)
    done = remembered is not None and remembered[0] == key
    with st.expander("Sanity check: does the heat map show what was learnt?", icon=":material/psychology_alt:"):
        st.markdown(
            "The network's weights are replaced by random ones, layer by layer from the output on, and the heat map is "
            "made anew each time. A heat map that hardly changes shows edges of the slice, or the network's "
            "architecture, but not what was learnt (Adebayo et al., 2018)."
        )
        place = st.empty()
        if not done and st.session_state.get(_WANTED) == key:
            # Wanted until it is done: moving a slider meanwhile begins it anew, and does not lose it.
            with place.container():
                st.session_state[_MEMORY] = key, _run(slice_, bundle, asked, about)
            done = True
            place.empty()
        if done:
            _result(slice_, bundle, st.session_state[_MEMORY][1], look)
        else:
            place.button(
                "Run the check",
                key="explain_sanity_run",
                icon=":material/play_arrow:",
                on_click=lambda: st.session_state.update({_WANTED: key}),
            )


def _run(slice_: Slice, bundle: Bundle, asked: ExplanationRequest, about: str | None) -> list[RandomisationStep]:
    bar = st.progress(0.0, "Loading TensorFlow and the network")
    inputs, _ = model_input(bundle, slice_)
    steps = []
    for step in cascading_randomisation(
        load_network(bundle),
        inputs,
        explained_target(bundle, about),
        method=asked.method,
        layer=asked.layer,
        output=bundle.tasks.index(asked.task),
    ):
        steps.append(step)
        bar.progress(step.number / step.steps, f"{METHODS[asked.method].title}: {step.number} of {step.steps} layers")
    return steps


def _result(slice_: Slice, bundle: Bundle, steps: list[RandomisationStep], look: DisplayOptions) -> None:
    names = [step.layer or "trained" for step in steps]
    last = steps[-1].similarity
    st.plotly_chart(
        _curve(names, [step.similarity for step in steps]),
        key="explain_sanity_curve",
        config=PLOT_CONFIG,
        alt=f"Similarity to the trained network's heat map after each layer; {last:.2f} at the end",
    )
    st.caption(
        "Spearman's rank correlation with the trained network's heat map after each layer has forgotten: 1 is the same "
        "order of hot and cold, 0 none. Random weights are drawn once, from a seed."
    )
    if not steps[0].explanation.grid.any():
        st.info("The trained network's heat map has no heat here, so there is nothing to compare.")
    _, place = model_input(bundle, slice_)
    grey = grey_image(slice_.pixels, *default_window(slice_.pixels))
    chosen = sorted({round(one) for one in np.linspace(0, len(steps) - 1, min(_SHOWN, len(steps)))})
    with st.container(horizontal=True, gap="small"):
        for number in chosen:
            heat = map_to_slice(steps[number].explanation.plane, place)
            with st.container(width=_WIDTH):
                st.image(
                    overlay_heat_map(
                        grey, scale_for_display(heat), opacity=look.heat_opacity, colour_map=look.colour_map
                    ),
                    width=_WIDTH,
                    caption="trained" if number == 0 else f"down to {names[number]}",
                    alt=f"The heat map, {'trained' if number == 0 else f'random down to {names[number]}'}",
                )


def _curve(names: list[str], similarities: list[float]) -> go.Figure:
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
                "text": "forgotten from the output down to" if few else "layers forgotten, from the output on",
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
