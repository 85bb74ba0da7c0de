"""Curves."""

import streamlit as st

from panels import frame

frame.require()

st.title("Curves", anchor=False)
