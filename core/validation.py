"""Faults of pydantic models, and models of the project's files, in one sentence each."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from core.errors import SliceScopeError


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
    model: type[_Model], name: str, content: Mapping[str, Any], *, title: str, error: type[SliceScopeError]
) -> _Model:
    """Make a model with a field ``name`` from the content of the file of that name, which must not state one.

    Raises:
        SliceScopeError: see ``parse_model``.
    """
    if "name" in content:
        raise error(f"{title} cannot be read: name is unknown; it is that of the file.")
    return parse_model(model, {"name": name, **content}, title=title, error=error)


def parse_model(model: type[_Model], content: Mapping[str, Any], *, title: str, error: type[SliceScopeError]) -> _Model:
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
        raise error(f"{title} cannot be read: {describe_fault(fault, model, content)}.") from fault


def describe_fault(fault: ValidationError, model: type[BaseModel], content: Mapping[str, Any]) -> str:
    """Return the first thing that is wrong with a model's content, and what would be accepted, without a full stop."""
    first = fault.errors(include_url=False)[0]
    kind, place, value = first["type"], first["loc"], first["input"]
    name = _field_name(place, content)
    if kind == "missing":
        return f"{'.'.join([*filter(None, [name]), str(place[-1])])} is missing"
    if kind == "extra_forbidden":
        return f"{name} is unknown; {_accepted(model, place)}"
    said = str(first["ctx"]["error"]) if kind == "value_error" else first["msg"].replace("Input should", "it should")
    if kind == "model_type":
        said = "it should be a table"
    if not name:
        return said
    if place[-1] == "[key]":
        return f"{name} is unknown; {said}"
    return f"{name} is {value!r}; {said}" if isinstance(value, str | int | float) else f"{name}: {said}"


def _field_name(place: tuple[int | str, ...], content: Any) -> str:
    """Return where a fault is, as the file has it: without pydantic's own words, such as the member of a union."""
    parts = []
    for part in place:
        known = content if isinstance(content, Mapping) else range(len(content)) if isinstance(content, list) else ()
        if part in known:
            content = content[part]
            parts.append(str(part))
    return ".".join(parts)


def _accepted(model: type[BaseModel], place: tuple[int | str, ...]) -> str:
    """Return the fields of the model that an unknown field stands in."""
    for part in place[:-1]:
        if part not in model.model_fields:
            continue
        annotation = model.model_fields[str(part)].annotation
        # Of "a model or None" the model.
        models = [one for one in (annotation, *get_args(annotation)) if isinstance(one, type)]
        model = next((one for one in models if issubclass(one, BaseModel)), model)
    return f"it may be {', '.join(name for name in model.model_fields if name != 'name')}"
