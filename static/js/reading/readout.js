// SUV where the cross-hair and the pointer are, from the stored codes; never a number without its unit.

import { suvOf } from "./colour.js";
import { offsetOf, voxelAt } from "./geometry.js";

/** @typedef {import("./types.d.ts").Scan} Scan */
/** @typedef {import("./types.d.ts").Vec} Vec */

/** @param {Scan} scan @param {Vec} p */
export function suvAt(scan, p) {
  const about = scan.about.pet;
  if (!scan.pet || !about || !scan.hasExact) return null;
  const voxel = voxelAt(scan.pet, p);
  return voxel ? suvOf(scan.pet.codes[offsetOf(scan.pet.shape, voxel)], about) : null;
}

/** @param {Scan} scan @param {Vec} p */
export function words(scan, p) {
  const about = scan.about.pet;
  if (!about || !scan.pet) return "";
  const [name, ...unit] = about.unit_words.split(" ");
  if (!voxelAt(scan.pet, p)) return "outside the images";
  const suv = suvAt(scan, p);
  const value = suv === null ? "… exact value on its way" : `${suv.toFixed(2)} ${unit.join(" ")}`;
  return `${name} ${value}`;
}

/** @param {import("./workspace.js").Workspace} work @param {HTMLElement} root */
export function showReadouts(work, root) {
  for (const scan of work.scans) {
    const box = root.querySelector(`[data-scan="${scan.about.role}"] [data-readout]`);
    const [cross, pointer] = ["cross", "pointer"].map((name) => box?.querySelector(`[data-at-${name}]`));
    if (!cross || !pointer) continue;
    const show = () => {
      const p = work.state.points[scan.about.role];
      cross.textContent = `Cross-hair ${words(scan, p)}`;
      /** @type {HTMLElement} */ (cross).dataset.lps = p.map((v) => v.toFixed(3)).join(" ");
    };
    work.store.subscribe(show);
    work.pointed.push((role, p) => {
      if (role === scan.about.role) pointer.textContent = p ? `Pointer ${words(scan, p)}` : "";
    });
    root.addEventListener("reading:loaded", show);
    show();
  }
}
