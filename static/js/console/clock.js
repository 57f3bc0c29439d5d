// The time of the case and of the meeting, in numbers that run by themselves between two words of the server.

/** "3:40", "1:02:03". @param {number} seconds */
export function clockText(seconds) {
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  const two = (n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** A meeting whose case is over its time ends later by the minute. Milliseconds. */
export function endOf(nowMs, saidMs, restMinutes) {
  return Math.max(saidMs, nowMs + restMinutes * 60_000);
}

/** "+5 min", "-12 min", "" when it ends as planned. */
export function lateText(endMs, plannedMs) {
  const minutes = Math.round((endMs - plannedMs) / 60_000);
  if (minutes === 0) return "as planned";
  return `${minutes > 0 ? "+" : "−"}${Math.abs(minutes)} min`;
}

/** The time of day where the server is, whatever the clock of this computer is set to. @param {string} iso with its offset */
export function timeThere(ms, iso) {
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(iso) ?? ["", "+", "0", "0"];
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -1 : 1);
  return new Date(ms + offset * 60_000).toISOString().slice(11, 16);
}

export function clockOf(root) {
  let seconds = 0;
  let at = Date.now();
  let isTimed = false;
  let planned = 0;

  const now = () => (isTimed ? seconds + (Date.now() - at) / 1000 : seconds);

  function draw() {
    const place = root.querySelector("[data-clock]");
    if (!place) return;
    const is = now();
    place.querySelector("[data-clock-case]").textContent = clockText(is);
    place.querySelector("[data-clock-planned]").textContent = planned ? `of ${planned}` : "";
    place.classList.toggle("is-over", planned > 0 && is > planned * 60);
    if (!place.dataset.waits) return;
    const end = endOf(Date.now(), Date.parse(place.dataset.ends), Number(place.dataset.rest));
    place.querySelector("[data-clock-end]").textContent = timeThere(end, place.dataset.ends);
    place.querySelector("[data-clock-late]").textContent = place.dataset.planned ? lateText(end, Date.parse(place.dataset.planned)) : "";
  }

  setInterval(draw, 1000);
  return {
    set(state) {
      [seconds, at, isTimed, planned] = [state.seconds, Date.now(), state.is_timed, state.planned_minutes];
      draw();
    },
    beat({ seconds: said }) { [seconds, at] = [said, Date.now()]; },
    draw,
  };
}
