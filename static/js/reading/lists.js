// The lists beside the pictures as the server has them now: taken over whole, with the place of the keyboard kept.

import { handIsOff } from "../hand.js";

const QUIET_MS = 300;
const AGAIN_MS = 3000;
const MOST_FAILURES = 5; // in a row: a server that is away is not asked for ever

/** @param {import("./workspace.js").Workspace} work */
export function keepLists(work) {
  let [asked, timer, open, failures] = [0, 0, 0, 0];
  const lists = {
    /** Once nothing was changed for a moment: a server that writes lists answers the next step later. */
    soon(quiet = QUIET_MS) {
      asked += 1;
      clearTimeout(timer);
      timer = setTimeout(() => this.fetch(), quiet);
    },
    async fetch() {
      clearTimeout(timer);
      const mine = (open = asked += 1);
      const old = /** @type {HTMLElement} */ (work.root.querySelector(".lesions"));
      const text = await fetch(old.dataset.listsUrl ?? "").then((response) => (response.ok ? response.text() : "")).catch(() => "");
      await handIsOff();
      if (mine !== asked) return;
      open = 0;
      failures = text ? 0 : failures + 1;
      if (!text) return failures > MOST_FAILURES ? undefined : lists.soon(AGAIN_MS);
      const fresh = new DOMParser().parseFromString(text, "text/html");
      takeOver(work.root, fresh);
      work.tell(work.state.lesion, work.state.region);
    },
  };
  // Lists that are on their way may be from before what was saved meanwhile, and an answer from before the lists that stand here.
  document.addEventListener("reading:saved", (event) => { if (open || /** @type {CustomEvent} */ (event).detail.isOlder) lists.soon(); });
  return lists;
}

/** @param {HTMLElement} root @param {Document} fresh */
function takeOver(root, fresh) {
  const [old, now] = [root.querySelector(".lesions"), fresh.querySelector(".lesions")];
  if (!old || !now) return;
  const [top, place] = [old.scrollTop, placeOf(old)];
  const isOpen = old.querySelector("details")?.open ?? false;
  const added = /** @type {HTMLElement} */ (document.importNode(now, true));
  old.replaceWith(added);
  added.scrollTop = top;
  added.querySelector("details")?.toggleAttribute("open", isOpen);
  if (place) /** @type {HTMLElement | null} */ (added.querySelector(place) ?? added.querySelector("a"))?.focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("reading:fresh", { detail: fresh }));
}

/** How the element with the focus is found again. @param {Element} list */
function placeOf(list) {
  const here = document.activeElement;
  if (!(here instanceof HTMLElement) || !list.contains(here)) return "";
  const { lesion, region } = here.dataset;
  if (lesion) return `a[data-lesion="${lesion}"]`;
  return region ? `a[data-region="${region}"]` : "a";
}
