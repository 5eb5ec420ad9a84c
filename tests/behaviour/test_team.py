"""Who is in the team: added, given another role, removed; what they had comes back; nobody else does what is theirs."""

import pytest
import sqlalchemy as sa

from bot.model import Role, UserId
from bot.services.post import Notices
from bot.services.topics import look_at_group
from bot.simulator.groups import Member
from bot.simulator.house import House
from bot.simulator.people import Person
from bot.simulator.state import ADMIN_RIGHTS, Message, Status
from bot.store import people
from bot.store.tables import alert, audit, message, on_call, staff, thread

CHEST, VOUCHER = "I have chest pain", "do you sell gift vouchers for my aunt"


@pytest.fixture
async def owner(house: House) -> Member:
    """The owner, in the staff group too."""
    return house.staff.add(house.owner)


@pytest.fixture
async def podiatrist(house: House, owner: Member) -> Member:
    """The member of the staff group, once an owner has made them a clinician."""
    owner.replies(house.member.says("Hello all"), "/team clinician AB12345")
    await house.settle()
    return house.member


async def person(house: House, user_id: int) -> sa.RowMapping:
    async with house.app.store.read() as tx:
        row = await people.find(tx, house.app.settings.bot_id, UserId(user_id))
    assert row is not None
    return row


async def actions(house: House) -> list[str]:
    """What the audit says, oldest first."""
    async with house.app.store.read() as tx:
        return list(await tx.scalars(sa.select(audit.c.action).order_by(audit.c.id)))


def in_private(house: House, member: Member) -> Person:
    """Somebody of the group, in their own chat with the bot."""
    return Person(house.world, member.user, house.world.chats[member.user_id])


async def says(house: House, who: Person | Member, text: str) -> str:
    """Type it. Returns the bot's last words in that chat."""
    who.says(text)
    await house.settle()
    return house.world.from_bot(who.chat_id)[-1].text


async def presses(house: House, who: Person | Member, *labels: str) -> Message:
    """Press these buttons one after the other. Returns the bot's last message in that chat."""
    for label in labels:
        who.presses(label)
        await house.settle()
    return house.world.from_bot(who.chat_id)[-1]


async def remove(house: House, name: str) -> None:
    """The owner removes somebody, in their own chat."""
    await says(house, house.owner, "/team")
    await presses(house, house.owner, name, "Remove", "Yes, remove")
    await house.settle(seconds=30)


def press_answers(house: House) -> list[str]:
    """What those who pressed buttons were told beside them."""
    return [query.answer.text for query in house.world.queries.values() if query.answer and query.answer.text]


# --- who is in it ---------------------------------------------------------------------------------------------------


async def test_everybody_sees_the_list_and_only_owners_can_change_it(house: House, owner: Member) -> None:
    shown = await says(house, house.member, "/team")
    assert "700: owner" in shown
    assert "without a role: Member." in shown
    assert "Owners can change this list." in shown
    assert house.world.from_bot(house.staff.chat_id)[-1].keys == []
    await says(house, owner, "/team")
    assert [key.label for key in house.world.from_bot(house.staff.chat_id)[-1].keys] == ["Owner", "Member"]
    house.member.presses("Owner")
    await house.settle()
    assert press_answers(house) == ["Not done: only an owner can do that."]
    assert "Telegram number:" not in house.world.from_bot(house.staff.chat_id)[-1].text


async def test_somebody_is_added_by_an_answer_to_what_they_wrote(house: House, podiatrist: Member) -> None:
    assert house.staff_texts[-1] == "Member is now: clinician."
    row = await person(house, podiatrist.user_id)
    assert (row["name"], row["role"], row["registration"]) == ("Member", Role.CLINICIAN, "AB12345")
    private = in_private(house, podiatrist)
    private.starts()
    await house.settle()
    assert (await says(house, private, "/status")).startswith("Status"), "with a role it works in private too"
    assert "team_clinician" in await actions(house)


async def test_somebody_is_added_by_their_number(house: House) -> None:
    assert await says(house, house.owner, "/team 55501 desk") == "55501 is now: desk."
    assert await says(house, house.owner, "/team 55501 desk") == "Nothing was changed: it is so already."
    assert "55501: desk" in await says(house, house.owner, "/team")


async def test_the_list_says_who_is_away(house: House, podiatrist: Member) -> None:
    await says(house, podiatrist, "/away until 4 Jan")
    line = "Member: clinician, registration AB12345, away until Monday 4 January 2027"
    assert line in (await says(house, podiatrist, "/team")).splitlines()
    await says(house, podiatrist, "/away")
    assert "Member: clinician, registration AB12345, away" in (await says(house, podiatrist, "/team")).splitlines()


