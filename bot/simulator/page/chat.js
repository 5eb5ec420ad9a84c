// One chat on the page: its messages as nodes, kept in step with what is known of them.

import { el, hidden, icon } from "./dom.js";
import { clock, day, jump } from "./times.js";
import { covered, formatted } from "./words.js";

const NEAR_END = 80; // pixels from the end that still count as reading the newest message
const SAME_BREATH = 5 * 60 * 1000; // messages of one person this close together are shown as one group

export class ChatView {
  /** `panel` holds .log and .newer; `actions`: press, tap, why, reply, edit, command, isBusy, isExplained, name. */
  constructor(panel, actions) {
    this.log = panel.querySelector(".log");
    this.newer = panel.querySelector(".newer");
    this.actions = actions;
    this.nodes = new Map();
    this.atEnd = true;
    this.top = 0;
    this.unread = 0;
    this.fresh = new Set(); // ids of messages that have just come
    this.log.addEventListener("scroll", () => this.onScroll());
    this.newer.addEventListener("click", () => {
      this.toEnd();
      this.log.focus();
    });
    new ResizeObserver(() => this.settle()).observe(this.log);
  }

  onScroll() {
    if (!this.log.clientHeight) return; // hidden: the browser lost the place, we have not
    this.top = this.log.scrollTop;
    this.atEnd = this.log.scrollHeight - this.top - this.log.clientHeight < NEAR_END;
    if (this.atEnd) this.showUnread(0);
  }

  /** Back to where the reader was, after the room changed. */
  settle() {
    this.log.scrollTop = this.atEnd ? this.log.scrollHeight : this.top;
  }

  toEnd() {
    this.atEnd = true;
    this.showUnread(0);
    this.settle();
  }

  showUnread(count) {
    this.unread = count;
    this.newer.hidden = count === 0;
    this.newer.querySelector("span").textContent = count === 1 ? "1 new message" : `${count} new messages`;
  }

  /** Somebody wrote. The own words bring the reader to the end, others' words only say that they are there. */
  heard(message, isMine) {
    this.fresh.add(message.id);
    if (isMine) this.toEnd();
    else if (!this.atEnd) this.showUnread(this.unread + 1);
  }

  /** Show these messages, oldest first. Only what changed is touched, so focus, place and screen reader stay calm. */
  render(messages, jumps, me) {
    const items = this.items(messages, jumps, me);
    const keys = new Set(items.map((item) => item.key));
    for (const [key, known] of this.nodes) {
      if (keys.has(key)) continue;
      known.node.remove();
      this.nodes.delete(key);
    }
    let before = null;
    for (const item of items) {
      const node = this.nodeFor(item);
      const place = before ? before.nextSibling : this.log.firstChild;
      if (node !== place) this.log.insertBefore(node, place);
      before = node;
    }
    this.settle();
  }

  nodeFor(item) {
    const known = this.nodes.get(item.key);
    if (known?.signature === item.signature) return known.node;
    const node = item.build();
    if (known) exchange(known.node, node);
    this.nodes.set(item.key, { node, signature: item.signature });
    return node;
  }

  clear() {
    this.log.replaceChildren();
    this.nodes.clear();
    this.toEnd();
  }

  items(messages, jumps, me) {
    const items = [];
    const waiting = [...jumps];
    let shownDay = "";
    let before = null;
    messages.forEach((message, index) => {
      const at = new Date(message.at);
      const jumped = takeJumps(waiting, message.id);
      if (jumped) items.push(jumpItem(jumped, message.id));
      if (day(at) !== shownDay) {
        shownDay = day(at);
        items.push(separator(`day ${message.id}`, "day", shownDay));
        before = null;
      }
      const first = jumped || !isOneBreath(before, message);
      const last = !isOneBreath(message, messages[index + 1]);
      items.push(this.messageItem(message, { first, last, mine: message.from.id === me }, messages));
      before = message;
    });
    const jumped = takeJumps(waiting, Infinity);
    if (jumped) items.push(jumpItem(jumped, "end"));
    return items;
  }

  messageItem(message, place, messages) {
    const answered = message.reply_to && messages.find((other) => other.id === message.reply_to);
    const busy = message.keyboard.flat().find((key) => this.actions.isBusy(message, key))?.data ?? null;
    const explained = this.actions.isExplained(message);
    const typing = messages.findLast((other) => other.typing) === message ? message.typing : [];
    const signature = JSON.stringify([message, place, answered?.text, answered?.deleted, busy, explained, typing]);
    const shown = { busy, explained, typing };
    const build = () => (message.service ? serviceNode(message) : this.messageNode(message, place, answered, shown));
    return { key: `message ${message.id}`, signature, build };
  }

  messageNode(message, { first, last, mine }, answered, { busy, explained, typing }) {
    const side = mine ? "mine" : "theirs";
    const tags = ["msg", side, message.from.bot && "bot", first && "first", last && "last", message.deleted && "gone"];
    if (this.fresh.delete(message.id)) tags.push("fresh");
    const settled = (event) => event.currentTarget.classList.remove("fresh");
    return el(
      "article",
      { class: tags.filter(Boolean).join(" "), tabindex: "-1", data: { message: message.id }, onanimationend: settled },
      this.bubble(message, first, answered),
      this.keyboard(message, busy),
      this.typingArea(message, typing),
      this.tools(message, mine, explained),
    );
  }

