// The lists beside the pictures as the server has them now: taken over whole, with the place of the keyboard kept.

const QUIET_MS = 300;

/** @param {import("./workspace.js").Workspace} work */
export function keepLists(work) {
  let [asked, timer] = [0, 0];
  return {
    /** Once nothing was changed for a moment: a server that writes lists answers the next step later. */
    soon() {
      asked += 1;
      clearTimeout(timer);
      timer = setTimeout(() => this.fetch(), QUIET_MS);
    },
    async fetch() {
      clearTimeout(timer);
      const mine = (asked += 1);
      const old = /** @type {HTMLElement} */ (work.root.querySelector(".lesions"));
      const response = await fetch(old.dataset.listsUrl ?? "").catch(() => null);
      if (!response?.ok || mine !== asked) return;
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
      if (mine !== asked) return;
      takeOver(work.root, fresh);
      work.tell(work.state.lesion, work.state.region);
    },
  };
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
