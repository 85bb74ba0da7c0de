"""Style sheet and script stand in every document, and in nothing else."""

import asyncio
import json
import re

import pytest
from starlette.types import Message, Receive, Scope, Send

from core.translation.language import OFFERED
from panels.document import Document

DOCUMENT = b"<html><head><title>T</title></head><body></body></html>"


def answer(body: bytes, kind: str, accept: bytes = b"text/html,*/*") -> tuple[dict[bytes, bytes], bytes, list[bytes]]:
    """Return the headers and the body of an answer in two parts, and the names of the headers that were asked with."""
    sent: list[Message] = []
    asked: list[bytes] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        asked.extend(name for name, _ in scope["headers"])
        length = str(len(body)).encode()
        headers = [(b"content-type", kind.encode()), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body[:20], "more_body": True})
        await send({"type": "http.response.body", "body": body[20:]})

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "headers": [(b"accept", accept), (b"accept-encoding", b"gzip"), (b"if-none-match", b"e")]}
    asyncio.run(Document(app)(scope, receive, send))
    start, *parts = sent
    return dict(start["headers"]), b"".join(part["body"] for part in parts), asked


def test_a_document_holds_style_sheet_and_script_at_the_end_of_its_head():
    headers, body, asked = answer(DOCUMENT, "text/html; charset=utf-8")
    places = [body.index(part) for part in (b".st-key-frame_head", b'"dice"', b"touchstart", b"showPopover")]
    assert sorted(places) == places and places[-1] < body.index(b"</script></head><body>")
    assert headers[b"content-length"] == str(len(body)).encode()
    assert asked == [b"accept"], "neither packed nor kept from before"


def test_the_glossary_stands_there_in_every_language():
    _, body, _ = answer(DOCUMENT, "text/html")
    found = re.search(rb'<script type="application/json" id="glossary">(.*?)</script>', body)
    assert found
    glossaries = json.loads(found.group(1))
    assert glossaries["en"]["fold"]["title"] == "Fold" and glossaries["es"]["fold"]["title"] == "Pliegue (fold)"
    assert {*glossaries} == {*OFFERED} and glossaries["es"].keys() == glossaries["en"].keys()


@pytest.mark.parametrize(
    ("body", "kind", "accept"),
    [(DOCUMENT, "text/javascript", b"text/html"), (DOCUMENT, "text/html", b"*/*"), (b"", "text/html", b"text/html")],
)
def test_anything_else_passes_as_it_is(body: bytes, kind: str, accept: bytes):
    headers, sent, _ = answer(body, kind, accept)
    assert sent == body and headers[b"content-length"] == str(len(body)).encode()
