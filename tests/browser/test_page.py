"""The demo's page as people use it: with a keyboard, on a phone, in the dark, while things happen.

The world is real and no bot is in it: the tests say what the bot writes and decides.
"""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect
from starlette.applications import Starlette

from bot.clock import ManualClock
from bot.markup import parse
from bot.simulator import Group, Member, Message, Person, SimulatorTransport, World, serving
from bot.simulator.stage import Cast, Stage
from bot.simulator.state import Key, Words

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

OpenPage: TypeAlias = Callable[..., AbstractAsyncContextManager[Page]]
PHONE = (390, 844)
ANN, BEA, TOM = 11, 12, 13
MONDAY_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ANSWER = "<b>Short answer</b>\n\nYes, that is <i>normal</i>. Send /help for more."
WHY: Mapping[str, object] = {
    "text": "my leg jumpd, is that bad",
    "decision": "answer",
    "id": "leg_jump_quiver",
    "confidence": 0.934,
    "level": None,
    "phrasing": "my leg jumped is that bad",
    "candidates": [
        {"id": "leg_jump_quiver", "confidence": 0.934, "phrasing": "my leg jumped is that bad"},
        {"id": "twitch_meaning", "confidence": 0.21, "phrasing": "what does the twitch mean"},
    ],
    "red_flags": [],
    "ruled_out": [],
    "repaired": "my leg jumped, is that bad",
    "revision": "ab12cd3",
}
ALARM: Mapping[str, object] = {
    **WHY,
    "text": "I am tired, my calf is red, can't breathe",
    "decision": "red_flag",
    "id": "dvt",
    "level": "urgent",
    "candidates": [],
    "red_flags": [{"id": "dvt", "level": "urgent", "words": ["red", "cant breathe"]}],
    "ruled_out": ["fever: “no fever” says there is none"],
    "repaired": "",
}


@dataclass
class Script:
    """The world on stage, what the bot says in it, and the page's controls."""

    world: World
    clock: ManualClock
    ann: Person
    team: Group
    bea: Member
    planned: list[timedelta] = field(default_factory=list)
    """How far off the next messages are."""
    decisions: dict[tuple[int, int], Mapping[str, object]] = field(default_factory=dict)

    def bot_says(self, chat_id: int, html: str, *buttons: str, reply_to: int | None = None) -> Message:
        """The bot writes, with one button a row."""
        parsed = parse(html)
        keyboard = tuple((Key(label, data=label),) for label in buttons)
        words = Words(parsed.text, parsed.entities, html)
        chat = self.world.chats[chat_id]
        return self.world.post(chat, self.world.bot_user, words=words, keyboard=keyboard, reply_to=reply_to)

    def bot_answers(self, html: str, why: Mapping[str, object]) -> Message:
        """The bot writes to Ann, and knows why."""
        message = self.bot_says(ANN, html)
        self.decisions[ANN, message.message_id] = why
        return message

    def now(self) -> datetime:
        return self.clock.now()

    def zone(self) -> ZoneInfo:
        return ZoneInfo("Europe/London")

    async def advance(self, by: timedelta) -> None:
        self.clock.advance(by)

    async def to_next(self) -> datetime | None:
        if not self.planned:
            return None
        self.clock.advance(self.planned.pop(0))
        return self.now()

    async def why(self, chat_id: int, message_id: int) -> Mapping[str, object] | None:
        return self.decisions.get((chat_id, message_id))


@pytest_asyncio.fixture(loop_scope="session")
async def script() -> AsyncIterator[Script]:
    """Ann, who has not pressed Start yet, and Bea and Tom in the staff group."""
    clock = ManualClock(MONDAY_NOON)
    world = World(clock, limits=None)
    ann = world.add_user(ANN, "Ann")
    team = world.add_group("Clinic team")
    bea = team.add(world.add_user(BEA, "Bea"))
    team.add(world.add_user(TOM, "Tom"))
    yield Script(world, clock, ann, team, bea)
    await world.aclose()


