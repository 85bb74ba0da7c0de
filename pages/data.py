"""Data."""

import streamlit as st

from panels import frame

frame.require()

st.title("Data", anchor=False)
