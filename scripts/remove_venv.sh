#!/usr/bin/env bash
# Remove virtual environments that scripts/setup_venv.sh made; refuse every other folder.
set -euo pipefail

for folder in "$@"; do
    [[ -e $folder ]] || continue
    if [[ ! -f $folder/pyvenv.cfg ]] || ! compgen -G "$folder/installed-requirements*.txt" >/dev/null; then
        echo "'$folder' is no virtual environment of this project, and stays; remove it by hand." >&2
        exit 1
    fi
    rm -rf -- "$folder"
done
