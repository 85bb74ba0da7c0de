"""The frame: navigation over pages/ and the page-wide notice. ``streamlit run app.py`` starts here."""

from panels import shell

shell.run()
