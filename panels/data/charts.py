"""Charts of the data set: classes, patients, the leakage of splits, their parts and the official folds."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.config import CLASSES
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
from core.labels import CLASS_LABELS, PART_LABELS, Label, Titles
from core.text import join_words
from core.translation.messages import mark, tr
from panels.shared.kept_figures import kept_figure
from panels.shared.labels import count_text
from panels.shared.theme import PLOT_CONFIG, style_figure

_FOLDS = mark("Fold 1"), mark("Fold 2"), mark("Fold 3"), mark("Fold 4"), mark("Fold 5")
SPLIT_TITLES = Titles(
    {TABLE_1: mark("Table 1"), TABLE_5: mark("Table 5"), **dict(zip(FOLD_SPLITS, _FOLDS, strict=True))}
)
"""The report's two slice-level splits, and the official patient-level folds, each of them the test part once."""


def draw_class_counts(table: pd.DataFrame) -> None:
    """Draw the slices of each class, and how many patients they come from."""
    counts = class_counts(table, CLASSES)[::-1]
    words = "; ".join(
        tr(
            "{title} {slices} of {patients} patients",
            title=CLASS_LABELS[name].title,
            slices=slices,
            patients=patients,
        )
        for name, slices, patients in zip(counts.index, counts["slices"], counts["patients"], strict=True)
    )
    _show(_counts_figure(counts), "data_classes", tr("Slices by class: {words}", words=words))


@kept_figure
def _counts_figure(counts: pd.DataFrame) -> go.Figure:
    figure = go.Figure(
        go.Bar(
            x=counts["slices"],
            y=[CLASS_LABELS[name].short for name in counts.index],
            orientation="h",
            marker={"color": [CLASS_LABELS[name].colour for name in counts.index]},
            text=[
                tr("{slices:,} slices of {patients} patients", slices=row.slices, patients=row.patients)
                for row in counts.itertuples()
            ],
            textposition="auto",
            insidetextanchor="middle",
            textfont={"size": 13},
            insidetextfont={"color": [CLASS_LABELS[name].text_colour for name in counts.index]},
            hoverinfo="skip",
        )
    )
    style_figure(figure, height=190)
    figure.update_xaxes(title_text=tr("slices"))
    figure.update_yaxes(showgrid=False)
    return figure


def draw_slices_per_patient(table: pd.DataFrame) -> None:
    """Draw how many patients have how many slices."""
    counted = patients_by_slices(table, CLASSES)
    sizes = table.groupby("patient").size()
    words = tr(
        "A patient has {least} to {most} slices, half of them {median:g} or more.",
        least=sizes.min(),
        most=sizes.max(),
        median=sizes.median(),
    )
    if (table.groupby("patient")["class"].nunique() == 1).all():
        words += " " + tr("No patient has two tumour types.")
    _show(
        _patients_figure(counted),
        "data_patients",
        tr("Patients by number of slices and class. {figures}", figures=words),
    )
    st.caption(words)


@kept_figure
def _patients_figure(counted: pd.DataFrame) -> go.Figure:
    figure = go.Figure()
    for name in CLASSES:
        figure.add_bar(
            x=counted.index, y=counted[name], name=CLASS_LABELS[name].short, marker={"color": CLASS_LABELS[name].colour}
        )
    style_figure(figure, height=260)
    figure.update_layout(barmode="stack", bargap=0.1, legend={"traceorder": "normal"})
    figure.update_xaxes(title_text=tr("slices of one patient"), showgrid=False)
    figure.update_yaxes(title_text=tr("patients"))
    return figure


def draw_leakage(table: pd.DataFrame, split: str) -> None:
    """Draw every patient's slices by part of a split: where training and test share a bar, the split leaks."""
    counted = patients_by_part(table, split)
    leakage = split_leakage(table, split)
    known_patients = tr(
        "{count} of {total}",
        count=leakage.patients_in_training,
        total=leakage.patients,
    )
    _show(
        _leakage_figure(counted),
        f"data_leak_{split}",
        tr(
            "Slices of each patient by part of the split. {known_patients} test patients also have slices in training",
            known_patients=known_patients,
        ),
    )
    left, right = st.columns(2)
    left.metric(tr("Test patients who also have slices in training"), known_patients)
    share = leakage.slices_in_training / leakage.slices if leakage.slices else 0.0
    right.metric(tr("Test slices of such patients"), count_text(share, leakage.slices))


