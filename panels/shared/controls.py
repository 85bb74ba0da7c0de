"""Small controls that several pages share: a CSV download, and options under the names they had before."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st


def csv_button(table: pd.DataFrame, label: str, file_name: str) -> None:
    """Draw a button that downloads a table; the CSV is written only when it is pressed."""
    st.download_button(
        label,
        lambda: table.to_csv(index=False).encode(),
        file_name,
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )


def accept_former_options(key: str, former: Mapping[str, str]) -> None:
    """Replace an option's former name in the address by its present one; call it before the widget is drawn.

    Args:
        key: of a widget bound to the address.
        former: present names of options by the names they had in the address before.
    """
    written = st.query_params.get(key)
    if key not in st.session_state and written is not None and written in former:
        st.query_params[key] = former[written]
        st.rerun()
