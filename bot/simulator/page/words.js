// Telegram's text and entities as nodes. Offsets are UTF-16 units, as in JavaScript's own strings.

import { el } from "./dom.js";

const SAFE_LINK = /^(https?|tg|tel|mailto):/i;
const FOUND = /(?<![\w/<])(\/[a-z][a-z0-9_]{0,31})(?![\w/])|(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)])/g;
const CLOSED = new Set(["code", "pre", "text_link", "url", "bot_command"]);

const BLOCKS = new Set(["blockquote", "pre"]);

const PLAIN = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s",
  code: "code", pre: "pre", blockquote: "blockquote", expandable_blockquote: "blockquote",
};

/** A fragment that shows `text`. `onCommand(text)` is called when somebody taps a command such as /help. */
export function formatted(text, entities, onCommand) {
  const all = [...entities, ...foundIn(text, entities)];
  all.sort((a, b) => a.offset - b.offset || b.length - a.length);
  const fragment = document.createDocumentFragment();
  fill(fragment, text, 0, text.length, all, onCommand);
  return fragment;
}

/** Commands and addresses, which Telegram's apps make tappable although no entity says so. */
function foundIn(text, entities) {
  const taken = entities.filter((entity) => CLOSED.has(entity.type));
  const isFree = (at) => !taken.some((entity) => at >= entity.offset && at < entity.offset + entity.length);
  return [...text.matchAll(FOUND)]
    .filter((match) => isFree(match.index))
    .map((match) => ({ type: match[1] ? "bot_command" : "url", offset: match.index, length: match[0].length }));
}

/** Put `text[from:to]` into `parent`, taking the entities that begin there off the list; they may hold others. */
function fill(parent, text, from, to, entities, onCommand) {
  let at = from;
  while (entities.length && entities[0].offset < to) {
    const entity = entities.shift();
    const start = Math.max(entity.offset, at);
    const end = Math.min(entity.offset + entity.length, to);
    if (end <= start) continue;
    const node = nodeFor(entity, text.slice(start, end), onCommand);
    fill(node, text, start, end, entities, onCommand);
    parent.append(text.slice(at, start), node);
    at = end;
    if (BLOCKS.has(node.localName) && text[at] === "\n") at += 1; // a block ends its line by itself
  }
  parent.append(text.slice(at, to));
}

function nodeFor(entity, words, onCommand) {
  if (PLAIN[entity.type]) return el(PLAIN[entity.type]);
  switch (entity.type) {
    case "text_link":
      return link(entity.url ?? "");
    case "url":
      return link(words);
    case "bot_command":
      return el("button", { type: "button", class: "command", onclick: () => onCommand(words) });
    case "spoiler":
      return cover();
    default:
      return el("span");
  }
}

/** A spoiler: covered until somebody presses it. */
function cover() {
  const open = () => {
    button.classList.add("open");
    button.removeAttribute("aria-label");
  };
  const button = el("button", { type: "button", class: "spoiler", "aria-label": "Covered text. Press to read.", onclick: open });
  return button;
}

/** The text with what spoilers cover painted over, for previews. */
export function covered(text, entities) {
  let shown = text;
  for (const { type, offset, length } of entities) {
    if (type !== "spoiler") continue;
    const paint = shown.slice(offset, offset + length).replace(/\S/g, "░");
    shown = shown.slice(0, offset) + paint + shown.slice(offset + length);
  }
  return shown;
}

function link(url) {
  return SAFE_LINK.test(url) ? el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }) : el("span");
}
