"""What importing costs, and who may import whom: pages -> panels -> core, and TensorFlow only where it is needed."""

import ast
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import core
import panels

ROOT = Path(core.__file__).resolve().parent.parent
HEAVY = ("tensorflow", "keras", "tf_keras_vis")


def modules(package: object) -> list[str]:
    """Every module of a package but the one that runs when it is imported."""
    path, name = package.__path__, package.__name__  # type: ignore[attr-defined]
    return [found.name for found in pkgutil.iter_modules(path, f"{name}.") if not found.name.endswith("__main__")]


def loaded_by(names: list[str]) -> set[str]:
    """Top-level packages in a fresh interpreter after these imports."""
    code = "\n".join(
        [
            "import importlib, json, sys",
            f"for name in {names!r}: importlib.import_module(name)",
            "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))",
        ]
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.strip().splitlines()[-1]))


def imported_by(path: Path) -> set[str]:
    """Top-level packages a file imports anywhere, also inside its functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            found.add((node.module or "").partition(".")[0])
    return found


def test_importing_core_loads_neither_tensorflow_nor_streamlit() -> None:
    names = modules(core)
    assert {"core.cli", "core.inference", "core.training", "core.evaluation", "core.explanation"} <= set(names)
    loaded = loaded_by(names)
    assert not loaded & {*HEAVY, "streamlit"}
    assert "numpy" in loaded, "something was imported"


def test_importing_the_frame_and_the_panels_loads_no_tensorflow() -> None:
    names = modules(panels)
    assert "panels.frame" in names
    loaded = loaded_by(names)
    assert not loaded & set(HEAVY)
    assert "streamlit" in loaded, "something was imported"


def test_core_never_looks_back_at_panels_pages_or_streamlit() -> None:
    files = sorted((ROOT / "core").glob("*.py"))
    assert len(files) > 20
    for path in files:
        assert not imported_by(path) & {"streamlit", "panels", "pages", "app"}, path.name


def test_panels_never_look_back_at_pages() -> None:
    for path in sorted((ROOT / "panels").glob("*.py")):
        assert not imported_by(path) & {"pages", "app"}, path.name


def test_app_and_frame_ask_for_nothing_heavy_even_later() -> None:
    for path in (ROOT / "app.py", ROOT / "panels" / "frame.py"):
        assert not imported_by(path) & set(HEAVY), path.name


def test_no_page_loads_tensorflow_when_it_opens() -> None:
    code = """
import sys
from streamlit.testing.v1 import AppTest
for page in sys.argv[1:]:
    app = AppTest.from_file("app.py", default_timeout=120)
    app.switch_page(page)
    app.run()
    assert not app.exception and not app.error and app.title[0].value, page
print(sorted({name.partition(".")[0] for name in sys.modules}))
"""
    pages = sorted(f"pages/{path.name}" for path in (ROOT / "pages").glob("*.py"))
    assert len(pages) >= 7
    done = subprocess.run([sys.executable, "-c", code, *pages], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = ast.literal_eval(done.stdout.strip().splitlines()[-1])
    assert "streamlit" in loaded and not set(loaded) & set(HEAVY)
