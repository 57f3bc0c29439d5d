// Posts form fields from the console, in the name of the person whose console it is.
import { ask } from "../asking.js";

export { isAway } from "../asking.js";

/** @param {string} url @param {Record<string, string>} fields @returns {Promise<{status: number, said: any}>} */
export const post = (url, fields) => ask(url, document.querySelector("[data-user]")?.dataset.user ?? "", new URLSearchParams(fields));

/** What was refused, in the words of the server; "" where it said none. @param {any} said */
export const wordsOf = (said) => said.message ?? said.said ?? Object.values(said.errors ?? {}).flat().join(" ");
