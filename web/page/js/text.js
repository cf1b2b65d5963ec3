// Numbers and pieces of the page as text. What comes from servers is put in as text alone: nothing here reads HTML.

/** 12900000 -> "12.9 MB" */
export function bytesText(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["KB", "MB", "GB"];
  let value = bytes / 1000,
    unit = 0;
  for (; value >= 999.5 && unit + 1 < units.length; ++unit) value /= 1000;
  return `${value < 99.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** 0.42 -> "0.4 ms", 1234 -> "1.23 s" */
export function timeText(milliseconds) {
  if (milliseconds < 9.95) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 99950) return `${(milliseconds / 1000).toFixed(milliseconds < 9995 ? 2 : 1)} s`;
  return `${Math.round(milliseconds / 60000)} min`;
}

/** Of what is not certain nothing is said to be: 0.99999 -> "> 99.99 %" */
export function percentText(share) {
  if (share > 0.9999 && share < 1) return "> 99.99 %";
  if (share < 0.0001 && share > 0) return "< 0.01 %";
  return `${(100 * share).toFixed(2)} %`;
}

export function countText(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

export function dateText(milliseconds) {
  return new Date(milliseconds).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** Names of others, made short and printable. */
export function nameText(name, most = 60) {
  const plain = [...String(name)].map((c) => (/[\p{C}\p{Zl}\p{Zp}]/u.test(c) ? "\u00b7" : c));
  return plain.length > most ? `${plain.slice(0, most - 1).join("")}\u2026` : plain.join("");
}

/**
 * An element: make("button.main", { type: "button", onclick }, "Go"). Functions become listeners, true an empty
 * attribute, false and undefined none; children are nodes or text.
 */
export function make(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Where cards stand one below the other, what has just come may be out of sight. */
export function showUnderneath(element) {
  if (!matchMedia("(max-width: 900px)").matches) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
}
