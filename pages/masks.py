"""Masks."""

import streamlit as st

from panels import frame

frame.require()

st.title("Masks", anchor=False)
