"""Start the app: ``streamlit run app.py`` serves frame.py with the headers of panels/headers.py."""

import streamlit as st

from panels.headers import MIDDLEWARE

app = st.App("frame.py", middleware=MIDDLEWARE)
