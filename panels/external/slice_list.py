"""External slices of the chosen cell: a table, and their images where the folder is at hand."""

import os
from pathlib import Path

import pandas as pd
import streamlit as st

from core.dataset.external_index import EXTERNAL_INDEX
from core.dataset.store import default_store
from core.errors import SliceScopeError
from core.inference.render import default_window, grey_image
from core.labels import ANSWER_LABELS
from core.readers.slices import read_slice
from core.translation.messages import tr
from panels.shared.controls import fragment
from panels.shared.link.address import bound

_PER_PAGE = 12
_VARIABLE = "SLICESCOPE_EXTERNAL"


def external_folder() -> Path | None:
    """Return the folder of external slices: what SLICESCOPE_EXTERNAL names, else ``external`` beside the store.

    None where it has no index.
    """
    folder = Path(os.environ.get(_VARIABLE) or default_store().with_name("external"))
    return folder if (folder / EXTERNAL_INDEX).is_file() else None


@fragment
def draw_slice_list(rows: pd.DataFrame, *, key: str) -> None:
    """Draw the rows as a table, above it their images where the folder is at hand.

    Another page of images redraws nothing else.

    Args:
        rows: of ``core.ood.evaluate.with_outcomes``.
        key: of the choice of the page, also its name in the address.
    """
    folder = external_folder()
    st.markdown(tr("**{count} slices**", count=len(rows)))
    if folder is not None and len(rows):
        pages = max(1, -(-len(rows) // _PER_PAGE))
        page = bound(st.pagination, pages, key=key) if pages > 1 else 1
        grid = st.grid(min_column_width=130, gap="small")
        for _, row in rows.iloc[(page - 1) * _PER_PAGE : page * _PER_PAGE].iterrows():
            with grid.container():
                _draw_external_slice(folder / str(row["name"]))
                st.caption(
                    tr(
                        "{true}; result {answer}",
                        true=ANSWER_LABELS[row["true"]].short,
                        answer=ANSWER_LABELS[row["answer"]].short_in_text,
                    )
                )
    else:
        st.caption(
            tr(
                ":material/image_not_supported: Images are shown where {variable} names the folder of external "
                "slices; they do not ship with the project.",
                variable=_VARIABLE,
            )
        )
    st.dataframe(
        pd.DataFrame(
            {
                tr("Slice"): rows["name"],
                tr("True"): [ANSWER_LABELS[name].short for name in rows["true"]],
                tr("Result"): [ANSWER_LABELS[name].short for name in rows["answer"]],
                tr("Most probable class"): [ANSWER_LABELS[name].short for name in rows["predicted"]],
                tr("Probability"): rows["sure"].round(2),
                tr("Tumour score"): rows["tumour_score"].round(2),
                tr("OOD score"): rows["strangeness"].round(1),
            }
        ),
        hide_index=True,
        height=min(320, 38 + 35 * max(1, len(rows))),
        alt=tr("{count} external slices", count=len(rows)),
    )


def _draw_external_slice(path: Path) -> None:
    try:
        pixels = read_slice(path.read_bytes(), path.name).pixels
    except (SliceScopeError, OSError):
        st.caption(f":material/broken_image: {path.name}")
        return
    st.image(grey_image(pixels, *default_window(pixels)), width="stretch", alt=path.name)
