"""Write a bundle's card and README: the one place that states the sizes and hashes of its files and what changed."""

import datetime
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.bundles.bundle import CARD, README, file_facts, read_card
from core.bundles.card.readme import bundle_readme
from core.bundles.card.schema import Card, Change
from core.files import replace_file


def write_card(folder: Path, fields: Mapping[str, Any], note: str, *, earlier: Sequence[Change] = ()) -> Card:
    """Write a new bundle's card, with the size and hash of every other file in the folder, and its README.

    Args:
        folder: of the bundle, its other files written.
        fields: of card.json, without ``files`` and ``changelog``.
        note: the entry of ``changelog``, one sentence.
        earlier: the entries before it, of the bundle that this one replaces.

    Raises:
        pydantic.ValidationError: they are no card.
    """
    changelog = [*(entry.as_dict() for entry in earlier), _entry(str(fields["version"]), note)]
    return _write(folder, Card.from_json(json.dumps({**fields, "files": _files(folder), "changelog": changelog})))


def update_card(folder: Path, changes: Mapping[str, Any], note: str) -> Card:
    """Change a bundle's card; state the size and hash of its files anew, and what changed in ``changelog``.

    A card that stays the same is not written; its README is.

    Args:
        folder: of the bundle, its other files written.
        changes: see ``Card.changed``.
        note: what changed, one sentence.

    Returns:
        The new card.

    Raises:
        BundleError: the card on disk cannot be read.
        pydantic.ValidationError: the result is no card.
    """
    before = read_card(folder / CARD, folder.name)
    card = before.changed({**changes, "files": _files(folder)})
    if card == before:
        _write_readme(folder, before)
        return before
    changelog = before.as_dict().get("changelog", [])
    entry = _entry(card.version, note)
    return _write(folder, card.changed({"changelog": [*changelog, *([] if entry in changelog[-1:] else [entry])]}))


def _entry(version: str, note: str) -> dict[str, str]:
    return {"date": datetime.date.today().isoformat(), "version": version, "change": note}


def _files(folder: Path) -> dict[str, Any]:
    """Return the size and hash of every file in a bundle's folder but its card and its README, by name."""
    files = sorted(path for path in folder.glob("[!.]*") if path.name not in (CARD, README))
    return {path.name: file_facts(path).as_dict() for path in files}


def _write(folder: Path, card: Card) -> Card:
    with replace_file(folder / CARD) as temporary:
        temporary.write_text(json.dumps(card.as_dict(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    _write_readme(folder, card)
    return card


def _write_readme(folder: Path, card: Card) -> None:
    with replace_file(folder / README) as temporary:
        temporary.write_text(bundle_readme(card), encoding="utf-8")
