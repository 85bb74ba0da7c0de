"""Check that the app runs under this Python with requirements.txt alone, in about a minute.

Every module of core and panels is imported, ``python -m core predict`` predicts a sample, and the first page opens
with the same sample; both must give its class.

    python scripts/smoke.py
"""

import importlib
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = "meningioma-axial-1"
TIMEOUT = 300
"""Seconds the page may take; the first prediction loads TensorFlow."""
ONLY_FOR_TRAINING = {"optuna", "sklearn", "skimage", "tqdm"}
"""Modules that requirements-train.txt brings."""


def main() -> None:
    """Run the three checks; end with the first that fails."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    print(f"Python {platform.python_version()}: {import_all()} modules imported", flush=True)
    predicted = predict_sample()
    print(f"core predict: {SAMPLE} is {predicted}", flush=True)
    open_first_page(predicted)
    print(f"The first page shows {SAMPLE} as {predicted}", flush=True)


def import_all() -> int:
    """Import every module but those that need what only training does; return how many were imported."""
    imported = 0
    for path in sorted(path for package in ("core", "panels") for path in (ROOT / package).rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if path.stem == "__main__":
            continue
        try:
            importlib.import_module(module)
        except ModuleNotFoundError as error:
            if (error.name or "").split(".")[0] not in ONLY_FOR_TRAINING:
                raise
        else:
            imported += 1
    return imported


def predict_sample() -> str:
    """Return the class that the command line predicts for the sample."""
    command = [sys.executable, "-m", "core", "predict", f"samples/{SAMPLE}.png", "--json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=TIMEOUT)
    return json.loads(done.stdout)[0]["class"]


def open_first_page(predicted: str) -> None:
    """Open the first page with the sample; end where it raises, shows an error or does not show the class."""
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(ROOT / "frame.py"), default_timeout=TIMEOUT)
    app.query_params["sample"] = SAMPLE
    app.run()
    if app.exception or app.error:
        raise SystemExit(f"The first page fails: {[*app.exception, *app.error][0].value}")
    headings = [element.value for element in app.header]
    if not any(predicted in heading.lower() for heading in headings):
        raise SystemExit(f"The first page does not show {predicted} but: {', '.join(headings)}.")


if __name__ == "__main__":
    main()
