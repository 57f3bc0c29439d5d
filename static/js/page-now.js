// This page as the server has it now; an empty one where the server does not answer.

/** @returns {Promise<Document>} */
export async function pageNow() {
  const text = await fetch(window.location.href, { redirect: "manual" }).then((response) => (response.ok ? response.text() : "")).catch(() => "");
  return new DOMParser().parseFromString(text, "text/html");
}