@pytest_asyncio.fixture(loop_scope="session")
async def address(script: Script) -> AsyncIterator[str]:
    """The page's address, on a free port of this machine."""
    stage = Stage(script.world, script, Cast((ANN,), (BEA, TOM), script.team.chat_id))
    async with serving(Starlette(routes=stage.routes())) as address:
        yield address
        stage.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(open_page: OpenPage, address: str) -> AsyncIterator[Page]:
    """The page on a desktop screen."""
    async with open_page(address) as page:
        yield page


def patients_chat(page: Page) -> Locator:
    return page.get_by_role("log", name="Chat of the patient with the bot")


def staff_chat(page: Page) -> Locator:
    return page.get_by_role("log", name="Chat of the staff group")


async def tab_to(page: Page, name: str, role: str = "button") -> None:
    """Press Tab until the focus is there, as somebody without a mouse does."""
    wanted = page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type] # a Literal of all roles
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await wanted.evaluate_all("found => found.includes(document.activeElement)"):
            return
    raise AssertionError(f"{role} {name!r} cannot be reached by Tab")


# --- talking --------------------------------------------------------------------------------------------------------


async def test_a_conversation_with_the_keyboard_alone(page: Page, script: Script) -> None:
    await tab_to(page, "Start")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("textbox", name="Message of the patient")).to_be_focused()
    await page.keyboard.type("my leg jumpd")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("is that bad?")
    await page.keyboard.press("Enter")
    await expect(patients_chat(page)).to_contain_text("my leg jumpd\nis that bad?", use_inner_text=True)
    assert script.ann.chat.texts == ["/start", "my leg jumpd\nis that bad?"]

    offer = script.bot_says(ANN, "Did you mean one of these?", "My leg jumped", "How long will I be sore?")
    await expect(patients_chat(page)).to_contain_text("Did you mean")
    await tab_to(page, "My leg jumped")
    await page.keyboard.press("Enter")
    await expect(patients_chat(page).get_by_role("button", name="My leg jumped")).to_have_attribute("aria-busy", "true")
    (press,) = script.world.queries.values()
    assert (press.message_id, press.data) == (offer.message_id, "My leg jumped")


async def test_an_answered_press_rests_and_says_what_the_bot_said(page: Page, script: Script) -> None:
    script.ann.starts()
    script.bot_says(ANN, "Which?", "Yes")
    button = patients_chat(page).get_by_role("button", name="Yes")
    await button.click()
    await expect(button).to_have_attribute("aria-busy", "true")
    (press,) = script.world.queries.values()
    await answer(script, press.query_id, "Thank you")
    await expect(button).not_to_have_attribute("aria-busy", "true")
    await expect(page.locator("#patient .toast")).to_have_text("Thank you")

    await button.click()
    await expect(button).to_have_attribute("aria-busy", "true")
    await answer(script, list(script.world.queries)[-1], "Please ring us", alert=True)
    await expect(page.get_by_role("dialog")).to_contain_text("Please ring us")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_hidden()


async def answer(script: Script, press_id: str, text: str, *, alert: bool = False) -> None:
    """The bot answers a press, over its API."""
    async with httpx.AsyncClient(transport=SimulatorTransport(script.world), base_url="http://telegram.test") as http:
        fields = {"callback_query_id": press_id, "text": text, "show_alert": alert}
        response = await http.post(f"/bot{script.world.token}/answerCallbackQuery", json=fields)
        assert response.json()["ok"]


async def test_what_happens_is_seen_at_once_on_both_sides(page: Page, script: Script) -> None:
    typo = script.ann.says("my log jumped")
    await expect(patients_chat(page)).to_contain_text("my log jumped")
    script.ann.edits(typo, "my leg jumped")
    await expect(patients_chat(page).get_by_role("article")).to_have_text(re.compile("my leg jumped.*edited"))
    card = script.bot_says(script.team.chat_id, "P-7F3K asks for a person", "I'll take this")
    await expect(staff_chat(page)).to_contain_text("P-7F3K asks for a person")
    script.bea.replies(card, "Hello Ann")
    await expect(staff_chat(page).get_by_role("button", name="In reply to")).to_contain_text("P-7F3K asks")
    script.ann.deletes(typo)
    await expect(patients_chat(page)).to_contain_text("Message deleted")


