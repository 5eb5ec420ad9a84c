"""The file with one patient's whole record: a page to print, with a number at its end that shows every change."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.care import CONTACT
from bot.content.schema import Content
from bot.content.sentences import PeopleReplies
from bot.markup import escape
from bot.model import Method, Payload, SaidAs
from bot.services.care_page import WORDLESS, CareWords, page, worded
from bot.store.record import PatientRecord

SEAL = "<!-- seal -->"
"""All that stands before it is counted. It can stand nowhere else: in whatever people wrote `<` is escaped."""


@dataclass(frozen=True)
class Sealed:
    """A finished file. `sha256` is of the bytes before the mark."""

    content: bytes
    sha256: str


@dataclass(frozen=True)
class RecordFile:
    """Draws the file. Names by Telegram's id; `whys` by question, in lines of HTML; `deeds`: what staff did, as they
    read it in the audit, oldest first."""

    content: Content
    code: str
    names: Mapping[int, str]
    whys: Mapping[int, Sequence[str]]
    deeds: Sequence[str]

    @property
    def _texts(self) -> PeopleReplies:
        return self.content.people

    @property
    def _care(self) -> CareWords:
        return CareWords(self.content)

    def draw(self, record: PatientRecord, who: str, now: datetime) -> Sealed:
        """The whole page in UTF-8. `who`: asked for it."""
        texts, care = self._texts, self._care
        zone = self.content.clinic.time_zone
        body = [care.line(texts.record_intro, time=care.at(now), who=who, zone=zone)]
        body += self._erased(record)
        for title, lines in self._parts(record):
            body.append(f"<h2>{care.say(title)}</h2>")
            body += list(lines) or [care.line(texts.record_nothing)]
        return self._seal(page(care.say(texts.record_title, code=self.code), body))

    def _seal(self, html: str) -> Sealed:
        """Count what stands before the mark, and say below it how anybody can do so again."""
        head, end, foot = html.rpartition("</body>")
        counted = head.encode()
        sha256 = hashlib.sha256(counted).hexdigest()
        values = {"hash": sha256, "length": str(len(counted)), "mark": SEAL}
        check = (
            f"<h2>{self._care.say(self._texts.record_seal)}</h2>",
            self._care.line(self._texts.record_check, **values),
        )
        return Sealed("\n".join((f"{head}{SEAL}", *check, f"{end}{foot}")).encode(), sha256)

    def _parts(self, record: PatientRecord) -> tuple[tuple[str, Iterable[str]], ...]:
        texts = self._texts
        return (
            (texts.record_chats, self._chats(record)),
            (texts.record_plans, self._plans(record)),
            (texts.record_agreements, self._agreements(record)),
            (texts.record_opt_outs, map(self._care.opt_out, record.opt_outs)),
            (texts.record_check_ins, self._check_ins(record)),
            (texts.record_alerts, self._alerts(record)),
            (texts.record_notes, self._notes(record)),
            (texts.record_talk, self._talk(record)),
            (texts.record_audit, (f"<p>{deed}</p>" for deed in self.deeds)),
        )

    # --- the parts --------------------------------------------------------------------------------------------------

    def _erased(self, record: PatientRecord) -> Iterator[str]:
        for row in record.erasures:
            counts = {name: str((row["counts"] or {}).get(name, 0)) for name in ("questions", "messages", "contacts")}
            yield self._care.line(self._texts.record_forgotten, time=self._time(row["done_us"]), **counts)
            if (row["counts"] or {}).get("record"):
                yield self._care.line(self._texts.record_locked)

    def _chats(self, record: PatientRecord) -> Iterator[str]:
        for row in record.chats:
            until = self._time(row["until_us"]) if row["until_us"] is not None else self._texts.record_now
            yield self._care.line(self._texts.record_chat, since=self._time(row["since_us"]), until=until)

    def _plans(self, record: PatientRecord) -> Iterator[str]:
        for row in record.plans:
            yield from self._care.plan(row)
            if row["hash"]:
                yield self._care.line(self._texts.record_revision, revision=row["hash"][:7])

    def _agreements(self, record: PatientRecord) -> Iterator[str]:
        for row in record.agreements:
            template = self._texts.record_agreed if row["agreed"] else self._texts.record_declined
            when = self._care.say(template, time=self._time(row["at_us"]), version=row["version"])
            yield self._care.dated(when, row["text"])

    def _check_ins(self, record: PatientRecord) -> Iterator[str]:
        """Who the patient is stays out: the file names the code alone."""
        texts = self._texts
        for row in record.check_ins:
            yield from self._care.check_in(row, leave_out=CONTACT)
            if row["entered_by"] is not None:
                yield self._care.line(texts.record_entered, who=self._who(row["entered_by"]))
            elif row["answers"]:
                yield self._care.line(texts.record_patient)

    def _alerts(self, record: PatientRecord) -> Iterator[str]:
        texts, care = self._texts, self._care
        for row in record.alerts:
            signs = ", ".join(worded(sign) for sign in row["flags"] or ()) or texts.record_alert_question
            what = f"{row['level']}, {signs}" if row["level"] else signs
            lines = [care.say(texts.record_alert, time=self._time(row["at_us"]), what=what)]
            if row["taken_us"] is not None:
                who = row["taken_name"] or self._who(row["taken_by"])
                lines.append(care.say(texts.record_alert_taken, who=who, time=self._time(row["taken_us"])))
            elif row["state"] == "open":
                lines.append(care.say(texts.record_alert_open))
            if row["closed_us"] is not None:
                lines.append(self._closed(row))
            yield f"<p>{'<br>'.join(lines)}</p>"

    def _closed(self, row: sa.RowMapping) -> str:
        outcome = self._texts.record_outcomes.get(row["outcome"] or "other", self._texts.record_outcomes["other"])
        who = row["closed_name"] or self._who(row["closed_by"])
        values = {"who": who, "time": self._time(row["closed_us"]), "outcome": outcome}
        return self._care.say(self._texts.record_alert_closed, **values)

    def _notes(self, record: PatientRecord) -> Iterator[str]:
        texts, care = self._texts, self._care
        for row in record.notes:
            yield care.dated(care.say(texts.record_note, time=self._time(row["at_us"])), row["text"])
            if row["done_us"] is not None:
                values = {"time": self._time(row["done_us"]), "who": self._who(row["done_by"])}
                yield care.line(texts.record_note_done, **values)

    def _talk(self, record: PatientRecord) -> Iterator[str]:
        """Both sides in order of time; at the same moment the question comes before its answer."""
        said = [(row["at_us"], 0, self._question(row)) for row in record.questions]
        whats = {(row["chat_id"], row["message_id"]): row["what"] for row in record.said if row["what"] in WORDLESS}
        # Each once, as it came first: it may be shown in several places.
        shown = {one: row for row in reversed(record.shown) if (one := _copied(row)) is not None}
        said += [(row["planned_us"], 0, self._shown(row, whats.get(one))) for one, row in shown.items()]
        said += [
            (row["at_us"], 0, self._sent(row))
            for row in record.said
            if row["what"] not in WORDLESS or (row["chat_id"], row["message_id"]) not in shown
        ]
        said += [(row["sent_us"] or row["planned_us"], 1, self._message(row)) for row in record.messages]
        return (html for _, _, html in sorted(said, key=lambda one: one[:2]))

    def _question(self, row: sa.RowMapping) -> str:
        """What the patient wrote, and what the bot made of it."""
        when = self._care.say(self._texts.record_said, time=self._time(row["at_us"]))
        text = escape(row["text"]) or escape(self._texts.record_no_words)
        why = "<br>".join(self.whys.get(row["id"], ()))
        return f'<p><span class="when">{when}</span><br>{text}</p><blockquote class="when">{why}</blockquote>'

    def _shown(self, row: sa.RowMapping, what: str | None) -> str:
        """Something of the patient's that has no words: we keep that it came, and whether staff got it."""
        values = {"time": self._time(row["planned_us"]), "what": self._texts.record_media[what or "any"]}
        return self._care.line(self._texts.record_shown, **values, state=self._state(row))

    def _sent(self, row: sa.RowMapping) -> str:
        """What the patient sent that is no question."""
        texts, time, what = self._texts, self._time(row["at_us"]), row["what"]
        if what in WORDLESS:
            return self._care.line(texts.record_came, time=time, what=texts.record_media[what])
        templates = {SaidAs.EDIT: texts.record_edited, SaidAs.PRESS: texts.record_pressed}
        when = self._care.say(templates.get(what, texts.record_said), time=time)
        text = texts.record_private if what == SaidAs.PRIVATE else row["text"] or texts.record_no_words
        return f'<p><span class="when">{when}</span><br>{escape(text)}</p>'

    def _message(self, row: sa.RowMapping) -> str:
        texts, method = self._texts, Method(row["method"])
        time = self._time(row["sent_us"] or row["planned_us"])
        text = Payload.from_json(row["payload"]).text
        if row["attachment_id"] is not None or method not in {Method.SEND_TEXT, Method.EDIT_TEXT}:
            text = "\n".join(filter(None, (text, self.content.rights.file_attachment)))
        template = texts.record_corrected if method is Method.EDIT_TEXT else texts.record_wrote
        when = self._care.say(template, time=time, state=self._state(row))
        return self._care.dated(when, text or texts.record_no_words)

    def _state(self, row: sa.RowMapping) -> str:
        """What became of a message of ours."""
        state = self._texts.record_states.get(row["state"], row["state"])
        return f"{state}, {worded(row['reason'])}" if row["reason"] else state

    # --- helpers ----------------------------------------------------------------------------------------------------

    def _who(self, user_id: int | None) -> str:
        if user_id is None:
            return self.content.team.audit_bot
        return self.names.get(user_id, str(user_id))

    def _time(self, at_us: int) -> str:
        return self._care.time(at_us)


def _copied(shown: sa.RowMapping) -> tuple[int, int] | None:
    """Chat and message of the patient's that this row shows to staff; None: it is none of theirs."""
    copied = Payload.from_json(shown["payload"])
    if copied.copy_message_id is None or copied.copy_chat_id is None or copied.copy_chat_id != shown["subject_chat_id"]:
        return None
    return copied.copy_chat_id, copied.copy_message_id
