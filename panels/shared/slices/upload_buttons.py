"""Buttons that step through the session's uploads and remove the chosen one."""

from collections.abc import Collection

import streamlit as st

from core.translation.messages import mark, tr
from panels.shared.slices.selection import select
from panels.shared.slices.uploads import SliceIdentity, remove_upload


def draw_upload_buttons(key: str, uploads: Collection[SliceIdentity], selection: SliceIdentity) -> None:
    """Draw a button that removes the chosen upload and, where there are several, buttons to step through them."""
    identities = list(uploads)
    position = identities.index(selection)
    for label, target in ((mark("Previous"), position - 1), (mark("Next"), position + 1)) if len(uploads) > 1 else ():
        st.button(
            tr(label),
            key=f"{key}_{label}",
            icon=":material/chevron_left:" if target < position else ":material/chevron_right:",
            disabled=not 0 <= target < len(identities),
            on_click=select,
            args=(key, identities[max(0, min(target, len(identities) - 1))]),
        )
    if len(uploads) > 1:
        st.caption(tr("{position} of {count}", position=position + 1, count=len(identities)), width="content")
    st.button(
        tr("Remove this upload"),
        key=f"{key}_remove",
        icon=":material/delete:",
        on_click=remove_upload,
        args=(selection,),
    )
