"""A new slice takes the old answer off the page before its own is worked out."""

from typing import Any

from scripts.measure.servers import running_server
from scripts.measure.slices import new_slices
from scripts.measure.visitor import Visitor

Path = tuple[int, ...]


class Recorder(Visitor):
    """Keeps what is drawn, in order: where, and what kind of element; None for a block."""

    def __init__(self, address: str) -> None:
        self.drawn: list[tuple[Path, str | None]] = []
        super().__init__(address)

    def _draw(self, path: Path, delta: Any) -> None:
        self.drawn.append((path, delta.new_element.WhichOneof("type")))
        super()._draw(path, delta)


def test_the_old_answer_is_gone_before_the_new_one_is_there() -> None:
    first, second = new_slices(2, confident=True)
    with running_server() as server:
        visitor = Recorder(server.address)
        visitor.open()
        visitor.upload(first.name, first.data)
        # The last heading is the answer's: the page's title comes before it.
        answer = [path for path, kind in visitor.drawn if kind == "heading"][-1]
        visitor.drawn.clear()
        visitor.upload(second.name, second.data)
        visitor.close()
    cleared = [
        place for place, (path, kind) in enumerate(visitor.drawn) if kind == "empty" and answer[: len(path)] == path
    ]
    written = [place for place, (path, kind) in enumerate(visitor.drawn) if (path, kind) == (answer, "heading")]
    assert cleared and written and cleared[0] < written[0]
