"""How the values of widgets are written in an address and read from it."""

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from core.translation.language import ENGLISH, speaking

_OPTION_WIDGETS = ("selectbox", "segmented_control", "pills", "select_slider", "multiselect")


class Unknown(ValueError):
    """Texts that a widget does not have.

    Attributes:
        values: those texts.
        value: the widget's value without them.
    """

    def __init__(self, values: list[str], value: Any) -> None:
        super().__init__(*values)
        self.values, self.value = values, value


@dataclass(frozen=True)
class WidgetValues:
    """The values that a widget may have.

    Attributes:
        default: what it has at first.
        parse: returns the value of some texts, or raises ValueError.
        texts: returns the texts of a value that is not None.
    """

    default: Any
    parse: Callable[[list[str]], Any]
    texts: Callable[[Any], list[str]]

    def read(self, texts: list[str]) -> Any:
        """Return the value that an address names.

        Raises:
            Unknown: the widget does not have it.
        """
        try:
            return self.parse(texts)
        except Unknown:
            raise
        except (ValueError, OverflowError):
            raise Unknown(texts, self.default) from None

    def write(self, value: Any) -> list[str]:
        """Return the texts of a value; none for the default's."""
        return [] if value is None or value == self.default else self.texts(value)

    def has(self, value: Any) -> bool:
        """Return whether the widget can have a value."""
        try:
            return value is None or self.parse(self.texts(value)) == value
        except (ValueError, OverflowError, TypeError):
            return False


def values_of(widget: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> WidgetValues:
    """Return the values of one of Streamlit's widgets with these arguments."""
    call = inspect.signature(widget).bind_partial(*arguments, **options)
    call.apply_defaults()
    given, name = call.arguments, widget.__name__
    if name in _OPTION_WIDGETS:
        return _of_options(name, given)
    if name == "toggle":
        return WidgetValues(given["value"], _flag, lambda value: [str(value).lower()])
    if name == "pagination":
        pages = given["num_pages"]
        return WidgetValues(1, lambda texts: _page(texts[-1], pages), lambda value: [str(value)])
    if name in ("slider", "number_input"):
        return _of_numbers(given["min_value"], given["max_value"], given["value"])
    raise TypeError(f"'{name}' is no widget that an address can carry.")


def _of_options(name: str, given: dict[str, Any]) -> WidgetValues:
    options: Sequence[Any] = list(given["options"])
    title = _english(given["format_func"] or str)
    several = name == "multiselect" or given.get("selection_mode") == "multi"
    if name == "selectbox":
        default = options[given["index"]] if options and given["index"] is not None else None
    elif name == "select_slider":
        default = options[0] if given["value"] is None else given["value"]
    else:
        default = list(given["default"] or []) if several else given["default"]

    def option(text: str) -> Any:
        for spelling in (title, str, lambda each: plain(title(each)), lambda each: plain(str(each))):
            wanted = text if spelling in (title, str) else plain(text)
            for each in options:
                if wanted and spelling(each) == wanted:
                    return each
        raise ValueError(text)

    def some(texts: list[str]) -> list[Any]:
        found: list[Any] = []
        unknown: list[str] = []
        for text in filter(None, texts):
            try:
                found.append(option(text))
            except ValueError:
                unknown.append(text)
        found = list(dict.fromkeys(found))[: given.get("max_selections")]
        if unknown:
            raise Unknown(unknown, found or default)
        return found

    if several:
        return WidgetValues(default, some, lambda values: [title(value) for value in values] or [""])
    return WidgetValues(default, lambda texts: option(texts[-1]), lambda value: [title(value)])


def _english(title: Callable[[Any], str]) -> Callable[[Any], str]:
    """Return the function, whose texts are English: an address opens in every language."""

    def english(option: Any) -> str:
        with speaking(ENGLISH):
            return title(option)

    return english


def plain(text: str) -> str:
    """Return letters and digits alone, small."""
    return "".join(filter(str.isalnum, text.casefold()))


def _of_numbers(low: Any, high: Any, default: Any) -> WidgetValues:
    kind = type(low)

    def number(text: str) -> Any:
        value = kind(text)
        if not math.isfinite(value) or not low <= value <= high:
            raise ValueError(text)
        return value

    def ends(texts: list[str]) -> tuple[Any, ...]:
        first, last = map(number, texts)
        if first > last:
            raise ValueError(texts)
        return first, last

    def text(value: Any) -> str:
        return f"{value:g}" if isinstance(value, float) else str(value)

    if isinstance(default, tuple):
        return WidgetValues(default, ends, lambda value: [text(each) for each in value])
    return WidgetValues(default, lambda texts: number(texts[-1]), lambda value: [text(value)])


def _flag(texts: list[str]) -> bool:
    flags = {"true": True, "false": False}
    if texts[-1].lower() not in flags:
        raise ValueError(texts)
    return flags[texts[-1].lower()]


def _page(text: str, pages: int) -> int:
    """Return a page, the last one for a number beyond it: the table may be shorter than when the address was copied."""
    page = int(text)
    if page < 1:
        raise ValueError(text)
    return min(page, pages)
