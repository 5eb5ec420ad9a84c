"""The balancer in front of a fleet: whoever hangs up must not keep the others from being served."""

import asyncio
import random
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import cast

import httpx

from bot.simulator.fleet import Fleet
from bot.simulator.spread import Spread

CONNECTIONS = 100
"""As many as httpx keeps open at once."""


@dataclass
class Neighbour:
    """A worker as the balancer sees it."""

    port: int


@dataclass
class Row:
    """Workers to choose from."""

    alive: list[Neighbour]


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Each request after a moment, on a connection that stays open."""
    with closing(writer), suppress(asyncio.IncompleteReadError, ConnectionError):  # until the other side hangs up
        while await reader.readuntil(b"\r\n\r\n"):
            await asyncio.sleep(0.02)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()


async def test_callers_who_hang_up_leave_room_for_others() -> None:
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        spread = Spread(random.Random(0))
        spread.fleet = cast(Fleet, Row([Neighbour(server.sockets[0].getsockname()[1])]))
        async with httpx.AsyncClient(transport=spread) as http:
            for _ in range(CONNECTIONS // 10):
                calls = [asyncio.create_task(http.get("http://anywhere/")) for _ in range(12)]
                await asyncio.sleep(0.01)
                for call in calls:
                    call.cancel()
                await asyncio.gather(*calls, return_exceptions=True)
            assert (await http.get("http://anywhere/")).text == "ok"
