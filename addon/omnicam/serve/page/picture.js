// The still with the shapes over it. Everything is placed in fractions of the picture, by per cent
// and by a drawing of 1 x 1 that is stretched over it: whatever size, shape or turn the still is
// shown in, a point stays on what it was put on, and nothing is computed when that changes.

import { html, svg } from "./dom.js";
import { GROUPS, after, inside } from "./shapes.js";
import { say } from "./texts.js";

const STEP = 0.005;
const WIDE_STEP = 0.05;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * What is edited, shared with the editor:
 * `{shapes, selected: index or null, point: index or null, drawing: boolean}`.
 * `onChange` is told of changed points, `onSelect` of another selection, `onDone` of a drawing's end.
 */
export class Picture {
  constructor(state, { onChange, onSelect, onDone }) {
    this._state = state;
    this._onChange = onChange;
    this._onSelect = onSelect;
    this._onDone = onDone;
    this._dragged = null; // index of the point
    this._moved = false; // whether it has been, since it was pressed
    this._pressed = false; // whether the pointer went down on a point
    this._image = html("img", { alt: "", draggable: "false" });
    this._overlay = svg("svg", {
      class: "overlay",
      role: "group",
      "aria-label": say("picture"),
      // A finger on a point drags it; anywhere else on the picture it scrolls the page.
      ontouchstart: (event) => isHandle(event.target) && event.preventDefault(),
      onpointerdown: (event) => this._press(event),
      onpointermove: (event) => this._drag(event),
      onpointerup: () => this._release(),
      onpointercancel: () => this._release(),
      onclick: (event) => this._click(event),
      onkeydown: (event) => this._key(event),
      onfocusin: ({ target }) => this._focused(Number(target.dataset.point)),
    });
    const areas = svg("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none" });
    const [names, middles, points, numbers] = Array.from({ length: 4 }, () => svg("g"));
    this._layers = { areas, names, middles, points, numbers };
    this._overlay.append(areas, names, middles, points, numbers);
    this.element = html("div", { class: "stage" }, this._image, this._overlay);
  }

  /** Show another still. */
  async show(blob) {
    const address = URL.createObjectURL(blob);
    this._image.src = address;
    try {
      await this._image.decode();
    } finally {
      URL.revokeObjectURL(address);
    }
    const { naturalWidth, naturalHeight } = this._image;
    this.element.style.setProperty("--aspect", naturalWidth / naturalHeight);
  }

  /** Draw everything as it is now; `focus` puts the keyboard on the chosen point. */
  draw({ focus = false } = {}) {
    const { shapes, selected, point, drawing } = this._state;
    const { areas, names, middles, points, numbers } = this._layers;
    const shape = shapes[selected] ?? { group: "zones", points: [] };
    this._overlay.classList.toggle("drawing", drawing);
    arrange(areas, "path", shapes.map((each, index) => outline(each, index, index === selected)));
    arrange(names, "text", shapes.filter((each) => each.points.length).map(named));
    arrange(middles, "circle", edgesOf(shape).map((index) => middle(shape, index)));
    arrange(points, "circle", shape.points.map((_, index) => handle(shape, index, index === point)));
    const ends = GROUPS[shape.group].closed ? [] : shape.points;
    arrange(numbers, "text", ends.map((at, index) => label(at, index + 1, "number")));
    if (focus && point !== null) points.children[point].focus({ preventScroll: true });
  }

  /** Put a point into the selected shape, after the chosen one; the keyboard can move it then. */
  add() {
    const { shapes, selected, point } = this._state;
    const shape = shapes[selected];
    const index = point ?? shape.points.length - 1;
    shape.points.splice(index + 1, 0, after(shape, index));
    this._chosen(index + 1);
  }

  /** Take the chosen point away. */
  remove() {
    const { shapes, selected, point } = this._state;
    if (point === null) return;
    const { points } = shapes[selected];
    points.splice(point, 1);
    this._chosen(points.length ? Math.min(point, points.length - 1) : null);
  }

  _chosen(index, { moved = true } = {}) {
    this._state.point = index;
    this.draw({ focus: true });
    this._onChange({ moved });
  }

  _focused(index) {
    if (Number.isNaN(index) || this._state.point === index) return;
    this._chosen(index, { moved: false });
  }

  _at(event) {
    const box = this._overlay.getBoundingClientRect();
    return inside([(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]);
  }

  _press(event) {
    const { point, middle } = event.target.dataset;
    this._pressed = isHandle(event.target);
    if (!this._pressed || !event.isPrimary || event.button !== 0) return;
    event.preventDefault();
    // Of the whole overlay: a new corner's own element is not the one that was pressed.
    this._overlay.setPointerCapture(event.pointerId);
    if (middle !== undefined) {
      const index = Number(middle) + 1;
      this._state.shapes[this._state.selected].points.splice(index, 0, this._at(event));
      this._dragged = index;
    } else {
      this._dragged = Number(point);
    }
    this._moved = middle !== undefined;
    this._chosen(this._dragged, { moved: this._moved });
  }

  _drag(event) {
    if (this._dragged === null) return;
    this._moved = true;
    this._state.shapes[this._state.selected].points[this._dragged] = this._at(event);
    this._chosen(this._dragged);
  }

  _release() {
    const { drawing, shapes, selected } = this._state;
    const first = this._dragged === 0 && !this._moved;
    this._dragged = null;
    if (!first || !drawing) return;
    // A click on the first corner closes a zone.
    const { closed, least } = GROUPS[shapes[selected].group];
    if (closed && shapes[selected].points.length >= least) this._onDone();
  }

  _click(event) {
    // What began on a point was a drag, not a click on the picture.
    if (this._pressed) return;
    const { drawing, shapes, selected } = this._state;
    if (drawing) {
      shapes[selected].points.push(this._at(event));
      this._chosen(shapes[selected].points.length - 1);
    } else if (event.target.dataset.shape !== undefined) {
      this._onSelect(Number(event.target.dataset.shape));
    }
  }

  _key(event) {
    const { drawing, shapes, selected, point } = this._state;
    if (drawing && (event.key === "Enter" || event.key === "Escape")) this._onDone();
    else if (point === null) return;
    else if (event.key === "Delete" || event.key === "Backspace") this.remove();
    else if (event.key in ARROWS) {
      const [right, down] = ARROWS[event.key];
      const step = event.shiftKey ? WIDE_STEP : STEP;
      const [x, y] = shapes[selected].points[point];
      shapes[selected].points[point] = inside([x + right * step, y + down * step]);
      this._chosen(point);
    } else return;
    event.preventDefault();
  }
}

