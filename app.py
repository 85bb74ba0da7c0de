"""Start the app: ``streamlit run app.py`` serves frame.py with the middleware of panels/."""

import streamlit as st

from panels import document, headers
from panels.shared.web_server import run_frame_first

run_frame_first()

app = st.App("frame.py", middleware=[*headers.MIDDLEWARE, *document.MIDDLEWARE])
