"""What all answers of a batch have in common: the bundles and the options, in manifest.json."""

import hashlib
import json
from dataclasses import asdict
from typing import Any

from core.batch.answering import BatchOptions
from core.bundles.bundle import Bundle, distinct_bundles, open_bundle
from core.config import RESULT_VERSION
from core.errors import BatchError
from core.text import joined
from core.translation.messages import Message

MANIFEST = "manifest.json"
_FORMAT = 1


def batch_bundles(options: BatchOptions) -> tuple[Bundle, ...]:
    """Return the bundles that answer, the classifier first."""
    return distinct_bundles(open_bundle(options.classifier), open_bundle(options.segmenter))


def batch_manifest(options: BatchOptions) -> dict[str, Any]:
    """Return what all answers of a folder have in common."""
    bundles = [
        {
            "name": bundle.name,
            "version": bundle.card.version,
            "sha256": hashlib.sha256(bundle.card.model_dump_json().encode()).hexdigest(),
        }
        for bundle in batch_bundles(options)
    ]
    return {"format": _FORMAT, "schema_version": RESULT_VERSION, "bundles": bundles, "options": asdict(options)}


def require_same(stored: str, manifest: dict[str, Any], out: str) -> None:
    """Refuse a folder that holds answers of other bundles or of other options.

    Args:
        stored: the content of its manifest.
        manifest: of this run.
        out: the folder, as it was given.

    Raises:
        BatchError: it does.
    """
    try:
        found = json.loads(stored)
    except ValueError:
        found = None
    if found != manifest:
        raise BatchError(
            "{out} holds answers of {found}, not of {asked}; give another --out, or the model and options of that run.",
            out=out,
            found=_described(found),
            asked=_described(manifest),
        )


def _described(manifest: Any) -> Message:
    try:
        names = joined(f"{bundle['name']} {bundle['version']}" for bundle in manifest["bundles"])
        chosen = [
            f"--{name.replace('_', '-')}" + ("" if value is True else f" {value}")
            for name, value in manifest["options"].items()
            if value and name not in ("classifier", "segmenter")
        ]
        if not chosen:
            return Message("{bundles} with no option", bundles=names)
        return Message("{bundles} with {options}", bundles=names, options=" ".join(chosen))
    except (KeyError, TypeError, AttributeError, ValueError):
        return Message("another version")
