"""Repeat the tests of tests/fuzz with new cases until the time is over, or a case fails.

python scripts/fuzz.py SECONDS
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Run rounds of some 3,500 cases; end with a failing round's status."""
    if len(sys.argv) != 2 or not sys.argv[1].isdecimal():
        raise SystemExit("Say how many seconds to go on: python scripts/fuzz.py 1200")
    ends = time.monotonic() + int(sys.argv[1])
    rounds = 0
    while not rounds or time.monotonic() < ends:
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests/fuzz"]
        status = subprocess.run(command, cwd=ROOT, env=os.environ | {"HYPOTHESIS_PROFILE": "ci"}).returncode
        rounds += 1
        if status:
            raise SystemExit(status)
    print(f"{rounds} rounds passed{_peak_memory()}")


def _peak_memory() -> str:
    """Say how much memory the largest of all processes took, where the system tells."""
    if sys.platform != "linux":
        return ""
    import resource

    return f"; the largest process took {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6:.0f} MB"


if __name__ == "__main__":
    main()
