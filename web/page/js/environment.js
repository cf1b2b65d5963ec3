// What the page cannot do without, each with a sentence for whoever lacks it.

/** Pictures would be encrypted as something else where a browser alters what pages read from canvases. */
function canvasIsExact() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 16;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return false;
  const pattern = context.createImageData(16, 16);
  for (let i = 0; i < pattern.data.length; ++i) pattern.data[i] = i % 4 === 3 ? 255 : (i * 37 + 11) % 256;
  context.putImageData(pattern, 0, 0);
  const read = context.getImageData(0, 0, 16, 16).data;
  return pattern.data.every((value, i) => value === read[i]);
}

function storageWorks() {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open("obscura-check");
      request.onerror = () => resolve(false);
      request.onblocked = () => resolve(false);
      request.onsuccess = () => {
        request.result.close();
        indexedDB.deleteDatabase("obscura-check");
        resolve(true);
      };
    } catch {
      resolve(false);
    }
  });
}

/** Nothing, or { title, text }: why the page does not begin. */
export async function reasonToRefuse() {
  if (!window.isSecureContext) {
    return {
      title: "This page was not opened over a secure connection.",
      text:
        "Over plain http, anybody on the way could have changed its code and would get your pictures. Open it by an " +
        "https:// address, or on the server's own machine as http://localhost. Nothing was sent.",
    };
  }
  if (typeof WebAssembly !== "object" || typeof Worker !== "function") {
    return {
      title: "This browser does not run WebAssembly.",
      text:
        "Encryption needs it, with workers. Some browsers switch it off in their strictest mode; any current one has it " +
        "otherwise. Nothing was sent.",
    };
  }
  if (typeof indexedDB !== "object" || indexedDB === null || !(await storageWorks())) {
    return {
      title: "This browser keeps nothing for this page.",
      text:
        "Secret keys are kept in its storage (IndexedDB), which is missing, switched off, or full. Private windows of some " +
        "browsers have none: use an ordinary one. Nothing was sent.",
    };
  }
  if (!canvasIsExact()) {
    return {
      title: "This browser alters what pages read from pictures.",
      text:
        "That protects you from being recognised, but the server would be asked about another picture than yours. Allow " +
        "this site to read canvases. Nothing was sent.",
    };
  }
  return null;
}
