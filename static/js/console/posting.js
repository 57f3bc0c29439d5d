// One way to post: form fields, the token of the page, an answer as data. A network that is away is an answer too.

/**
 * @param {string} url
 * @param {Record<string, string>} fields
 * @returns {Promise<{status: number, said: any}>} status 0: nothing answered, and nobody knows whether it arrived.
 */
export async function post(url, fields) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
  const headers = { Accept: "application/json", "X-CSRFToken": token };
  try {
    const response = await fetch(url, { method: "POST", headers, body: new URLSearchParams(fields), redirect: "manual" });
    if (response.type === "opaqueredirect") return { status: 401, said: {} };
    const isData = response.headers.get("Content-Type")?.includes("json");
    return { status: response.status, said: isData ? await response.json() : {} };
  } catch {
    return { status: 0, said: {} };
  }
}

/** No answer, or one that says that the server or its database is away. */
export const isAway = (status) => status === 0 || status >= 500;

/** What was refused, in the words of the server; "" where it said none. @param {any} said */
export const wordsOf = (said) => said.message ?? said.said ?? Object.values(said.errors ?? {}).flat().join(" ");
