"""More of the bot's own sentences, a file for each part of its work: `faq/<language>/replies_<name>.yaml`.

Each is a model whose fields are the texts; all have to be there.
"""

from collections.abc import Mapping
from typing import ClassVar

from bot.content.parts import Line, Part, Text


class Sentences(Part):
    """Texts by name. Names that begin with `button_` are labels of buttons."""

    placeholders: ClassVar[Mapping[str, frozenset[str]]] = {}
    """What a text may name besides `PLACEHOLDERS`; whoever sends it fills these in, HTML-escaped."""


class EnrolmentReplies(Sentences):
    """`replies_enrolment.yaml`: joining a care plan, on the patient's phone and on the clinic's, and on paper."""

    placeholders: ClassVar[Mapping[str, frozenset[str]]] = {
        "code": frozenset({"number", "minutes"}),
        "ask_area": frozenset({"area", "side"}),
        "ask_area_child": frozenset({"area", "side"}),
        "button_young": frozenset({"age"}),
        "joined": frozenset({"next"}),
        "young": frozenset({"age"}),
        "staff_enrolled": frozenset({"code", "area", "side", "time", "visit"}),
        "staff_undone": frozenset({"code"}),
        "staff_undo_late": frozenset({"minutes"}),
        "staff_wrong_code": frozenset({"number", "minutes"}),
        "staff_guessing": frozenset({"minutes"}),
        "staff_which_area": frozenset({"number"}),
        "staff_which_side": frozenset({"number"}),
        "staff_unclear": frozenset({"word"}),
        "staff_when_wrong": frozenset({"days"}),
        "staff_whom": frozenset({"labels", "label"}),
        "staff_none": frozenset({"code", "area", "side", "time", "calls"}),
        "staff_none_calls": frozenset({"times"}),
        "staff_call": frozenset({"step"}),
        "staff_sheet": frozenset({"code"}),
        "staff_link": frozenset({"code", "days", "link"}),
        "staff_link_unknown": frozenset({"code"}),
        "staff_mismatch": frozenset({"code", "area", "side"}),
        "staff_young": frozenset({"code", "age"}),
        "staff_not_me": frozenset({"code"}),
        "staff_not_me_known": frozenset({"code"}),
        "staff_joined_moved": frozenset({"code"}),
        "staff_contact": frozenset({"code", "name", "reference", "phone"}),
        "sheet_treated": frozenset({"area", "side", "date"}),
        "sheet_today": frozenset({"date"}),
        "sheet_day": frozenset({"date"}),
        "links_intro": frozenset({"date"}),
    }

    join_words: Line
    """What is typed to get a number, parted by semicolons."""
    code: Text
    """The number that staff type."""
    code_later: Text
    hello: Text
    """How joining begins."""
    hello_child: Text
    ask_name: Text
    ask_name_child: Text
    ask_other: Text
    ask_area: Text
    ask_area_child: Text
    button_right: Line
    button_wrong: Line
    first_screen: Text
    """What a patient agrees to; its hash is stored with the agreement."""
    first_screen_child: Text
    button_agree: Line
    button_agree_child: Line
    button_not_now: Line
    button_young: Line
    ask_baseline: Text
    ask_baseline_child: Text
    ask_careful: Text
    ask_careful_child: Text
    button_none_of_these: Line
    button_not_sure: Line
    ask_phone: Text
    ask_phone_child: Text
    button_no_phone: Line
    button_not_me: Line
    joined: Text
    not_now: Text
    young: Text
    not_me: Text
    undone: Text
    """To a patient who had agreed."""
    link_bad: Text
    link_moved: Text
    link_moved_away: Text
    staff_step: Line
    """What staff call joining."""
    staff_enrolled: Text
    staff_no_visit: Line
    staff_old_ended: Line
    button_undo: Line
    staff_undone: Text
    staff_undo_late: Text
    staff_wrong_code: Text
    staff_guessing: Text
    staff_no_codes: Text
    staff_which_code: Line
    staff_which_area: Line
    staff_which_side: Line
    staff_unclear: Text
    staff_when_wrong: Text
    staff_visit_past: Text
    staff_whom: Text
    staff_no_plan: Text
    staff_none: Text
    staff_none_calls: Line
    staff_none_no_calls: Line
    staff_call: Line
    """A note for staff."""
    staff_sheet: Line
    staff_link: Text
    staff_link_unknown: Text
    staff_link_no_name: Text
    staff_mismatch: Text
    staff_young: Text
    staff_not_me: Text
    staff_not_me_known: Text
    """The same of somebody who agreed to an earlier plan on this phone: nothing is deleted."""
    staff_joined_moved: Text
    note_mismatch: Line
    """A note for staff."""
    note_young: Line
    button_show_who: Line
    """Under an alert; each look is noted."""
    staff_contact: Text
    staff_contact_unknown: Line
    staff_contact_locked: Line
    poster_title: Line
    poster_intro: Line
    poster_step_1: Line
    poster_step_2: Line
    poster_step_3: Line
    poster_foot: Line
    sheet_title: Line
    sheet_treated: Line
    sheet_today: Line
    sheet_day: Line
    sheet_no_advice: Line
    sheet_ring_title: Line
    sheet_ring: Text
    """On paper, so without anything that only a phone could show."""
    links_title: Line
    links_intro: Line


