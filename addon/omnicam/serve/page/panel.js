// The list of zones and lines beside the picture; the chosen one can be named and set.

import { html } from "./dom.js";
import { DIRECTIONS, GROUPS } from "./shapes.js";
import { say } from "./texts.js";

/**
 * Make the list.
 * `problems` has for each shape what is wrong with its slots; `on` is told what a person does:
 * `select(index)`, `edit()` after a change of a field, `remove(index)`.
 */
export function panel({ shapes, selected }, problems, on) {
  if (!shapes.length) return html("p", { class: "hint" }, say("nothing_drawn"));
  return html(
    "ul",
    { class: "shapes" },
    shapes.map((shape, index) => entry(shape, index, index === selected, problems[index], on)),
  );
}

function entry(shape, index, open, wrong, on) {
  const head = html(
    "button",
    {
      type: "button",
      class: "summary",
      "aria-expanded": String(open),
      onclick: () => on.select(open ? null : index),
    },
    html("span", { class: `dot ${shape.kind}`, "aria-hidden": "true" }),
    html("span", { class: "called" }, shape.name || "–"),
    html("span", { class: "kind" }, say(`kind_${shape.kind}`)),
  );
  const row = html("li", { class: open ? "open" : "" }, head);
  if (open) row.append(form(shape, index, wrong, on));
  else row.append(...Object.values(wrong).map((message) => error(message)));
  return row;
}

function form(shape, index, wrong, on) {
  const set = (slot) => ({ target }) => {
    shape[slot] = target.value;
    // What was said of the old value says nothing of this one.
    delete wrong[slot];
    target.removeAttribute("aria-invalid");
    target.parentElement.querySelector(".error")?.remove();
    on.edit();
  };
  const kinds = GROUPS[shape.group].kinds;
  return html(
    "div",
    { class: "fields" },
    field(`name-${index}`, "name", wrong.name, (attributes) =>
      html("input", {
        ...attributes,
        value: shape.name,
        autocapitalize: "none",
        autocomplete: "off",
        spellcheck: "false",
        oninput: set("name"),
      }),
    ),
    field(`kind-${index}`, "kind", wrong.kind, (attributes) =>
      choice(attributes, kinds, "kind", shape.kind, set("kind")),
    ),
    html("p", { class: "hint" }, say(`about_${shape.kind}`)),
    shape.group === "lines" &&
      field(`direction-${index}`, "direction", wrong.direction, (attributes) =>
        choice(attributes, DIRECTIONS, "direction", shape.direction, set("direction")),
      ),
    field(`hours-${index}`, "hours", wrong.hours, (attributes) =>
      html("input", {
        ...attributes,
        value: shape.hours,
        placeholder: say("hours_hint"),
        autocomplete: "off",
        oninput: set("hours"),
      }),
    ),
    wrong.points && error(wrong.points),
    html(
      "button",
      { type: "button", class: "danger", onclick: () => on.remove(index) },
      say("delete_shape", { name: shape.name }),
    ),
  );
}

function field(id, name, wrong, make) {
  const told = `${id}-wrong`;
  const attributes = {
    id,
    name,
    "aria-invalid": wrong ? "true" : null,
    "aria-describedby": wrong ? told : null,
  };
  const label = html("label", { for: id }, say(name));
  return html("div", { class: "field" }, label, make(attributes), wrong && error(wrong, told));
}

function choice(attributes, options, group, value, onchange) {
  const made = options.map((option) => html("option", { value: option }, say(`${group}_${option}`)));
  return html("select", { ...attributes, value, onchange }, made);
}

function error(message, id = null) {
  return html("p", { class: "error", id, role: "alert" }, message);
}
