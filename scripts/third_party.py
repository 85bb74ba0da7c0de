"""Write THIRD_PARTY.md: the licence of every package of constraints.txt, as the installed package states it.

python scripts/third_party.py           writes the file
python scripts/third_party.py --check   fails where it is out of date, or a package is under the GPL alone
"""

import contextlib
import re
import sys
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.text import markdown_table
from scripts.constraints import CONSTRAINTS, pinned_versions

DOCUMENT = CONSTRAINTS.with_name("THIRD_PARTY.md")
HEADER = """\
# What SliceScope is built on

The packages that `requirements.txt` brings, with the licence that each states. `python scripts/third_party.py` writes
this table; a test refuses a package that is under the GPL alone. [samples/README.md](samples/README.md) names the
source of the samples, the page Data that of the data set; the encoder of the unified networks starts from the ImageNet
weights of EfficientNet-Lite0 (Apache-2.0). Reports are set in DejaVu Sans, whose licence is in core/batch/fonts/.

"""
NOT_STATED = "not stated"
_LONGEST = 60


def licences() -> dict[str, str]:
    """Return the licence of every pinned package that is installed, by its name."""
    stated = {}
    for name in sorted(pinned_versions(CONSTRAINTS.read_text())):
        with contextlib.suppress(PackageNotFoundError):  # another system's TensorFlow, say
            stated[name] = stated_licence(metadata(name))
    return stated


def stated_licence(package: PackageMetadata) -> str:
    """Return a package's licence: its expression, else its classifiers, else the first line of its text."""
    if "License-Expression" in package:
        return package["License-Expression"]
    classifiers = [line.rpartition(" :: ")[2] for line in package.get_all("Classifier", []) if "License ::" in line]
    if classifiers:
        return ", ".join(classifiers)
    text = str(package.get("License", "")).strip().partition("\n")[0]
    return text[:_LONGEST] or NOT_STATED


def is_gpl_only(licence: str) -> bool:
    """Return whether a licence is the GPL or AGPL without an alternative; the LGPL is another one."""
    parts = re.split(r"\bOR\b|,", licence, flags=re.IGNORECASE)
    return all(re.search(r"(?<!L)(?<!Lesser )\bA?GPL|(?<!Lesser )General Public License", part) for part in parts)


def document() -> str:
    """Return the text of THIRD_PARTY.md."""
    rows = [[name, licence] for name, licence in licences().items()]
    return HEADER + markdown_table(["Package", "Licence"], rows, words=("Package", "Licence")) + "\n"


def main() -> None:
    """Write or check the file, as the command line asks."""
    faults = [name for name, licence in licences().items() if is_gpl_only(licence)]
    if faults:
        raise SystemExit(f"Under the GPL alone: {', '.join(faults)}; what the app needs may not be.")
    if sys.argv[1:] == ["--check"]:
        if DOCUMENT.read_text(encoding="utf-8") != document():
            raise SystemExit(f"{DOCUMENT.name} is out of date; python scripts/third_party.py writes it anew.")
        return
    DOCUMENT.write_text(document(), encoding="utf-8")
    print(f"{DOCUMENT.name}: {len(licences())} packages")


if __name__ == "__main__":
    main()