class CheckInReplies(Sentences):
    """`replies_check_ins.yaml`: what is the same in every check-in."""

    plan_open: Text
    """/plan, with the next check-in."""
    plan_quiet: Text
    """/plan, where no check-in is to come."""
    plan_paused: Text
    plan_none: Text
    """/plan of somebody who is on none."""
    button_all_fine: Line
    """One tap for the whole check-in."""
    button_questions: Line
    """The questions, one by one."""
    button_done: Line
    """Nothing more to tick."""
    button_ticked: Line
    button_sure: Line
    """The number that was asked about is right."""
    again: Text
    """The open question once more, after something else was answered."""
    again_all_fine: Text
    number_please: Text
    to_be_sure: Text
    tick_something: Text
    changed: Text
    answered_already: Text
    closed: Text
    """A press, or an edit, of a check-in that is over."""
    who: Text
    """Two check-ins are open, and the answer may be about either."""
    ask_later: Text
    later_thanks: Text
    alert_stands: Text
    """After an alert, when the answer to a further question made it no worse."""
    goodbye: Text
    """The patient needs no more check-ins, and the plan ends."""
    when_to_ring: Text
    next_unknown: Line
    """Instead of the time of the next check-in, where there is none."""
    visit_day_unknown: Line
    visit_time_unknown: Line
    staff_answer: Line
    """An answer as staff read it on a card."""
    staff_unanswered: Line
    """What was told, and the question about it that was left open."""
    unanswered: Text
    """Under the warning of a patient who left it open."""
    note_no_reply: Line
    note_call: Line
    note_booking: Line
    note_visit: Line

    placeholders: ClassVar[Mapping[str, frozenset[str]]] = {
        "button_ticked": frozenset({"label"}),
        "button_sure": frozenset({"number"}),
        "again": frozenset({"question"}),
        "to_be_sure": frozenset({"number"}),
        "changed": frozenset({"answer"}),
        "ask_later": frozenset({"minutes"}),
        "staff_answer": frozenset({"step", "answer"}),
        "staff_unanswered": frozenset({"step", "answer", "question"}),
        "plan_open": frozenset({"treated", "next"}),
        "plan_quiet": frozenset({"treated"}),
        "plan_paused": frozenset({"treated"}),
    }


