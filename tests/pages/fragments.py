"""A fragment of a page, run as the browser has it run: ``AppTest`` itself always runs the page as a whole."""

from functools import partial
from typing import Any
from unittest.mock import patch

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.local_script_runner import RerunData


def run_fragment(app: AppTest, widget: Any, **address: str) -> AppTest:
    """Run the fragment that a widget of the page stands in, after the widget was changed, and nothing else.

    Only the fragment's elements are found in ``app`` then; a run of the whole page brings the others back.

    Args:
        app: the page.
        widget: a changed one.
        address: what the browser has written into the address for it.
    """
    metadata = app._session_state._state.get_widget_metadata(widget.id)
    assert metadata is not None and metadata.fragment_id, f"'{widget.key}' stands in no fragment"
    only_it = partial(RerunData, fragment_id_queue=[metadata.fragment_id])
    app.query_params.update(address)
    with patch("streamlit.testing.v1.local_script_runner.RerunData", only_it):
        return app.run()
