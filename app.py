"""Start the app: ``streamlit run app.py`` serves frame.py with the middleware of panels/."""

import streamlit as st

from panels import document, headers

app = st.App("frame.py", middleware=[*headers.MIDDLEWARE, *document.MIDDLEWARE])
