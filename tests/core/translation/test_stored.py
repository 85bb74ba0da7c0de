"""Messages of a result are stored beside it, and are messages again when it is read."""

import json
from pathlib import Path

import numpy as np

from core.errors import SliceError
from core.text import joined
from core.translation.language import speaking
from core.translation.messages import Message, shown
from core.translation.stored import stored_messages, stored_remarks, told_remarks, with_messages

SENTENCE = Message(
    "{outcome}: {share:.1f} {count:,}", outcome=Message("Low confidence"), share=0.5, count=np.int64(1234)
)


def test_a_result_read_again_says_its_sentences_in_another_language() -> None:
    result = {"name": "a", "gate": {"figures": SENTENCE}, "notes": ["plain", Message("{one}", one=Path("x.png"))]}
    again = with_messages(json.loads(json.dumps(result)), stored_messages(result))
    assert again == result
    with speaking("es"):
        assert shown(again["gate"]["figures"]) == "Confianza baja: 0,5 1.234"
    assert stored_messages({"name": "a", "notes": [Message("Low confidence")]}) is None, "it is its own template"
    assert with_messages({"name": "a"}, None) == {"name": "a"}


def test_remarks_are_told_one_after_the_other() -> None:
    error = SliceError("{name}: {why}", name=joined(["a", "b"]), why=SliceError("Low confidence"))
    stored = stored_remarks([SENTENCE, error.message, "Low confidence", Message("Low confidence")])
    assert stored is not None and stored_remarks([]) is None
    assert told_remarks(stored) == "Low confidence: 0.5 1,234 a and b: Low confidence Low confidence Low confidence"
    with speaking("es"):
        assert told_remarks(stored) == "Confianza baja: 0,5 1.234 a y b: Confianza baja Confianza baja Confianza baja"
