"""Pages about one patient's care: plain HTML, without scripts, pictures or links, and what stands in all of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.clock import from_us
from bot.content.plan import Option, Question
from bot.content.schema import Content
from bot.core.replies import full_time, render
from bot.errors import MarkupError
from bot.markup import escape, plain
from bot.model import Media, Scope

WORDLESS = frozenset(Media)
"""In `said.what`: what came without words."""

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
code {{ overflow-wrap: anywhere }}
.when {{ color: #555; font-size: .9rem }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


def page(title: str, body: Iterable[str]) -> str:
    """A whole page. `title` and the parts of `body` are HTML."""
    return _PAGE.format(title=title, body="\n".join(body))


@dataclass(frozen=True)
class CareWords:
    """Puts care plans and check-ins into lines of such a page. Times are on the clinic's clock."""

    content: Content

    def plan(self, row: sa.RowMapping) -> Iterator[str]:
        """One care plan: what was treated, how it stands, and what else is known."""
        texts, plan = self.content.rights, self.content.plans.get(row["plan_id"])
        ended = self.say(texts.file_plan_ended, time=self.time(row["ended_us"] or row["created_us"]))
        state = {
            "joining": texts.file_plan_joining,
            "open": texts.file_plan_open,
            "paused": texts.file_plan_paused,
        }.get(row["state"])
        yield self.line(
            texts.file_plan,
            time=self.time(row["treated_us"]),
            area=_label(plan.areas if plan else (), row["area"]),
            side=_label(plan.sides if plan else (), row["side"]) or "–",
            state=state or plain(ended),
        )
        careful = {one.id: one.label for one in plan.careful} if plan else {}
        for name, value in sorted((row["facts"] or {}).items()):
            yield self.line(texts.file_plan_fact, name=careful.get(name, worded(name)), value=_value(value))

    def check_in(self, row: sa.RowMapping, leave_out: frozenset[str] = frozenset()) -> Iterator[str]:
        """One check-in (with its `plan_id`) and its answers, but for those to some questions."""
        plan = self.content.plans.get(row["plan_id"])
        step = plan.by_id.get(row["step_id"]) if plan else None
        time = self.time(row["answered_us"] or row["sent_us"])
        title = step.title if step else worded(row["step_id"])
        yield f"<h3>{self.say(self.content.rights.file_check_in, step=title, time=time)}</h3>"
        for name, value in row["answers"].items():
            if name in leave_out:
                continue
            question = step.by_id.get(name) if step else None
            yield self.line(
                self.content.rights.file_answer,
                question=words(self.say(question.ask)) if question else worded(name),
                answer=_answer(question, value),
            )

    def opt_out(self, row: sa.RowMapping) -> str:
        """What the patient had turned off, and from when to when."""
        texts = self.content.rights
        scope = {
            Scope.ALL: texts.file_scope_all,
            Scope.CHECK_INS: texts.file_scope_check_ins,
            Scope.BROADCASTS: texts.file_scope_broadcasts,
        }[Scope(row["scope"])]
        since = self.time(row["at_us"])
        if row["ended_us"] is None:
            return self.line(texts.file_opt_out, scope=scope, since=since)
        return self.line(texts.file_opt_out_ended, scope=scope, since=since, until=self.time(row["ended_us"]))

    def dated(self, when: str, text: str) -> str:
        """Words with a line above them that says when (and whose); `when` is HTML, the words are Telegram's."""
        return f'<p><span class="when">{when}</span><br>{escape(words(text))}</p>'

    def line(self, template: str, /, **values: str) -> str:
        """A paragraph of one text."""
        return f"<p>{self.say(template, **values)}</p>"

    def say(self, template: str, /, **values: str) -> str:
        """A text filled in, as HTML."""
        return render(template, self.content.clinic, **values)

    def time(self, at_us: int) -> str:
        """A moment in full."""
        return self.at(from_us(at_us))

    def at(self, at: datetime) -> str:
        """The same of a datetime."""
        return full_time(at, self.content.clinic.zone)


def words(html: str) -> str:
    """Telegram's HTML as words; what is no such HTML as it stands."""
    try:
        return plain(html)
    except MarkupError:
        return html


def worded(name: str) -> str:
    """ "nerve_injury" as "nerve injury"."""
    return name.replace("_", " ")


def _label(options: Iterable[Option], wanted: str) -> str:
    return next((one.label for one in options if one.id == wanted), worded(wanted))


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