class RightsReplies(Sentences):
    """`replies_rights.yaml`: stopping, one's own data, being forgotten."""

    placeholders: ClassVar[Mapping[str, frozenset[str]]] = {
        "restarted": frozenset({"time"}),
        "file_made": frozenset({"time", "codes"}),
        "file_contact_chat": frozenset({"chat", "since"}),
        "file_contact_name": frozenset({"name"}),
        "file_contact_phone": frozenset({"phone"}),
        "file_contact_reference": frozenset({"reference"}),
        "file_contact_label": frozenset({"label"}),
        "file_plan": frozenset({"time", "area", "side", "state"}),
        "file_plan_fact": frozenset({"name", "value"}),
        "file_plan_ended": frozenset({"time"}),
        "file_answer": frozenset({"question", "answer"}),
        "file_check_in": frozenset({"step", "time"}),
        "file_alert": frozenset({"time", "signs"}),
        "file_alert_taken": frozenset({"time"}),
        "file_alert_closed": frozenset({"time"}),
        "file_agreed": frozenset({"time"}),
        "file_declined": frozenset({"time"}),
        "file_opt_out": frozenset({"scope", "since"}),
        "file_opt_out_ended": frozenset({"scope", "since", "until"}),
        "file_kept_text": frozenset({"retention_days", "backup_days", "record_years"}),
        "forget_ask": frozenset({"record_years"}),
        "forget_wait": frozenset({"time"}),
        "forget_done": frozenset({"questions", "messages", "contacts", "cards", "backups"}),
        "forget_record": frozenset({"record_years"}),
        "staff_forget_lapsed": frozenset({"code"}),
        "staff_forget_waits": frozenset({"code"}),
        "staff_forget_done": frozenset({"code"}),
        "staff_forget_record": frozenset({"record_years"}),
        "staff_release_unknown": frozenset({"code"}),
        "staff_released": frozenset({"code"}),
    }

    stop_plan: Text
    """Under the confirmation of STOP, where check-ins were going on."""
    stop_scope: Text
    """Asked after STOP: which messages are meant."""
    button_stop_all: Line
    button_stop_check_ins: Line
    button_stop_news: Line
    stopped_all: Text
    stopped_check_ins: Text
    stopped_news: Text
    resumed_check_ins: Text
    """Under the confirmation of /resume."""
    button_restart: Line
    restarted: Text
    not_restarted: Text

    button_my_data: Line
    button_forget: Line
    my_data_coming: Text
    my_data_again: Text
    """Asked for twice within an hour."""
    my_data_caption: Text
    file_title: Line
    file_intro: Text
    file_made: Line
    file_contact: Line
    file_contact_chat: Line
    file_contact_name: Line
    file_contact_phone: Line
    file_contact_reference: Line
    file_contact_locked: Line
    file_contact_label: Line
    file_contact_none: Line
    file_plans: Line
    file_plan: Line
    file_plan_fact: Line
    file_plan_joining: Line
    file_plan_open: Line
    file_plan_paused: Line
    file_plan_ended: Line
    file_answers: Line
    file_answer: Line
    file_check_in: Line
    file_notes: Line
    file_alerts: Line
    file_alert: Line
    file_alert_question: Line
    file_alert_taken: Line
    file_alert_open: Line
    file_alert_closed: Line
    file_agreements: Line
    file_agreed: Line
    file_declined: Line
    file_opt_outs: Line
    file_opt_out: Line
    file_opt_out_ended: Line
    file_scope_all: Line
    file_scope_check_ins: Line
    file_scope_broadcasts: Line
    file_talk: Line
    file_you: Line
    file_we: Line
    file_attachment: Line
    file_kept: Line
    file_kept_text: Text

    forget_ask: Text
    """What would be deleted and what has to stay."""
    button_forget_yes: Line
    button_forget_keep: Line
    forget_wait: Text
    """After the first yes: when it is asked once more."""
    forget_sure: Text
    button_forget_sure: Line
    forget_kept: Text
    forget_now: Text
    forget_alert: Text
    """It waits until an alert is closed."""
    forget_done: Text
    forget_record: Text
    """Under `forget_done` for somebody whose care record stays."""
    staff_forget_lapsed: Text
    staff_forget_waits: Text
    staff_forget_done: Text
    staff_forget_record: Text
    staff_erased: Text
    """In place of a card that is too old to be deleted."""
    staff_release_how: Text
    staff_release_owner: Text
    staff_release_unknown: Text
    staff_released: Text


