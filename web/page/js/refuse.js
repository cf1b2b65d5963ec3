// Why the page does not go on, at its top.
import { byId, make } from "./text.js";

export function refuse({ title, text }, ...more) {
  const banner = byId("refusal");
  banner.replaceChildren(make("b", {}, title), " ", text, ...more);
  banner.hidden = false;
}
