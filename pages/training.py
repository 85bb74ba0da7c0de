"""Training: loss and metrics of each epoch; a run in progress is followed."""

import time
from functools import partial

import streamlit as st

from core.config import CLASSIFICATION, SEGMENTATION
from core.errors import TrainingError
from core.training.history import History, find_histories, joined_histories
from core.translation.messages import mark, tr
from panels import shell
from panels.shared.controls import csv_button, fragment
from panels.shared.labels import term
from panels.shared.link.address import bound
from panels.shared.model_choice import choice_title, chosen_model
from panels.shared.theme import error_text, escape_markdown
from panels.training.captions import report_caption, show_progress
from panels.training.charts import MAX_RUNS, legend_caption, run_colours, show_charts

shell.require()

TASKS_BY_TITLE = {mark("Classifiers"): CLASSIFICATION, mark("Masks"): SEGMENTATION}
EVERY_SECONDS = 10


@partial(fragment, every=EVERY_SECONDS)
def follow(drawn: list[History]) -> None:
    """Show the progress of runs; draw the page again when one has a new epoch.

    Only this fragment reads the files every few seconds, so the charts stay still between two epochs.
    """
    names = [history.name for history in drawn]
    current = [history for history in find_histories()[0] if history.name in names]
    if [history.written for history in current] != [history.written for history in drawn]:
        st.rerun()
    for history in drawn:
        show_progress(history, time.time())


st.markdown(
    tr(
        "{loss} and metrics of each {epoch}, on the training slices and on the {validation}.",
        loss=term("loss"),
        epoch=term("epoch", tr("epoch")),
        validation=term("validation", tr("validation slices")),
    )
)
task_column, runs_column, options_column = st.columns([2, 5, 3], gap="medium", vertical_alignment="bottom")
with task_column:
    group = bound(
        st.segmented_control,
        tr("Networks"),
        list(TASKS_BY_TITLE),
        default="Classifiers",
        required=True,
        format_func=tr,
        key="kind",
    )
task = TASKS_BY_TITLE[group]
histories, problems = find_histories()
available = [history for history in histories if task in history.tasks]
for problem in problems:
    st.warning(error_text(problem), icon=":material/warning:")
if not available:
    raise TrainingError(
        "There is no training of {group} here; take models/ from the project again, or train one.", group=group.lower()
    )
wanted = chosen_model().class_by if task == CLASSIFICATION else chosen_model().mask_by
first = next((history.name for history in available if history.name == wanted), available[0].name)
with runs_column:
    names = bound(
        st.multiselect,
        tr("Runs, at most {max_runs}", max_runs=MAX_RUNS),
        [history.name for history in available],
        default=[first],
        max_selections=MAX_RUNS,
        format_func=choice_title,
        key=group.lower(),
    )
with options_column:
    log = bound(st.toggle, tr("Logarithmic loss"), key="log")
    show_report = bound(st.toggle, tr("The report's values"), value=True, key="report")
chosen = [history for history in available if history.name in names]
for history in available:
    if not history.finished and history not in chosen:
        st.caption(
            tr(
                ":material/monitoring: {choice} is training now; choose it above to follow it.",
                choice=escape_markdown(choice_title(history.name)),
            )
        )
if not chosen:
    st.info(tr("Choose a run to see its curves."), icon=":material/show_chart:")
    st.stop()
followed = [history for history in chosen if not history.finished]
if followed:
    follow(followed)
st.caption(legend_caption(chosen, show_report=show_report))
show_charts(
    chosen, run_colours(available, chosen), task=task, log=log, show_report=show_report, key=f"curves_{group.lower()}"
)
st.caption(
    tr("Validation metrics are measured after each epoch."),
    help=tr(
        "Training metrics are means over the epoch with dropout on, so they may start worse. Training times are "
        "wall-clock times with pauses and other work of the machine in them."
    ),
)
if show_report:
    st.caption(report_caption(chosen, task))
csv_button(joined_histories(chosen), tr("CSV of these curves"), "curves.csv")
