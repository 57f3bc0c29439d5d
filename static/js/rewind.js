// The slider over the days on which something was recorded. Without it the links of the axis do the same.

const slider = /** @type {HTMLInputElement | null} */ (document.getElementById("rewind-slider"));
const days = [...document.querySelectorAll(".rewind-axis a")];
const said = /** @type {HTMLOutputElement | null} */ (document.querySelector("output[for=rewind-slider]"));
const WAIT_MS = 600;
let timer = 0;

/** @param {HTMLInputElement} from */
const chosen = (from) => days[Number(from.value)];

function say() {
  if (!slider || !said) return;
  said.value = chosen(slider)?.getAttribute("aria-label") ?? "";
  slider.setAttribute("aria-valuetext", said.value);
}

// Arrow keys pass over several days: the page changes once the hand rests.
function leave() {
  const href = slider && chosen(slider)?.getAttribute("href");
  if (href) location.assign(href);
}

if (slider && days.length > 1) {
  for (const part of [slider, said, slider.previousElementSibling]) if (part instanceof HTMLElement) part.hidden = false;
  say();
  slider.addEventListener("input", () => {
    say();
    clearTimeout(timer);
    timer = setTimeout(leave, WAIT_MS);
  });
}
