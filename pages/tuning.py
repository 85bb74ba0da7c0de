"""Hyperparameters: the trials of a hyperparameter search, and its winner's result on held-out patients."""

import streamlit as st

from core.search.names import search_names
from core.search.plan import plan_names
from core.search.results import read_search
from core.translation.messages import mark, tr
from panels import shell
from panels.shared.labels import term
from panels.shared.link.address import bound
from panels.shared.model_choice import choice_title
from panels.shared.theme import escape_markdown, whole_percent
from panels.tuning.fidelity import show_fidelity
from panels.tuning.help import show_help
from panels.tuning.history import show_history
from panels.tuning.importance import show_importance
from panels.tuning.parallel_axes import show_parallel_axes
from panels.tuning.samplers import show_samplers
from panels.tuning.settings import show_trials_table
from panels.tuning.winner import show_gain, show_winner, winner_bundle

shell.require()

names = search_names()
if not names:
    st.info(
        tr(
            "No search has been made here yet; `python -m core search {next}` makes one.",
            next=next(iter(plan_names()), "NAME"),
        ),
        icon=":material/tune:",
    )
    st.stop()
name = bound(
    st.segmented_control,
    tr("Search"),
    names,
    default=names[0],
    required=True,
    format_func=choice_title,
    key="search",
)
results = read_search(name)
plan = results.plan
share = plan.cheap.epochs
trial = (
    mark(
        "{about} A trial trains a {hyperparameter} at {low_fidelity}, at {size} pixels and for {share} of its epochs, "
        "within {searched}; {held_out} is held out for the winner."
    )
    if share < 1
    else mark(
        "{about} A trial trains a {hyperparameter} at {low_fidelity}, at {size} pixels, within {searched}; {held_out} "
        "is held out for the winner."
    )
)
st.markdown(
    tr(
        trial,
        about=escape_markdown(tr(plan.about)),
        hyperparameter=term("hyperparameter", tr("setting")),
        low_fidelity=term("low-fidelity", tr("low fidelity")),
        size=plan.cheap.size,
        share=whole_percent(share),
        searched=plan.searched,
        held_out=plan.held_out,
    )
)
winner = winner_bundle(plan)
show_gain(plan, winner)
show_help(plan)
show_samplers(results)
st.header(tr("Trials"), anchor=False)
selected = show_history(results, key=f"history_{name}")
if len(selected) < len(results.trials):
    st.markdown(tr("**{count} of {total} trials selected**", count=len(selected), total=len(results.trials)))
show_parallel_axes(results, selected, key=f"parallel_{name}")
with st.expander(tr("The trials as a table")):
    show_trials_table(results, selected, key=f"csv_{name}")
left, right = st.columns(2, gap="large")
with left:
    st.header(tr("Which settings matter"), anchor=False)
    show_importance(results, key=f"importance_{name}")
with right:
    st.header(tr("Do low-fidelity trials predict the full-size ranking?"), anchor=False)
    show_fidelity(results, key=f"fidelity_{name}")
st.header(tr("Result on held-out patients"), anchor=False)
show_winner(results, winner)
