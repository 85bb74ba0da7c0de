#!/usr/bin/env bash
# Make the virtual environment VENV with PYTHON, unless it is there, and install a requirements file into it,
# unless it is installed:
#
#     PYTHON=python3 VENV=.venv bash scripts/setup_venv.sh requirements.txt
set -euo pipefail

requirements=$1
PYTHON=${PYTHON:-python3}
VENV=${VENV:-.venv}

refuse() {
    echo "$*" >&2
    exit 1
}

supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

# Debian and Ubuntu leave ensurepip, and on small images venv, to a package of its own.
has_venv() {
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null
}

install_venv_package() {
    local package
    package=$("$PYTHON" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if ! command -v apt-get >/dev/null; then
        refuse "$PYTHON lacks the modules venv and ensurepip; install them, then run make again."
    elif [[ $(id -u) != 0 ]]; then
        refuse "$PYTHON lacks the modules venv and ensurepip; run 'sudo apt-get install $package', then make again."
    fi
    echo "Installing $package"
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y "$package"; } >/dev/null || true
    has_venv || refuse "$package could not be installed; install it by hand, then run make again."
}

make_venv() {
    command -v "$PYTHON" >/dev/null ||
        refuse "'$PYTHON' was not found; name a Python 3.11, 3.12 or 3.13, such as: make run PYTHON=python3.12"
    supported "$PYTHON" ||
        refuse "$("$PYTHON" --version 2>&1) is not supported; name a Python 3.11, 3.12 or 3.13," \
            "such as: make run PYTHON=python3.12"
    has_venv || install_venv_package
    echo "Making $VENV with $("$PYTHON" --version)"
    # Only what is a virtual environment is cleared.
    [[ ! -e $VENV/pyvenv.cfg ]] || rm -rf "$VENV"
    "$PYTHON" -m venv "$VENV"
}

# Names what is worth waiting for, downloads of a megabyte and more, and leaves out the rest.
progress() {
    grep --line-buffered -oE '^ *Downloading .* [MG]B\)|^Installing collected packages' || true
}

# The stamp holds what was installed, so that a file whose date alone has changed installs nothing. Where
# PIP_CONSTRAINT names a file of constraints, pip keeps to it.
stamp=$VENV/installed-$(basename "$requirements")
wanted=$(cat "$(dirname "$requirements")"/requirements*.txt ${PIP_CONSTRAINT:+"$PIP_CONSTRAINT"})

# One left half made, or by a Python that has gone, is made anew.
if ! supported "$VENV/bin/python" || ! "$VENV/bin/python" -m pip --version &>/dev/null; then
    make_venv
elif [[ -f $stamp && $(<"$stamp") == "$wanted" ]]; then
    exit 0
fi
echo "Installing $requirements; the first time takes some minutes"
"$VENV/bin/python" -m pip install --disable-pip-version-check -r "$requirements" | progress
echo "$wanted" >"$stamp"