@pytest.mark.parametrize("who", ["the bot", "an anonymous administrator"])
async def test_only_a_person_can_be_added(house: House, owner: Member, who: str) -> None:
    anonymous = house.staff.add(house.world.add_user(31, "Ann"), status=Status.ADMIN, anonymous=True)
    if who == "the bot":
        await says(house, owner, "/status")
        said = house.world.from_bot(house.staff.chat_id)[-1]
    else:
        said = anonymous.says("Hello")
    owner.replies(said, "/team desk")
    await house.settle()
    assert house.staff_texts[-1].startswith("I cannot see who wrote that.")


async def test_nobody_but_an_owner_adds_anybody(house: House) -> None:
    assert await says(house, house.member, "/team 55501 owner") == "Not done: only an owner can do that."
    house.member.replies(house.member.says("me"), "/team owner")
    await house.settle()
    async with house.app.store.read() as tx:
        roles = {row.user_id: row.role for row in await tx.execute(sa.select(staff.c.user_id, staff.c.role))}
    assert roles == {house.owner.user_id: Role.OWNER, house.member.user_id: people.GUEST}


async def test_a_role_and_a_registration_number_are_changed_with_buttons(house: House, podiatrist: Member) -> None:
    await says(house, house.owner, "/team")
    question = await presses(house, house.owner, "Member", "Make owner", "Registration number")
    house.owner.replies(question, "I don't know it")
    await house.settle()
    assert house.owner.last.text.startswith("That does not look like a registration number.")
    house.owner.replies(question, "CH 777")
    await house.settle()
    assert house.owner.last.text == "Registration of Member: CH 777"
    row = await person(house, podiatrist.user_id)
    assert (row["role"], row["registration"]) == (Role.OWNER, "CH 777")
    house.owner.replies(question, "-")
    await house.settle()
    assert (await person(house, podiatrist.user_id))["registration"] is None


# --- removed --------------------------------------------------------------------------------------------------------


async def test_who_is_removed_leaves_the_group_and_may_be_invited_again(house: House, podiatrist: Member) -> None:
    await remove(house, "Member")
    assert podiatrist.membership.status is Status.LEFT
    assert house.staff_texts[-1] == "Member has left the team."
    assert house.owner.last.text.startswith("Member is not in the team any more.")
    assert "Member: clinician" not in house.owner.last.text
    assert (await actions(house))[-1] == "team_remove"


async def test_what_the_removed_had_taken_is_open_again_and_repeats(house: House, podiatrist: Member) -> None:
    house.patient.says(CHEST)
    await house.settle()
    await presses(house, podiatrist, "I take it")
    await remove(house, "Member")
    cards = [one for one in house.world.from_bot(house.staff.chat_id) if one.text.startswith("Emergency · P-")]
    assert [one.text.partition("\n")[0].rpartition(" · ")[2] for one in cards] == ["take it", "not taken yet"]
    assert "What they had taken is open again. Please take it: P-" in house.staff_texts[-1]
    await house.pass_time(minutes=6)
    again = [one for one in house.world.from_bot(house.staff.chat_id) if one.text.startswith("Emergency · P-")]
    assert len(again) == 3
    async with house.app.store.read() as tx:
        row = (await tx.execute(sa.select(alert))).mappings().one()
    assert (row["state"], row["taken_by"], row["repeats"]) == ("open", None, 1)


async def test_an_alert_that_was_repeated_before_it_was_taken_repeats_anew(house: House, podiatrist: Member) -> None:
    house.patient.says(CHEST)
    await house.pass_time(minutes=11)
    await presses(house, podiatrist, "I take it")
    await remove(house, "Member")
    before = len(house.staff_texts)
    await house.pass_time(minutes=16)
    assert sum(text.startswith("Emergency · P-") for text in house.staff_texts[before:]) == 3


async def test_a_question_and_its_talk_go_back_to_the_others(house: House, podiatrist: Member) -> None:
    await look_at_group(house.app.post, house.app.client)
    house.patient.says(VOUCHER)
    await house.settle(seconds=30)
    card = next(one for one in house.world.from_bot(house.staff.chat_id) if one.text.startswith("Talk with"))
    podiatrist.presses("I take it", card.message_id)
    await house.settle(seconds=30)
    await remove(house, "Member")
    async with house.app.store.read() as tx:
        talk = (await tx.execute(sa.select(thread))).mappings().one()
        assert await tx.scalar(sa.select(alert.c.state)) == "open"
    assert (talk["taken_by"], talk["taken_name"]) == (None, None)
    shown = {one.text.partition("\n")[0][:8]: one for one in house.world.from_bot(house.staff.chat_id)}
    assert "Member has it." not in shown["Talk wit"].text
    assert [key.label for key in shown["Question"].keys] == ["I take it"]


