// Runs before the first paint so that a dark reading room never flashes white. The choice stays in this browser.
(function () {
  const KEY = "prrt.theme";
  const root = document.documentElement;
  const stored = () => {
    try { return localStorage.getItem(KEY); } catch { return null; }
  };
  const apply = (theme) => root.setAttribute("data-theme", theme === "dark" ? "dark" : "light");
  apply(stored());
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const next = root.getAttribute("data-theme") === "dark" ? "light" : "dark";
    apply(next);
    try { localStorage.setItem(KEY, next); } catch { /* private window: the choice lasts for this page */ }
  });
})();
