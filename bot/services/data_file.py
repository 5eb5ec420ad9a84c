"""All we keep about a patient as a file they can read: one plain HTML page, without scripts, pictures or links."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.content.schema import Content
from bot.content.sentences import RightsReplies
from bot.markup import escape
from bot.model import Method, Payload, SaidAs
from bot.services.care_page import WORDLESS, CareWords, page, worded, words
from bot.store.contacts import Contacts
from bot.store.my_data import MyData

_WORDS = (Method.SEND_TEXT, Method.EDIT_TEXT)


@dataclass(frozen=True)
class DataFile:
    """Draws the file. `retention_days`, `backup_days`: how long things are kept, as the file says."""

    content: Content
    contacts: Contacts
    retention_days: int
    backup_days: int

    @property
    def _texts(self) -> RightsReplies:
        return self.content.rights

    @property
    def _care(self) -> CareWords:
        return CareWords(self.content)

    def draw(self, data: MyData, now: datetime) -> bytes:
        """The whole page in UTF-8. Parts without anything to say are left out."""
        codes = ", ".join(row["code"] for row in data.patients)
        made = self._say(self._texts.file_made, time=self._care.at(now), codes=codes)
        parts = [f"<p>{self._say(self._texts.file_intro)}</p>", f"<p>{made}</p>"]
        for title, lines in self._parts(data):
            if found := list(lines):
                parts.append(f"<h2>{self._say(title)}</h2>")
                parts += found
        return page(self._say(self._texts.file_title), parts).encode()

    def _parts(self, data: MyData) -> Iterable[tuple[str, Iterable[str]]]:
        texts, clinic = self._texts, self.content.clinic
        kept = self._say(
            texts.file_kept_text,
            retention_days=str(self.retention_days),
            backup_days=str(self.backup_days),
            record_years=str(clinic.record_years),
        )
        return (
            (texts.file_contact, self._contact(data)),
            (texts.file_plans, self._plans(data)),
            (texts.file_answers, self._answers(data)),
            (texts.file_alerts, self._alerts(data)),
            (
                texts.file_notes,
                (self._care.dated(self._time(row["at_us"]), row["text"]) for row in data.notes if row["text"]),
            ),
            (texts.file_agreements, self._agreements(data)),
            (texts.file_opt_outs, map(self._care.opt_out, data.opt_outs)),
            (texts.file_talk, self._talk(data)),
            (texts.file_kept, (f"<p>{kept}</p>",)),
        )

    # --- the parts --------------------------------------------------------------------------------------------------

    def _contact(self, data: MyData) -> Iterable[str]:
        texts = self._texts
        yield self._line(texts.file_contact_chat, chat=str(data.chat_id), since=self._time(data.since_us))
        for row in data.patients:
            if row["label"]:
                yield self._line(texts.file_contact_label, label=row["label"])
            known = self.contacts.opened(dict(row))
            if known.locked:
                yield self._line(texts.file_contact_locked)
            if known.is_empty:
                yield self._line(texts.file_contact_none)
            if known.name:
                yield self._line(texts.file_contact_name, name=known.name)
            if known.phone:
                yield self._line(texts.file_contact_phone, phone=known.phone)
            if known.reference:
                yield self._line(texts.file_contact_reference, reference=known.reference)

    def _plans(self, data: MyData) -> Iterable[str]:
        for row in data.plans:
            yield from self._care.plan(row)

    def _answers(self, data: MyData) -> Iterable[str]:
        for row in data.check_ins:
            if row["answers"]:
                yield from self._care.check_in(row)

    def _alerts(self, data: MyData) -> Iterable[str]:
        texts = self._texts
        for row in data.alerts:
            signs = ", ".join(worded(sign) for sign in row["flags"] or ()) or words(texts.file_alert_question)
            lines = [self._say(texts.file_alert, time=self._time(row["at_us"]), signs=signs)]
            if row["taken_us"] is not None:
                lines.append(self._say(texts.file_alert_taken, time=self._time(row["taken_us"])))
            elif row["state"] == "open":
                lines.append(self._say(texts.file_alert_open))
            if row["closed_us"] is not None:
                lines.append(self._say(texts.file_alert_closed, time=self._time(row["closed_us"])))
            yield f"<p>{'<br>'.join(lines)}</p>"

    def _agreements(self, data: MyData) -> Iterable[str]:
        for row in data.agreements:
            template = self._texts.file_agreed if row["agreed"] else self._texts.file_declined
            yield self._line(template, time=self._time(row["at_us"]))
            yield f"<blockquote><p>{escape(words(row['text']))}</p></blockquote>"

    def _talk(self, data: MyData) -> Iterable[str]:
        """Both sides in order of time; at the same moment the question comes before its answer."""
        texts = self._texts
        said = [(row["at_us"], 0, texts.file_you, row["text"]) for row in data.questions]
        said += [(row["at_us"], 0, *self._sent(row)) for row in data.said]
        for row in data.messages:
            text = words(Payload.from_json(row["payload"]).text)
            if row["attachment_id"] is not None or row["method"] not in _WORDS:
                text = "\n".join(filter(None, (text, texts.file_attachment)))
            who = texts.file_we_changed if row["method"] == Method.EDIT_TEXT else texts.file_we
            said.append((row["sent_us"] or row["planned_us"], 1, who, text))
        for at_us, _, who, text in sorted(said, key=lambda one: one[:2]):
            if text:
                when = f"{self._say(who)}, {self._time(at_us)}"
                yield f'<p><span class="when">{when}</span><br>{escape(text)}</p>'

    def _sent(self, row: sa.RowMapping) -> tuple[str, str]:
        """What else they sent: how, and what."""
        texts, what = self._texts, row["what"]
        if what in WORDLESS:
            return texts.file_you, f"({self.content.people.record_media[what]})"
        if what == SaidAs.PRIVATE:
            return texts.file_you, texts.file_private
        return {SaidAs.EDIT: texts.file_you_changed, SaidAs.PRESS: texts.file_you_pressed}.get(
            what, texts.file_you
        ), row["text"]

    # --- helpers ----------------------------------------------------------------------------------------------------

    def _line(self, template: str, /, **values: str) -> str:
        return self._care.line(template, **values)

    def _say(self, template: str, /, **values: str) -> str:
        return self._care.say(template, **values)

    def _time(self, at_us: int) -> str:
        return self._care.time(at_us)
