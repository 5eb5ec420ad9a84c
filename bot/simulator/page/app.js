// The demonstration's page: wires the stream of events, the two chats, the clock and the "why" panel together.

import { ChatView, summary } from "./chat.js";
import { Composer } from "./composer.js";
import { el, hidden, menu, tabKeys } from "./dom.js";
import { Store, askWhy, listen, post } from "./store.js";
import { clock, date, jump } from "./times.js";
import { explanation, guide, nothing, pending } from "./why.js";

const TRY = [
  "Is it normal that my leg jumped?",
  "how long will i be sore",
  "can i go running tomorrow",
  "I can't breathe properly",
  "I want to talk to a person",
  "stop",
];
const ATTACH = [
  ["photo", "Photo"], ["voice", "Voice message"], ["sticker", "Sticker"],
  ["document", "File"], ["contact", "My contact"], ["location", "Location"],
];
const PRESS_MS = 8000; // how long a button waits for the bot
const WHY_AFTER_MS = [250, 1000, 3000]; // a decision is known a moment after its message is
const TYPING_MS = 5000; // Telegram shows "typing…" for five seconds
const TOAST_MS = 5000;
const NARROW = matchMedia("(max-width: 760px)");

const $ = (selector, root = document) => root.querySelector(selector);
const store = new Store();
const shown = { patient: 0, staff: 0, topic: "all", view: "patient" };
const presses = new Map(); // "chat message data" → the press's id, or null until it is known
const answeredEarly = new Set(); // presses the bot answered before the server told us their id
const panels = { patient: $("#patient"), staff: $("#staff"), why: $("#why") };

// --- doing things ---------------------------------------------------------------------------------------------------

async function act(who, fields) {
  try {
    return await post("/act", { who, ...fields });
  } catch (error) {
    toast(who === shown.patient ? "patient" : "staff", error.message);
    return null;
  }
}

async function press(who, message, key) {
  const id = `${message.chat_id} ${message.id} ${key.data}`;
  if (presses.has(id)) return;
  presses.set(id, null);
  render();
  const done = await act(who, { do: "press", message_id: message.id, button: key.data });
  if (!done || answeredEarly.delete(done.press_id)) return released(id);
  presses.set(id, done.press_id);
  setTimeout(() => released(id), PRESS_MS);
}

function released(id) {
  if (presses.delete(id)) render();
}

async function move(step) {
  const buttons = document.querySelectorAll("[data-step]");
  if (document.body.dataset.moving) return;
  document.body.dataset.moving = "yes";
  buttons.forEach((button) => button.setAttribute("aria-disabled", "true"));
  try {
    const { moved } = await post("/time", step === "next" ? { to: "next" } : { advance_s: Number(step) });
    if (!moved) say("Nothing is planned. Ask something, or move the clock by hours or days.", true);
  } catch (error) {
    say(error.message, true);
  } finally {
    delete document.body.dataset.moving;
    buttons.forEach((button) => button.removeAttribute("aria-disabled"));
  }
}

// --- the two chats --------------------------------------------------------------------------------------------------

const patientComposer = new Composer($(".composer", panels.patient), {
  send: (fields) => act(shown.patient, fields),
  lastOwn: () => store.inChat(shown.patient).findLast((m) => m.from.id === shown.patient && m.text && !m.media && !m.deleted),
});
const staffComposer = new Composer($(".composer", panels.staff), {
  send: (fields) => act(shown.staff, fields.do === "say" ? { ...fields, thread: threadToWriteTo() } : fields),
});

const isBusy = (message, key) => key.data !== null && presses.has(`${message.chat_id} ${message.id} ${key.data}`);
const patientChat = new ChatView(panels.patient, {
  isBusy,
  isExplained: (message) => store.explained.has(`${message.chat_id} ${message.id}`),
  press: (message, key) => press(shown.patient, message, key),
  tap: (label) => act(shown.patient, { do: "tap", text: label }),
  why: openWhy,
  edit: (message) => patientComposer.edit(message),
  command: (text) => act(shown.patient, { do: "say", text }),
});
const staffChat = new ChatView(panels.staff, {
  isBusy,
  isExplained: () => false,
  press: (message, key) => press(shown.staff, message, key),
  reply: (message) => staffComposer.reply(message),
  command: (text) => act(shown.staff, { do: "say", text, thread: threadToWriteTo() }),
});

/** General has no thread id of its own. */
function threadToWriteTo() {
  return typeof shown.topic === "number" ? shown.topic : null;
}

