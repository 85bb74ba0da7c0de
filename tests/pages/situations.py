"""Three situations of the app: a prepared data set, figshare on demand, or no slices at all."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.config import ROOT
from core.dataset.remote.download import FigshareDownloader
from core.dataset.splits import index_table
from core.dataset.store import STORE_NAME
from core.inference.predictor import Prediction
from core.readers.samples import read_samples
from panels.shared.kept_figures import forget_figures
from panels.shared.slices.data_set import find
from tests.core import tiny
from tests.figshare_server import FigshareServer, index_of, zip_files

STORE, FIGSHARE, NOTHING = SITUATIONS = ("store", "figshare", "nothing")
PATIENT = 1
"""A patient with all slices, made up, on the server that stands in for figshare; the store has the first few."""


@contextmanager
def situation(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the app into a situation; ``folder`` stands for ``data/``."""
    monkeypatch.setenv("SLICESCOPE_DATA", str(folder))
    monkeypatch.setenv("SLICESCOPE_FIGSHARE", "1" if name == FIGSHARE else "0")
    clear_caches()
    table = index_table()
    numbers = table["slice"][table["patient"] == PATIENT].tolist()
    with FigshareServer(zip_files([numbers])) as server:
        if name == STORE:
            tiny.data_set().write(folder / STORE_NAME)
        remote = FigshareDownloader(folder / "cache", sources=server.sources, index=index_of(numbers))
        if name == FIGSHARE:
            monkeypatch.setattr(find, "figshare_downloader", lambda: remote)
        yield
    clear_caches()


def clear_caches() -> None:
    """Empty the pages' caches: Streamlit's, and the figures that are kept."""
    st.cache_data.clear()
    st.cache_resource.clear()
    forget_figures()


def opened(name: str, /, **query: str) -> AppTest:
    """Run the page ``pages/NAME.py`` of the app with these parameters in its address."""
    app = AppTest.from_file(str(ROOT / "frame.py"), default_timeout=120)
    app.switch_page(f"pages/{name}.py")
    for parameter, value in query.items():
        app.query_params[parameter] = value
    return app.run()


def sound(app: AppTest) -> AppTest:
    """Return the app, which has neither refused anything nor broken off."""
    assert not app.exception and not app.error, [each.value for each in (*app.exception, *app.error)]
    return app


def alternatives(app: AppTest) -> list[str]:
    """Return what a page's pictures are called for those who do not see them."""
    return [picture.alt for each in app.get("image") for picture in each.proto.imgs]


def records(app: AppTest) -> list[pd.DataFrame]:
    """Return the tables whose rows may be cards (panels/models/record_table.py)."""
    found = []
    for html in app.get("html"):
        columns = re.findall(r'<th role="columnheader"[^>]*>(.*?)</th>', html.proto.body)
        if columns:
            heads = re.findall(r'<th role="rowheader"[^>]*>(.*?)</th>', html.proto.body)
            texts = re.findall(r"<b>(.*?)</b>", html.proto.body)
            wide = len(columns) - 1
            rows = [[head, *texts[i * wide : (i + 1) * wide]] for i, head in enumerate(heads)]
            found.append(pd.DataFrame(rows, columns=list(map(unescape, columns))).map(unescape))
    return found


def bars(app: AppTest) -> list[str]:
    """Return the bars of classes' probabilities that a page draws, as HTML."""
    return [html.proto.body for html in app.get("html") if 'role="img"' in html.proto.body]


def own_predictions(app: AppTest) -> list[Prediction]:
    """Return a session's predictions but that of the front page's example."""
    example = ("sample", read_samples()[0].name)
    if "predictions" not in app.session_state:
        return []
    return [prediction for key, prediction in app.session_state["predictions"].items() if key[0] != example]


def viewers(app: AppTest) -> list[dict[str, Any]]:
    """Return what each viewer of a page is told of its picture (panels/shared/viewer/viewer.py)."""
    packed = [each.proto.bytes for each in _viewers(app)]
    return [json.loads(each[4 : 4 + int.from_bytes(each[:4], "little")]) for each in packed]


def _viewers(app: AppTest) -> list[Any]:
    return [each for each in app.get("bidi_component") if each.proto.component_name.startswith("slicescope_viewer")]


def ask_in_viewer(app: AppTest, event: str, value: object) -> AppTest:
    """Run a page as after a press in its first viewer, which sends an event with a value."""
    component = _viewers(app)[0]
    states = app._tree.get_widget_states()
    trigger = states.widgets.add(id=f"$$STREAMLIT_INTERNAL_KEY_{component.proto.id}__events")
    trigger.json_trigger_value = json.dumps([{"event": event, "value": value}])
    return app._run(states)
