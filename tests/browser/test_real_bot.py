"""The demonstration as `aftercare demo` runs it: the page, the local Telegram and the real bot, in real time.

What is clicked is what somebody sees who starts it for the first time. Nothing depends on whether the clinic is open
while the tests run, nor on how well the matcher reads typing mistakes.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from bot.simulator.demo import open_demo

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

OpenPage: TypeAlias = Callable[..., AbstractAsyncContextManager[Page]]
PATIENCE_MS = 20_000
"""The bot keeps Telegram's limits here too: a group gets a message every three seconds."""


@pytest_asyncio.fixture(loop_scope="session")
async def page(open_page: OpenPage, tmp_path: Path) -> AsyncIterator[Page]:
    """The page of a demonstration that has just begun."""
    async with open_demo(0, tmp_path, Path("faq")) as address, open_page(address) as page:
        yield page


async def test_a_first_tour(page: Page) -> None:
    phone = page.get_by_role("log", name="Chat of the patient with the bot")
    team = page.get_by_role("log", name="Chat of the staff group")

    await page.get_by_role("button", name="Start", exact=True).click()
    await sees(phone, "I'm an automatic helper from Demo Foot Clinic.")

    await patient_says(page, "How long will I be sore?")
    await sees(phone, "Most people are sore for 1 to 2 days")
    await phone.get_by_role("button", name="Heat or ice?").click()
    await sees(phone, "Aching muscle: warmth.")

    await phone.get_by_role("button", name="Why this answer?").first.click()
    why = page.get_by_role("region", name="Why this answer")
    for reason in ("How long will I be sore?", "Answered", "soreness_duration", "No warning sign found."):
        await sees(why, reason)

    await patient_says(page, "I want to talk to a person")
    await sees(phone, "that you would like to hear from a person")
    await sees(team, "Wants to hear from you")

    await page.get_by_role("button", name="To the next message").click()
    await sees(team, "Good morning. I am running.\nOpen questions: 1")

    await sees(phone, "… +")  # the first jump has ended
    before = await day(page)
    await page.get_by_role("button", name="+1 day").click()
    await sees(phone, "… +1 day")
    assert await day(page) - before == timedelta(days=1)

    await page.get_by_role("button", name="Reply to Aftercare: Wants to hear from you").click()
    await page.keyboard.type("We will ring you at ten.")
    await page.keyboard.press("Enter")
    await sees(phone, "A message from Demo Foot Clinic:\n\nWe will ring you at ten.")
    await sees(team, "Passed on to the patient.")
    await expect(page.locator("#lock-line")).to_have_text("A message from Demo Foot Clinic:")

    await page.reload()
    await sees(phone, "We will ring you at ten.")


async def patient_says(page: Page, text: str) -> None:
    await page.get_by_role("textbox", name="Message of the patient").fill(text)
    await page.keyboard.press("Enter")


async def sees(place: Locator, words: str) -> None:
    """Wait until these words stand there, lines as on the screen."""
    await expect(place).to_contain_text(words, use_inner_text=True, timeout=PATIENCE_MS)


async def day(page: Page) -> datetime:
    """The date on the page's clock."""
    shown = await page.locator("#now-date").inner_text()
    return datetime.strptime(shown, "%a, %d %b %Y").replace(tzinfo=UTC)
