"""The app with a server of this machine in figshare's place, which has made-up slices of one patient.

``python -m streamlit run tests/browser/figshare_app.py`` in the project's folder starts it.
"""

import time

import streamlit as st

from core.config import ROOT
from core.dataset.remote.download import FigshareDownloader
from core.dataset.splits import index_table
from panels import document, headers
from tests.figshare_server import FigshareServer, Handler, index_of, zip_files
from tests.pages.situations import PATIENT

_SECONDS = 0.4
"""That a request takes."""


def _slowly(handler: Handler) -> None:
    time.sleep(_SECONDS)
    handler.serve()


_table = index_table()
_numbers = _table["slice"][_table["patient"] == PATIENT].tolist()
_server = FigshareServer(zip_files([_numbers]))
_server.play(_slowly, at="/storage/")
_server.__enter__()
FigshareDownloader.__init__.__kwdefaults__.update(sources=_server.sources, index=index_of(_numbers))
app = st.App(str(ROOT / "frame.py"), middleware=[*headers.MIDDLEWARE, *document.MIDDLEWARE])
