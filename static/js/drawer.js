// A number opens its source in a drawer; without this script the same link leads to a page of its own.

const drawer = document.getElementById("drawer");
const body = drawer?.querySelector("[data-drawer-body]");
const title = drawer?.querySelector("[data-drawer-title]");
let asked = 0;

async function open(href) {
  const mine = ++asked;
  title.textContent = "Where it comes from";
  body.replaceChildren(skeleton());
  if (!drawer.open) drawer.showModal();
  const found = await chain(href);
  if (mine !== asked) return;
  if (!found) return location.assign(href);
  title.textContent = found.querySelector("[data-chain-title]").textContent;
  body.replaceChildren(document.adoptNode(found.querySelector(".chain")));
  body.scrollTop = 0;
}

async function chain(href) {
  const response = await fetch(href, { redirect: "manual" }).catch(() => null);
  if (!response?.ok) return null;
  return new DOMParser().parseFromString(await response.text(), "text/html").querySelector("[data-chain]");
}

function skeleton() {
  const box = document.createElement("div");
  box.className = "loading";
  for (const name of ["", "skeleton", "skeleton"]) {
    const part = document.createElement("span");
    part.className = name;
    box.append(part);
  }
  box.firstChild.textContent = "Loading";
  return box;
}

function click(event) {
  const link = event.target.closest("a[data-source]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  open(link.href);
}

if (drawer) {
  document.addEventListener("click", click);
  drawer.addEventListener("click", (event) => { if (event.target === drawer) drawer.close(); });
  drawer.addEventListener("close", () => { asked += 1; });
}
