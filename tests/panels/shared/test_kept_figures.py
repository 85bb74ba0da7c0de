"""A figure is built once for the same arguments and theme, and anew for others."""

import pandas as pd
import plotly.graph_objects as go
import pytest
import streamlit as st

from panels.shared import kept_figures
from panels.shared.kept_figures import KEPT, forget_figures, kept_figure


@pytest.fixture(autouse=True)
def none_kept() -> None:
    forget_figures()


def test_the_same_table_gives_the_same_figure_and_another_one_another() -> None:
    built: list[int] = []

    @kept_figure
    def draw(table: pd.DataFrame, *, height: int) -> go.Figure:
        built.append(height)
        return go.Figure(go.Bar(x=table["x"]), layout={"height": height})

    table = pd.DataFrame({"x": [1, 2], "name": ["a", "b"]})
    figure = draw(table, height=100)
    assert draw(table.copy(), height=100) is figure
    assert draw(table, height=200).layout.height == 200
    assert list(draw(table.assign(x=[1, 3]), height=100).data[0].x) == [1, 3]
    assert built == [100, 200, 100]


def test_two_functions_keep_apart_what_they_draw_of_the_same_arguments() -> None:
    @kept_figure
    def first(count: int) -> go.Figure:
        return go.Figure(layout={"height": count})

    @kept_figure
    def second(count: int) -> go.Figure:
        return go.Figure(layout={"width": count})

    assert first(100).layout.height == second(100).layout.width == 100


def test_a_figure_is_built_anew_for_the_other_theme(monkeypatch: pytest.MonkeyPatch) -> None:
    @kept_figure
    def draw() -> go.Figure:
        return go.Figure()

    theme = type("Theme", (), {"type": "light"})()
    monkeypatch.setattr(type(st.context), "theme", theme)
    light = draw()
    theme.type = "dark"
    assert draw() is not light


def test_only_so_many_are_kept() -> None:
    @kept_figure
    def draw(count: int) -> go.Figure:
        return go.Figure(layout={"height": 100 + count})

    first = draw(0)
    for count in range(1, KEPT + 1):
        draw(count)
    assert len(kept_figures._figures) == KEPT
    assert draw(0) is not first
