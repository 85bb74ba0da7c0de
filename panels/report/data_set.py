"""Section 6 of the report, the data set: Figure 1 and Table 1."""

import streamlit as st

from core import course_report
from core.config import CLASSES
from core.dataset.splits import PARTS, TABLE_1, index_table
from core.labels import CLASS_LABELS
from core.translation.messages import tr
from core.translation.numbers import number_text
from panels.report.layout import draw_table, draw_title
from panels.report.pictures import draw_slices_and_masks, slice_of_each_class


def draw_data_set() -> None:
    """Draw the section."""
    table = index_table()
    draw_title(tr("Figure 1 · Slices and masks"), "data", tr("Data"))
    slices, of_data_set = slice_of_each_class()
    draw_slices_and_masks(slices, reduced=False)
    report_slices = sum(row.total for row in course_report.TABLE_1.values())
    st.caption(
        tr(
            "{report_slices:,} slices, {report_patients} patients; here {slices:,} and {patients}. Its slices are not "
            "named; these are {shown}.",
            report_slices=report_slices,
            report_patients=course_report.DATA_PATIENTS,
            slices=len(table),
            patients=table["patient"].nunique(),
            shown=tr("typical ones") if of_data_set else tr("simulated samples"),
        )
    )
    draw_title(tr("Table 1 · Split of the classifier"), "data", tr("How it leaks"), split="Table 1")
    rows = []
    for name in CLASSES:
        report, ours = course_report.TABLE_1[name], table.loc[table["class"] == name, TABLE_1].value_counts()
        rows.append(
            [
                CLASS_LABELS[name].short,
                f"{number_text(report.total, ',')}: {number_text(report.train, ',')} / {number_text(report.test, ',')}",
                f"{number_text(ours.sum(), ',')}: {' / '.join(number_text(ours[part], ',') for part in PARTS)}",
            ]
        )
    draw_table(["", tr("report: training / test"), tr("ours: training / validation / test")], rows)
    st.caption(tr("The same counts; our validation part comes from training."))
