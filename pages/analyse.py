"""Analyse: one slice or volume in; class, mask and heat map out."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.config import batch_folder
from core.translation.messages import tr
from panels import shell
from panels.analyse.doors import draw_doors
from panels.analyse.many.patient import draw_patient, offer_patient
from panels.analyse.preparation import prepare_first_answer
from panels.shared.slices.chooser import choose_image
from panels.shared.slices.chosen import ChosenVolume
from panels.shared.slices.uploads import SliceIdentity, Uploads, held_uploads

shell.require()

KEY = "analyse"


def _introduce() -> DeltaGenerator | None:
    """Draw what the app is for and an example, or a batch's results where the server has some; return where the chooser
    stands."""
    stored = batch_folder()
    st.markdown(
        tr(
            "A network classifies the tumour in a contrast-enhanced T1 slice or volume of a head, outlines it, and "
            "shows the evidence as a heat map. Here are a batch's results."
        )
        if stored
        else tr(
            "A network classifies the tumour in a contrast-enhanced T1 slice or volume of a head, outlines it, and "
            "shows the evidence as a heat map. Here is an example; upload your own, or press a sample."
        )
    )
    # Only now: what an answer needs would make other pages slow.
    if stored:
        from panels.analyse.many.stored import draw_stored

        draw_stored(stored, key=f"{KEY}_batch")
        return None
    from panels.analyse.example import draw_example

    return draw_example(key=f"{KEY}_example")


def _draw_table(uploads: Uploads, chosen: SliceIdentity | None) -> None:
    """Draw several uploads as a table."""
    # Only now: what an answer needs would make the first page slow.
    from panels.analyse.many.table import draw_many

    draw_many(uploads, chosen, key=KEY)


chosen = choose_image(key=KEY, draw_table=_draw_table, draw_beside=offer_patient, introduce=_introduce)
if chosen is None and not held_uploads():
    draw_doors()
    prepare_first_answer()
elif isinstance(chosen, ChosenVolume):
    from panels.analyse.volume.view import draw_volume

    draw_volume(chosen, key=KEY)
elif chosen is not None:
    # Only now: what an answer needs would make the first page slow.
    from panels.analyse.analysis import draw_analysis

    draw_patient(chosen.identity, key=KEY)
    draw_analysis(chosen, key=KEY)