function inShownTopic(message) {
  if (shown.topic === "all") return true;
  return shown.topic === "general" ? message.thread === null : message.thread === shown.topic;
}

// --- drawing --------------------------------------------------------------------------------------------------------

let isPlanned = false;
let isTypingNext = false; // after Start the next thing is to type: the stream may be later than the answer to the press

/** Draw once for all that changes in one go. */
function render() {
  if (isPlanned) return;
  isPlanned = true;
  queueMicrotask(() => {
    isPlanned = false;
    renderPatient();
    renderStaff();
  });
}

function renderPatient() {
  const chat = store.chats.get(shown.patient);
  if (!chat) return;
  const messages = store.inChat(chat.id);
  const isNew = !chat.started && messages.length === 0;
  patientChat.render(messages, isNew ? [] : store.jumpsIn(chat.id), chat.id);
  renderIntro(isNew);
  $("#bot-name").textContent = store.bot.name;
  $(".avatar", panels.patient).textContent = store.bot.name.slice(0, 1);
  $(".chips", panels.patient).hidden = isNew || chat.blocked;
  $(".composer", panels.patient).hidden = isNew || chat.blocked;
  const start = $(".start", panels.patient);
  start.hidden = !isNew && !chat.blocked;
  start.textContent = chat.blocked ? "Unblock and restart" : "Start";
  $("[data-menu=commands]").hidden = store.bot.commands.length === 0;
  renderLock(messages);
  if (isTypingNext && start.hidden) {
    isTypingNext = false;
    patientComposer.field.focus();
  }
}

/** What Telegram shows before the first message: who the bot says it is. */
function renderIntro(isNew) {
  const known = $(".intro", panels.patient);
  if (!isNew) return known?.remove();
  const text = store.bot.description || "Press Start to begin, as a patient does after scanning the clinic’s QR code.";
  const intro = el("div", { class: "intro" }, el("b", {}, store.bot.name), el("p", {}, text));
  if (known) known.replaceWith(intro);
  else patientChat.log.before(intro);
}

function renderLock(messages) {
  const newest = messages.findLast((message) => message.from.bot && !message.deleted && !message.service);
  $("#lock-line").textContent = newest ? summary(newest) : "No message yet";
}

function renderStaff() {
  const chat = store.chats.get(store.group);
  if (!chat) return;
  $("#group-name").textContent = chat.title;
  $(".avatar", panels.staff).textContent = chat.title.slice(0, 1);
  $("#group-state").textContent = `${chat.people} ${chat.people === 1 ? "person" : "people"} and the bot`;
  renderTopics(chat);
  staffChat.render(store.inChat(chat.id).filter(inShownTopic), store.jumpsIn(chat.id), shown.staff);
}

function renderTopics(chat) {
  const list = $(".topics");
  list.hidden = !chat.forum || chat.topics.length === 0;
  const topics = list.hidden ? [] : [["all", "All"], ["general", "General"], ...chat.topics.map((t) => [t.id, t.name])];
  if (!topics.some(([id]) => id === shown.topic)) shown.topic = "all";
  const signature = JSON.stringify([topics, shown.topic]);
  if (list.dataset.signature === signature) return;
  list.dataset.signature = signature;
  const hadFocus = list.contains(document.activeElement);
  list.replaceChildren(...topics.map(([id, name]) => topicTab(id, name)));
  if (hadFocus) $("[aria-selected=true]", list)?.focus();
}

function topicTab(id, name) {
  const isShown = id === shown.topic;
  const select = () => {
    shown.topic = id;
    staffChat.toEnd();
    render();
  };
  const state = { role: "tab", "aria-selected": String(isShown), tabindex: isShown ? "0" : "-1" };
  return el("button", { type: "button", ...state, onclick: select }, name);
}

// --- saying things --------------------------------------------------------------------------------------------------

const toastTimers = new Map();

function toast(panel, text) {
  const place = $(".toast", panels[panel]);
  place.textContent = text;
  clearTimeout(toastTimers.get(panel));
  toastTimers.set(panel, setTimeout(() => (place.textContent = ""), TOAST_MS));
}

/** For screen readers; `isSeen`: on the phone too. */
function say(text, isSeen = false) {
  if (isSeen) toast(shown.view === "staff" && NARROW.matches ? "staff" : "patient", text);
  else $("#spoken").textContent = text;
}

