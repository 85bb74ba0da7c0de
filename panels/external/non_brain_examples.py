"""Non-brain images with their results."""

import pandas as pd
import streamlit as st

from core.inference.render import default_window, grey_image
from core.labels import ANSWER_LABELS
from core.ood.evaluate import NON_BRAIN_GROUP
from core.ood.non_brain import EXAMPLES, example_image, kind_title
from core.outcome import REFUSED
from core.translation.messages import tr


def draw_non_brain_examples(table: pd.DataFrame) -> None:
    """Draw an image of each kind with its result, and how many of each kind are rejected.

    Args:
        table: of ``core.ood.evaluate.with_outcomes``.
    """
    rows = table[table["group"] == NON_BRAIN_GROUP]
    grid = st.grid(min_column_width=160, gap="small")
    for kind in EXAMPLES:
        slice_ = example_image(kind)
        answers = rows.loc[rows["name"] == slice_.name, "answer"]
        if answers.empty:
            continue
        answer = str(answers.iloc[0])
        with grid.container():
            st.image(
                grey_image(slice_.pixels, *default_window(slice_.pixels)),
                width="stretch",
                alt=tr("Example: {kind}", kind=kind_title(kind)),
            )
            st.caption(f"{kind_title(kind).capitalize()}: {ANSWER_LABELS[answer].short_in_text}")
    by_kind = rows["answer"].isin(REFUSED).groupby(rows["kind"], sort=False)
    rejected = ", ".join(
        tr("{kind} {hits} of {count}", kind=kind_title(str(kind)), hits=int(hits.sum()), count=len(hits))
        for kind, hits in by_kind
    )
    predicted = rows["predicted"].value_counts()
    classes = ", ".join(
        tr("{name} for {count}", name=ANSWER_LABELS[name].short_in_text, count=count)
        for name, count in zip(predicted.index, predicted, strict=True)
    )
    st.caption(
        tr(
            "Non-brain images rejected: {rejected}. Without the gate, the network predicts a tumour for all "
            "{count}: {classes}.",
            rejected=rejected,
            count=len(rows),
            classes=classes,
        ),
        help=tr(
            "The images shown are openly licensed (sources in samples/README.md) or generated; no face may be "
            "shown. Many images of a kind are parts of the same few originals: photographs of eight, textures of "
            "three."
        ),
    )
