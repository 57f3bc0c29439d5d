// What stands in a decision form, as data; and back into the form.

/** ``isAsLoaded``: what the server had written into it. */
export function words(form, isAsLoaded = false) {
  const chosen = (name) => [...form.querySelectorAll(`[name="${name}"]`)].filter((el) => isAsLoaded ? el.defaultChecked : el.checked).map((el) => el.value);
  const text = (name) => {
    const el = form.elements[name];
    if (isAsLoaded && el.options) return [...el.options].find((option) => option.defaultSelected)?.value ?? "";
    return isAsLoaded ? el.defaultValue : el.value;
  };
  const days = text("interval_days");
  return {
    outcome: chosen("outcome")[0] ?? "", text: text("text"), next_step: text("next_step"),
    interval_days: days === "" ? null : Number(days), due_date: text("due_date"), owner: text("owner"),
    considered: chosen("considered"), agreement: chosen("agreement")[0] ?? "", dissent: text("dissent"),
  };
}

export function put(form, name, value) {
  const asList = Array.isArray(value) ? value : [String(value ?? "")];
  const boxes = form.querySelectorAll(`[name="${name}"]:is([type=radio], [type=checkbox])`);
  boxes.forEach((box) => { box.checked = asList.includes(box.value); });
  if (boxes.length) return;
  const el = form.elements[name];
  if (el.options && asList[0] && ![...el.options].some((option) => option.value === asList[0])) el.add(new Option(`${asList[0]} days`, asList[0]));
  el.value = asList[0];
}

/** A value as a person reads it. */
export function shown(form, name, value) {
  const labels = (Array.isArray(value) ? value : [String(value ?? "")]).map((one) => {
    const el = [...form.querySelectorAll(`[name="${name}"]`)].find((box) => box.value === one && box.type !== "textarea" && box.labels?.length);
    if (el && (el.type === "radio" || el.type === "checkbox")) return el.labels[0].querySelector("span")?.textContent ?? el.labels[0].textContent.trim();
    return [...(form.elements[name]?.options ?? [])].find((option) => option.value === one)?.textContent ?? one;
  });
  return labels.join(", ") || "–";
}

export const fieldOf = (form, name) => form.querySelector(`[data-field="${name}"]`);

export const titleOf = (form, name) => fieldOf(form, name)?.querySelector("label, legend, summary")?.textContent.trim();
