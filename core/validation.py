"""Faults of pydantic models, and models of the project's files, in one sentence each."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from core.errors import SliceScopeError
from core.translation.messages import Message, mark

SHA256, DATE, FILE_NAME = "^[0-9a-f]{64}$", r"^\d{4}-\d{2}-\d{2}$", r"^[^./\\][^/\\]*$"
PATTERNS = {
    SHA256: mark("64 hexadecimal digits"),
    DATE: mark("a date such as 2026-01-31"),
    FILE_NAME: mark("the name of a file, without a folder"),
}
_ACCEPTED = {
    "int_type": mark("a whole number"),
    "int_from_float": mark("a whole number"),
    "float_type": mark("a number"),
    "finite_number": mark("a finite number"),
    "string_type": mark("text"),
    "bool_type": mark("true or false"),
    "list_type": mark("a list"),
    "tuple_type": mark("a list"),
    "dict_type": mark("a table"),
    "model_type": mark("a table"),
    "dataclass_type": mark("a table"),
    "missing_positional_argument": mark("a table"),
    "greater_than": mark("more than {gt:g}"),
    "greater_than_equal": mark("at least {ge:g}"),
    "less_than": mark("less than {lt:g}"),
    "less_than_equal": mark("at most {le:g}"),
    "literal_error": "{expected}",
    "too_short": mark("a list of at least {min_length}"),
    "too_long": mark("a list of at most {max_length}"),
}
"""By pydantic's kind of fault, what would be accepted."""
_LONGEST_VALUE = 40
_MOST_FIELDS = 24


class FileModel(BaseModel):
    """A part of a file written by people: options that nothing reads are refused, and so is text for a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _keep_type(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    check(value)
    return value


Number = Annotated[float, WrapValidator(_keep_type)]
"""A whole number that stays an int, or another one."""

_Model = TypeVar("_Model", bound=BaseModel)


def one_of(names: Iterable[str]) -> AfterValidator:
    """Return a check that a text is one of some names."""
    accepted = tuple(names)

    def check(value: str) -> str:
        if value not in accepted:
            raise ValueError(f"it may be {', '.join(accepted)}")
        return value

    return AfterValidator(check)


def parse_file(
    model: type[_Model], name: str, content: Mapping[str, Any], *, title: Message | str, error: type[SliceScopeError]
) -> _Model:
    """Make a model with a field ``name`` from the content of the file of that name, which must not state one.

    Raises:
        SliceScopeError: see ``parse_model``.
    """
    if "name" in content:
        raise error(Message("{title} cannot be read: name is unknown; it is that of the file.", title=title))
    return parse_model(model, {"name": name, **content}, title=title, error=error)


def parse_model(
    model: type[_Model], content: Mapping[str, Any], *, title: Message | str, error: type[SliceScopeError]
) -> _Model:
    """Make a model from the content of a file or of a part of it.

    Args:
        model: to make.
        content: a table of plain values.
        title: begins the sentence of an error, such as "The recipe 'x'".
        error: the class to raise.

    Raises:
        SliceScopeError: the content does not fit; the text names the first field that does not and what it may be.
    """
    try:
        return model.model_validate(content)
    except ValidationError as fault:
        raise error(
            Message("{title} cannot be read: {fault}.", title=title, fault=describe_fault(fault, model, content))
        ) from fault


def describe_fault(fault: ValidationError, model: type[BaseModel], content: Any) -> Message:
    """Return the first thing that is wrong with a model's content, and what would be accepted, without a full stop.

    Args:
        fault: what pydantic found.
        model: that the content does not fit.
        content: as the file has it; None if it cannot be read as JSON.
    """
    first = fault.errors(include_url=False)[0]
    kind, place, value, context = first["type"], first["loc"], first["input"], first.get("ctx", {})
    name = _field_name(place, content)
    if kind == "json_invalid":
        return Message("it is no JSON")
    if kind == "missing":
        return Message("{name} is missing", name=".".join([*filter(None, [name]), str(place[-1])]))
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        others = _other_fields(model, place)
        if not others:
            return Message("{name} is unknown", name=name)
        return Message("{name} is unknown; it may be {names}", name=name, names=", ".join(others))
    if kind == "value_error":
        said: Message | str = str(context["error"])
    else:
        accepted = PATTERNS.get(context.get("pattern", "")) or _ACCEPTED.get(kind)
        said = Message("it must be {accepted}", accepted=Message(accepted, **context)) if accepted else first["msg"]
    if place and place[-1] == "[key]":
        return Message("{name} is unknown; {said}", name=name, said=said)
    if kind == "value_error" and not isinstance(value, str | int | float):
        return Message("{name}: {said}", name=name, said=said) if name else Message("{said}", said=said)
    return Message("{name} is {value}; {said}", name=name or Message("it"), value=_in_short(value), said=said)


def _in_short(value: Any) -> Message | str:
    if isinstance(value, dict | list):
        return Message("a table") if isinstance(value, dict) else Message("a list")
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _field_name(place: tuple[int | str, ...], content: Any) -> str:
    """Return where a fault is, as the file has it: without pydantic's own words, such as the member of a union."""
    parts = []
    for part in place:
        known = content if isinstance(content, Mapping) else range(len(content)) if isinstance(content, list) else ()
        if part in known:
            content = content[part]
            parts.append(str(part))
    return ".".join(parts)


def _other_fields(model: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """Return the fields of the model that an unknown field stands in; none where they are many."""
    for part in place[:-1]:
        if part not in model.model_fields:
            continue
        annotation = model.model_fields[str(part)].annotation
        # Of "a model or None" the model.
        models = [one for one in (annotation, *get_args(annotation)) if isinstance(one, type)]
        model = next((one for one in models if issubclass(one, BaseModel)), model)
    names = [name for name in model.model_fields if name != "name"]
    return names if len(names) <= _MOST_FIELDS else []