@kept_figure
def _leakage_figure(counted: pd.DataFrame) -> go.Figure:
    figure = go.Figure()
    for part, label in PART_LABELS.items():
        figure.add_bar(
            x=list(range(1, len(counted) + 1)),
            y=counted[part],
            name=label.short,
            marker={"color": label.colour, "line": {"width": 0}},
            customdata=counted.index,
            hovertemplate=tr("patient %{{customdata}}: %{{y}} in {name}<extra></extra>", name=label.short_in_text),
        )
    style_figure(figure, height=280)
    figure.update_layout(barmode="stack", bargap=0, legend={"traceorder": "normal"})
    figure.update_xaxes(title_text=tr("patients, those with most slices first"), showgrid=False, showticklabels=False)
    figure.update_yaxes(title_text=tr("slices"))
    return figure


def draw_part_counts(table: pd.DataFrame) -> None:
    """Draw how many slices each split has in each part."""
    counted = part_counts(table, SPLIT_NAMES).rename(index=SPLIT_TITLES)
    words = _counts_text(counted, PART_LABELS)
    _show(_stacked(counted, PART_LABELS), "data_parts", tr("Slices by split and part. {words}", words=words))


def draw_fold_counts(table: pd.DataFrame) -> None:
    """Draw the official folds by class."""
    counted = fold_counts(table, CLASSES).rename(index=lambda fold: tr("Fold {fold}", fold=fold))
    words = _counts_text(counted, CLASS_LABELS)
    _show(_stacked(counted, CLASS_LABELS), "data_folds", tr("Slices by official fold and class. {words}", words=words))


def draw_similar_ids(table: pd.DataFrame) -> None:
    """Write how many patients have ids that differ only by a final letter; nothing where there are none."""
    similar = similar_patient_ids(table)
    if not similar.groups:
        return
    tumour_types = join_words(CLASS_LABELS[name].in_text for name in similar.classes)
    with st.expander(tr("Patient ids that differ by a final letter"), icon=":material/info:"):
        st.markdown(
            tr(
                "{groups} groups of patients ({tumour_types}) have such ids. The data set does not say whether a "
                "group is one person. The official folds treat them as different patients: {groups_across_folds} "
                "groups, {slices_across_folds:,} slices, stand in more than one fold. Networks with a "
                "patient-level split therefore also state their accuracy without these slices.",
                groups=similar.groups,
                tumour_types=tumour_types,
                groups_across_folds=similar.groups_across_folds,
                slices_across_folds=similar.slices_across_folds,
            )
        )


def _show(figure: go.Figure, key: str, alt: str) -> None:
    st.plotly_chart(figure, key=key, config=PLOT_CONFIG, alt=alt)


@kept_figure
def _stacked(counted: pd.DataFrame, labels: Mapping[str, Label]) -> go.Figure:
    """Draw a bar for each row, from top to bottom, divided by column."""
    figure = go.Figure()
    for name in counted.columns:
        figure.add_bar(
            x=counted[name],
            y=counted.index,
            name=labels[name].short,
            orientation="h",
            marker={"color": labels[name].colour},
            text=counted[name],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            hovertemplate=tr("%{{y}}: %{{x}} slices, {name}<extra></extra>", name=labels[name].short_in_text),
        )
    style_figure(figure, height=110 + 32 * len(counted))
    # A number that does not fit into its bar is left out; the alternative text has them all.
    figure.update_layout(barmode="stack", legend={"traceorder": "normal"}, uniformtext={"minsize": 11, "mode": "hide"})
    figure.update_xaxes(title_text=tr("slices"))
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure


def _counts_text(counted: pd.DataFrame, labels: Mapping[str, Label]) -> str:
    """Write a table of counts as a text for those who do not see the chart."""
    return "; ".join(
        f"{row}: " + ", ".join(f"{counted.loc[row, name]} {labels[name].short_in_text}" for name in counted.columns)
        for row in counted.index
    )
