// Frames of the screen kept in the page: fetched ahead, painted by making one of them visible. What is shown stays until
// the next one is whole.

const MOST_KEPT = 24;

/** @typedef {{ key: string, url: string, stamp: string }} Frame */

export class Frames {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    /** @type {Map<string, { stamp: string, element: HTMLElement }>} */
    this.kept = new Map();
    /** @type {Map<string, Promise<HTMLElement>>} */
    this.coming = new Map();
    /** @type {HTMLElement | null} */
    this.shown = null;
    for (const element of root.querySelectorAll(".wall")) {
      if (!(element instanceof HTMLElement)) continue;
      if (element.dataset.key) this.kept.set(element.dataset.key, { stamp: "", element });
      if (!element.hidden) this.shown = element;
    }
  }

  /** The frame, from memory where its stamp is the one wanted. @param {Frame} wanted @returns {Promise<HTMLElement>} */
  async get(wanted) {
    const kept = this.kept.get(wanted.key);
    if (kept?.stamp === wanted.stamp) return kept.element;
    const name = `${wanted.key} ${wanted.stamp}`;
    const coming = this.coming.get(name) ?? this.fetched(wanted);
    this.coming.set(name, coming);
    try {
      return await coming;
    } finally {
      this.coming.delete(name);
    }
  }

  /** @param {Frame} wanted @returns {Promise<HTMLElement>} */
  async fetched(wanted) {
    const response = await fetch(wanted.url, { signal: AbortSignal.timeout(8000), redirect: "error" });
    if (!response.ok) throw new Error(String(response.status));
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const element = page.querySelector(".wall");
    if (!(element instanceof HTMLElement)) throw new Error("no frame");
    document.adoptNode(element);
    element.dataset.layer = "waits";
    this.root.append(element);
    await Promise.all([...element.querySelectorAll("image")].map(decoded));
    this.keep(wanted, element);
    return element;
  }

  /** @param {Frame} wanted @param {HTMLElement} element */
  keep(wanted, element) {
    const old = this.kept.get(wanted.key)?.element;
    this.kept.delete(wanted.key);
    this.kept.set(wanted.key, { stamp: wanted.stamp, element });
    if (old && old !== this.shown) old.remove();
    for (const [key, one] of this.kept) {
      if (this.kept.size <= MOST_KEPT) break;
      if (one.element === this.shown || key === "pairing") continue;
      one.element.remove();
      this.kept.delete(key);
    }
  }

  /** @param {HTMLElement} element */
  paint(element) {
    if (element === this.shown) return;
    const last = this.shown;
    element.hidden = false;
    delete element.dataset.layer;
    this.shown = element;
    if (!last) return;
    last.dataset.layer = "waits";
    if (![...this.kept.values()].some((one) => one.element === last)) last.remove();
  }

  /** Nothing that was fetched for one meeting is kept for another, or for none. */
  forget() {
    for (const [key, one] of this.kept) {
      if (key === "pairing") continue;
      one.element.remove();
      this.kept.delete(key);
    }
  }
}

/** @param {Element} image */
async function decoded(image) {
  const picture = new Image();
  picture.src = image.getAttribute("href") ?? "";
  await picture.decode().catch(() => undefined); // a picture that cannot be decoded must not hold up the case
}
