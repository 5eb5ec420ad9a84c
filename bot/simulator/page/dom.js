// Building nodes. Text only ever becomes text nodes, so nothing anybody writes can turn into markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element. `props`: `class`, `on…` handlers, `data` (an object), anything else is an attribute (false: left out). */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A drawing from the sprite in index.html; decoration only. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** Words for screen readers alone. */
export const hidden = (text) => el("span", { class: "vh" }, text);

/** A button that opens a list of actions. `items()` gives `[{label, icon, note, act}]` each time it opens. */
export function menu(wrapper, items) {
  const button = wrapper.querySelector("button");
  const list = wrapper.querySelector("[role=menu]");
  const entries = () => [...list.querySelectorAll("[role=menuitem]")];

  function open() {
    list.replaceChildren(...items().map(entry));
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    entries()[0]?.focus();
  }

  function close(back = true) {
    if (list.hidden) return;
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (back) button.focus();
  }

  function entry({ label, note, icon: name, act }) {
    const run = () => {
      close();
      act();
    };
    const words = el("span", {}, label, note && el("small", {}, note));
    return el("button", { type: "button", role: "menuitem", tabindex: "-1", onclick: run }, name && icon(name), words);
  }

  button.addEventListener("click", () => (list.hidden ? open() : close()));
  wrapper.addEventListener("focusout", (event) => {
    if (!wrapper.contains(event.relatedTarget)) close(false);
  });
  document.addEventListener("pointerdown", (event) => {
    if (!wrapper.contains(event.target)) close(false);
  });
  list.addEventListener("keydown", (event) => {
    const all = entries();
    const to = nextIndex(event.key, all.indexOf(document.activeElement), all.length, "ArrowUp", "ArrowDown");
    if (event.key === "Escape") close();
    else if (to === null) return;
    else all[to].focus();
    event.preventDefault();
  });
}

/** Where an arrow key, Home or End leads in a ring of `count`; null for any other key. */
export function nextIndex(key, at, count, back, forth) {
  if (key === back) return (at - 1 + count) % count;
  if (key === forth) return (at + 1) % count;
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return null;
}

/** Arrow keys between the tabs of a tablist; moving there selects it. */
export function tabKeys(list) {
  list.addEventListener("keydown", (event) => {
    const all = [...list.querySelectorAll("[role=tab]")];
    const to = nextIndex(event.key, all.indexOf(document.activeElement), all.length, "ArrowLeft", "ArrowRight");
    if (to === null) return;
    event.preventDefault();
    all[to].focus();
    all[to].click();
  });
}