class PatientListReplies(Sentences):
    """`replies_patient_list.yaml`: open plans, one patient, notes, the day's digest."""

    placeholders: ClassVar[Mapping[str, frozenset[str]]] = {
        "plans": frozenset({"whose", "count", "lines"}),
        "plan_line": frozenset({"code", "area", "day", "state", "pain", "next"}),
        "plan_state_paused": frozenset({"why"}),
        "plan_state_ended": frozenset({"why"}),
        "plan_next": frozenset({"step", "time"}),
        "patient": frozenset({"code", "area", "day", "state", "pain", "lines"}),
        "patient_answer": frozenset({"step", "time", "answers"}),
        "patient_own_words": frozenset({"text"}),
        "patient_careful": frozenset({"facts"}),
        "patient_sign": frozenset({"id", "time", "state"}),
        "patient_note": frozenset({"number", "kind", "text", "time"}),
        "patient_unread": frozenset({"count"}),
        "patient_visit": frozenset({"time"}),
        "patient_next": frozenset({"step", "time"}),
        "end_sure": frozenset({"code"}),
        "write_to": frozenset({"code"}),
        "write_to_nobody": frozenset({"code"}),
        "move_when": frozenset({"step", "time"}),
        "move_not": frozenset({"when", "why"}),
        "did_move": frozenset({"step", "time"}),
        "did_not_move": frozenset({"why"}),
        "chart_caption": frozenset({"code", "pain"}),
        "chart_none": frozenset({"code"}),
        "notes": frozenset({"count", "lines"}),
        "note_line": frozenset({"number", "code", "kind", "text", "time"}),
        "paused_plans": frozenset({"lines"}),
        "paused_line": frozenset({"code", "why"}),
        "step_left_out": frozenset({"step", "why"}),
        "day_digest": frozenset({"date", "lines"}),
        "digest_answered": frozenset({"count", "since", "codes"}),
        "digest_silent": frozenset({"count", "codes"}),
        "digest_advise": frozenset({"count", "codes"}),
        "digest_alerts": frozenset({"count", "codes"}),
        "digest_paused": frozenset({"count", "codes"}),
        "digest_calls": frozenset({"count", "lines"}),
        "digest_bookings": frozenset({"count", "lines"}),
        "digest_before_visit": frozenset({"count", "lines"}),
        "digest_notes": frozenset({"count", "lines"}),
        "digest_late": frozenset({"count", "lines"}),
        "digest_visits_today": frozenset({"count", "codes"}),
        "digest_tomorrow": frozenset({"count", "codes"}),
        "digest_no_phone": frozenset({"count", "codes"}),
        "button_done": frozenset({"number"}),
        "button_today": frozenset({"time"}),
        "button_tomorrow": frozenset({"time"}),
        "button_day": frozenset({"time"}),
    }

    preview_how: Text
    """How /preview is written."""
    no_plans: Text
    """Nobody has an open plan."""
    no_plans_mine: Text
    """Nobody whom the asker treated has one."""
    plans: Text
    plans_mine: Line
    plans_all: Line
    plan_line: Line
    """One patient in the list."""
    plan_state_joining: Line
    plan_state_open: Line
    plan_state_paused: Line
    plan_state_no_reply: Line
    plan_state_ended: Line
    plan_why_alert: Line
    plan_why_staff: Line
    plan_next: Line
    plan_next_none: Line
    patient: Text
    """One patient; `lines`: those below that there are."""
    patient_answer: Text
    patient_own_words: Line
    """An answer in the patient's own words, hidden until it is touched."""
    patient_careful: Text
    patient_sign: Line
    sign_open: Line
    sign_taken: Line
    sign_done: Line
    sign_false_alarm: Line
    patient_note: Line
    patient_unread: Line
    patient_visit: Line
    patient_next: Line
    patient_no_telegram: Line
    note_kind_note: Line
    note_kind_call: Line
    note_kind_booking: Line
    note_kind_visit: Line
    note_kind_late: Line
    end_sure: Text
    """Asked once before a plan ends."""
    write_to: Text
    """A reply to this goes to the patient."""
    write_to_nobody: Text
    move_when: Line
    move_not: Line
    move_none: Line
    move_today: Line
    move_tomorrow: Line
    move_day: Line
    move_why_not_today: Line
    move_why_not_later: Line
    move_why_window: Line
    move_why_quiet: Line
    move_why_closed: Line
    move_why_too_late: Line
    move_why_next: Line
    did_pause: Line
    did_resume: Line
    did_end: Line
    did_move: Line
    did_note: Line
    did_nothing: Line
    did_not_gone: Line
    did_not_danger: Line
    did_not_joining: Line
    did_not_move: Line
    chart_caption: Text
    """Under the picture, or alone where there is none: the same in words."""
    chart_none: Text
    chart_before: Line
    chart_alert: Line
    chart_pain: Line
    notes: Text
    no_notes: Text
    note_line: Line
    paused_plans: Text
    paused_line: Line
    step_left_out: Text
    """The text of a note."""
    day_digest: Text
    digest_answered: Line
    digest_silent: Line
    digest_advise: Line
    digest_alerts: Line
    digest_paused: Line
    digest_calls: Line
    digest_bookings: Line
    digest_before_visit: Line
    digest_notes: Line
    digest_late: Line
    digest_visits_today: Line
    digest_tomorrow: Line
    digest_no_phone: Line
    digest_more: Line
    """Under a long list."""
    digest_no_reply_call: Line
    button_mine: Line
    button_all: Line
    button_previous: Line
    button_next: Line
    button_pause: Line
    button_resume: Line
    button_end: Line
    button_end_sure: Line
    button_keep: Line
    button_back: Line
    button_move: Line
    button_today: Line
    button_tomorrow: Line
    button_day: Line
    button_message: Line
    button_chart: Line
    button_done: Line
    button_notes: Line
    button_patients: Line
    button_resume_check_ins: Line
    button_end_check_ins: Line


SENTENCES: Mapping[str, type[Sentences]] = {
    "enrolment": EnrolmentReplies,
    "check_ins": CheckInReplies,
    "rights": RightsReplies,
    "patient_list": PatientListReplies,
}
"""By the file's name and by the field of `Content`."""