async def test_staff_reply_to_a_card_and_press_its_button(page: Page, script: Script) -> None:
    card = script.bot_says(script.team.chat_id, "P-7F3K asks for a person", "I'll take this")
    await page.get_by_role("button", name="Reply to Aftercare: P-7F3K").click()
    await page.keyboard.type("Hello Ann")
    await page.keyboard.press("Enter")
    await expect(staff_chat(page)).to_contain_text("Hello Ann")
    assert (script.team.chat.last.reply_to, script.team.chat.last.sender.first_name) == (card.message_id, "Bea")
    await page.get_by_label("Writing as").select_option("Tom")
    await staff_chat(page).get_by_role("button", name="I'll take this").click()
    await expect(staff_chat(page).get_by_role("button", name="I'll take this")).to_have_attribute("aria-busy", "true")
    assert [press.user.first_name for press in script.world.queries.values()] == ["Tom"]


async def test_a_card_that_loses_its_button_keeps_the_focus(page: Page, script: Script) -> None:
    script.ann.starts()
    offer = script.bot_says(ANN, "Which?", "Yes", "No")
    await patients_chat(page).get_by_role("button", name="No").focus()
    script.world.edit(script.ann.chat, offer, Words("Noted."), ())
    await expect(patients_chat(page)).to_contain_text("Noted.")
    await expect(page.locator(f"#patient [data-message='{offer.message_id}']")).to_be_focused()


async def test_topics_are_tabs(page: Page, script: Script) -> None:
    topic = script.team.open_topic("P-7F3K", by=script.bea)
    script.bea.says("in the topic", thread=topic.thread_id)
    script.bea.says("in General")
    await page.get_by_role("tab", name="P-7F3K").click()
    await expect(staff_chat(page)).to_contain_text("in the topic")
    await expect(staff_chat(page)).not_to_contain_text("in General")
    await page.get_by_role("textbox", name="Message to the staff group").fill("mine")
    await page.keyboard.press("Enter")
    await expect(staff_chat(page)).to_contain_text("mine")
    assert script.team.texts_in(topic.thread_id) == ["in the topic", "mine"]
    await page.get_by_role("tab", name="P-7F3K").focus()
    await page.keyboard.press("ArrowLeft")
    await expect(page.get_by_role("tab", name="General")).to_be_focused()
    await expect(staff_chat(page)).to_contain_text("in General")


async def test_chips_attachments_commands_and_the_locked_screen(page: Page, script: Script) -> None:
    await page.get_by_role("button", name="Start").click()
    await page.get_by_role("button", name="how long will i be sore").click()
    await page.get_by_role("button", name="Attach").click()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(patients_chat(page)).to_contain_text("Voice message")
    script.bot_says(ANN, ANSWER)
    await expect(page.locator("#lock")).to_contain_text("Short answer")
    await expect(page.locator("#lock")).not_to_contain_text("normal")
    await patients_chat(page).get_by_role("button", name="/help").click()
    await expect(patients_chat(page).get_by_role("article")).to_have_count(5)
    assert script.ann.chat.texts == ["/start", "how long will i be sore", "Short answer\n\n" + PLAIN, "/help"]


PLAIN = "Yes, that is normal. Send /help for more."


async def test_a_patient_who_has_had_enough(page: Page, script: Script) -> None:
    script.ann.starts()
    await page.get_by_role("button", name="More about this chat").click()
    await page.get_by_role("menuitem", name="Block the bot").click()
    restart = page.get_by_role("button", name="Unblock and restart")
    await expect(restart).to_be_visible()
    assert script.ann.chat.blocked
    await restart.click()
    await expect(page.get_by_role("textbox", name="Message of the patient")).to_be_visible()
    assert not script.ann.chat.blocked


