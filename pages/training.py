"""Curves: how trainings went, epoch by epoch; one that goes on is followed."""

import time

import streamlit as st

from core.errors import TrainingError
from core.training.history import History, find_histories, joined_histories
from panels import shell
from panels.shared.theme import escape_markdown
from panels.training import charts
from panels.training.captions import progress, report_caption

shell.require()

TASKS = {"Classifiers": "classification", "Masks": "segmentation"}
EVERY_SECONDS = 10


@st.fragment(run_every=EVERY_SECONDS)
def follow(drawn: list[History]) -> None:
    """Show how far runs are; when one of them has gone on since it was drawn, draw the page anew.

    Only this looks at the files every few seconds, so that the charts stay still between two epochs.
    """
    names = [history.name for history in drawn]
    now = [history for history in find_histories()[0] if history.name in names]
    if [history.written for history in now] != [history.written for history in drawn]:
        st.rerun()
    for history in drawn:
        progress(history, time.time())


st.title("Curves", anchor=False)
st.markdown("How a network learnt, epoch by epoch: on the slices it trained on, and on validation slices it did not.")
task_column, runs_column, looks_column = st.columns([2, 5, 3], gap="medium", vertical_alignment="bottom")
with task_column:
    group = st.segmented_control(
        "Networks", list(TASKS), default="Classifiers", required=True, key="kind", bind="query-params"
    )
task = TASKS[group]
found, problems = find_histories()
known = [history for history in found if task in history.tasks]
for problem in problems:
    st.warning(escape_markdown(problem), icon=":material/warning:")
if not known:
    raise TrainingError(
        f"There is no training of {group.lower()} here; take models/ from the project again, or train one."
    )
with runs_column:
    names = st.multiselect(
        f"Runs, at most {charts.MOST}",
        [history.name for history in known],
        default=[known[0].name],
        max_selections=charts.MOST,
        key=group.lower(),
        bind="query-params",
    )
with looks_column:
    log = st.toggle("Logarithmic loss", key="log", bind="query-params")
    show_report = st.toggle("The report's values", value=True, key="report", bind="query-params")
chosen = [history for history in known if history.name in names]
going_on = [history for history in known if not history.finished]
for history in going_on:
    if history not in chosen:
        st.caption(
            f":material/monitoring: {escape_markdown(history.name)} is training now; choose it above to follow it."
        )
if not chosen:
    st.info("Choose a run to see its curves.", icon=":material/show_chart:")
    st.stop()
followed = [history for history in chosen if not history.finished]
if followed:
    follow(followed)
st.caption(charts.key_caption(chosen, show_report=show_report))
charts.charts(
    chosen, charts.colours(known, chosen), task=task, log=log, show_report=show_report, key=f"curves_{group.lower()}"
)
st.caption(
    "Validation is measured after each epoch. Training is a mean over the epoch with dropout on, so that it may begin "
    "the worse of the two. Training times are wall-clock, with pauses and with whatever else the machine did meanwhile."
)
if show_report:
    st.caption(report_caption(chosen, task))
st.download_button(
    "CSV of these curves",
    lambda: joined_histories(chosen).to_csv(index=False).encode(),
    "curves.csv",
    "text/csv",
    on_click="ignore",
    icon=":material/download:",
)