function typing(chatId) {
  if (chatId !== shown.patient) return;
  const place = $(".chat-state", panels.patient);
  place.textContent = "typing…";
  clearTimeout(toastTimers.get("typing"));
  toastTimers.set("typing", setTimeout(() => (place.textContent = "bot"), TYPING_MS));
}

// --- why ------------------------------------------------------------------------------------------------------------

let whyFor = null;

async function openWhy(message) {
  whyFor = message;
  document.body.dataset.why = "open";
  show("why");
  $("#why-body").replaceChildren(...pending());
  const why = await askWhy(message);
  if (whyFor !== message) return;
  $("#why-body").replaceChildren(...(why ? explanation(why) : nothing()));
  $("#why-body").focus();
  $("#why .card").scrollTop = 0;
}

function closeWhy() {
  const message = whyFor;
  whyFor = null;
  delete document.body.dataset.why;
  $("#why-body").replaceChildren(...guide());
  show("patient");
  if (message) $(`[data-message="${message.id}"] .why`, panels.patient)?.focus();
}

/** A decision is stored when its message is known to have arrived, which is a moment after the page shows it. */
async function lookForWhy(message, tries = WHY_AFTER_MS) {
  if (!tries.length) return;
  await new Promise((resolve) => setTimeout(resolve, tries[0]));
  if (!(await askWhy(message))) return lookForWhy(message, tries.slice(1));
  store.explained.add(`${message.chat_id} ${message.id}`);
  render();
}

// --- what to look at, on a narrow screen ----------------------------------------------------------------------------

const unseen = { patient: 0, staff: 0 };

function show(view) {
  shown.view = view;
  document.body.dataset.view = view;
  for (const tab of $("#views").querySelectorAll("[role=tab]")) {
    const isShown = tab.dataset.view === view;
    tab.setAttribute("aria-selected", String(isShown));
    tab.tabIndex = isShown ? 0 : -1;
  }
  if (view in unseen) unseen[view] = 0;
  renderBadges();
}

function renderBadges() {
  for (const [view, count] of Object.entries(unseen)) {
    const badge = $(`#tab-${view} .badge`);
    badge.hidden = count === 0;
    badge.replaceChildren(...(count ? [String(count), hidden(count === 1 ? " new message" : " new messages")] : []));
  }
}

/** Tabs are tabs only where they switch something. */
function adaptRoles() {
  for (const [view, panel] of Object.entries(panels)) {
    if (NARROW.matches) panel.setAttribute("role", "tabpanel");
    else panel.removeAttribute("role");
    if (NARROW.matches) panel.setAttribute("aria-labelledby", `tab-${view}`);
    else panel.setAttribute("aria-labelledby", `${view}-title`);
  }
}

// --- what the server tells ------------------------------------------------------------------------------------------

function onSnapshot(snapshot) {
  $("#offline").hidden = true;
  const isFirst = store.chats.size === 0;
  store.restart(snapshot);
  presses.clear();
  if (!store.isPatientChat(shown.patient)) shown.patient = store.patients[0]?.id ?? 0;
  if (!store.staff.some((person) => person.id === shown.staff)) shown.staff = store.staff[0]?.id ?? 0;
  renderPickers();
  for (const view of [patientChat, staffChat]) {
    view.log.setAttribute("aria-busy", "true"); // what was there before is not read out
    if (isFirst) view.clear();
  }
  render();
  tick();
  requestAnimationFrame(() => [patientChat, staffChat].forEach((view) => view.log.removeAttribute("aria-busy")));
}

const CHANGES = {
  message({ message }) {
    const isNew = store.put(message);
    if (new Date(message.at) > store.now()) store.setNow(message.at);
    render();
    if (isNew) heard(message);
  },
  chat({ chat }) {
    store.chats.set(chat.id, chat);
    render();
  },
  bot({ bot }) {
    store.bot = bot;
    render();
  },
  answered({ chat_id: chatId, press_id: pressId, text, alert }) {
    const press = [...presses].find(([, known]) => known === pressId);
    if (press) released(press[0]);
    else answeredEarly.add(pressId);
    if (text && alert) showAlert(text);
    else if (text) toast(store.isPatientChat(chatId) ? "patient" : "staff", text);
  },
  action({ chat_id: chatId, action }) {
    if (action === "typing") typing(chatId);
  },
  time({ now, jump: jumped }) {
    store.setNow(now);
    store.jumps.push(jumped);
    tick();
    render();
    say(`${jump(jumped.seconds)}. It is now ${date(store.now())}, ${clock(store.now())}.`);
  },
};