async def test_the_last_own_message_is_edited_with_arrow_up(page: Page, script: Script) -> None:
    mine = script.ann.says("my log jumped")
    await page.get_by_role("textbox", name="Message of the patient").focus()
    await page.keyboard.press("ArrowUp")
    await expect(page.locator("#patient .context")).to_contain_text("Edit message")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("my leg jumped")
    await page.keyboard.press("Enter")
    await expect(patients_chat(page)).to_contain_text("my leg jumped")
    assert mine.text == "my leg jumped"


async def test_what_looks_like_markup_stays_text(page: Page, script: Script) -> None:
    sly = '<script>document.title = "taken"</script><img src=x onerror="document.title=1"> 😀 <b>'
    script.ann.says(sly)
    script.bot_says(ANN, "<b>😀 bold</b> &lt;i&gt; <a href='https://clinic.example/?a=1&amp;b=2'>our page</a>")
    await expect(patients_chat(page).get_by_role("article").first).to_contain_text(sly)
    assert await patients_chat(page).locator("script, img").count() == 0
    await expect(patients_chat(page).locator("strong")).to_have_text("😀 bold")
    await expect(patients_chat(page).get_by_role("link")).to_have_attribute("href", "https://clinic.example/?a=1&b=2")
    await expect(page).to_have_title("Aftercare: demonstration")


async def test_a_spoiler_is_covered_until_somebody_presses_it(page: Page, script: Script) -> None:
    card = script.bot_says(script.team.chat_id, "P-7F3K: <tg-spoiler>my calf hurts</tg-spoiler>")
    script.bea.replies(card, "mine")
    spoiler = staff_chat(page).get_by_role("button", name="Covered text")
    assert await spoiler.evaluate("node => getComputedStyle(node).color") == "rgba(0, 0, 0, 0)"
    await expect(staff_chat(page).get_by_role("button", name="In reply to")).to_contain_text("P-7F3K: ░░ ░░░░ ░░░░░")
    await spoiler.press("Enter")
    opened = staff_chat(page).get_by_role("button", name="my calf hurts")
    assert await opened.evaluate("node => getComputedStyle(node).color") == "rgb(19, 33, 29)"


async def test_a_reader_further_up_is_told_of_new_messages_and_left_alone(page: Page, script: Script) -> None:
    for number in range(40):
        script.ann.says(f"message {number}")
    log = patients_chat(page)
    await expect(log).to_contain_text("message 39")
    await log.evaluate("log => { log.scrollTop = 0; }")
    await page.wait_for_function("document.querySelector('#patient .log').scrollTop === 0")
    await page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")  # it is told
    script.bot_says(ANN, "An answer")
    newer = page.get_by_role("button", name="1 new message")
    await expect(newer).to_be_visible()
    assert await log.evaluate("log => log.scrollTop") == 0
    await newer.click()
    await expect(log.get_by_text("An answer")).to_be_in_viewport()
    await expect(newer).to_be_hidden()


async def test_a_refusal_is_said_and_nothing_typed_is_lost(page: Page, script: Script) -> None:
    script.ann.starts()
    box = page.get_by_role("textbox", name="Message of the patient")
    await box.fill("hello?")
    script.ann.chat.blocked = True  # the page does not know yet
    await page.keyboard.press("Enter")
    await expect(page.locator("#patient .toast")).to_contain_text("That cannot be done: Ann cannot write to the bot")
    await expect(box).to_have_value("hello?")


# --- time -----------------------------------------------------------------------------------------------------------


