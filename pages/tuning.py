"""Search: hyperparameters tried systematically and genetically, and what it brought."""

import streamlit as st

from core.search.plan import plan_names
from core.search.results import read_search, search_names
from panels import shell
from panels.shared.theme import escape_markdown, whole_percent
from panels.tuning.fidelity import fidelity
from panels.tuning.help import how_to_read
from panels.tuning.history import history
from panels.tuning.importance import importance
from panels.tuning.samplers import samplers
from panels.tuning.settings import parallel, table
from panels.tuning.winner import in_short, winner, winner_of

shell.require()

st.title("Search", anchor=False)
names = search_names()
if not names:
    st.info(
        f"No search has been made here yet; `python -m core search {plan_names()[0]}` makes one.",
        icon=":material/tune:",
    )
    st.stop()
name = st.segmented_control("Search", names, default=names[0], required=True, key="search", bind="query-params")
found = read_search(name)
plan = found.plan
share = plan.cheap.get("epochs", 1)
shorter = f" and for {whole_percent(share)} of its epochs" if share < 1 else ""
st.markdown(
    f"{escape_markdown(plan.about)} A trial trains a setting cheaply, at {plan.cheap['size']} pixels{shorter}, within "
    f"{plan.searched}, and is judged on patients of those folds that it has not trained on. "
    f"{plan.held_out.capitalize()} is left for the winner."
)
best = winner_of(plan)
in_short(found, best)
how_to_read(plan)
samplers(found)
st.subheader("Trials", anchor=False)
chosen = history(found, key=f"history_{name}")
if len(chosen) < len(found.trials):
    st.markdown(f"**{len(chosen)} of {len(found.trials)} trials chosen**")
parallel(found, chosen, key=f"parallel_{name}")
with st.expander("The trials as a table"):
    table(found, chosen, key=f"csv_{name}")
left, right = st.columns(2, gap="large")
with left:
    st.subheader("Which settings matter", anchor=False)
    importance(found, key=f"importance_{name}")
with right:
    st.subheader("Does the cheap order hold at full size?", anchor=False)
    fidelity(found, key=f"fidelity_{name}")
st.subheader("What the winner brought on unseen patients", anchor=False)
winner(found, best)
