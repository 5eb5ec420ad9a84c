// Where somebody types: Enter sends, Shift+Enter makes a line, Escape drops a reply or an edit.

import { el, hidden, icon } from "./dom.js";
import { summary } from "./chat.js";

const BORDERS = 2; // pixels; scrollHeight leaves them out

export class Composer {
  /** `send({do, text, message_id?})` resolves when the world took it; `lastOwn()` is the message Arrow up edits. */
  constructor(form, { send, lastOwn }) {
    this.form = form;
    this.field = form.querySelector("textarea");
    this.banner = form.querySelector(".context");
    this.send = send;
    this.lastOwn = lastOwn;
    this.about = null;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("keydown", (event) => this.onKey(event));
    this.field.addEventListener("input", () => this.grow());
    this.grow();
  }

  onKey(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "Escape" && this.about) {
      this.drop();
    } else if (event.key === "ArrowUp" && !this.field.value && this.lastOwn?.()) {
      event.preventDefault();
      this.edit(this.lastOwn());
    }
  }

  async submit() {
    const text = this.field.value;
    const about = this.about;
    if (!text.trim()) return;
    this.fill("");
    this.show(null);
    const sent = await this.send({ do: about?.kind ?? "say", text, message_id: about?.message.id });
    if (!sent && !this.field.value) {
      this.fill(text); // nothing typed is lost
      this.show(about);
    }
  }

  reply(message) {
    this.show({ kind: "reply", message });
    this.field.focus();
  }

  edit(message) {
    this.show({ kind: "edit", message });
    this.fill(message.text);
    this.field.focus();
  }

  drop() {
    if (this.about?.kind === "edit") this.fill("");
    this.show(null);
    this.field.focus();
  }

  show(about) {
    this.about = about;
    this.banner.hidden = !about;
    if (!about) return;
    const title = about.kind === "edit" ? "Edit message" : `Reply to ${about.message.from.name}`;
    this.banner.replaceChildren(
      icon(about.kind),
      el("p", {}, el("b", {}, title), el("span", {}, summary(about.message))),
      el("button", { type: "button", class: "round small", onclick: () => this.drop() }, icon("close"), hidden(`Drop: ${title}`)),
    );
  }

  fill(text) {
    this.field.value = text;
    this.grow();
  }

  /** As high as its text. While the field is not shown it has no height to measure. */
  grow() {
    this.field.style.height = "";
    const needed = this.field.value ? this.field.scrollHeight + BORDERS : 0;
    if (needed) this.field.style.height = `${needed}px`;
  }
}
