"""The heat maps of a slice side by side, each with its figures below it, and how far they agree."""

from collections.abc import Iterator

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.bundles.bundle import Bundle
from core.labels import CLASS_LABELS
from panels.explain.controls import ExplanationRequest, method_title
from panels.explain.heat_maps import HeatMapView, available_heat_map, make_heat_map
from panels.explain.localisation import draw_agreement, draw_localisation
from panels.explain.picture import draw_heat_map, draw_waiting_map
from panels.shared.slices.chosen import ChosenSlice

_MOST_IN_A_ROW = 3


def draw_heat_maps(
    chosen: ChosenSlice, bundle: Bundle, requests: list[ExplanationRequest], *, waiting: DeltaGenerator, key: str
) -> list[HeatMapView]:
    """Draw the heat maps, each as soon as it is made; the slice alone keeps a map's place until then.

    Args:
        chosen: the slice.
        bundle: the network to explain.
        requests: which heat maps, at least one; those of a method follow each other.
        waiting: where it is told that one is being made.
        key: tells the viewers from others on the page.

    Returns:
        The heat maps in the order of the requests.
    """
    slice_, identity = chosen.slice, chosen.identity
    several = len(requests) > 1
    places = []
    for number, (column, request) in enumerate(zip(_columns(requests), requests, strict=True)):
        place = column.container(gap="small", key=f"{key}_map_{number}") if several else column
        if several:
            place.markdown(f"**{_map_title(request)}**")
        places.append((place.empty(), place.empty()))
    found = [available_heat_map(slice_, identity, bundle, request) for request in requests]
    agreement = st.empty()

    def draw(number: int) -> None:
        (viewer, figures), view = places[number], found[number]
        with viewer:
            if view is None:
                draw_waiting_map(chosen, requests[number], several=several, key=f"{key}_viewer_{number}")
            else:
                draw_heat_map(chosen, view, several=several, key=f"{key}_viewer_{number}")
        with figures:
            draw_localisation(slice_, view)

    def draw_all_agreement() -> None:
        if len({request.output for request in requests}) == 1:
            with agreement.container():
                draw_agreement([request.method for request in requests], found)

    for number in range(len(requests)):
        draw(number)
    draw_all_agreement()
    missing = [number for number, view in enumerate(found) if view is None]
    for number in missing:
        with waiting.container():
            found[number] = make_heat_map(slice_, identity, bundle, requests[number])
        draw(number)
    if missing:
        draw_all_agreement()
    return [view for view in found if view is not None]


def _columns(requests: list[ExplanationRequest]) -> Iterator[DeltaGenerator]:
    """Yield a column for each map: a row for each method where several outputs are explained, else few a row.

    A row is drawn once the maps of the one above have their room.
    """
    outputs = len({request.output for request in requests})
    columns = outputs if outputs > 1 else maps_in_a_row(len(requests))
    for first in range(0, len(requests), columns):
        yield from st.columns(columns)[: len(requests) - first]


def _map_title(request: ExplanationRequest) -> str:
    title = method_title(request.method)
    return f"{title} · {CLASS_LABELS[request.output].title}" if request.output in CLASS_LABELS else title


def maps_in_a_row(count: int) -> int:
    """Return how many of ``count`` maps stand in a row, so that rows are as even as they can be."""
    rows = -(-count // _MOST_IN_A_ROW)
    return -(-count // rows)
