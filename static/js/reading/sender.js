// Steps to the server, one after the other. What the network lost is kept and can be sent again; nothing counts as
// done before the server said so.

/** @typedef {import("./types.d.ts").Step} Step */
/** @typedef {import("./types.d.ts").Answer} Answer */

const PATIENCE_MS = 20000;
const PATHS = /** @type {Record<string, string>} */ ({
  outline: "regions/ID/outline/", withdraw: "regions/ID/withdraw/", restore: "regions/ID/restore/",
  accept: "proposals/ID/accept/", reject: "proposals/ID/reject/", reopen: "proposals/ID/reopen/", match: "matches/ID/confirm/", unmatch: "matches/ID/reopen/",
});

export class Sender {
  /** @param {string} base address that the others hang below @param {string} markUrl @param {string} token */
  constructor(base, markUrl, token) {
    this.base = base;
    this.markUrl = markUrl;
    this.token = token;
    this.queue = Promise.resolve();
  }

  /** @param {Step} step */
  addressOf(step) {
    return step.to === "mark" ? this.markUrl : this.base + PATHS[step.to].replace("ID", step.id);
  }

  /** Waits for those before it. @template T @param {() => Promise<T>} work @returns {Promise<T>} */
  inTurn(work) {
    const done = this.queue.then(work);
    this.queue = done.then(() => undefined, () => undefined);
    return done;
  }

  /** Throws where no answer came. @param {Step} step @returns {Promise<Answer>} */
  async send(step) {
    const body = new FormData();
    for (const [name, value] of Object.entries(step.data)) body.append(name, value);
    body.append("csrfmiddlewaretoken", this.token);
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await fetch(this.addressOf(step), { method: "POST", body, headers: { Accept: "application/json" }, signal });
    const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
    if (isJson) return { status: response.status, ...(await response.json()) };
    if (response.redirected || response.status === 403) return refusal(response.status, "You are signed out or may not mark here. Reload the page.");
    if (response.status === 404) return refusal(404, "This is no longer there. The lists are read again.");
    throw new Error(`${response.status}`);
  }
}

/** @param {number} status @param {string} sentence @returns {Answer} */
const refusal = (status, sentence) => ({ ok: false, status, code: "", sentence, voi: "" });
