"""Every page opens in another language, however little of it is translated yet."""

import pytest
from streamlit.testing.v1 import AppTest

from core.config import PAGES, ROOT
from core.labels import OUTCOME_LABELS
from core.outcome import LOW_CONFIDENCE
from core.translation.language import current_language, speaking
from core.translation.messages import tr


@pytest.mark.parametrize("page", sorted(path.stem for path in PAGES.glob("*.py")))
def test_a_page_opens_in_spanish(page: str) -> None:
    app = AppTest.from_file(str(ROOT / "frame.py"), default_timeout=120)
    app.switch_page(f"pages/{page}.py")
    english = app.run().title[0].value
    app.query_params["lang"] = "es"
    app.run()
    assert not app.exception and not app.error
    with speaking("es"):
        assert app.title[0].value == tr(english) != english
    assert current_language() == "en", "the visitor's language is no one else's"


def test_a_label_has_its_translation() -> None:
    with speaking("es"):
        assert OUTCOME_LABELS[LOW_CONFIDENCE].in_text == "confianza baja"