function isHandle({ dataset }) {
  return dataset.point !== undefined || dataset.middle !== undefined;
}

/**
 * Make a layer's elements be these, each given by its attributes. What is there is kept: a browser
 * gives up a finger's drag when the element under the finger goes.
 */
function arrange(layer, tag, rows) {
  while (layer.children.length > rows.length) layer.lastElementChild.remove();
  while (layer.children.length < rows.length) layer.append(svg(tag));
  rows.forEach(({ text, ...attributes }, index) => {
    const element = layer.children[index];
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== undefined) element.textContent = text;
  });
}

function edgesOf({ group, points }) {
  const count = points.length < 2 ? 0 : points.length - (GROUPS[group].closed ? 0 : 1);
  return [...Array(count).keys()];
}

function outline({ group, kind, points }, index, chosen) {
  const { closed } = GROUPS[group];
  const way = points.map((point) => point.join(",")).join(" L ");
  return {
    class: `shape ${kind}${closed ? " closed" : ""}${chosen ? " chosen" : ""}`,
    d: points.length ? `M ${way}${closed ? " Z" : ""}` : "",
    "data-shape": index,
  };
}

function handle({ points }, index, chosen) {
  const [x, y] = points[index];
  const place = { x: Math.round(x * 100), y: Math.round(y * 100) };
  return {
    ...circle([x, y], 8),
    class: chosen ? "point chosen" : "point",
    tabindex: 0,
    role: "button",
    "aria-label": say("point", { number: index + 1, count: points.length, ...place }),
    "data-point": index,
  };
}

function middle(shape, index) {
  return { ...circle(after(shape, index), 5), class: "middle", "data-middle": index };
}

function named({ name, points }) {
  const mean = [0, 1].map((axis) => points.reduce((sum, at) => sum + at[axis], 0) / points.length);
  return label(mean, name, "name");
}

function circle([x, y], r) {
  return { cx: `${x * 100}%`, cy: `${y * 100}%`, r };
}

function label([x, y], text, kind) {
  return { x: `${x * 100}%`, y: `${y * 100}%`, class: kind, text: String(text) };
}
