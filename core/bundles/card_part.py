"""What every part of a card has in common: how it is checked, and the sentence that refuses it."""

import json
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Share = Annotated[float, Field(ge=0, le=1)]
"""From 0 to 1."""
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(ge=0)]
_SHA256, _DATE, _FILE_NAME = "^[0-9a-f]{64}$", r"^\d{4}-\d{2}-\d{2}$", r"^[^./\\][^/\\]*$"
Sha256 = Annotated[str, Field(pattern=_SHA256)]
Date = Annotated[str, Field(pattern=_DATE)]
FileName = Annotated[str, Field(pattern=_FILE_NAME)]
_PATTERNS = {
    _SHA256: "64 hexadecimal digits",
    _DATE: "a date such as 2026-01-31",
    _FILE_NAME: "the name of a file, without a folder",
}
_ACCEPTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "dataclass_type": "an object",
    "greater_than_equal": "a number of at least {ge}",
    "less_than_equal": "a number of at most {le}",
    "literal_error": "{expected}",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    "missing_positional_argument": "an object",
}
"""By pydantic's kind of error, what would be accepted."""
_LONGEST_VALUE = 40


class CardPart(BaseModel):
    """A part of a card: an unknown field is refused, and so is a value of another kind; nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read and check this part from JSON.

        Raises:
            pydantic.ValidationError: it is not such a part; see ``first_error``.
        """
        return cls.model_validate_json(text)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as they stand in card.json, those without a value left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


def first_error(error: ValidationError) -> str:
    """Say the first fault of a card in plain words, to go after "The card of the bundle 'name' "."""
    fault = error.errors(include_url=False)[0]
    *parents, last = map(str, fault["loc"] or [""])
    field = f"a name in {'.'.join(parents[:-1])}" if last == "[key]" else ".".join([*parents, last])
    if fault["type"] == "json_invalid":
        return "is no JSON"
    if field == "format" and fault["type"] == "literal_error":
        return f"is of format {_in_short(fault['input'])}, and this version reads format {fault['ctx']['expected']}"
    if fault["type"] == "missing":
        return f"lacks {field}"
    if fault["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"has a field {field}, which this version does not know"
    if fault["type"] == "value_error":
        return f"cannot be used: {': '.join(filter(None, (field, str(fault['ctx']['error']))))}"
    context = fault.get("ctx", {})
    accepted = _PATTERNS.get(context.get("pattern", "")) or _ACCEPTED.get(fault["type"], fault["msg"]).format(**context)
    if not field:
        return f"is {_in_short(fault['input'])}, and must be {accepted}"
    return f"has {_in_short(fault['input'])} for {field}, which must be {accepted}"


def _in_short(value: Any) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
