"""Debian's Chromium. Where there is none these tests skip and say so; in CI (environment variable `CI`) they fail.

Starting it takes a second or two, so all tests share one, and with it one event loop: mark them, and their async
fixtures, with `loop_scope="session"`.
"""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

expect.set_options(timeout=20_000)  # beside other tests a browser may be slow; what is right is there at once

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = (1280, 800)

OpenPage: TypeAlias = Callable[..., AbstractAsyncContextManager[Page]]


REFUSED = "Failed to load resource: the server responded with a status of 400"
"""Chromium's own note about a refusal, which the page shows to the person in its own words."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    if not CHROMIUM.exists():
        reason = f"{CHROMIUM} is missing, so the demo's page is not tested. On Debian: apt install chromium"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
def open_page(browser: Browser) -> OpenPage:
    """`async with open_page(address, size=(390, 844), dark=True) as page`, connected to its stream of events.

    An error or warning in the page's console fails the test.
    """

    @asynccontextmanager
    async def opened(address: str, size: tuple[int, int] = DESKTOP, *, dark: bool = False) -> AsyncIterator[Page]:
        context = await browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            timezone_id="America/New_York",  # not the clinic's: the page has to show the clinic's
        )
        page = await context.new_page()
        complaints: list[str] = []

        def note(said: ConsoleMessage) -> None:
            if said.type in {"error", "warning"} and not said.text.startswith(REFUSED):
                complaints.append(said.text)

        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(address)
        await expect(page.locator("#now-time")).not_to_have_text("")
        yield page
        assert complaints == []
        await context.close()

    return opened
