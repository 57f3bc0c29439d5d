// One way to post: an answer as data. A network that is away is an answer too, and so is a person who is signed out.
const TOKEN = "[name=csrfmiddlewaretoken]";
const LONGEST_MS = 20_000; // a form must not stay closed for ever behind a network that swallows

/**
 * @param {string} url
 * @param {string} user whose words these are: nobody else may send them
 * @param {string | URLSearchParams} body @param {Record<string, string>} headers
 * @returns {Promise<{status: number, said: any}>} status 0: nothing answered, and nobody knows whether it arrived.
 *   401: nobody is signed in, or somebody else.
 */
export async function ask(url, user, body, headers = {}) {
  const { isData, ...first } = await once(url, body, headers);
  if (first.status !== 403 || isData) return first;
  const status = await renewed(user);
  if (status !== 200) return status === 403 ? first : { status, said: {} };
  const { isData: _isData, ...second } = await once(url, body, headers);
  return second;
}

/** No answer, or one that says that the server or its database is away. */
export const isAway = (status) => status === 0 || status >= 500;

async function once(url, body, headers) {
  const token = document.querySelector(TOKEN)?.value ?? "";
  const options = { method: "POST", headers: { Accept: "application/json", "X-CSRFToken": token, ...headers }, body };
  try {
    const response = await fetch(url, { ...options, redirect: "manual", signal: AbortSignal.timeout(LONGEST_MS) });
    if (response.type === "opaqueredirect") return { status: 401, said: {}, isData: false };
    const isData = response.headers.get("Content-Type")?.includes("json") ?? false;
    return { status: response.status, said: isData ? await response.json() : {}, isData };
  } catch {
    return { status: 0, said: {}, isData: false };
  }
}

/** Signing in again makes the token of this page void: the new one is taken over, if it is the same person's. */
async function renewed(user) {
  const response = await fetch(location.href, { redirect: "manual" }).catch(() => null);
  if (!response || response.status >= 500) return 0;
  if (response.type === "opaqueredirect") return 401;
  if (!response.ok) return 403;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const token = page.querySelector(TOKEN)?.value;
  if (page.querySelector("[data-user]")?.dataset.user !== user || !token) return 401;
  for (const field of document.querySelectorAll(TOKEN)) field.value = token;
  return 200;
}
