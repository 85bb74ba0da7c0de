"""Check what Streamlit Community Cloud would do: install requirements.txt alone and open every page.

In a clean virtual environment every page below pages/ is opened through the frame, app.py, and the first page
analyses one sample. An exception or an error shown fails the check, and so does a peak memory above what
Community Cloud gives.

    python scripts/check_deployment.py
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIRST_PAGE = ROOT / "pages" / "analyse.py"
TIMEOUT = 300
"""Seconds a page may take; the first one loads TensorFlow."""

GUARANTEED_MB = 690
MAXIMUM_MB = 2700
"""Memory of an app, "approximately": docs.streamlit.io, Community Cloud, Manage your app, Resource limits."""


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
        # What is deployed has no data set, no pictures from elsewhere and nothing of this machine's Python.
        hidden = {"SLICESCOPE_DATA", "SLICESCOPE_EXTERNAL", "SLICESCOPE_FIGSHARE", "PYTHONPATH", "PYTHONHOME"}
        variables = {name: value for name, value in os.environ.items() if name not in hidden}
        variables |= {"PYTHONNOUSERSITE": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}
        visited = subprocess.run([python, Path(__file__), "--visit"], cwd=ROOT, env=variables, check=False)
    raise SystemExit(visited.returncode)


def visit() -> None:
    """Open every page, analyse one sample, and print the memory that takes."""
    from streamlit.testing.v1 import AppTest

    def app() -> AppTest:
        return AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT)

    def report(what: str, seen: AppTest) -> None:
        print(f"{what}: {peak_mb():.0f} MB", flush=True)
        if seen.exception:
            raise SystemExit(f"{what} raised an exception; the log above has it.")
        if seen.error:
            raise SystemExit(f"{what} shows an error: {seen.error[0].value}")

    report("app.py", app().run())
    for page in sorted((ROOT / "pages").glob("*.py")):
        name = page.relative_to(ROOT).as_posix()
        report(name, app().run().switch_page(name).run())

    sample = sample_name()
    analysed = app()
    analysed.query_params["sample"] = sample
    report(f"{FIRST_PAGE.name} with the sample {sample}", analysed.run())
    if "tensorflow" not in sys.modules:
        raise SystemExit(f"The sample {sample} was not analysed: no network was loaded.")

    peak = peak_mb()
    # Not added up: a child counts the pages it shares with its parent, so starting "uname" looks as large as the app.
    print(f"Peak memory {peak:.0f} MB (largest child process {peak_mb(resource.RUSAGE_CHILDREN):.0f} MB);", end=" ")
    print(f"Community Cloud guarantees {GUARANTEED_MB} MB, {MAXIMUM_MB} MB at most.", flush=True)
    if peak > MAXIMUM_MB:
        raise SystemExit("The app would not fit on Community Cloud.")


def sample_name() -> str:
    """Return the name of the first shipped sample, its file's without the ending."""
    samples = json.loads((ROOT / "samples" / "samples.json").read_text(encoding="utf-8"))
    return Path(samples[0]["file"]).stem


def peak_mb(who: int = resource.RUSAGE_SELF) -> float:
    """Return the largest resident memory so far, in MB, of this process or of its largest child."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(who).ru_maxrss * unit / 1e6


if __name__ == "__main__":
    visit() if sys.argv[1:] == ["--visit"] else main()
