// Takes marked parts of the page over from the server, one page at a time, without stealing what a person holds.

import { handIsOff } from "../hand.js";

/**
 * ``leaving()``: before a part makes room for another one; what is being typed in it is taken along.
 * ``onTaken()``: what runs by itself is put right before anybody sees it.
 */
export function partsOf(root, leaving, onTaken) {
  let asked = 0;
  const last = new Map(); // name of a part -> the newest question about it

  /** Whether the server answered; a part that was asked for again meanwhile waits for the newer answer.
   * @param {string} item the case whose form is open @param {string[]} names */
  async function refresh(item, names) {
    const mine = ++asked;
    names.forEach((name) => last.set(name, mine));
    const response = await fetch(`${root.dataset.url}?item=${encodeURIComponent(item)}`, { redirect: "manual" }).catch(() => null);
    if (!response?.ok) return false;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    await handIsOff();
    const still = names.filter((one) => last.get(one) === mine);
    if (still.includes("notes")) leaving();
    for (const name of still) swap(root.querySelector(`[data-part="${name}"]`), page.querySelector(`[data-part="${name}"]`));
    onTaken();
    return true;
  }

  return { refresh };
}

function swap(here, fresh) {
  if (!here || !fresh || here.innerHTML === fresh.innerHTML) return;
  const focused = here.contains(document.activeElement) ? document.activeElement.id : "";
  const open = [...here.querySelectorAll("details[open][data-keep]")].map((el) => el.dataset.keep);
  const scroll = [...here.querySelectorAll("*")].find((el) => el.scrollTop > 0);
  const top = scroll?.scrollTop ?? 0;
  here.replaceChildren(...document.adoptNode(fresh).childNodes);
  for (const name of open) here.querySelector(`details[data-keep="${name}"]`)?.setAttribute("open", "");
  const again = scroll && here.querySelector(`.${[...scroll.classList].join(".")}`);
  if (again) again.scrollTop = top;
  if (focused) document.getElementById(focused)?.focus();
}
