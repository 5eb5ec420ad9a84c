// The panel that shows how the bot came to a message.

import { el, icon } from "./dom.js";

const DECISIONS = {
  answer: ["Answered", "One of the clinic’s own answers was clearly meant."],
  ask: ["Asked back", "Several questions could be meant, so the bot asked instead of guessing."],
  hand_over: ["Passed to the team", "Nothing fitted well enough. The bot does not guess: people read it."],
  red_flag: ["Warning sign", "Safety comes before any answer."],
  check: ["Safety question", "Something might be a warning sign, so the bot asked."],
  meta: ["Understood as a wish", "Not a question about the treatment: stop, a person, thanks and the like."],
};
const LEVELS = { emergency: "Emergency", urgent: "Urgent", advise: "Advice" };

/** What the panel holds before anything was asked: how to try the demonstration. */
export function guide() {
  const step = (title, text) => el("li", {}, el("b", {}, title), text);
  return [
    el("p", { class: "lead" }, "Every answer can be looked into. Here is what to try."),
    el(
      "ol",
      { class: "guide" },
      step("Ask something", "On the patient’s phone, press Start and write as sloppily as you like."),
      step("Look behind it", "Press “Why?” under an answer. This panel shows what the bot saw, and how sure it was."),
      step("Be the team", "Ask for a person on the phone. The staff group gets a topic for that patient: write there."),
      step("Move the clock", "Hours and days pass at a press, and what was planned for them arrives."),
    ),
  ];
}

export function pending() {
  return [el("p", { class: "lead" }, "Looking it up…")];
}

/** The panel's content for one decision: the fields of `faq ask --json`, the patient's words and the content's revision. */
export function explanation(why) {
  const [title, meaning] = DECISIONS[why.decision] ?? [why.decision, ""];
  const flags = why.red_flags ?? [];
  return [
    el("blockquote", { class: "words" }, ...marked(why.text ?? "", flags.flatMap((flag) => flag.words ?? []))),
    el(
      "div",
      { class: `verdict ${why.decision} ${why.level ?? ""}` },
      el("p", { class: "verdict-title" }, title, why.level && el("span", { class: `level ${why.level}` }, LEVELS[why.level] ?? why.level)),
      meaning && el("p", {}, meaning),
      why.id && el("p", { class: "ids" }, el("code", {}, why.id), sureness(why)),
    ),
    el("ol", { class: "path" }, safetyStep(flags, why.ruled_out ?? []), readingStep(why), candidatesStep(why.candidates ?? [])),
    why.revision && el("p", { class: "revision" }, "From the clinic’s content, revision ", el("code", {}, why.revision)),
  ].filter(Boolean);
}

function sureness(why) {
  const isSure = typeof why.confidence === "number" && (why.decision === "answer" || why.decision === "ask");
  return isSure ? el("span", {}, `${percent(why.confidence)} sure`) : null;
}

function safetyStep(flags, ruledOut) {
  const found = flags.map((flag) =>
    el("li", {}, el("span", { class: `level ${flag.level}` }, LEVELS[flag.level] ?? flag.level), el("code", {}, flag.id), words(flag.words ?? [])),
  );
  return step(
    "Safety first",
    flags.length ? el("ul", { class: "flags" }, found) : el("p", {}, "No warning sign found."),
    ruledOut.length ? el("p", { class: "aside" }, "Seen and ruled out: ", ruledOut.join("; "), ".") : null,
  );
}

function words(list) {
  return list.length ? el("span", {}, list.map((word) => `“${word}”`).join(", ")) : null;
}

function readingStep(why) {
  const repaired = why.repaired ?? "";
  if (plain(repaired) === plain(why.text ?? "") || !repaired) return step("Reading", el("p", {}, "Taken word for word."));
  return step("Reading", el("p", {}, `Read as “${repaired}”.`));
}

/** Letters and digits alone: capitals and full stops are no misreading. */
const plain = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();

function candidatesStep(candidates) {
  if (!candidates.length) return step("Closest questions", el("p", {}, "None was looked for, or none is near."));
  const rows = candidates.map((candidate) =>
    el(
      "li",
      {},
      el("p", {}, el("code", {}, candidate.id), el("b", {}, percent(candidate.confidence))),
      el("meter", { min: "0", max: "1", value: candidate.confidence, "aria-label": `Confidence in ${candidate.id}` }),
      candidate.phrasing && el("p", { class: "aside" }, `nearest: “${candidate.phrasing}”`),
    ),
  );
  return step("Closest questions", el("ul", { class: "candidates" }, rows));
}

function step(title, ...content) {
  return el("li", {}, el("h3", {}, title), ...content);
}

const percent = (share) => `${Math.round(share * 100)} %`;

/** `text` with the words that fired marked, wherever they stand. */
function marked(text, fired) {
  const spans = fired.flatMap((word) => places(text, word)).sort((a, b) => a[0] - b[0]);
  const nodes = [];
  let done = 0;
  for (const [at, length] of spans) {
    if (at < done) continue;
    nodes.push(text.slice(done, at), el("mark", {}, text.slice(at, at + length)));
    done = at + length;
  }
  return [...nodes, text.slice(done)];
}

/** Where `word` stands as words of its own: pairs of position and length. "red" is not in "tired".
 *  Triage reads "cant" where the patient wrote "can't". */
function places(text, word) {
  const letters = [...word.trim()].map((letter) => (/[\p{L}\p{N}]/u.test(letter) ? letter : "[^\\p{L}\\p{N}]+"));
  if (!letters.length) return [];
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])${letters.join("['’]?")}(?![\\p{L}\\p{N}])`, "giu");
  return [...text.matchAll(pattern)].map((match) => [match.index, match[0].length]);
}

/** The note under a panel that could not be filled. */
export function nothing() {
  return [el("p", { class: "lead" }, icon("why"), "No decision stands behind this message.")];
}