  bubble(message, first, answered) {
    const sender = message.from.name;
    const time = el("time", { datetime: message.at }, clock(new Date(message.at)));
    return el(
      "div",
      { class: message.media?.kind === "sticker" ? "bubble bare" : "bubble" },
      first ? el("p", { class: "who" }, sender) : hidden(`${sender}: `),
      answered && this.quote(answered),
      message.media && mediaNode(message.media),
      message.deleted
        ? el("p", { class: "text" }, el("em", {}, "Message deleted"))
        : message.text && el("div", { class: "text" }, formatted(message.text, message.entities, this.actions.command)),
      el("p", { class: "meta" }, message.edited && !message.deleted && "edited ", time),
    );
  }

  quote(answered) {
    const show = () => {
      const node = this.log.querySelector(`[data-message="${answered.id}"]`);
      node?.scrollIntoView({ block: "nearest" });
      node?.focus();
    };
    return el(
      "button",
      { type: "button", class: "quote", onclick: show, data: { focus: "quote" } },
      hidden("In reply to "),
      el("b", {}, answered.from.name),
      el("span", {}, answered.deleted ? "Message deleted" : summary(answered)),
    );
  }

  keyboard(message, busy) {
    if (!message.keyboard.length) return null;
    const rows = message.keyboard.map((row, y) =>
      el("div", { class: "row" }, row.map((key, x) => this.key(message, key, `${y} ${x}`, busy))),
    );
    return el("div", { class: "keys", role: "group", "aria-label": "Buttons under the message" }, rows);
  }

  /** The keys that stand in place of the patient's keyboard, under the message that brought them. */
  typingArea(message, labels) {
    if (!labels.length) return null;
    const rows = labels.map((label, y) => {
      const tap = () => this.actions.tap(label);
      return el("div", { class: "row" }, el("button", { type: "button", class: "key", onclick: tap, data: { focus: `tap ${y}` } }, label));
    });
    return el("div", { class: "keys", role: "group", "aria-label": "Keys in place of the keyboard" }, rows);
  }

  key(message, key, where, busy) {
    const data = { focus: `key ${where}` };
    if (key.url) {
      const target = { href: key.url, target: "_blank", rel: "noopener noreferrer" };
      return el("a", { class: "key", ...target, data }, key.label, icon("link"), hidden("(opens a new tab)"));
    }
    const isBusy = busy !== null && key.data === busy;
    const press = () => this.actions.press(message, key);
    return el("button", { type: "button", class: "key", "aria-busy": isBusy && "true", onclick: press, data }, key.label);
  }

  tools(message, mine, explained) {
    if (message.deleted) return null;
    const { why, reply, edit } = this.actions;
    const tools = [
      explained && tool("why", "Why?", `Why this answer? ${summary(message)}`, () => why(message)),
      reply && tool("reply", "Reply", `Reply to ${message.from.name}: ${summary(message)}`, () => reply(message)),
      edit && mine && message.text && !message.media && tool("edit", "Edit", `Edit: ${summary(message)}`, () => edit(message)),
    ].filter(Boolean);
    return tools.length ? el("div", { class: "tools" }, tools) : null;
  }
}

/** A message in one line: its first words, or what it carries. */
export function summary(message) {
  const line = covered(message.text, message.entities).split("\n").find((part) => part.trim()) ?? "";
  const media = message.media ? [message.media.name, message.media.detail].filter(Boolean).join(" ") : "";
  return [media, line].filter(Boolean).join(": ");
}

function tool(name, label, described, act) {
  return el(
    "button",
    { type: "button", class: `tool ${name}`, "aria-label": described, onclick: act, data: { focus: name } },
    icon(name),
    el("span", {}, label),
  );
}

function mediaNode({ kind, name, detail }) {
  if (kind === "sticker") return el("p", { class: "sticker" }, hidden("Sticker "), detail);
  return el("p", { class: `media ${kind}` }, icon(kind), el("span", {}, el("b", {}, name), detail && el("span", {}, detail)));
}

function serviceNode(message) {
  return el("p", { class: "separator service", data: { message: message.id } }, message.service);
}

function separator(key, kind, text) {
  return { key, signature: text, build: () => el("p", { class: `separator ${kind}` }, text) };
}

function jumpItem(seconds, before) {
  return separator(`jump ${before}`, "jump", `… ${jump(seconds)}`);
}

/** Take off the list the jumps of the clock that came before message `id`. Returns their seconds together. */
function takeJumps(jumps, id) {
  let seconds = 0;
  while (jumps.length && jumps[0].after < id) seconds += jumps.shift().seconds;
  return seconds;
}

function isOneBreath(one, next) {
  if (!one || !next || one.service || next.service || one.from.id !== next.from.id) return false;
  return new Date(next.at) - new Date(one.at) < SAME_BREATH;
}

/** Put `fresh` where `old` is. Who was on one of its buttons stays there, or at least on the message. */
function exchange(old, fresh) {
  const active = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(fresh);
  if (!active) return;
  const same = active.dataset.focus && fresh.querySelector(`[data-focus="${active.dataset.focus}"]`);
  (same || fresh).focus({ preventScroll: true });
}
