"""One visual language: the colours of the classes and how plots sit on the page."""

from typing import Any

import streamlit as st

from core.intervals import Interval

CLASS_COLOURS: dict[str, str] = {"meningioma": "#0072B2", "glioma": "#D55E00", "pituitary": "#009E73"}
"""Okabe and Ito's blue, vermillion and bluish green, told apart by colour-blind eyes."""
CLASS_TITLES: dict[str, str] = {"meningioma": "Meningioma", "glioma": "Glioma", "pituitary": "Pituitary tumour"}
PLOT_CONFIG: dict[str, Any] = {"displayModeBar": False, "responsive": True}


def text_colour() -> str:
    """The theme's text colour: what Streamlit gives a plot's labels is too faint to read."""
    return str(st.get_option(f"theme.{st.context.theme.type or 'light'}.textColor"))


def percent(share: float) -> str:
    """A share as text: 0.9365 -> "93.7 %", never rounded up to a certainty."""
    shown = f"{share * 100:.1f} %"
    if shown == "100.0 %" and share < 1:
        return "> 99.9 %"
    return "< 0.1 %" if shown == "0.0 %" and share > 0 else shown


def whole_percent(share: float) -> str:
    """A share that is meant roughly, or was chosen: 0.95 -> "95 %"."""
    return f"{share * 100:.0f} %"


def share_interval(one: Interval) -> str:
    """A share with its interval as text: "85.7 % (81.0 to 90.3)"."""
    return f"{percent(one.value)} ({one.low * 100:.1f} to {one.high * 100:.1f})"
