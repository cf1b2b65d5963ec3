// Where the page begins: with what it cannot do without. The rest is loaded only where all of that is there.
import { reasonToRefuse } from "./environment.js";
import { refuse } from "./refuse.js";
import { byId } from "./text.js";

const reason = await reasonToRefuse();
byId("loading").hidden = true;
if (reason) {
  refuse(reason);
} else {
  try {
    await (await import("./main.js")).begin();
  } catch (error) {
    refuse({ title: "The page could not be loaded whole.", text: `Load it again. ${String(error?.message ?? error)}` });
  }
}
