"""The data set in pictures: classes, patients, what splits let leak, parts and folds."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.dataset.splits import FOLD_SPLITS, SPLIT_NAMES, TABLE_1, TABLE_5
from core.dataset.statistics import (
    class_counts,
    fold_counts,
    part_counts,
    patients_by_part,
    patients_by_slices,
    similar_patient_ids,
    split_leakage,
)
from core.text import join_words
from panels.shared.theme import CLASS_COLOURS, CLASS_TITLES, PLOT_CONFIG, percent, style_figure

PART_TITLES = {"train": "Training", "validation": "Validation", "test": "Test"}
SPLIT_TITLES = {TABLE_1: "Table 1", TABLE_5: "Table 5", **{name: f"Fold {name[-1]}" for name in FOLD_SPLITS}}
"""The report's two splits by slice, and the official folds by patient, each test once."""


def classes(table: pd.DataFrame) -> None:
    """Slices of each class, and how many patients they come from."""
    counts = class_counts(table, list(CLASS_COLOURS))[::-1]
    figure = go.Figure(
        go.Bar(
            x=counts["slices"],
            y=[_short(name) for name in counts.index],
            orientation="h",
            marker={"color": [CLASS_COLOURS[name] for name in counts.index]},
            text=[f"{row.slices:,} slices of {row.patients} patients" for row in counts.itertuples()],
            textposition="auto",
            insidetextanchor="middle",
            textfont={"size": 13},
            # Dark on the two lighter colours, white on the blue: 5:1.
            insidetextfont={"color": ["#FFFFFF" if name == "meningioma" else "#0C1518" for name in counts.index]},
            hoverinfo="skip",
        )
    )
    style_figure(figure, height=190)
    figure.update_xaxes(title_text="slices")
    figure.update_yaxes(showgrid=False)
    words = "; ".join(
        f"{CLASS_TITLES[row.Index]} {row.slices} of {row.patients} patients" for row in counts.itertuples()
    )
    _show(figure, "data_classes", f"Slices by class: {words}")


def slices_per_patient(table: pd.DataFrame) -> None:
    """How many patients have how many slices."""
    counted = patients_by_slices(table, list(CLASS_COLOURS))
    figure = go.Figure()
    for name in counted:
        figure.add_bar(x=counted.index, y=counted[name], name=_short(name), marker={"color": CLASS_COLOURS[name]})
    sizes = table.groupby("patient").size()
    style_figure(figure, height=260)
    figure.update_layout(barmode="stack", bargap=0.1, legend={"traceorder": "normal"})
    figure.update_xaxes(title_text="slices of one patient", showgrid=False)
    figure.update_yaxes(title_text="patients")
    words = f"A patient has {sizes.min()} to {sizes.max()} slices, half of them {sizes.median():g} or more."
    if (table.groupby("patient")["class"].nunique() == 1).all():
        words += " No patient has two kinds of tumour."
    _show(figure, "data_patients", f"Patients by number of slices and class. {words}")
    st.caption(words)


def leak(table: pd.DataFrame, split: str) -> None:
    """Every patient's slices by part of a split: where training and test share a bar, training knows the patient."""
    counted = patients_by_part(table, split)
    figure = go.Figure()
    for part, title in PART_TITLES.items():
        figure.add_bar(
            x=list(range(1, len(counted) + 1)),
            y=counted[part],
            name=title,
            marker={"color": _part_colours()[part], "line": {"width": 0}},
            customdata=counted.index,
            hovertemplate=f"patient %{{customdata}}: %{{y}} in {title.lower()}<extra></extra>",
        )
    style_figure(figure, height=280)
    figure.update_layout(barmode="stack", bargap=0, legend={"traceorder": "normal"})
    figure.update_xaxes(title_text="patients, those with most slices first", showgrid=False, showticklabels=False)
    figure.update_yaxes(title_text="slices")
    found = split_leakage(table, split)
    known = f"{found.patients_in_training} of {found.patients}"
    _show(
        figure,
        f"data_leak_{split}",
        f"Slices of each patient by part of the split. {known} test patients also have slices in training",
    )
    left, right = st.columns(2)
    left.metric("Test patients who also have slices in training", known)
    share = found.slices_in_training / found.slices if found.slices else 0.0
    right.metric("Test slices of such patients", f"{percent(share)} of {found.slices:,}")


def parts(table: pd.DataFrame) -> None:
    """How many slices each split has in each part."""
    counted = part_counts(table, SPLIT_NAMES).rename(index=SPLIT_TITLES, columns=PART_TITLES)
    colours = [_part_colours()[part] for part in PART_TITLES]
    _show(_stacked(counted, colours), "data_parts", f"Slices by split and part. {_in_words(counted)}")


def folds(table: pd.DataFrame) -> None:
    """The official folds by class."""
    counted = fold_counts(table, list(CLASS_COLOURS)).rename(index="Fold {}".format, columns=_short)
    _show(
        _stacked(counted, list(CLASS_COLOURS.values())),
        "data_folds",
        f"Slices by official fold and class. {_in_words(counted)}",
    )


def letter_twins(table: pd.DataFrame) -> None:
    """The patients whose ids nearly agree, in a sentence."""
    found = similar_patient_ids(table)
    if not found.groups:
        return
    kinds = join_words(CLASS_TITLES[name].lower() for name in found.classes)
    st.markdown(
        f"**Letter twins.** {found.groups} groups of patients, {kinds}, have ids that differ only by a final letter. "
        "Whether they are one person, the data set does not say. The official folds take them for different ones: "
        f"{found.groups_across_folds} groups, {found.slices_across_folds:,} slices, stand in more than one fold. "
        "Networks split by patient therefore state their accuracy without them, too."
    )


def _show(figure: go.Figure, key: str, alt: str) -> None:
    st.plotly_chart(figure, key=key, config=PLOT_CONFIG, alt=alt)


def _short(name: str) -> str:
    return CLASS_TITLES[name].split()[0]


def _part_colours() -> dict[str, str]:
    # None of them is a class's colour.
    training, test, _, _, validation = st.get_option("theme.chartCategoricalColors")
    return {"train": training, "validation": validation, "test": test}


def _stacked(counted: pd.DataFrame, colours: list[str]) -> go.Figure:
    """A bar a row, from top to bottom, divided by column."""
    figure = go.Figure()
    for name, colour in zip(counted, colours, strict=True):
        figure.add_bar(
            x=counted[name],
            y=counted.index,
            name=name,
            orientation="h",
            marker={"color": colour},
            text=counted[name],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            hovertemplate=f"%{{y}}: %{{x}} slices, {name.lower()}<extra></extra>",
        )
    style_figure(figure, height=110 + 32 * len(counted))
    # A number that does not fit into its bar is left out; the alternative text has them all.
    figure.update_layout(barmode="stack", legend={"traceorder": "normal"}, uniformtext={"minsize": 11, "mode": "hide"})
    figure.update_xaxes(title_text="slices")
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure


def _in_words(counted: pd.DataFrame) -> str:
    return "; ".join(
        f"{row}: " + ", ".join(f"{counted.loc[row, name]} {name.lower()}" for name in counted) for row in counted.index
    )
