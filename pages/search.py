"""Search: hyperparameters tried systematically and genetically, and what it brought."""

import streamlit as st

from core import search_plan, searches
from panels import frame
from panels.search_fidelity import fidelity
from panels.search_help import how_to_read
from panels.search_history import history
from panels.search_importance import importance
from panels.search_samplers import samplers
from panels.search_settings import parallel, table
from panels.search_winner import in_short, winner, winner_of
from panels.text import plain
from panels.theme import whole_percent

frame.require()

st.title("Search", anchor=False)
names = searches.names()
if not names:
    st.info(
        f"No search has been made here yet; `python -m core search {search_plan.names()[0]}` makes one.",
        icon=":material/tune:",
    )
    st.stop()
name = st.segmented_control("Search", names, default=names[0], required=True, key="search", bind="query-params")
found = searches.read(name)
plan = found.plan
share = plan.cheap.get("epochs", 1)
shorter = f" and for {whole_percent(share)} of its epochs" if share < 1 else ""
st.markdown(
    f"{plain(plan.about)} A trial trains a setting cheaply, at {plan.cheap['size']} pixels{shorter}, within "
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
