"""More of the bot's own sentences, a file for each part of its work: `faq/<language>/replies_<name>.yaml`.

Each is a model whose fields are the texts; all have to be there.
"""

from collections.abc import Mapping
from typing import ClassVar

from bot.content.parts import Id, Line, Part, Text


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
        "today_later": frozenset({"time"}),
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
        "staff_link_forgotten": frozenset({"code"}),
        "staff_mismatch": frozenset({"code", "area", "side"}),
        "note_visit_moved": frozenset({"step", "time"}),
        "note_visit_cancelled": frozenset({"step"}),
        "staff_young": frozenset({"code", "age"}),
        "staff_not_me": frozenset({"code"}),
        "staff_not_me_known": frozenset({"code"}),
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
    button_share_phone: Line
    """A key that sends the patient's own number."""
    button_no_phone: Line
    phone_kept: Line
    """A number that came before it was asked for."""
    today_later: Text
    """In place of the advice for the day, where the treatment is still to come."""
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
    staff_link_forgotten: Text
    """The patient asked to be forgotten, and was."""
    staff_link_no_name: Text
    staff_mismatch: Text
    staff_young: Text
    staff_not_me: Text
    staff_not_me_known: Text
    """The same of somebody who agreed to an earlier plan on this phone: nothing is deleted."""
    note_mismatch: Line
    """A note for staff."""
    note_young: Line
    note_visit_moved: Line
    """A note to ring: a check-in had told the patient of the visit as it was."""
    note_visit_cancelled: Line
    note_unfinished: Line
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
    number_fits_none: Text
    """A number that answers none of the questions that are open; they follow once more."""
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
    late_fine: Text
    """To a patient who says that all is well after a long silence, and is asked again."""
    late_fine_over: Text
    """The same, where no check-in is to come any more."""
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
    note_often: Line
    note_missed: Line
    note_distressed: Line
    note_told: Line
    note_history: Line
    note_asked: Line
    note_no_reply: Line
    note_call: Line
    note_booking: Line
    note_visit: Line

    placeholders: ClassVar[Mapping[str, frozenset[str]]] = {
        "button_ticked": frozenset({"label"}),
        "button_sure": frozenset({"number"}),
        "again": frozenset({"question"}),
        "number_fits_none": frozenset({"number"}),
        "to_be_sure": frozenset({"number"}),
        "changed": frozenset({"answer"}),
        "ask_later": frozenset({"minutes"}),
        "staff_answer": frozenset({"step", "answer"}),
        "staff_unanswered": frozenset({"step", "answer", "question"}),
        "plan_open": frozenset({"treated", "next"}),
        "plan_quiet": frozenset({"treated"}),
        "plan_paused": frozenset({"treated"}),
        "note_often": frozenset({"question"}),
        "note_told": frozenset({"what"}),
        "note_history": frozenset({"id", "words"}),
        "note_asked": frozenset({"id", "words"}),
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
        "staff_topic_stays": frozenset({"name"}),
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
        "staff_forget_ask": frozenset({"code", "record_years"}),
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
    restarted_paused: Text
    """The same where the team had paused the check-ins: nothing comes before they say so."""
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
    file_you_pressed: Line
    file_you_changed: Line
    file_we_changed: Line
    """What staff wrote, as they corrected it later."""
    file_private: Line
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
    forget_moved: Text
    """Asked on a phone before this one, which the patient has left since."""
    forget_kept: Text
    forget_now: Text
    forget_alert: Text
    """It waits until an alert is closed."""
    forget_done: Text
    forget_record: Text
    """Under `forget_done` for somebody whose care record stays."""
    staff_forget_lapsed: Text
    staff_forget_waits: Text
    staff_forget_ask: Text
    """To an owner, about a patient without Telegram."""
    staff_forget_telegram: Text
    staff_forget_done: Text
    staff_forget_record: Text
    staff_erased: Text
    staff_topic_erased: Line
    staff_topic_stays: Text
    """In place of a card that is too old to be deleted."""
    staff_release_how: Text
    staff_release_unknown: Text
    staff_released: Text


class PatientListReplies(Sentences):
    """`replies_patient_list.yaml`: open plans, one patient, notes, the day's digest."""

    placeholders: ClassVar[Mapping[str, frozenset[str]]] = {
        "plans": frozenset({"whose", "count", "lines"}),
        "plans_unfinished": frozenset({"codes"}),
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
        "patient_podiatrist": frozenset({"name"}),
        "treats_who": frozenset({"code", "name"}),
        "did_treats": frozenset({"name"}),
        "patient_noted": frozenset({"name"}),
        "answers": frozenset({"code", "step", "noted", "text"}),
        "answers_again": frozenset({"step", "question"}),
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
        "question_left_out": frozenset({"step", "why"}),
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
        "digest_until": frozenset({"count", "codes", "until"}),
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
    plans_unfinished: Line
    """Under the list."""
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
    patient_podiatrist: Line
    patient_no_podiatrist: Line
    treats_who: Text
    patient_noted: Line
    answers: Text
    answers_wait: Line
    answers_again: Line
    answers_none: Line
    answers_words: Line
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
    did_treats: Line
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
    question_left_out: Text
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
    digest_until: Line
    """The same before days on which the clinic is closed, up to and with the day of the next message."""
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
    button_answers: Line
    button_treats: Line
    button_chart: Line
    button_forget: Line
    """Of a patient without Telegram."""
    button_done: Line
    button_notes: Line
    button_patients: Line
    button_resume_check_ins: Line
    button_end_check_ins: Line


class BroadcastReplies(Sentences):
    """`replies_broadcasts.yaml`: announcements to many patients. What each says is in `broadcasts.yaml`, or typed."""

    placeholders: ClassVar[Mapping[str, frozenset[str]]] = {
        "check_markup": frozenset({"why"}),
        "check_unknown_name": frozenset({"name"}),
        "check_unknown_name_near": frozenset({"name", "near"}),
        "check_no_closure": frozenset({"name"}),
        "check_too_long": frozenset({"length", "limit"}),
        "check_too_long_for_photo": frozenset({"length", "limit"}),
        "check_too_many_links": frozenset({"count", "limit"}),
        "check_link_not_https": frozenset({"link"}),
        "check_link_too_long": frozenset({"label", "limit"}),
        "check_label_too_long": frozenset({"label", "limit"}),
        "check_private_word": frozenset({"word", "line"}),
        "check_clinic_not_named": frozenset({"line"}),
        "audience_or": frozenset({"first", "second"}),
        "audience_plan": frozenset({"name"}),
        "audience_podiatrist": frozenset({"name"}),
        "audience_treated": frozenset({"days"}),
        "audience_visit": frozenset({"first", "last"}),
        "audience_visit_day": frozenset({"day"}),
        "desk_draft": frozenset({"lines", "text"}),
        "desk_link": frozenset({"label", "url"}),
        "desk_who": frozenset({"audience", "patients"}),
        "desk_when": frozenset({"time", "zone"}),
        "desk_when_moved": frozenset({"end", "start", "time"}),
        "desk_by": frozenset({"name"}),
        "desk_problem": frozenset({"what"}),
        "desk_warning": frozenset({"what"}),
        "desk_patients": frozenset({"count"}),
        "desk_ask_who": frozenset({"audience", "patients"}),
        "desk_ask_when": frozenset({"lines", "zone"}),
        "desk_unread_who": frozenset({"word"}),
        "desk_past": frozenset({"time"}),
        "desk_too_late": frozenset({"days"}),
        "desk_unread_when": frozenset({"zone"}),
        "desk_check": frozenset({"audience", "lines", "patients"}),
        "desk_left_out": frozenset({"patients"}),
        "desk_longest": frozenset({"count", "limit"}),
        "desk_locked": frozenset({"line"}),
        "desk_runs": frozenset({"end", "lasts", "start", "zone"}),
        "desk_minutes": frozenset({"count"}),
        "desk_overnight": frozenset({"end", "start"}),
        "desk_by_day": frozenset({"day", "word"}),
        "desk_closed": frozenset({"reason"}),
        "desk_check_ins": frozenset({"patients"}),
        "desk_other": frozenset({"title"}),
        "desk_proposed": frozenset({"name"}),
        "desk_going": frozenset({"name", "patients", "start", "title"}),
        "desk_thrown_away": frozenset({"name"}),
        "desk_over": frozenset({"state", "title"}),
        "desk_in_doubt": frozenset({"copies"}),
        "desk_list_line": frozenset({"state", "title"}),
        "desk_did_pause": frozenset({"name"}),
        "desk_did_resume": frozenset({"name"}),
        "desk_did_cancel": frozenset({"name"}),
        "desk_did_take_back": frozenset({"name"}),
        "desk_did_take_back_some": frozenset({"name"}),
        "desk_did_again": frozenset({"name"}),
        "desk_did_correct": frozenset({"copies", "name"}),
        "desk_sure_cancel": frozenset({"rest", "sent", "title"}),
        "desk_sure_take_back": frozenset({"copies", "title"}),
        "desk_ask_correct": frozenset({"title"}),
        "desk_sure_correct": frozenset({"copies", "text"}),
        "desk_messages": frozenset({"count"}),
        "button_on": frozenset({"label"}),
        "button_open": frozenset({"title"}),
        "button_podiatrist": frozenset({"name"}),
        "button_treated": frozenset({"days"}),
        "button_today": frozenset({"time"}),
        "button_tomorrow": frozenset({"time"}),
        "button_send": frozenset({"patients"}),
        "button_again": frozenset({"copies"}),
        "button_sure_correct": frozenset({"copies"}),
        "report_title": frozenset({"title"}),
        "report_stopped": frozenset({"count", "refused"}),
        "report_waits": frozenset({"time", "zone"}),
        "report_done": frozenset({"time", "zone"}),
        "report_cancelled": frozenset({"time", "zone"}),
        "report_bar": frozenset({"bar", "percent"}),
        "report_sent": frozenset({"count", "sent"}),
        "report_to_go": frozenset({"count"}),
        "report_later": frozenset({"count"}),
        "report_refused": frozenset({"count"}),
        "report_unknown": frozenset({"count"}),
        "report_not_sent": frozenset({"count"}),
        "report_left_out": frozenset({"count"}),
        "report_left_out_line": frozenset({"count", "why"}),
        "report_pace": frozenset({"left", "rate", "time", "zone"}),
        "report_by": frozenset({"name"}),
        "report_by_two": frozenset({"name", "second"}),
        "report_alarm": frozenset({"count", "refused", "title"}),
        "report_alarm_wrong": frozenset({"lines", "title"}),
        "report_caption": frozenset({"count", "patients", "title"}),
        "report_column_time": frozenset({"zone"}),
        "report_answers": frozenset({"title"}),
    }

    opt_out: Line
    """Stands under every announcement."""

    check_empty: Line
    """This and what follows: what may be wrong with an announcement (`bot/core/announcement_check.py`)."""
    check_markup: Line
    check_unknown_name: Line
    check_unknown_name_near: Line
    check_bracket: Line
    check_no_closure: Line
    check_too_long: Line
    check_too_long_for_photo: Line
    check_too_many_links: Line
    check_link_not_https: Line
    check_link_too_long: Line
    check_label_too_long: Line
    check_private_word: Line
    check_clinic_not_named: Line
    check_no_opt_out: Line

    # whom it is for (`bot/core/audience.py`)
    audience_everyone: Line
    audience_or: Line
    audience_plan: Line
    audience_podiatrist: Line
    audience_treated: Line
    audience_treated_day: Line
    audience_visit: Line
    audience_visit_day: Line
    audience_no_visit: Line

    # the desk: what staff see while they write one
    desk_start: Text
    desk_draft: Text
    """The card; `text` as patients will see it."""
    desk_no_text: Line
    desk_cut: Line
    desk_photo: Line
    desk_link: Line
    desk_who: Line
    desk_needs_visit: Line
    desk_when_now: Line
    desk_when: Line
    desk_when_moved: Line
    desk_when_any_hour: Line
    desk_by: Line
    desk_problem: Line
    desk_warning: Line
    desk_patient: Line
    desk_patients: Line
    desk_moved_down: Line
    desk_ask_text: Text
    desk_ask_link: Text
    desk_ask_who: Text
    desk_ask_when: Text
    desk_earlier: Line
    desk_days_over: Line
    desk_earlier_none: Line
    desk_unread_link: Text
    desk_unread_who: Text
    desk_unread_when: Text
    desk_past: Text
    desk_too_late: Text
    desk_only_photo: Text
    desk_edit_late: Text
    # the check before it goes
    desk_check: Text
    desk_check_changed: Line
    desk_left_out: Line
    desk_left_nobody: Line
    desk_longest: Line
    desk_locked: Line
    desk_runs: Line
    desk_minute: Line
    desk_minutes: Line
    desk_overnight: Line
    desk_by_day: Line
    desk_closed: Line
    desk_check_ins: Line
    desk_other: Line
    desk_nobody: Line
    desk_needs_second: Line
    desk_proposed: Text
    desk_proposed_elsewhere: Text
    desk_not_you: Line
    desk_going: Text
    desk_thrown_away: Text
    # those on their way
    desk_over: Text
    desk_list_line: Line
    desk_state_proposed: Line
    desk_state_planned: Line
    desk_state_running: Line
    desk_state_paused: Line
    desk_state_done: Line
    desk_state_cancelled: Line
    desk_did_pause: Line
    desk_did_resume: Line
    desk_did_cancel: Line
    desk_did_correct: Line
    desk_did_take_back: Line
    desk_did_take_back_some: Line
    desk_did_again: Line
    desk_already: Line
    desk_gone: Line
    desk_nothing: Line
    desk_unchanged: Line
    desk_sure_cancel: Text
    desk_sure_take_back: Text
    desk_ask_correct: Text
    desk_sure_correct: Text
    desk_in_doubt: Line
    desk_message: Line
    desk_messages: Line
    button_change_text: Line
    button_add_link: Line
    button_remove_links: Line
    button_remove_photo: Line
    button_who: Line
    button_when: Line
    button_check: Line
    button_discard: Line
    button_open: Line
    button_earlier: Line
    button_back: Line
    button_on: Line
    """In front of what is chosen."""
    button_everyone: Line
    button_treated: Line
    button_areas: Line
    button_plans: Line
    button_podiatrists: Line
    button_podiatrist: Line
    button_visit_tomorrow: Line
    button_visit_this_week: Line
    button_no_visit: Line
    button_now: Line
    button_today: Line
    button_tomorrow: Line
    button_any_hour: Line
    button_usual_hours: Line
    button_send: Line
    button_propose: Line
    button_pause: Line
    button_resume: Line
    button_cancel: Line
    button_correct: Line
    button_take_back: Line
    button_again: Line
    button_sure_cancel: Line
    button_sure_take_back: Line
    button_sure_correct: Line
    button_leave: Line

    # how one goes: the card while it is on its way, and the file at the end
    report_title: Line
    report_getting_ready: Line
    report_waits: Line
    report_running: Line
    report_paused: Line
    report_wrong_by_now: Line
    report_stopped: Line
    report_done: Line
    report_cancelled: Line
    report_correcting: Line
    report_taking_back: Line
    report_taken_back: Line
    report_nobody: Line
    report_bar: Line
    report_sent: Line
    report_to_go: Line
    report_later: Line
    report_refused: Line
    report_unknown: Line
    report_not_sent: Line
    report_left_out: Line
    report_left_out_line: Line
    report_pace: Line
    report_by: Line
    report_by_two: Line
    report_alarm: Text
    report_alarm_wrong: Text
    report_caption: Text
    report_column_code: Line
    report_column_result: Line
    report_column_why: Line
    report_column_time: Line
    report_result_sent: Line
    report_result_again: Line
    report_result_taken_back: Line
    report_result_unknown: Line
    report_result_refused: Line
    report_result_left_out: Line
    report_result_cancelled: Line
    report_result_waiting: Line
    report_why_opted_out: Line
    """Why somebody got none; each fits one patient and many."""
    report_why_open_alert: Line
    report_why_spared: Line
    report_why_plan_paused: Line
    report_why_unreachable: Line
    report_why_twice_today: Line
    report_why_no_visit: Line
    report_why_expired: Line
    report_why_other: Line
    report_answers: Line
    """On the card about a patient who writes within a day of getting one."""


class ThreadReplies(Sentences):
    """`replies_threads.yaml`: a patient and the clinic's people talk. What staff say again and again is in
    `staff_replies.yaml`."""

    placeholders: ClassVar[Mapping[str, frozenset[str]]] = {
        "heard_open": frozenset({"reads_until"}),
        "heard_closed": frozenset({"next_opening"}),
        "topic_done": frozenset({"name"}),
        "card": frozenset({"name"}),
        "card_treated": frozenset({"code", "since"}),
        "card_alert": frozenset({"level", "id"}),
        "card_story": frozenset({"lines"}),
        "story_ours": frozenset({"text"}),
        "story_theirs": frozenset({"text"}),
        "card_taken": frozenset({"who"}),
        "card_arrived": frozenset({"time"}),
        "card_done": frozenset({"who"}),
        "topic_linked": frozenset({"name", "address"}),
        "talk": frozenset({"topic"}),
        "write_in_topic": frozenset({"code", "topic"}),
        "not_taken": frozenset({"code"}),
        "line": frozenset({"code", "text"}),
        "line_edited": frozenset({"code", "text"}),
        "did": frozenset({"line", "what"}),
        "line_pressed": frozenset({"code", "question"}),
        "line_checked": frozenset({"code", "answer"}),
        "answered": frozenset({"line", "question"}),
        "why_question": frozenset({"text", "decision"}),
        "why_match": frozenset({"phrasing", "confidence"}),
        "why_next": frozenset({"what", "confidence"}),
        "why_repaired": frozenset({"text"}),
        "why_flags": frozenset({"found"}),
        "why_ruled_out": frozenset({"found"}),
        "why_texts": frozenset({"revision"}),
    }

    heard_open: Text
    heard_closed: Text
    back: Text
    topic_done: Line
    card: Line
    card_treated: Line
    card_alert: Line
    card_story: Text
    story_ours: Line
    story_theirs: Line
    card_how: Text
    card_how_group: Text
    card_closed: Text
    card_closed_group: Text
    card_taken: Line
    card_arrived: Line
    card_done: Line
    topic_linked: Line
    talk: Line
    write_in_topic: Text
    not_taken: Text
    button_take: Line
    button_done: Line
    button_why: Line
    button_canned: Line
    button_send: Line
    line: Line
    line_edited: Line
    line_pressed: Line
    line_checked: Line
    answered: Text
    did: Text
    """Under what got the patient another reply than an answer, with one of these."""
    did_ask: Line
    did_warn: Line
    did_check: Line
    not_sent_before: Text
    too_old: Text
    no_command: Text
    canned_which: Text
    canned_none: Text
    why_nothing: Text
    why_question: Text
    why_answer: Line
    why_ask: Line
    why_hand_over: Line
    why_red_flag: Line
    why_check: Line
    why_meta: Line
    why_match: Line
    why_next: Line
    why_repaired: Line
    why_flags: Line
    why_ruled_out: Line
    why_texts: Line


class BackupReplies(Sentences):
    """`replies_backups.yaml`: what staff hear of backups."""

    placeholders: ClassVar[Mapping[str, frozenset[str]]] = {
        "status_last": frozenset({"time", "size", "count"}),
        "status_stale": frozenset({"time", "size", "count"}),
        "failed": frozenset({"why"}),
        "test_good": frozenset({"rows", "count"}),
        "test_differs": frozenset({"rows", "differences"}),
        "test_failed": frozenset({"why"}),
        "restored": frozenset({"since", "until", "messages", "check_ins", "announcements", "codes"}),
    }

    status_last: Line
    """A line of /status."""
    status_stale: Line
    status_none: Line
    status_off: Line
    failed: Text
    test_good: Text
    """Once a month, after a copy was put back to try it."""
    test_differs: Text
    test_failed: Text
    restored: Text
    """After the database was put back from a copy."""


class TeamReplies(Sentences):
    """`replies_team.yaml`: who is in the team, who may do what, who did what."""

    placeholders: ClassVar[Mapping[str, frozenset[str]]] = {
        "refused_role": frozenset({"who"}),
        "team": frozenset({"lines"}),
        "person": frozenset({"name", "role"}),
        "person_registered": frozenset({"registration"}),
        "person_away_until": frozenset({"day"}),
        "guests": frozenset({"names"}),
        "one": frozenset({"line", "number"}),
        "did_role": frozenset({"name", "role"}),
        "did_registration": frozenset({"name", "registration"}),
        "did_no_registration": frozenset({"name"}),
        "ask_registration": frozenset({"name"}),
        "ask_remove": frozenset({"name"}),
        "did_remove": frozenset({"name"}),
        "left": frozenset({"name"}),
        "left_work": frozenset({"name", "codes"}),
        "left_on_call": frozenset({"name"}),
        "gone": frozenset({"name", "role"}),
        "stays": frozenset({"name"}),
        "last_owner": frozenset({"name"}),
        "nobody": frozenset({"who"}),
        "button_role": frozenset({"role"}),
        "audit": frozenset({"lines"}),
        "audit_line": frozenset({"time", "what"}),
        "audit_unread": frozenset({"word"}),
        "audit_unnamed": frozenset({"who", "action", "what"}),
        "audit_refused": frozenset({"who", "action"}),
        "audit_announcement": frozenset({"number"}),
        "actions": frozenset({"who", "what"}),
    }

    roles: Mapping[Id, Line]
    """What a role is called in a list."""
    a_role: Mapping[Id, Line]
    """The same with its article."""
    or_word: Line
    """Between two of them."""
    refused_role: Line
    refused_removed: Line
    refused_anonymous: Line
    team: Text
    person: Line
    person_registered: Line
    """Behind `person`."""
    person_away: Line
    person_away_until: Line
    guests: Text
    """Who did something in the group, and has no role."""
    team_how: Text
    """For owners."""
    team_read_only: Text
    one: Text
    did_role: Line
    did_registration: Line
    did_no_registration: Line
    did_nothing: Line
    ask_registration: Text
    registration_wrong: Text
    ask_remove: Text
    did_remove: Line
    left: Text
    """Told in the group."""
    left_work: Text
    """The same, with patients whom nobody looks after now."""
    left_on_call: Text
    """Under one of the two."""
    gone: Text
    """Somebody is in the group no more, and still in the team."""
    stays: Text
    """Telegram did not let the bot take somebody out of the group."""
    last_owner: Text
    nobody: Text
    not_a_person: Text
    button_role: Line
    button_registration: Line
    button_remove: Line
    button_remove_sure: Line
    button_keep: Line
    button_back: Line
    audit: Text
    audit_none: Text
    audit_line: Line
    audit_how: Text
    audit_unread: Text
    audit_unnamed: Line
    """Of an action that has no text."""
    audit_refused: Line
    audit_announcement: Line
    audit_bot: Line
    """In place of a name."""
    button_older: Line
    button_newest: Line
    actions: Mapping[Id, Line]
    """By action, what was done."""


class StatusReplies(Sentences):
    """`replies_status.yaml`: what /status adds to the counts, and messages in doubt."""

    placeholders: ClassVar[Mapping[str, frozenset[str]]] = {
        "late": frozenset({"minutes"}),
        "blocked": frozenset({"count", "codes"}),
        "tested": frozenset({"time"}),
        "test_failed": frozenset({"time"}),
        "in_doubt": frozenset({"count"}),
        "card": frozenset({"count", "who", "kind", "time", "text"}),
        "did_arrived": frozenset({"who"}),
        "did_again": frozenset({"who"}),
        "did_drop": frozenset({"who"}),
    }

    late: Line
    blocked: Line
    tested: Line
    test_failed: Line
    never_tested: Line
    in_doubt: Line
    button_see: Line
    card: Text
    the_group: Line
    a_copy: Line
    """In place of the words of a message that is copied from another chat…"""
    a_secret: Line
    """…and of one whose words were not kept."""
    kinds: Mapping[Id, Line]
    """What a kind of message is called."""
    button_arrived: Line
    button_again: Line
    button_drop: Line
    button_next: Line
    did_arrived: Line
    did_again: Line
    did_drop: Line
    settled: Line
    none_left: Line


class TeachReplies(Sentences):
    """`replies_teach.yaml`: what staff teach from patients' questions, and the answer to who asked."""

    placeholders: ClassVar[Mapping[str, frozenset[str]]] = {
        "card": frozenset({"count", "left", "lines"}),
        "card_once": frozenset({"left", "lines"}),
        "line": frozenset({"text", "code", "time", "reason"}),
        "more": frozenset({"count"}),
        "button_add": frozenset({"question"}),
        "ask": frozenset({"most", "short", "where", "line"}),
        "to_entry": frozenset({"question"}),
        "line_long": frozenset({"count", "most"}),
        "line_telling": frozenset({"words"}),
        "sure": frozenset({"text", "where"}),
        "sure_theirs": frozenset({"text", "where"}),
        "tried": frozenset({"where", "text", "impact"}),
        "no_shifts": frozenset({"asked"}),
        "shifts": frozenset({"count", "asked"}),
        "move": frozenset({"before", "after", "count"}),
        "held_out": frozenset({"count", "of"}),
        "see": frozenset({"lines"}),
        "see_line": frozenset({"code", "text", "before", "after"}),
        "see_more": frozenset({"count"}),
        "refused": frozenset({"text", "reasons"}),
        "talking": frozenset({"codes"}),
        "alarmed": frozenset({"codes"}),
        "learnt": frozenset({"count", "text"}),
        "button_send": frozenset({"count"}),
        "sent": frozenset({"count"}),
        "answer_today": frozenset({"text", "answer"}),
        "answer_yesterday": frozenset({"text", "answer"}),
    }

    card: Text
    card_once: Text
    """The same of a question that was asked once."""
    line: Line
    reasons: Mapping[Id, Line]
    more: Line
    nothing: Text
    ignored: Line
    settled: Line
    noted: Line
    not_taught: Line
    button_wrong: Line
    """Under *Why this answer*."""
    button_add: Line
    button_new: Line
    button_people: Line
    button_ignore: Line
    button_next: Line
    ask: Text
    to_entry: Line
    to_new: Line
    to_people: Line
    button_stop: Line
    line_no_words: Line
    line_long: Line
    line_telling: Text
    line_copied: Line
    line_gone: Line
    sure: Text
    sure_theirs: Text
    """The same, where the line stands so in what a patient wrote."""
    button_go_on: Line
    button_change: Line
    trying: Line
    publishing: Line
    button_again: Line
    tried: Text
    no_shifts: Line
    shifts: Line
    move: Line
    held_out: Line
    button_see: Line
    see: Text
    """Questions of patients that an edit would answer otherwise, in their words."""
    see_line: Line
    see_more: Line
    button_see_more: Line
    see_gone: Line
    outcomes: Mapping[Id, Line]
    """What is done with a question that is not answered, by decision."""
    button_publish: Line
    refused: Text
    conflict: Text
    entry_gone: Line
    failed: Text
    note: Line
    """What the history of the texts says."""
    talking: Line
    alarmed: Line
    learnt: Text
    button_send: Line
    sent: Line
    sent_to_nobody: Line
    not_served: Line
    answer_today: Text
    """To the patient."""
    answer_yesterday: Text


class PeopleReplies(Sentences):
    """`replies_people.yaml`: days the clinic is closed, who is away, the file with a patient's whole record."""

    placeholders: ClassVar[Mapping[str, frozenset[str]]] = {
        "closed_stretch": frozenset({"first", "last"}),
        "closed_ask": frozenset({"days"}),
        "closed_long": frozenset({"count"}),
        "closed_done": frozenset({"who", "days"}),
        "closed_taken_back": frozenset({"who", "days"}),
        "closed_list": frozenset({"lines"}),
        "closed_line": frozenset({"days"}),
        "closed_line_written": frozenset({"days"}),
        "button_take_back": frozenset({"day"}),
        "away_until": frozenset({"day"}),
        "alert_first": frozenset({"person"}),
        "alert_link": frozenset({"name", "number"}),
        "alert_away": frozenset({"name"}),
        "record_unknown": frozenset({"code"}),
        "record_sent": frozenset({"code"}),
        "record_caption": frozenset({"code"}),
        "record_title": frozenset({"code"}),
        "record_intro": frozenset({"time", "who", "zone"}),
        "record_forgotten": frozenset({"time", "questions", "messages", "contacts"}),
        "record_chat": frozenset({"since", "until"}),
        "record_revision": frozenset({"revision"}),
        "record_entered": frozenset({"who"}),
        "record_note": frozenset({"time"}),
        "record_note_done": frozenset({"time", "who"}),
        "record_alert": frozenset({"time", "what"}),
        "record_alert_taken": frozenset({"time", "who"}),
        "record_alert_closed": frozenset({"time", "who", "outcome"}),
        "record_agreed": frozenset({"time", "version"}),
        "record_declined": frozenset({"time", "version"}),
        "record_said": frozenset({"time"}),
        "record_wrote": frozenset({"time", "state"}),
        "record_corrected": frozenset({"time", "state"}),
        "record_shown": frozenset({"time", "what", "state"}),
        "record_edited": frozenset({"time"}),
        "record_pressed": frozenset({"time"}),
        "record_came": frozenset({"time", "what"}),
        "record_check": frozenset({"hash", "length", "mark"}),
    }

    closed_unclear: Text
    closed_order: Text
    closed_past: Text
    closed_stretch: Line
    closed_ask: Text
    closed_long: Text
    """Under it, for very many days."""
    closed_done: Text
    closed_not_done: Text
    closed_taken_back: Text
    closed_list: Text
    closed_line: Line
    closed_line_written: Line
    """Of days that stand in clinic.yaml."""
    closed_none: Text
    closed_how: Text
    closed_reason: Line
    """Where nobody gave one."""
    button_close: Line
    button_no: Line
    button_take_back: Line
    away: Text
    away_until: Text
    away_unclear: Text
    back: Text
    back_already: Text
    alert_first: Text
    """On the card of an alert, for whoever treats the patient."""
    alert_link: Line
    """In it, the name."""
    alert_away: Text
    record_how: Text
    record_unknown: Text
    record_sent: Text
    """In the group, which never gets the file."""
    record_caption: Text
    record_title: Line
    record_intro: Text
    record_forgotten: Text
    record_locked: Text
    record_chats: Line
    record_chat: Line
    record_now: Line
    record_plans: Line
    record_revision: Line
    record_agreements: Line
    record_agreed: Line
    record_declined: Line
    record_opt_outs: Line
    record_check_ins: Line
    record_entered: Line
    record_patient: Line
    """Who answered a check-in, where nobody noted it for them."""
    record_alerts: Line
    record_alert: Line
    record_alert_question: Line
    record_alert_open: Line
    record_alert_taken: Line
    record_alert_closed: Line
    record_outcomes: Mapping[Id, Line]
    """By `alert.outcome`, with `other`."""
    record_notes: Line
    record_note: Line
    record_note_done: Line
    record_talk: Line
    record_said: Line
    record_wrote: Line
    record_corrected: Line
    record_shown: Line
    record_edited: Line
    record_pressed: Line
    record_came: Line
    """Without words, and not shown to staff."""
    record_private: Line
    """Instead of an answer that is one of the contact details."""
    record_media: Mapping[Id, Line]
    """What came without words, by `Media`; `any` where that is not known."""
    record_states: Mapping[Id, Line]
    """By state of a message."""
    record_no_words: Line
    record_audit: Line
    record_nothing: Line
    record_seal: Line
    record_check: Text


class FaqDeskReplies(Sentences):
    """`replies_faq_desk.yaml`: the questions and answers as staff change and sign them."""

    placeholders: ClassVar[Mapping[str, frozenset[str]]] = {
        "group": frozenset({"title"}),
        "variant": frozenset({"span"}),
        "span_first_days": frozenset({"count"}),
        "span_first_hours": frozenset({"last"}),
        "span_days": frozenset({"first", "last"}),
        "span_day": frozenset({"first"}),
        "span_later_days": frozenset({"first"}),
        "span_hours": frozenset({"first", "last"}),
        "span_later_hours": frozenset({"first"}),
        "length_hours": frozenset({"count"}),
        "length_days": frozenset({"count"}),
        "added": frozenset({"lines"}),
        "taken_out": frozenset({"lines"}),
        "facts": frozenset({"count", "who", "day"}),
        "use": frozenset({"days", "given", "helped", "wrong", "team"}),
        "ask_question": frozenset({"now", "most"}),
        "ask_answer": frozenset({"now"}),
        "ask_phrasing": frozenset({"now"}),
        "ask_out": frozenset({"now"}),
        "question_long": frozenset({"count", "most"}),
        "question_taken": frozenset({"question"}),
        "phrasing_long": frozenset({"count", "most"}),
        "phrasing_taken": frozenset({"text", "question"}),
        "out_unknown": frozenset({"words"}),
        "out_too_few": frozenset({"least"}),
        "times": frozenset({"lines"}),
        "ask_time": frozenset({"span", "now"}),
        "ask_ends": frozenset({"span"}),
        "new_question": frozenset({"group", "most"}),
        "new_answer": frozenset({"group", "most"}),
        "new_phrasing": frozenset({"group", "count"}),
        "ways": frozenset({"lines"}),
        "new_facts": frozenset({"day"}),
        "added_new": frozenset({"question"}),
        "tried": frozenset({"entry", "impact"}),
        "tried_new": frozenset({"entry", "impact"}),
        "tried_retire": frozenset({"entry", "impact"}),
        "published": frozenset({"question"}),
        "signed": frozenset({"name", "registration"}),
        "signed_again": frozenset({"day"}),
        "refused": frozenset({"reasons"}),
        "conflict": frozenset({"theirs", "mine"}),
        "review": frozenset({"count", "body"}),
        "review_page": frozenset({"number", "count"}),
        "dates_overdue": frozenset({"count", "questions"}),
        "dates_soon": frozenset({"count", "questions"}),
        "overdue": frozenset({"day"}),
        "look": frozenset({"lines"}),
        "history": frozenset({"lines"}),
        "history_line": frozenset({"revision", "time", "who", "what"}),
        "history_undone": frozenset({"revision", "time", "who", "what", "undone"}),
        "button_undo": frozenset({"revision"}),
        "undoing": frozenset({"line"}),
        "undone": frozenset({"revision"}),
        "put_back": frozenset({"revision"}),
    }

    found: Text
    nothing_found: Line
    groups: Text
    group: Text
    gone: Line
    card_gone: Line
    not_yours: Text
    press_first: Text
    entry_said: Line
    cut: Line
    """Under what is too long to be shown."""
    always: Line
    """Above the answer that is given where nothing is known of a treatment."""
    variant: Line
    """Above an answer by time."""
    span_first_day: Line
    span_first_days: Line
    span_first_hours: Line
    span_days: Line
    span_day: Line
    span_later_days: Line
    span_hours: Line
    span_later_hours: Line
    length_hours: Line
    length_days: Line
    added: Text
    taken_out: Text
    nobody: Line
    facts: Text
    use: Text
    ask_question: Text
    ask_answer: Text
    ask_phrasing: Text
    ask_out: Text
    question_long: Line
    question_taken: Line
    phrasing_long: Line
    phrasing_taken: Line
    phrasing_known: Line
    out_unknown: Line
    out_too_few: Text
    times: Text
    times_none: Text
    ask_time: Text
    ask_ends: Text
    ask_split: Text
    length_unread: Line
    length_wrong: Line
    times_full: Line
    time_long: Line
    new_group: Text
    new_question: Text
    new_answer: Text
    new_phrasing: Text
    ways: Text
    new_ready: Line
    new_facts: Text
    cancelled: Line
    group_gone: Line
    added_new: Text
    trying: Line
    publishing: Line
    tried: Text
    tried_new: Text
    tried_retire: Text
    published: Text
    signed: Text
    signed_again: Line
    retired: Text
    refused: Text
    conflict: Text
    whole_theirs: Line
    whole_mine: Line
    tried_cut: Line
    failed: Text
    note: Line
    history: Text
    history_line: Line
    history_undone: Line
    by_folder: Line
    all_texts: Line
    button_undo: Line
    undoing: Text
    undone: Line
    button_put_back: Line
    put_back: Line
    """Once it was put back."""
    undo_conflict: Line
    note_undo: Line
    review: Text
    review_nothing: Line
    review_page: Line
    button_page: Line
    button_first: Line
    review_read_first: Line
    review_retire: Line
    dates_overdue: Line
    dates_soon: Line
    overdue: Line
    look: Text
    review_changed: Line
    no_registration: Text
    signing: Line
    button_edit: Line
    """Under *Why this answer*."""
    button_groups: Line
    button_new: Line
    button_question: Line
    button_answer: Line
    button_phrasing: Line
    button_times: Line
    button_whole: Line
    button_out: Line
    button_add: Line
    button_earlier: Line
    button_further: Line
    button_split: Line
    button_ends: Line
    button_join: Line
    button_cancel: Line
    button_back: Line
    button_try: Line
    button_throw_away: Line
    button_retire: Line
    button_publish: Line
    button_change: Line
    button_theirs: Line
    button_mine: Line
    button_sign: Line
    button_next: Line
    button_later: Line
    button_again: Line


SENTENCES: Mapping[str, type[Sentences]] = {
    "enrolment": EnrolmentReplies,
    "check_ins": CheckInReplies,
    "rights": RightsReplies,
    "patient_list": PatientListReplies,
    "broadcasts": BroadcastReplies,
    "threads": ThreadReplies,
    "backups": BackupReplies,
    "team": TeamReplies,
    "people": PeopleReplies,
    "status": StatusReplies,
    "teach": TeachReplies,
    "faq_desk": FaqDeskReplies,
}
"""By the file's name and by the field of `Content`."""
