// Times as the clinic's wall clock shows them, whatever zone this browser is in.

let zone = "UTC";
const made = new Map();

export function setZone(name) {
  zone = name;
  made.clear();
}

function format(kind, options) {
  if (!made.has(kind)) made.set(kind, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
  return made.get(kind);
}

export const clock = (at) => format("clock", { hour: "2-digit", minute: "2-digit" }).format(at);
export const date = (at) => format("date", { weekday: "short", day: "numeric", month: "short", year: "numeric" }).format(at);
export const day = (at) => format("day", { weekday: "long", day: "numeric", month: "long" }).format(at);

/** A jump of the clock in words: "+1 day", "+2 h 15 min". */
export function jump(seconds) {
  const units = [["day", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const parts = [];
  let rest = seconds;
  for (const [name, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count) parts.push(`${count} ${name === "day" && count > 1 ? "days" : name}`);
    if (parts.length === 2) break;
  }
  return `+${parts.join(" ") || "0 s"}`;
}
