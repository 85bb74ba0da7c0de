"""Models."""

import streamlit as st

from panels import frame

frame.require()

st.title("Models", anchor=False)
