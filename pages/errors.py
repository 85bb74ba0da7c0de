"""Errors."""

import streamlit as st

from panels import frame

frame.require()

st.title("Errors", anchor=False)
