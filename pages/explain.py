"""Explain."""

import streamlit as st

from panels import frame

frame.require()

st.title("Explain", anchor=False)
