"""The app's own process never loads TensorFlow, Keras, scikit-learn or scipy.stats, whatever a visitor does."""

import subprocess
import sys

from core.config import ROOT

VISIT = """
import sys
from pathlib import Path
from streamlit.testing.v1 import AppTest

heavy = {"tensorflow", "keras", "sklearn", "tf_keras_vis", "scipy.stats"}

def visit(page, **query):
    app = AppTest.from_file("frame.py", default_timeout=300)
    app.switch_page(page)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception and not app.error and app.title[0].value, (page, app.exception, app.error)
    return app

from core.inference import explain
made = []
original = explain.run_in_worker
explain.run_in_worker = lambda *arguments, **options: made.append(1) or original(*arguments, **options)
views = [(str(page), {}) for page in sorted(Path("pages").glob("*.py"))]
assert len(views) >= 7
for page, query in [*views, ("pages/training.py", {"kind": "Masks"})]:
    app = visit(page, **query)
    assert app.get("plotly_chart") or Path(page).stem not in ("models", "data", "training"), page
    assert not made and not heavy & set(sys.modules), page
assert visit("pages/analyse.py", sample="glioma-axial-1").session_state["predictions"]
assert not heavy & set(sys.modules), "an answer"
app = visit("pages/explain.py", sample="glioma-axial-1")
buttons = [button for button in app.button if "eat map" in button.label]
if not made and buttons:
    buttons[0].click().run()
assert made, [button.label for button in app.button]
assert not heavy & set(sys.modules), "a heat map"
print("light")
"""


def test_no_page_no_answer_and_no_heat_map_loads_tensorflow() -> None:
    done = subprocess.run([sys.executable, "-c", VISIT], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "light"