function heard(message) {
  const isPatient = store.isPatientChat(message.chat_id);
  const me = isPatient ? shown.patient : shown.staff;
  const isShown = isPatient ? message.chat_id === shown.patient : inShownTopic(message);
  const view = isPatient ? "patient" : "staff";
  if (isShown) (isPatient ? patientChat : staffChat).heard(message, message.from.id === me);
  if (message.from.id !== me && shown.view !== view) unseen[view] += 1;
  renderBadges();
  if (isPatient && message.from.bot) lookForWhy(message);
  if (message.from.bot && message.chat_id === shown.patient) $(".chat-state", panels.patient).textContent = "bot";
}

function showAlert(text) {
  $("#alert-text").textContent = text;
  if (!$("#alert").open) $("#alert").showModal();
}

// --- set-up ---------------------------------------------------------------------------------------------------------

function renderPickers() {
  picker($("#patient-pick"), store.patients, shown.patient);
  picker($("#staff-pick"), store.staff, shown.staff);
  const patient = store.patients.find((person) => person.id === shown.patient);
  if (patient) $("#patient-title").textContent = `${patient.name}’s phone`;
}

function picker(select, people, current) {
  select.closest("label").hidden = people.length < 2;
  select.replaceChildren(...people.map((p) => el("option", { value: p.id, selected: p.id === current }, p.name)));
}

function tick() {
  const now = store.now();
  if ($("#now-time").textContent === clock(now) && $("#now-date").textContent === date(now)) return;
  $("#now-date").textContent = date(now);
  $("#now-time").textContent = clock(now);
  $("#now").dateTime = now.toISOString();
}

function patientMenu() {
  const isBlocked = store.chats.get(shown.patient)?.blocked;
  const name = isBlocked ? "unblock" : "block";
  return [
    {
      label: isBlocked ? "Unblock the bot" : "Block the bot",
      note: isBlocked ? "Messages reach the patient again" : "As patients do who have had enough",
      act: () => act(shown.patient, { do: name }),
    },
  ];
}

/** A mouse wheel over a row that runs off to the side moves along it. */
function turned(row, event) {
  if (event.deltaX || row.scrollWidth <= row.clientWidth) return;
  row.scrollLeft += event.deltaY;
  event.preventDefault();
}

function setUp() {
  menu($("#patient-menu").parentElement, patientMenu);
  menu($("#attach-menu").parentElement, () =>
    ATTACH.map(([name, label]) => ({ label, icon: name, act: () => act(shown.patient, { do: name }) })),
  );
  menu($("#command-menu").parentElement, () =>
    store.bot.commands.map(({ command, description }) => ({
      label: `/${command}`,
      note: description,
      act: () => act(shown.patient, { do: "say", text: `/${command}` }),
    })),
  );
  const chip = (text) => el("button", { type: "button", onclick: () => act(shown.patient, { do: "say", text }) }, text);
  const chips = $(".chips", panels.patient);
  chips.append(...TRY.map(chip));
  chips.addEventListener("wheel", (event) => turned(chips, event), { passive: false });
  $(".start", panels.patient).addEventListener("click", async () => {
    isTypingNext = Boolean(await act(shown.patient, { do: "start" }));
    render();
  });
  document.querySelectorAll("[data-step]").forEach((b) => b.addEventListener("click", () => move(b.dataset.step)));
  $("#why-close").addEventListener("click", closeWhy);
  panels.why.addEventListener("keydown", (event) => event.key === "Escape" && closeWhy());
  $("#views").addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) show(tab.dataset.view);
  });
  document.querySelectorAll("[data-skip]").forEach((a) => a.addEventListener("click", () => show(a.dataset.skip)));
  tabKeys($("#views"));
  tabKeys($(".topics"));
  $("#patient-pick").addEventListener("change", (event) => {
    shown.patient = Number(event.target.value);
    patientComposer.show(null);
    patientChat.clear();
    renderPickers();
    render();
  });
  $("#staff-pick").addEventListener("change", (event) => {
    shown.staff = Number(event.target.value);
    render();
  });
  NARROW.addEventListener("change", adaptRoles);
  adaptRoles();
  $("#why-body").replaceChildren(...guide());
  show("patient");
  setInterval(tick, 1000);
  listen({
    snapshot: onSnapshot,
    change: (change) => CHANGES[change.kind]?.(change),
    lost: () => ($("#offline").hidden = false),
  });
}

setUp();