async def test_the_clock_shows_the_clinics_time_and_moves_at_a_press(page: Page, script: Script) -> None:
    script.ann.says("hello")
    await expect(page.locator("#now")).to_have_text(re.compile("Mon,? 23 Nov 2026 12:00"))
    await tab_to(page, "Move the clock +1 day")
    await page.keyboard.press("Enter")
    await expect(page.locator("#now")).to_have_text(re.compile("Tue,? 24 Nov 2026 12:00"))
    await expect(page.locator("[aria-disabled]")).to_have_count(0)  # until then it takes no press
    await page.keyboard.press("Enter")
    for chat in (patients_chat(page), staff_chat(page)):
        await expect(chat.get_by_text("… +2 days")).to_be_visible()
    script.bot_says(ANN, "How is it today?")
    await expect(patients_chat(page)).to_contain_text(
        re.compile("Monday 23 November.*hello.*… \\+2 days.*Wednesday 25 November.*How is it today", re.DOTALL)
    )


async def test_the_clock_goes_to_the_next_message_if_one_is_planned(page: Page, script: Script) -> None:
    script.planned.append(timedelta(hours=19, minutes=30))
    await page.get_by_role("button", name="next message").click()
    await expect(page.locator("#now")).to_have_text(re.compile("Tue,? 24 Nov 2026 07:30"))
    await page.get_by_role("button", name="next message").click()
    await expect(page.locator("#patient .toast")).to_contain_text("Nothing is planned")


# --- why ------------------------------------------------------------------------------------------------------------


async def test_an_answer_can_be_looked_into(page: Page, script: Script) -> None:
    script.ann.says("my leg jumpd, is that bad")
    script.bot_answers(ANSWER, WHY)
    script.bot_says(ANN, "A message from the clinic")
    await expect(page.get_by_role("button", name="Why this answer?")).to_have_count(1)
    await page.get_by_role("button", name="Why this answer?").click()
    why = page.get_by_role("region", name="Why this answer")
    for words in ("my leg jumpd, is that bad", "Answered", "93 % sure", "No warning sign found", "ab12cd3"):
        await expect(why).to_contain_text(words)
    await expect(why).to_contain_text("Read as “my leg jumped, is that bad”")
    await expect(why.get_by_role("meter")).to_have_count(2)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Why this answer?")).to_be_focused()
    await expect(why).to_contain_text("Here is what to try")


async def test_a_warning_sign_is_shown_with_the_words_that_gave_it(page: Page, script: Script) -> None:
    script.ann.says("I am tired, my calf is red, can't breathe")
    script.bot_answers("Please ring us now.", ALARM)
    await page.get_by_role("button", name="Why this answer?").click()
    why = page.get_by_role("region", name="Why this answer")
    await expect(why).to_contain_text("Warning sign")
    await expect(why.locator("mark")).to_have_text(["red", "can't breathe"])  # not the end of "tired"
    await expect(why.locator(".verdict")).to_contain_text("Urgent")
    await expect(why).to_contain_text("Seen and ruled out: fever: “no fever” says there is none.")


# --- any screen, any eyes -------------------------------------------------------------------------------------------


def fill_the_stage(script: Script) -> None:
    """Something of everything the page can show."""
    script.ann.starts()
    script.ann.says("my leg jumpd, is that bad " + "a" * 120)
    script.bot_answers(ANSWER, WHY)
    script.bot_says(
        ANN, "<blockquote>quoted</blockquote>\n<code>code</code>", "A button with rather many words on it, still"
    )
    script.ann.sends_photo("look")
    script.ann.sends_voice()
    card = script.bot_says(script.team.chat_id, "P-7F3K asks for a person", "I'll take this")
    script.bea.replies(card, "Hello Ann, " + "b" * 120)
    script.bot_answers("Please ring us now.", ALARM)


