"""The document that every page begins with: our style sheet, scripts and the glossary in all languages stand in it.

What is drawn before the style sheet is there would move.
"""

import json
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.metrics.glossary import GLOSSARY
from core.translation.language import OFFERED, speaking
from core.translation.messages import tr

_ASSETS = Path(__file__).with_name("assets")
_END = b"</head>"
_CACHED_OR_PACKED = (b"accept-encoding", b"if-none-match", b"if-modified-since")


class Document:
    """Writes style sheet, scripts and the glossary into the HTML documents of an ASGI app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        style, shell, glossary = (
            (_ASSETS / name).read_text(encoding="utf-8") for name in ("shell.css", "shell.js", "glossary.js")
        )
        terms = json.dumps({language: _glossary(language) for language in OFFERED}).replace("<", "\\u003c")
        self._ours = (
            f"<style>{style}</style>"
            f'<script type="application/json" id="glossary">{terms}</script>'
            f'<script type="module">{shell}</script><script type="module">{glossary}</script>'
        ).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("Accept", ""):
            await self._app(scope, receive, send)
            return
        # A document that the browser keeps, or that comes packed, could not be written into.
        asked = [(name, value) for name, value in scope["headers"] if name.lower() not in _CACHED_OR_PACKED]
        held: list[Message] = []

        async def send_with_ours(message: Message) -> None:
            if held or _begins_html(message):
                held.append(message)
                if message["type"] == "http.response.body" and not message.get("more_body"):
                    await self._send_document(held, send)
            else:
                await send(message)

        await self._app({**scope, "headers": asked}, receive, send_with_ours)

    async def _send_document(self, messages: list[Message], send: Send) -> None:
        start, *parts = messages
        body = b"".join(part.get("body", b"") for part in parts)
        if body:  # none answers HEAD
            body = body.replace(_END, self._ours + _END, 1)
            MutableHeaders(scope=start)["Content-Length"] = str(len(body))
        await send(start)
        await send({"type": "http.response.body", "body": body})


def _glossary(language: str) -> dict[str, dict[str, str]]:
    """Return the title and the meaning of every term by its name, in a language."""
    with speaking(language):
        return {name: {"title": tr(term.title), "meaning": tr(term.meaning)} for name, term in GLOSSARY.items()}


def _begins_html(message: Message) -> bool:
    is_start = message["type"] == "http.response.start"
    return is_start and Headers(scope=message).get("Content-Type", "").startswith("text/html")


MIDDLEWARE = [Middleware(Document)]
