"""What every part of a card has in common: how it is checked."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from core.validation import DATE, FILE_NAME, SHA256

Share = Annotated[float, Field(ge=0, le=1)]
"""From 0 to 1."""
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(ge=0)]
Sha256 = Annotated[str, Field(pattern=SHA256)]
Date = Annotated[str, Field(pattern=DATE)]
FileName = Annotated[str, Field(pattern=FILE_NAME)]


class CardPart(BaseModel):
    """A part of a card: an unknown field is refused, and so is a value of another kind; nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read and check this part from JSON.

        Raises:
            pydantic.ValidationError: it is not such a part.
        """
        return cls.model_validate_json(text)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as they stand in card.json, those without a value left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)