async def test_where_the_bot_may_not_take_people_out_it_says_so_and_they_may_do_nothing(
    house: House, podiatrist: Member
) -> None:
    house.staff.add_bot(podiatrist, rights=frozenset(ADMIN_RIGHTS) - {"can_restrict_members"})
    house.patient.says(VOUCHER)
    await house.settle()
    card = house.world.from_bot(house.staff.chat_id)[-1]
    await remove(house, "Member")
    assert any(text.startswith("Member is still in this group.") for text in house.staff_texts)
    gone = "Not done: you are not in the team any more. An owner can add you again."
    assert await says(house, podiatrist, "/alerts") == gone
    said = len(house.bot_texts)
    podiatrist.replies(card, "Yes, at the desk.")
    await house.settle()
    assert house.staff_texts[-1] == gone
    podiatrist.presses("I take it", card.message_id)
    await house.settle()
    assert press_answers(house)[-1] == gone
    assert len(house.bot_texts) == said
    async with house.app.store.read() as tx:
        assert await tx.scalar(sa.select(alert.c.state)) == "open"


async def test_colleagues_hear_of_somebody_who_left_the_group_and_kept_their_role(
    house: House, owner: Member, podiatrist: Member
) -> None:
    other = house.staff.add(house.world.add_user(77, "Other"))
    await says(house, other, "/status")
    told = len(house.staff_texts)
    house.staff.kick(other, owner)
    await house.settle()
    assert len(house.staff_texts) == told, "whoever has no role can do nothing outside the group"

    house.staff.kick(podiatrist, owner)
    await house.settle()
    assert house.staff_texts[-1].startswith("Member is no longer in this group, but still in the team (clinician)")
    await presses(house, owner, "Remove", "Yes, remove")
    await house.settle(seconds=30)
    assert any("Member is not in the team any more." in text for text in house.staff_texts)
    assert (await person(house, podiatrist.user_id))["removed_us"] is not None
    assert sum("no longer in this group" in text for text in house.staff_texts) == 0, "it became the list"


async def test_in_private_the_removed_are_patients_like_others(house: House, podiatrist: Member) -> None:
    private = in_private(house, podiatrist)
    private.starts()
    await house.settle()
    await remove(house, "Member")
    assert (await says(house, private, "/alerts")).startswith("That is only for clinic staff")


async def test_who_was_on_call_is_so_no_more(house: House, podiatrist: Member) -> None:
    path = house.app.settings.content_dir / "clinic.yaml"
    path.write_text(path.read_text().replace("on_call: none", f"on_call:\n  - telegram_id: {podiatrist.user_id}"))
    await house.app.look_at_content()
    private = in_private(house, podiatrist)
    private.starts()
    await says(house, house.owner, "/oncall")
    await presses(house, private, "I get these")
    await remove(house, "Member")
    assert "Member still stands under on_call in clinic.yaml." in house.staff_texts[-1]
    async with house.app.store.read() as tx:
        assert await tx.scalar(sa.select(sa.func.count()).select_from(on_call)) == 0
        ladder = await Notices(house.app.post).rungs(tx)
    assert ladder.on_call == ()


async def test_who_was_removed_can_be_added_again_without_what_they_were(house: House, podiatrist: Member) -> None:
    await remove(house, "Member")
    await says(house, house.owner, f"/team {podiatrist.user_id} desk")
    row = await person(house, podiatrist.user_id)
    assert (row["role"], row["registration"], row["removed_us"], row["name"]) == (Role.DESK, None, None, "Member")


# --- the last owner -------------------------------------------------------------------------------------------------


async def test_the_last_owner_stays_one(house: House) -> None:
    await says(house, house.owner, "/team")
    assert (await presses(house, house.owner, "Owner", "Make desk")).text.startswith(
        "Not done: Owner is the only owner."
    )
    assert (await presses(house, house.owner, "Remove", "Yes, remove")).text.startswith("Not done: Owner is the only")
    assert (await says(house, house.owner, f"/team {house.owner.user_id} desk")).startswith("Not done: Owner is the")
    assert (await person(house, house.owner.user_id))["role"] == Role.OWNER


async def test_two_owners_who_remove_each_other_at_once_leave_one(house: House) -> None:
    other = house.world.add_user(71, "Olga")
    other.starts()
    await says(house, house.owner, f"/team {other.user_id} owner")
    for who, whom in ((house.owner, "71"), (other, "Owner")):
        await says(house, who, "/team")
        await presses(house, who, whom, "Remove")
    house.owner.presses("Yes, remove")
    other.presses("Yes, remove")
    await house.settle()
    async with house.app.store.read() as tx:
        left = await people.listed(tx, house.app.settings.bot_id)
    assert [row["role"] for row in left] == [Role.OWNER]


