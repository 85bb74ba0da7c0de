"""Start the app: ``streamlit run app.py`` draws the frame, and in it a page of pages/."""

from panels import shell

shell.run()
