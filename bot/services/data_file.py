"""All we keep about a patient as a file they can read: one plain HTML page, without scripts, pictures or links."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_us
from bot.content.plan import Option, Question
from bot.content.schema import Content
from bot.content.sentences import RightsReplies
from bot.core.replies import full_time, render
from bot.errors import MarkupError
from bot.markup import escape, plain
from bot.model import Payload, Scope
from bot.store.contacts import Contacts
from bot.store.my_data import MyData

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1.1rem/1.5 sans-serif; max-width: 42rem; margin: 1rem auto; padding: 0 1rem }}
body {{ color: #111; background: #fff }}
h2 {{ margin-top: 2rem; border-bottom: 1px solid #777 }}
p {{ white-space: pre-line }}
.when {{ color: #555; font-size: .9rem }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


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

    def draw(self, data: MyData, now: datetime) -> bytes:
        """The whole page in UTF-8. Parts without anything to say are left out."""
        codes = ", ".join(row["code"] for row in data.patients)
        made = self._say(self._texts.file_made, time=self._at(now), codes=codes)
        parts = [f"<p>{self._say(self._texts.file_intro)}</p>", f"<p>{made}</p>"]
        for title, lines in self._parts(data):
            if found := list(lines):
                parts.append(f"<h2>{self._say(title)}</h2>")
                parts += found
        return _PAGE.format(title=self._say(self._texts.file_title), body="\n".join(parts)).encode()

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
            (texts.file_notes, (self._dated(row["at_us"], row["text"]) for row in data.notes if row["text"])),
            (texts.file_agreements, self._agreements(data)),
            (texts.file_opt_outs, self._opt_outs(data)),
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
        texts = self._texts
        for row in data.plans:
            plan = self.content.plans.get(row["plan_id"])
            ended = self._say(texts.file_plan_ended, time=self._time(row["ended_us"] or row["created_us"]))
            state = {
                "joining": texts.file_plan_joining,
                "open": texts.file_plan_open,
                "paused": texts.file_plan_paused,
            }.get(row["state"])
            yield self._line(
                texts.file_plan,
                time=self._time(row["treated_us"]),
                area=_label(plan.areas if plan else (), row["area"]),
                side=_label(plan.sides if plan else (), row["side"]) or "–",
                state=state or plain(ended),
            )
            careful = {one.id: one.label for one in plan.careful} if plan else {}
            for name, value in sorted((row["facts"] or {}).items()):
                yield self._line(texts.file_plan_fact, name=careful.get(name, _worded(name)), value=_value(value))

    def _answers(self, data: MyData) -> Iterable[str]:
        for row in data.check_ins:
            if not row["answers"]:
                continue
            plan = self.content.plans.get(row["plan_id"])
            step = plan.by_id.get(row["step_id"]) if plan else None
            time = self._time(row["answered_us"] or row["sent_us"])
            title = step.title if step else _worded(row["step_id"])
            yield f"<h3>{self._say(self._texts.file_check_in, step=title, time=time)}</h3>"
            for name, value in row["answers"].items():
                question = step.by_id.get(name) if step else None
                yield self._line(
                    self._texts.file_answer,
                    question=_words(self._say(question.ask)) if question else _worded(name),
                    answer=_answer(question, value),
                )

    def _alerts(self, data: MyData) -> Iterable[str]:
        texts = self._texts
        for row in data.alerts:
            signs = ", ".join(_worded(sign) for sign in row["flags"] or ()) or _words(texts.file_alert_question)
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
            yield f"<blockquote><p>{escape(_words(row['text']))}</p></blockquote>"

    def _opt_outs(self, data: MyData) -> Iterable[str]:
        texts = self._texts
        names = {
            Scope.ALL: texts.file_scope_all,
            Scope.CHECK_INS: texts.file_scope_check_ins,
            Scope.BROADCASTS: texts.file_scope_broadcasts,
        }
        for row in data.opt_outs:
            scope, since = names[Scope(row["scope"])], self._time(row["at_us"])
            if row["ended_us"] is None:
                yield self._line(texts.file_opt_out, scope=scope, since=since)
            else:
                yield self._line(texts.file_opt_out_ended, scope=scope, since=since, until=self._time(row["ended_us"]))

    def _talk(self, data: MyData) -> Iterable[str]:
        """Both sides in order of time; at the same moment the question comes before its answer."""
        texts = self._texts
        said = [(row["at_us"], 0, texts.file_you, row["text"]) for row in data.questions]
        for row in data.messages:
            text = _words(Payload.from_json(row["payload"]).text)
            if row["attachment_id"] is not None or row["method"] != "send_text":
                text = "\n".join(filter(None, (text, texts.file_attachment)))
            said.append((row["sent_us"] or row["planned_us"], 1, texts.file_we, text))
        for at_us, _, who, text in sorted(said, key=lambda one: one[:2]):
            if text:
                when = f"{self._say(who)}, {self._time(at_us)}"
                yield f'<p><span class="when">{when}</span><br>{escape(text)}</p>'

    # --- helpers ----------------------------------------------------------------------------------------------------

    def _dated(self, at_us: int, text: str) -> str:
        return f'<p><span class="when">{self._time(at_us)}</span><br>{escape(_words(text))}</p>'

    def _line(self, template: str, /, **values: str) -> str:
        return f"<p>{self._say(template, **values)}</p>"

    def _say(self, template: str, /, **values: str) -> str:
        return render(template, self.content.clinic, **values)

    def _time(self, at_us: int) -> str:
        return self._at(from_us(at_us))

    def _at(self, at: datetime) -> str:
        return full_time(at, self.content.clinic.zone)


def _words(html: str) -> str:
    """Telegram's HTML as words; what is no such HTML as it stands."""
    try:
        return plain(html)
    except MarkupError:
        return html


def _worded(name: str) -> str:
    """ "nerve_injury" as "nerve injury"."""
    return name.replace("_", " ")


def _label(options: Iterable[Option], wanted: str) -> str:
    return next((one.label for one in options if one.id == wanted), _worded(wanted))


def _answer(question: Question | None, value: object) -> str:
    """An answer in the words of its button."""
    labels = {option.id: option.label for option in question.options} if question else {}
    given = value if isinstance(value, list) else [value]
    return ", ".join(labels.get(str(one), _value(one)) for one in given)


def _value(value: object) -> str:
    """A fact or an answer without a button of its own."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    return str(value)
