// Runs before the first paint so that a dark reading room never flashes white. The choice stays in this browser.
(function () {
  const root = document.documentElement;
  const KEY = root.dataset.room ? `prrt.theme.${root.dataset.room}` : "prrt.theme"; // dark for reading, whatever forms are
  const usual = root.getAttribute("data-theme");
  const stored = () => {
    try { return localStorage.getItem(KEY); } catch { return null; }
  };
  const apply = (theme) => root.setAttribute("data-theme", theme === "dark" || theme === "light" ? theme : usual);
  apply(stored());
  // What only scripts can show takes its place at once, not after the first paint.
  if ("noModule" in HTMLScriptElement.prototype && "DecompressionStream" in window) root.classList.add("has-script");
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const next = root.getAttribute("data-theme") === "dark" ? "light" : "dark";
    apply(next);
    try { localStorage.setItem(KEY, next); } catch { /* private window: the choice lasts for this page */ }
  });
})();
