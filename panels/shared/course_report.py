"""Values that the course report states, as texts."""

from core.course_report import CurveValue
from core.translation.messages import tr
from core.translation.numbers import number_text


def stated_value(value: CurveValue) -> str:
    """Write a value with the part that it is of, where the report says so: "validation 0.1717"."""
    number = number_text(value.value, ".4g")
    return tr("{part} {number}", part=tr(value.part), number=number) if value.part else number