async def test_a_phone_has_everything_and_never_scrolls_sideways(
    open_page: OpenPage, address: str, script: Script
) -> None:
    fill_the_stage(script)
    async with open_page(address, PHONE) as page:
        await expect(page.get_by_text("Nothing is sent anywhere")).to_be_visible()
        for view, seen in (("Patient", "my leg jumpd"), ("Staff", "P-7F3K asks"), ("Why", "Here is what to try")):
            await page.get_by_role("tab", name=view).click()
            await expect(page.get_by_text(seen).first).to_be_visible()
            assert await page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
            wide = "[...document.querySelectorAll('.log')].filter(l => l.scrollWidth > l.clientWidth).length"
            assert await page.evaluate(wide) == 0
        await page.get_by_role("tab", name="Patient").click()
        script.bot_says(script.team.chat_id, "Another card")
        await expect(page.get_by_role("tab", name="Staff")).to_contain_text("1 new message")
        await page.get_by_role("tab", name="Patient").focus()
        await page.keyboard.press("ArrowRight")
        await expect(staff_chat(page)).to_be_visible()
        await expect(page.get_by_role("tab", name="Staff")).not_to_contain_text("new message")
        await page.get_by_role("tab", name="Patient").click()
        await page.get_by_role("button", name="Why this answer?").last.click()
        await expect(page.get_by_text("Warning sign")).to_be_visible()


CONTRAST = """
() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, base) => [0, 1, 2].map((i) => top[i] * top[3] + base[i] * (1 - top[3]));
  const behind = (node) => {
    if (!node) return [255, 255, 255];
    const colour = rgba(getComputedStyle(node).backgroundColor);
    return colour[3] === 1 ? colour.slice(0, 3) : over(colour, behind(node.parentElement));
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const faint = [];
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility() || node.closest(".vh")) continue;
    const base = behind(node);
    const ink = light(over(rgba(getComputedStyle(node).color), base));
    const ground = light(base);
    const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    seen += 1;
    if (ratio < 4.5) faint.push(`${walker.currentNode.data.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return { seen, faint };
}
"""
"""Every visible text with a contrast under 4.5 to 1 to what is behind it (WCAG 2.2, 1.4.3)."""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("decision", ["Short answer", "Please ring"])
async def test_every_word_stands_out_from_its_ground(
    open_page: OpenPage, address: str, script: Script, dark: bool, decision: str
) -> None:
    fill_the_stage(script)
    async with open_page(address, dark=dark) as page:
        await page.get_by_role("button", name=f"Why this answer? {decision}").click()
        await expect(page.locator(".revision")).to_be_visible()
        found = await page.evaluate(CONTRAST)
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert found["seen"] > 40
    assert found["faint"] == []
    assert ground == ("rgb(13, 20, 18)" if dark else "rgb(233, 240, 237)")


async def test_every_control_has_a_name_and_a_ring(page: Page, script: Script) -> None:
    fill_the_stage(script)
    await expect(page.get_by_role("button", name="Why this answer?")).to_have_count(2)
    nameless = """
      [...document.querySelectorAll("button, a, textarea, select, meter")]
        .filter((e) => e.checkVisibility())
        .filter((e) => !(e.ariaLabel || e.textContent.trim() || e.labels?.length))
        .map((e) => e.outerHTML)
    """
    assert await page.evaluate(nameless) == []
    for _ in range(25):
        await page.keyboard.press("Tab")
        ring = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert ring == "solid", await page.evaluate("document.activeElement.outerHTML")


async def test_a_lost_connection_is_said_and_comes_back_with_everything(open_page: OpenPage, script: Script) -> None:
    def staged() -> tuple[Stage, Starlette]:
        stage = Stage(script.world, script, Cast((ANN,), (BEA,), script.team.chat_id))
        return stage, Starlette(routes=stage.routes())

    stage, app = staged()
    async with serving(app) as address:
        async with open_page(address) as page:
            stage.close()
            await expect(page.get_by_text("The connection to the demonstration is lost")).to_be_visible()
            script.ann.says("said meanwhile")
            stage, app_again = staged()
            app.router.routes[:] = app_again.router.routes
            await expect(patients_chat(page)).to_contain_text("said meanwhile")
            await expect(page.get_by_text("The connection to the demonstration is lost")).to_be_hidden()
        stage.close()
