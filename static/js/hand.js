// A press is a button going down and coming up on the same element. What stands under a hand is not replaced meanwhile:
// the press would be about nothing, and nobody would be told.

const LONGEST_MS = 10_000; // a button that came up where no page could see it holds nothing up for ever

let isDown = false;
/** @type {(() => void)[]} */
let waiting = [];

/** The menu of another button may swallow its coming up. @param {Event} event */
function down(event) {
  if (/** @type {MouseEvent} */ (event).button === 0) isDown = true;
}

// The click comes after the button is up, and is told first.
function up() {
  setTimeout(() => {
    isDown = false;
    const told = waiting;
    waiting = [];
    for (const go of told) go();
  });
}

for (const event of ["pointerdown", "dragstart"]) document.addEventListener(event, down, { capture: true });
for (const event of ["pointerup", "drop", "dragend"]) document.addEventListener(event, up, { capture: true });
// A finger that scrolls is no press; a row that is dragged ends otherwise.
document.addEventListener("pointercancel", (event) => { if (event.pointerType !== "mouse") up(); }, { capture: true });

// A button that came up over a menu or another window is told by the next movement.
document.addEventListener("contextmenu", up, { capture: true });
document.addEventListener("pointermove", (event) => { if (isDown && !event.buttons) up(); }, { capture: true });

/** Once no button is held down. @returns {Promise<void>} */
export function handIsOff() {
  if (!isDown) return Promise.resolve();
  return new Promise((resolve) => {
    waiting.push(resolve);
    setTimeout(resolve, LONGEST_MS);
  });
}
