"""Messages that are stored: English in what programs read, and beside it what makes them messages again.

A result's JSON, and the texts of a table, hold a message as its English text. Its template and its values are kept as
JSON of their own, so that whoever reads it later is told in their own language.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from core.translation.messages import Message, tr


def stored_messages(result: Any) -> str | None:
    """Return the messages with values that a result holds, as JSON by their English text; None where it has none."""
    found = {str(message): _stored(message) for message in _messages(result) if message.values}
    return json.dumps(found) if found else None


def with_messages(result: Any, stored: str | None) -> Any:
    """Return a result that was read from its JSON with its messages in their places.

    Args:
        result: in dicts and lists.
        stored: by ``stored_messages`` of the result.
    """
    if stored is None:
        return result
    return _with(result, {text: _restored(one) for text, one in json.loads(stored).items()})


def stored_remarks(remarks: Iterable[str]) -> str | None:
    """Return remarks as JSON, messages with their values; None where there is none."""
    return json.dumps([_stored(remark) for remark in remarks]) if remarks else None


def read_remarks(stored: str) -> list[str]:
    """Return remarks that ``stored_remarks`` gave, messages where they were."""
    return [_restored(one) for one in json.loads(stored)]


def told_remarks(stored: str) -> str:
    """Return remarks that ``stored_remarks`` gave, one after the other, in the current language."""
    return " ".join(map(tr, read_remarks(stored)))


def _messages(value: Any) -> Iterator[Message]:
    match value:
        case Message():
            yield value
        case dict():
            for each in value.values():
                yield from _messages(each)
        case list():
            for each in value:
                yield from _messages(each)


def _with(value: Any, messages: dict[str, Any]) -> Any:
    match value:
        case str():
            return messages.get(value, value)
        case dict():
            return {name: _with(each, messages) for name, each in value.items()}
        case list():
            return [_with(each, messages) for each in value]
    return value


def _stored(value: Any) -> Any:
    """Return what JSON holds of a message or of a value of it: a template and values, a number, or a text."""
    match value:
        case Message():
            return {"text": value.template, "values": {place: _stored(each) for place, each in value.values.items()}}
        case np.generic():
            return value.item()
        case None | bool() | int() | float():
            return value
    return str(value)


def _restored(stored: Any) -> Any:
    if not isinstance(stored, dict):
        return stored
    return Message(stored["text"], **{place: _restored(each) for place, each in stored["values"].items()})
