// What the page knows of the world: filled by the stream of events, asked for by the views.

import { setZone } from "./times.js";

export class Store {
  constructor() {
    this.bot = { name: "", description: "", commands: [] };
    this.patients = [];
    this.staff = [];
    this.group = 0;
    this.chats = new Map();
    this.messages = new Map(); // chat id → message id → message
    this.explained = new Set(); // "chat message"
    this.jumps = [];
    this.ahead = 0; // milliseconds the domain clock is ahead of this browser's
  }

  now() {
    return new Date(Date.now() + this.ahead);
  }

  setNow(iso) {
    this.ahead = new Date(iso) - Date.now();
  }

  restart(snapshot) {
    setZone(snapshot.zone);
    this.setNow(snapshot.now);
    for (const name of ["bot", "patients", "staff", "group", "jumps"]) this[name] = snapshot[name];
    this.chats = new Map(snapshot.chats.map((chat) => [chat.id, chat]));
    this.messages = new Map(snapshot.chats.map((chat) => [chat.id, new Map()]));
    this.explained = new Set(snapshot.explained.map(([chat, id]) => `${chat} ${id}`));
    for (const message of snapshot.messages) this.put(message);
  }

  /** Keep a message, new or changed. Returns whether it is new. */
  put(message) {
    const chat = this.messages.get(message.chat_id);
    const isNew = !chat.has(message.id);
    chat.set(message.id, message);
    return isNew;
  }

  /** The messages of a chat, oldest first, without those that went with a deleted topic. */
  inChat(chatId) {
    const topics = new Set((this.chats.get(chatId)?.topics ?? []).map((topic) => topic.id));
    const all = [...(this.messages.get(chatId)?.values() ?? [])];
    return all.filter((message) => message.thread === null || topics.has(message.thread)).sort((a, b) => a.id - b.id);
  }

  /** Jumps of the clock as this chat saw them: how far, and after which message. */
  jumpsIn(chatId) {
    return this.jumps.map((jump) => ({ seconds: jump.seconds, after: jump.after[chatId] ?? 0 }));
  }

  isPatientChat(chatId) {
    return this.patients.some((patient) => patient.id === chatId);
  }
}

/** Listen to the server for as long as the page is open. `on` has: snapshot, change, lost. */
export function listen(on) {
  const source = new EventSource("/events");
  source.addEventListener("snapshot", (event) => on.snapshot(JSON.parse(event.data)));
  source.addEventListener("change", (event) => on.change(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    on.lost();
    // After a refusal the browser gives up by itself; a server that is only starting again deserves another try.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(on), 2000);
  });
}

/** Post JSON. Returns the answer; throws an Error whose message is a sentence for the person at the page. */
export async function post(path, fields) {
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(fields) };
  const response = await fetch(path, options).catch(() => null);
  if (response === null) throw new Error("The demonstration does not answer. Is it still running?");
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? "That did not work. The demonstration’s log says why.");
  return answer;
}

/** The decision behind a message; null if there is none, or nobody answers. */
export async function askWhy(message) {
  const query = new URLSearchParams({ chat_id: message.chat_id, message_id: message.id });
  const response = await fetch(`/why?${query}`).catch(() => null);
  return response?.ok ? response.json() : null;
}
