"""Who may import whom (the order of docs/architecture.md), and what importing costs."""

import ast
import json
import pkgutil
import subprocess
import sys
from collections import Counter, defaultdict
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import core
import panels
from core.config import ROOT

HEAVY = ("tensorflow", "keras", "tf_keras_vis")

ORDER = (
    "app",
    "frame",
    "pages",
    "panels.shell",
    "panels.<page>",
    "panels.shared",
    "core.cli",
    "core.batch",
    "core.load",
    "core.api",
    "core.check",
    "core.ood",
    "core.evaluation",
    "core.search",
    "core.inference",
    "core.training",
    "core.explanation",
    "core.bundles",
    "core.networks",
    "core.dataset",
    "core.readers",
    "core.metrics",
    "core",
)
"""The rooms from top to bottom: a module imports from its own room and from those below. core/__init__.py is
"core.load", the front door of programs, named after the function in it."""


def room(module: str) -> str:
    """The room of ``ORDER`` a module of the project stands in."""
    parts = module.split(".")
    if parts[0] == "panels" and parts[1:2] not in (["shared"], ["shell"]):
        return "panels.<page>"
    if parts[0] in ("app", "frame", "pages"):
        return parts[0]
    if module == "core":
        return "core.load"
    return ".".join(parts[:2]) if ".".join(parts[:2]) in ORDER else parts[0]


def sources() -> dict[str, Path]:
    """Every module of the project by its dotted name, packages too; ``core/__main__.py`` belongs to core.cli."""
    found = {}
    for path in (
        ROOT / "app.py",
        ROOT / "frame.py",
        *(path for top in ("core", "panels", "pages") for path in (ROOT / top).rglob("*.py")),
    ):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        found["core.cli" if name == "core.__main__" else name] = path
    return found


@cache
def imported_by(path: Path) -> frozenset[str]:
    """Dotted names a file imports anywhere, also inside its functions; of ``from a import b`` both ``a`` and
    ``a.b``."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{path.name} imports relatively"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


MODULES = sources()


def of_project(path: Path) -> set[str]:
    """The modules of the project that a file imports; of a package and its module only the module."""
    found = imported_by(path) & set(MODULES)
    return {name for name in found if not any(other.startswith(f"{name}.") for other in found)}


def test_every_room_is_found() -> None:
    """A glob that finds nothing would let every test below pass."""
    rooms = {room(name) for name in MODULES if name != "panels"}
    assert rooms == set(ORDER)
    assert sum(name.startswith("core.") for name in MODULES) > 60
    assert sum(name.startswith("panels.") for name in MODULES) > 30


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_point_down_the_order(name: str) -> None:
    place = ORDER.index(room(name))
    upward = [other for other in of_project(MODULES[name]) if ORDER.index(room(other)) < place]
    assert not upward


def test_no_page_s_panels_import_another_page_s() -> None:
    for name, path in MODULES.items():
        if room(name) == "panels.<page>" and name != "panels":
            page = name.split(".")[1]
            others = {other for other in of_project(path) if room(other) == "panels.<page>"}
            assert {other.split(".")[1] for other in others} <= {page}, name


def test_no_package_holds_more_modules_than_one_reads_through() -> None:
    sizes = Counter(path.parent for path in MODULES.values() if path.name not in ("__init__.py", "app.py", "frame.py"))
    assert max(sizes.values()) <= 12, sizes.most_common(3)


def test_modules_import_in_no_circle() -> None:
    arrows = defaultdict(set)
    for name, path in MODULES.items():
        arrows[name] |= of_project(path)
    tuple(TopologicalSorter(arrows).static_order())


def test_core_never_imports_streamlit() -> None:
    for name, path in MODULES.items():
        if name.startswith("core"):
            assert "streamlit" not in imported_by(path), name


def modules(package: object) -> list[str]:
    """Every module of a package, however deep, but the one that runs when it is imported."""
    path, name = package.__path__, package.__name__  # type: ignore[attr-defined]
    return [found.name for found in pkgutil.walk_packages(path, f"{name}.") if not found.name.endswith("__main__")]


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


def test_importing_core_loads_neither_tensorflow_nor_streamlit() -> None:
    names = modules(core)
    assert {"core.cli.main", "core.inference.predictor", "core.training.trainer", "core.explanation.explainer"} <= set(
        names
    )
    loaded = loaded_by(names)
    assert not loaded & {*HEAVY, "streamlit"}
    assert "numpy" in loaded, "something was imported"


def test_importing_the_front_door_alone_loads_no_library() -> None:
    assert not loaded_by(["core"]) & {*HEAVY, "streamlit", "numpy", "pydantic", "pandas", "ai_edge_litert", "fpdf"}


def test_importing_the_panels_loads_no_tensorflow() -> None:
    names = modules(panels)
    assert {"panels.shell", "panels.shared.theme", "panels.explain.heat_maps"} <= set(names)
    loaded = loaded_by(names)
    assert not loaded & set(HEAVY)
    assert "streamlit" in loaded, "something was imported"


def test_app_and_shell_ask_for_nothing_heavy_even_later() -> None:
    for name in ("app", "frame", "panels.shell"):
        assert not {other.partition(".")[0] for other in imported_by(MODULES[name])} & set(HEAVY), name


def test_the_first_page_waits_for_no_table_or_scientific_library() -> None:
    loaded = loaded_by(["panels.shell", "panels.analyse.doors", "panels.shared.slices.chooser"])
    assert not loaded & {"pandas", "scipy", "ai_edge_litert"}
    assert "streamlit" in loaded, "something was imported"