# --- who may not ----------------------------------------------------------------------------------------------------


async def test_an_anonymous_administrator_is_told_to_write_as_themselves(house: House) -> None:
    anonymous = house.staff.add(house.world.add_user(31, "Ann"), status=Status.ADMIN, anonymous=True)
    await look_at_group(house.app.post, house.app.client)
    house.patient.says(VOUCHER)
    await house.settle(seconds=30)
    said = len(house.bot_texts)
    card = next(one for one in house.world.from_bot(house.staff.chat_id) if one.text.startswith("Question"))
    for text in ("/alerts", "Yes, at the desk."):
        anonymous.says(text, thread=card.thread_id)
        await house.settle(seconds=30)
        last = house.world.from_bot(house.staff.chat_id)[-1]
        assert last.text.startswith("Not done: you are writing as the group")
        assert last.thread_id == card.thread_id
    assert len(house.bot_texts) == said
    async with house.app.store.read() as tx:
        assert await tx.scalar(sa.select(alert.c.state)) == "open"
        assert not await tx.scalar(sa.select(staff.c.user_id).where(staff.c.name.in_(["Ann", "Group"])))


async def test_what_is_an_owners_is_refused_to_others_with_who_may(house: House) -> None:
    assert await says(house, house.member, "/release P-7F3K court order") == "Not done: only an owner can do that."
    assert await says(house, house.member, "/audit") == "Not done: only an owner or a clinician can do that."
    assert [one for one in await actions(house) if one.startswith("refused")] == ["refused:release", "refused:audit"]


async def test_a_button_carried_to_another_chat_does_nothing(house: House, podiatrist: Member) -> None:
    await says(house, house.owner, "/team")
    await presses(house, house.owner, "Member", "Remove")
    async with house.app.store.read() as tx:
        newest = sa.select(message.c.id).where(message.c.chat_id == house.owner.chat_id).order_by(message.c.id.desc())
        row_id = await tx.scalar(newest.limit(1))
    elsewhere = house.world.add_group("Elsewhere")
    elsewhere.add(house.owner)
    card = house.owner.last.message_id
    for who, chat_id in ((house.owner.user, elsewhere.chat_id), (house.patient.user, house.patient.chat_id)):
        house.world.forge_press(who, chat_id, card, f"{row_id:x}.tm:sure:{podiatrist.user_id}")
    await house.settle()
    assert (await person(house, podiatrist.user_id))["removed_us"] is None
    assert press_answers(house) == []


# --- /audit ---------------------------------------------------------------------------------------------------------


async def test_the_audit_says_who_did_what_without_what_patients_wrote(house: House, podiatrist: Member) -> None:
    house.patient.says(CHEST)
    await house.settle()
    await presses(house, podiatrist, "I take it")
    shown = await says(house, house.owner, "/audit")
    assert "12:00: Owner made Member a clinician" in shown
    code = house.staff_texts[-1].partition("\n")[0].split(" · ")[1]
    assert f"12:00: Member took what {code} wrote" in shown
    assert "chest" not in shown
    of_patient = (await says(house, house.owner, f"/audit {code}")).splitlines()
    assert of_patient == ["Who did what", f"12:00: Member took what {code} wrote"]
    of_member = await says(house, house.owner, f"/audit {house.member.user_id:05d}")
    assert "made Member a clinician" in of_member
    assert "took what" in of_member
    assert "took what" in await says(house, house.owner, "/audit 2026-11-23")
    assert (await says(house, house.owner, "/audit 2026-11-22")).startswith("Nothing is written down for that.")
    assert (await says(house, house.owner, "/audit chest")).startswith('I don\'t understand "chest".')


async def test_the_audit_has_pages(house: House) -> None:
    async with house.app.store.write() as tx:
        rows = [
            {
                "bot_id": house.app.settings.bot_id,
                "actor_id": house.owner.user_id,
                "action": f"new_{number}",
                "at_us": 1,
            }
            for number in range(45)
        ]
        await tx.execute(audit.insert(), rows)
    first = await says(house, house.owner, "/audit")
    second = (await presses(house, house.owner, "Older")).text
    third = await presses(house, house.owner, "Older")
    listed = [line for text in (first, second, third.text) for line in text.splitlines() if " new_" in line]
    assert [line.partition("new_")[2].strip() for line in listed] == [str(number) for number in reversed(range(45))]
    assert [key.label for key in third.keys] == ["Newest"]
    assert (await presses(house, house.owner, "Newest")).text == first
