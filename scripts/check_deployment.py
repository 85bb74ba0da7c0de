"""Check what Streamlit Community Cloud would do: install requirements.txt alone, open every page and analyse.

In a clean virtual environment every page below pages/ is opened through the frame, frame.py; then samples are analysed,
and the first is explained. An exception or an error shown fails the check, and so does more memory than is allowed,
that of the child processes added.

    python scripts/check_deployment.py
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.config import PAGES, ROOT
from scripts.measure.memory import PeakMemory

TIMEOUT = 300
"""Seconds a page may take; the first heat map loads TensorFlow."""
GUARANTEED_MB = 690
"""Memory that Community Cloud guarantees, "approximately": docs.streamlit.io, Manage your app, Resource limits."""
WITH_EXPLAIN_MB = 1600
"""Memory that app and worker may take together while heat maps are made; Community Cloud gives 2,700 MB at most."""


def main() -> None:
    """Make the environment and run the visit in it."""
    with tempfile.TemporaryDirectory(prefix="slicescope-deployment-") as folder:
        environment = Path(folder) / "venv"
        print("Installing requirements.txt alone", flush=True)
        venv.create(environment, symlinks=True, with_pip=True)
        python = environment / "bin" / "python"
        pip = [python, "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", "--requirement", ROOT / "requirements.txt"], check=True)
        subprocess.run([*pip, "check"], check=True)
        # What is deployed has no data set, no pictures from elsewhere and nothing of this machine's Python; what is
        # checked does not depend on figshare.com.
        hidden = {"SLICESCOPE_DATA", "SLICESCOPE_EXTERNAL", "PYTHONPATH", "PYTHONHOME"}
        variables = {name: value for name, value in os.environ.items() if name not in hidden}
        variables |= {"PYTHONNOUSERSITE": "1", "TF_CPP_MIN_LOG_LEVEL": "2", "SLICESCOPE_FIGSHARE": "0"}
        visited = subprocess.run([python, Path(__file__), "--visit"], cwd=ROOT, env=variables, check=False)
    raise SystemExit(visited.returncode)


def visit() -> None:
    """Open every page, analyse the samples and explain one by every method, within the memory allowed."""
    from core.explanation.explainer import METHODS
    from core.readers.samples import read_samples

    peak = PeakMemory(os.getpid())
    with peak.watching():
        for page in sorted(PAGES.glob("*.py")):
            open_page(page.stem)
        print(f"Every page: {peak.mb:.0f} MB", flush=True)
        for sample in read_samples():
            if not open_page("analyse", sample=sample.name).session_state["predictions"]:
                raise SystemExit(f"The sample {sample.name} was not analysed.")
    require_at_most(GUARANTEED_MB, peak, "every page and every sample analysed")
    with peak.watching():
        for method in METHODS:
            open_page("explain", sample=read_samples()[0].name, method=method)
    if "tensorflow" in sys.modules:
        raise SystemExit("TensorFlow is in the app's own process; it belongs into the worker's.")
    require_at_most(WITH_EXPLAIN_MB, peak, "a heat map by every method")


def open_page(name: str, **query: str):
    """Open a page of the app; end where it raises or shows an error."""
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(ROOT / "frame.py"), default_timeout=TIMEOUT)
    app.switch_page(f"pages/{name}.py")
    for parameter, value in query.items():
        app.query_params[parameter] = value
    app.run()
    what = " ".join([name, *query.values()])
    if app.exception:
        raise SystemExit(f"{what} raised an exception; the log above has it.")
    if app.error:
        raise SystemExit(f"{what} shows an error: {app.error[0].value}")
    return app


def require_at_most(allowed: int, peak: PeakMemory, what: str) -> None:
    """End where the peak, children added, is above what is allowed."""
    print(f"Peak memory after {what}: {peak.mb:.0f} MB, {allowed} MB are allowed.", flush=True)
    if peak.mb > allowed:
        raise SystemExit(f"The app takes {peak.mb:.0f} MB; {allowed} MB are allowed after {what}.")


if __name__ == "__main__":
    visit() if sys.argv[1:] == ["--visit"] else main()
