"""Curves: how trainings went, epoch by epoch; one that goes on is followed."""

import time

import streamlit as st

from core import histories
from core.errors import BundleError
from panels import curves, frame
from panels.text import plain

frame.require()

TASKS = {"Classifiers": "classification", "Masks": "segmentation"}
EVERY_SECONDS = 10


def show(names: list[str], task: str, *, live: bool, log: bool, show_report: bool) -> None:
    """Draw the chosen runs as their files are now; ``live`` where one of them went on when they were chosen."""
    known = [history for history in histories.find()[0] if history.task == task]
    chosen = [history for history in known if history.name in names]
    if len(chosen) < len(names) or (live and all(history.finished for history in chosen)):
        st.rerun()
    for history in chosen:
        if not history.finished:
            curves.progress(history, time.time())
    curves.charts(chosen, curves.colours(known, chosen), log=log, show_report=show_report, key="curves")
    st.caption(curves.legend_caption(chosen))
    if show_report:
        st.caption(curves.report_caption(chosen))
    st.caption("Training times are wall-clock, with pauses and with whatever else the machine did meanwhile.")
    st.download_button(
        "CSV of these curves",
        lambda: curves.csv(chosen),
        "curves.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )


st.title("Curves", anchor=False)
st.markdown("How a network learnt, epoch by epoch: on the slices it trained on, and on validation slices it did not.")
task_column, runs_column, looks_column = st.columns([2, 5, 3], gap="medium", vertical_alignment="bottom")
with task_column:
    group = st.segmented_control(
        "Networks",
        list(TASKS),
        default="Classifiers",
        required=True,
        key="networks",
        bind="query-params",
    )
task = TASKS[group]
found, problems = histories.find()
of_task = [history for history in found if history.task == task]
for problem in problems:
    st.warning(plain(problem), icon=":material/warning:")
if not of_task:
    raise BundleError(
        f"There is no training of {group.lower()} here; take models/ from the project again, or train one."
    )
with runs_column:
    names = st.multiselect(
        f"Runs, at most {curves.MOST}",
        [history.name for history in of_task],
        default=[of_task[0].name],
        max_selections=curves.MOST,
        key=group.lower(),
        bind="query-params",
    )
with looks_column:
    log = st.toggle("Logarithmic loss", key="log", bind="query-params")
    show_report = st.toggle("The report's values", value=True, key="report", bind="query-params")
for history in of_task:
    if not history.finished and history.name not in names:
        st.caption(f":material/monitoring: {plain(history.name)} is training now; choose it above to follow it.")
live = any(not history.finished for history in of_task if history.name in names)
if names:
    st.fragment(show, run_every=EVERY_SECONDS if live else None)(
        names, task, live=live, log=log, show_report=show_report
    )
else:
    st.info("Choose a run to see its curves.", icon=":material/show_chart:")
