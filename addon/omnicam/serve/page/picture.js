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
      onpointerdown: (event) => this._press(event),
      onpointermove: (event) => this._drag(event),
      onpointerup: () => this._release(),
      onpointercancel: () => this._release(),
      onclick: (event) => this._click(event),
      onkeydown: (event) => this._key(event),
    });
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

  /** Draw everything anew; `focus` puts the keyboard on the chosen point. */
  draw({ focus = false } = {}) {
    const { shapes, selected, drawing } = this._state;
    this._overlay.classList.toggle("drawing", drawing);
    const areas = svg("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none" });
    areas.append(...shapes.map((shape, index) => outline(shape, index, index === selected)));
    const names = shapes.filter(({ points }) => points.length).map((shape) => named(shape));
    const handles = selected === null ? [] : this._handles(shapes[selected]);
    this._overlay.replaceChildren(areas, ...names, ...handles);
    if (focus && this._state.point !== null) {
      this._overlay
        .querySelector(`[data-point="${this._state.point}"]`)
        ?.focus({ preventScroll: true });
    }
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

  _handles(shape) {
    const { point } = this._state;
    const edges = shape.points.length < 2 ? 0 : shape.points.length - !GROUPS[shape.group].closed;
    const middles = Array.from({ length: edges }, (_, index) =>
      circle(after(shape, index), { class: "middle", r: 5, "data-middle": index }),
    );
    const points = shape.points.map(([x, y], index) => {
      const where = { number: index + 1, count: shape.points.length };
      const label = say("point", { ...where, x: Math.round(x * 100), y: Math.round(y * 100) });
      return circle([x, y], {
        class: index === point ? "point chosen" : "point",
        r: 8,
        tabindex: 0,
        role: "button",
        "aria-label": label,
        "data-point": index,
        onfocus: () => this._state.point !== index && this._chosen(index, { moved: false }),
      });
    });
    const numbers = shape.points.map((at, index) => label(at, index + 1, "number"));
    return [...middles, ...points, ...(GROUPS[shape.group].closed ? [] : numbers)];
  }

  _chosen(index, { moved = true } = {}) {
    this._state.point = index;
    this.draw({ focus: true });
    this._onChange({ moved });
  }

  _at(event) {
    const box = this._overlay.getBoundingClientRect();
    return inside([(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]);
  }

  _press(event) {
    const { point, middle } = event.target.dataset;
    this._pressed = point !== undefined || middle !== undefined;
    if (!this._pressed || !event.isPrimary || event.button !== 0) return;
    event.preventDefault();
    // Of the whole overlay, since the point's own element is made anew while it is dragged.
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

function outline(shape, index, chosen) {
  return svg(GROUPS[shape.group].closed ? "polygon" : "polyline", {
    class: `shape ${shape.kind}${chosen ? " chosen" : ""}`,
    points: shape.points.map((point) => point.join(",")).join(" "),
    "data-shape": index,
  });
}

function named(shape) {
  const count = shape.points.length;
  const mean = [0, 1].map((axis) => shape.points.reduce((sum, at) => sum + at[axis], 0) / count);
  return label(mean, shape.name, "name");
}

function circle([x, y], attributes) {
  return svg("circle", { cx: `${x * 100}%`, cy: `${y * 100}%`, ...attributes });
}

function label([x, y], text, kind) {
  return svg("text", { x: `${x * 100}%`, y: `${y * 100}%`, class: kind }, String(text));
}
