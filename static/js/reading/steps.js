// Steps in their order: sent, shown when the server has said yes, undone and done again; what was lost can be sent again.

import * as undo from "./undo.js";

/** @typedef {import("./types.d.ts").Step} Step */
/** @typedef {import("./types.d.ts").Answer} Answer */

const OUT_OF_DATE = [404, 409];
const SILENT = "is not saved: the server does not answer.";

export class Steps {
  /** @param {import("./marking.js").Marking} marking @param {import("./sender.js").Sender} sender */
  constructor(marking, sender) {
    this.marking = marking;
    this.sender = sender;
    this.history = undo.EMPTY;
  }

  get bar() {
    return this.marking.bar;
  }

  /** @param {string} words @param {Step} step @returns {Promise<Answer | null>} */
  take(words, step) {
    return this.takeThen(() => ({ words, step }));
  }

  /** A step on what those before it have left: made when its turn comes. @param {() => {words: string, step: Step}} make @returns {Promise<Answer | null>} */
  takeThen(make) {
    const { choices } = this.marking.work;
    return this.sender.inTurn(async () => {
      const { words, step } = make();
      const answer = await this.sent(words, step);
      if (!answer?.ok) return null;
      const back = undo.inverseOf(step, answer);
      if (back) this.history = undo.noted(this.history, { words, steps: back });
      this.marking.apply(step, answer, choices);
      this.bar.say(`${words}: saved.${answer.is_lesion_gone ? " Its lesion was marked nowhere else and went with it." : ""}`);
      return answer;
    });
  }

  /** @param {string} words @param {Step} step @returns {Promise<Answer | null>} */
  async sent(words, step) {
    this.bar.say("Saving …");
    const known = [...this.marking.rows.keys()];
    try {
      const answer = await this.sender.send(step);
      if (answer.ok) return answer;
      this.bar.say(answer.sentence ?? "Not saved.", "error");
      if (OUT_OF_DATE.includes(answer.status) || answer.code === "proposal_outdated") this.marking.refresh();
      return answer;
    } catch {
      this.keep(words, () => this.afterSilence(known, words, step));
      return null;
    }
  }

  /** @param {string} words @param {() => void} go */
  keep(words, go) {
    this.bar.say(`${words} ${SILENT}`, "error");
    this.bar.find("[data-retry]").hidden = false;
    this.marking.waiting = go;
  }

  /** The answer may have been lost after the mark was stored: the same is never marked twice. @param {string[]} known @param {string} words @param {Step} step */
  async afterSilence(known, words, step) {
    try {
      await this.marking.reload();
    } catch {
      return this.keep(words, () => this.afterSilence(known, words, step));
    }
    if (step.to !== "mark" || [...this.marking.rows.keys()].every((voi) => known.includes(voi))) return this.take(words, step);
    this.bar.say("It had been saved after all.");
    return this.marking.refresh();
  }

  /** The last step back, or what was undone last again. @param {"back" | "again"} way */
  takeBack(way) {
    const { choices } = this.marking.work;
    return this.sender.inTurn(async () => {
      const entry = this.history[way].at(-1);
      if (!entry) return this.bar.say(way === "back" ? "Nothing to undo." : "Nothing to do again.");
      /** @type {Step[]} */
      const turned = [];
      let isWhole = true;
      for (const step of entry.steps) {
        const answer = await this.sent(way === "back" ? "Undo" : "Again", step);
        if (!answer?.ok) return;
        const back = undo.inverseOf(step, answer);
        isWhole &&= back !== null;
        turned.unshift(...(back ?? []));
        this.history = undo.renamed(this.history, step, answer);
        this.marking.apply(step, answer, choices);
      }
      this.history = undo.moved(this.history, way, isWhole && turned.length ? { ...entry, steps: turned } : null);
      this.marking.show();
      this.bar.say(`${way === "back" ? "Undone" : "Done again"}: ${entry.words}.`);
    });
  }
}
