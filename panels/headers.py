"""Headers of every response: a browser guesses no types, and other sites frame the app only where they may."""

import os

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FRAME_ANCESTORS = "SLICESCOPE_FRAME_ANCESTORS"
"""Environment variable: who may show the app in a frame, as the policy has it, such as ``'self'``.

Everyone where it is unset: Community Cloud and Spaces show the app in a frame of theirs.
"""


class Headers:
    """Adds the headers to every response of an ASGI app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
                if ancestors := os.environ.get(FRAME_ANCESTORS):
                    headers["Content-Security-Policy"] = f"frame-ancestors {ancestors}"
            await send(message)

        await self._app(scope, receive, send_with_headers)


MIDDLEWARE = [Middleware(Headers)]
