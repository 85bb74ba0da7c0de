"""Charts that a browser without a graphics card draws at once: by WebGL, Hyperparameters took seconds to open."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.config import PAGES
from tests.pages.situations import NOTHING, opened, situation

MOST_POINTS = 1_500
WEBGL = ("gl", "parcoords", "parcats", "splom", "3d")


def length(values: Any) -> int:
    """How many values a chart holds; numbers come as bytes."""
    if isinstance(values, dict):
        return len(base64.b64decode(values["bdata"])) // np.dtype(values["dtype"]).itemsize
    return len(values)


@pytest.mark.parametrize("page", sorted(path.stem for path in PAGES.glob("*.py")))
def test_a_pages_charts_need_no_webgl_and_have_few_points(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with situation(NOTHING, tmp_path, monkeypatch):
        app = opened(page)
    traces = [trace for chart in app.get("plotly_chart") for trace in json.loads(chart.proto.spec)["data"]]
    assert not [trace["type"] for trace in traces if any(kind in trace["type"] for kind in WEBGL)]
    markers = [trace for trace in traces if "markers" in trace.get("mode", "")]
    assert sum(length(trace["x"]) for trace in markers) <= MOST_POINTS
