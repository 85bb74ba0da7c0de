"""Write constraints.txt, the exact versions of all that requirements.txt brings, or check it.

    python3.11 scripts/constraints.py           resolves requirements.txt anew and writes the file
    python scripts/constraints.py --check       fails where the file does not fit requirements.txt or a Python

Versions are resolved with the oldest supported Python, since a release that runs there has wheels for the newer ones;
the check resolves for all three. It is made for Linux on x86-64, where the app is deployed and tested.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements.txt"
CONSTRAINTS = ROOT / "constraints.txt"
PYTHONS = ("3.11", "3.12", "3.13")
HEADER = """\
# Exact versions of all that requirements.txt brings, tested together on Python 3.11, 3.12 and 3.13 (Linux, x86-64):
#     pip install -r requirements.txt -c constraints.txt
# Written by scripts/constraints.py; do not edit.
"""


def main() -> None:
    """Write or check the file, as the command line asks."""
    if sys.argv[1:] == ["--check"]:
        check()
    elif sys.argv[1:] or ".".join(map(str, sys.version_info[:2])) != PYTHONS[0]:
        raise SystemExit(f"Run it with Python {PYTHONS[0]} and no option to write constraints.txt, or with --check.")
    else:
        versions = resolve()
        CONSTRAINTS.write_text(HEADER + "".join(f"{name}=={versions[name]}\n" for name in sorted(versions)))
        print(f"{CONSTRAINTS.name}: {len(versions)} packages")


def check() -> None:
    """End with a sentence where the file does not fit requirements.txt, or does not resolve on a supported Python."""
    versions = pinned_versions(CONSTRAINTS.read_text())
    faults = misfits(REQUIREMENTS.read_text(), versions)
    if faults:
        raise SystemExit("\n".join([*faults, f"Write it anew: python{PYTHONS[0]} scripts/constraints.py"]))
    for python in PYTHONS:
        resolved = resolve("-c", str(CONSTRAINTS), "--only-binary=:all:", "--python-version", python)
        missing = sorted(resolved.keys() - versions.keys())
        if missing:
            raise SystemExit(f"On Python {python} requirements.txt also brings {', '.join(missing)}; pin them too.")
        print(f"Python {python}: constraints.txt resolves, {len(resolved)} packages", flush=True)


def pinned_versions(constraints: str) -> dict[str, str]:
    """Return the versions by canonical name."""
    lines = (line for line in constraints.splitlines() if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


def misfits(requirements: str, versions: dict[str, str]) -> list[str]:
    """Return a sentence for each requirement of this platform that is not pinned, or is pinned outside its range."""
    faults = []
    for line in requirements.splitlines():
        requirement = Requirement(line) if line and not line.startswith("#") else None
        if requirement is None or (requirement.marker and not requirement.marker.evaluate()):
            continue
        version = versions.get(canonicalize_name(requirement.name))
        if version is None:
            faults.append(f"constraints.txt does not pin {requirement.name}.")
        elif version not in requirement.specifier:
            faults.append(f"constraints.txt has {requirement.name} {version}; requirements.txt asks for {requirement}.")
    return faults


def resolve(*options: str) -> dict[str, str]:
    """Return the versions that pip would install for requirements.txt, by canonical name."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--dry-run"]
        # Nothing is installed there, but pip takes another Python's version only with a folder.
        target = ["--ignore-installed", "--target", folder]
        command = [*pip, *target, "--report", str(report), "-r", str(REQUIREMENTS), *options]
        subprocess.run(command, check=True)
        installed = json.loads(report.read_text())["install"]
    return {canonicalize_name(each["metadata"]["name"]): each["metadata"]["version"] for each in installed}


if __name__ == "__main__":
    main()
