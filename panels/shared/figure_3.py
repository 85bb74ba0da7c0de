"""The report's Figure 3: the confusion matrix that follows from its own numbers, ours, and the derivation."""

import numpy as np
import streamlit as st

from core import course_report
from core.bundles.bundle import Bundle
from core.config import CLASSES
from core.evaluation.comparison.figure_3 import Derivation, derive_figure_3
from core.labels import CLASS_LABELS
from core.text import join_words, markdown_table
from core.translation.messages import tr
from core.translation.numbers import number_text
from panels.shared.labels import bundle_title


@st.cache_data(show_spinner=False)
def _derivation() -> Derivation:
    return derive_figure_3()


def draw_figure_3(bundles: list[Bundle]) -> None:
    """Draw the report's matrix and each bundle's side by side, then how the report's follows."""
    derived = _derivation()
    order = [CLASSES.index(name) for name in derived.classes]
    report = tr("report")
    named = {report: derived.matrices[0]}
    named |= {
        bundle_title(bundle): np.array(bundle.test_metrics.confusion_matrix)[np.ix_(order, order)] for bundle in bundles
    }
    shorts = [CLASS_LABELS[name].short for name in derived.classes]
    grid = st.container(key="figure_3").grid(len(named), min_column_width=320, gap="medium")
    for title, matrix in named.items():
        with grid.container():
            rows = [
                [short, *(f"**{count}**" if place == row else f"{count}" for row, count in enumerate(counts))]
                for place, (short, counts) in enumerate(zip(shorts, matrix.tolist(), strict=True))
            ]
            _draw_table([title, *shorts], rows)
    meningioma, glioma = (derived.classes.index(name) for name in ("meningioma", "glioma"))
    named_so = {
        tr("{title}, derived", title=title) if title == report else title: matrix for title, matrix in named.items()
    }
    confused = join_words(f"{matrix[meningioma, glioma]} ({title})" for title, matrix in named_so.items())
    st.caption(tr("Rows true, columns predicted. Meningiomas called glioma: {confused}.", confused=confused))
    with st.expander(tr("How the report's matrix follows from its numbers")):
        st.markdown(
            tr(
                "Each row adds up to a class's test slices (Table 4). A matrix stays if precision, recall and F1 "
                "round to Table 4's, {cnn_test_wrong} slices are wrong, and {cnn_meningiomas_wrong} of them are "
                "meningiomas. All matrices of whole numbers are tried:",
                cnn_test_wrong=course_report.CNN_TEST_WRONG,
                cnn_meningiomas_wrong=course_report.CNN_MENINGIOMAS_WRONG,
            )
        )
        _draw_table(
            [tr("Numbers used"), tr("left")],
            [[tr(step.numbers), number_text(step.left, ",")] for step in derived.steps],
        )


def _draw_table(header: list[str], rows: list[list[str]]) -> None:
    st.markdown(markdown_table(header, rows, words=header[:1]))
