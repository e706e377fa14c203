// One camera: its still, its zones and lines, and saving them. What is not saved is kept for as
// long as the tab is open, also over a reload and a look at another camera.

import * as api from "./api.js";
import { html } from "./dom.js";
import { panel } from "./panel.js";
import { Picture } from "./picture.js";
import { GROUPS, changes, doubles, freeName, fromFields, sorted, toYaml } from "./shapes.js";
import { say } from "./texts.js";

const DRAFTS = "omnicam.draft.";
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;

/** Whether anything of any camera is not saved. */
export function unsaved() {
  return Object.keys(sessionStorage).some((key) => key.startsWith(DRAFTS));
}

/** Give the elements of a camera's editor; `api.Refusal` and `api.Silence` as of the node. */
export async function editorOf(camera) {
  const { origin, settings } = await api.settings(camera);
  const editor = new Editor(camera, origin === "api", settings);
  editor.render();
  editor.look();
  return [settings.name ?? camera, editor.elements];
}

class Editor {
  constructor(camera, writable, settings) {
    this._camera = camera;
    this._writable = writable;
    this._saved = fromFields(settings);
    this._state = { shapes: structuredClone(this._saved), selected: null, point: null, drawing: false };
    this._problems = [];
    this._seen = false; // whether there is a still to draw on
    this._elsewhere = false; // whether the node's shapes have changed since the draft was begun
    this._restore();
    this._picture = new Picture(this._state, {
      onChange: ({ moved }) => this._touched(moved),
      onSelect: (index) => this._select(index),
      onDone: () => this._done(),
    });
    this._list = html("div", { class: "list" });
    this._message = html("p", { class: "message", role: "status" });
    this._hint = html("p", { class: "hint" });
    this._blind = html("p", { class: "error", hidden: true });
    this._buttons = this._makeButtons();
    this._lines = html("textarea", { readonly: true, rows: 8, "aria-label": say("read_only") });
    this.elements = this._layout(settings.name ?? camera);
  }

  /** Show the newest still; while there is none, look again, ever more slowly. */
  async look(wait = FIRST_WAIT_MS) {
    clearTimeout(this._again);
    try {
      await this._picture.show(await api.still(this._camera));
      this._seen = true;
    } catch (error) {
      this._blind.textContent = say("no_picture", { why: error.message });
      this._seen = false;
      const next = Math.min(2 * wait, LONGEST_WAIT_MS);
      this._again = setTimeout(() => this._list.isConnected && this.look(next), wait); // still open
    }
    this._blind.hidden = this._seen;
    this._picture.element.hidden = !this._seen;
    this._touched(false);
  }

  /** Show the list, the picture's drawing and the buttons as things are. */
  render() {
    const on = {
      select: (index) => this._select(index),
      edit: () => this._touched(true),
      remove: (index) => this._remove(index),
    };
    const { shapes } = this._state;
    this._problems = shapes.map((_, index) => this._problems[index] ?? {});
    this._list.replaceChildren(panel(this._state, this._problems, on));
    this._picture.draw();
    this._touched(true);
  }

  _makeButtons() {
    const button = (key, act, kind = "") =>
      html("button", { type: "button", class: kind, onclick: act }, say(key));
    return {
      zone: button("add_zone", () => this._add("zones")),
      line: button("add_line", () => this._add("lines")),
      point: button("add_point", () => this._picture.add()),
      less: button("delete_point", () => this._picture.remove()),
      done: button("done", () => this._done(), "main"),
      look: button("new_picture", () => this.look()),
      save: button("save", () => this._save(), "main"),
      discard: button("discard", () => this._discard()),
    };
  }

  _layout(name) {
    const { zone, line, point, less, done, look, save, discard } = this._buttons;
    const kept = this._writable
      ? html("div", { class: "bar keep" }, save, discard)
      : html("div", {}, html("p", { class: "hint" }, say("read_only")), this._lines, discard);
    const left = html(
      "section",
      { class: "left" },
      html("div", { class: "bar" }, zone, line, point, less, done, look),
      this._hint,
      this._blind,
      this._picture.element,
    );
    const right = html("section", { class: "right" }, this._list, kept, this._message);
    const back = html("a", { href: "#", class: "back" }, `‹ ${say("cameras")}`);
    const head = html("header", {}, back, html("h1", {}, name));
    return [head, html("div", { class: "editor" }, left, right)];
  }

  /** Note that something may have changed: keep the draft, and fit the buttons and hints to it. */
  _touched(moved) {
    const { shapes, selected, point, drawing } = this._state;
    const dirty = Object.keys(changes(this._saved, shapes)).length > 0;
    const { zone, line, point: more, less, done, save, discard } = this._buttons;
    zone.hidden = line.hidden = drawing || !this._seen;
    more.hidden = selected === null || !this._seen;
    less.hidden = selected === null || point === null;
    done.hidden = !drawing;
    save.disabled = !dirty;
    discard.disabled = !dirty;
    const hint = drawing ? `draw_${shapes[selected].group}` : "move";
    this._hint.textContent = selected === null ? "" : say(hint);
    this._lines.value = toYaml(shapes);
    if (!moved) return;
    const key = DRAFTS + this._camera;
    if (dirty) sessionStorage.setItem(key, JSON.stringify({ saved: this._saved, shapes }));
    else sessionStorage.removeItem(key);
    this._tell(dirty ? say(this._elsewhere ? "elsewhere" : "unsaved") : "");
  }

  _restore() {
    const kept = JSON.parse(sessionStorage.getItem(DRAFTS + this._camera));
    if (kept === null) return;
    this._state.shapes = kept.shapes;
    this._elsewhere = Object.keys(changes(this._saved, kept.saved)).length > 0;
  }

  _select(index) {
    Object.assign(this._state, { selected: index, point: null, drawing: false });
    this.render();
  }

  _add(group) {
    const { shapes } = this._state;
    const shape = { group, name: freeName(shapes, group), points: [], direction: "both", hours: "" };
    shapes.push({ ...shape, kind: GROUPS[group].kinds[0] });
    const selected = shapes.length - 1;
    Object.assign(this._state, { selected, point: null, drawing: true });
    this.render();
  }

  _done() {
    this._state.drawing = false;
    this.render();
  }

  _remove(index) {
    this._state.shapes.splice(index, 1);
    this._problems.splice(index, 1);
    this._select(null);
  }

  _discard() {
    this._state.shapes.splice(0, Infinity, ...structuredClone(this._saved));
    this._problems = [];
    this._elsewhere = false;
    this._select(null);
  }

  async _save() {
    const { shapes } = this._state;
    this._state.drawing = false;
    const twice = doubles(shapes);
    if (twice.length) {
      this._refused(shapes.map((_, index) => (twice.includes(index) ? { name: say("twice") } : {})));
      return;
    }
    this._buttons.save.disabled = true;
    try {
      const { settings } = await api.change(this._camera, changes(this._saved, shapes));
      this._saved = fromFields(settings);
    } catch (error) {
      if (!(error instanceof api.Refusal || error instanceof api.Silence)) throw error;
      const silent = error instanceof api.Silence;
      const [own, others] = sorted(error.fields ?? {}, shapes);
      const listed = silent || own.some((wrong) => Object.keys(wrong).length) || others.length;
      this._refused(own, silent ? [say("unreachable")] : listed ? others : [error.message]);
      return;
    }
    this._discard();
    this._tell(say("saved"));
  }

  _refused(own, others = []) {
    this._problems = own;
    const first = own.findIndex((wrong) => Object.keys(wrong).length);
    if (first >= 0) Object.assign(this._state, { selected: first, point: null });
    this.render();
    this._tell([say("not_saved"), ...others].join(" "), true);
  }

  _tell(text, wrong = false) {
    if (this._message.textContent !== text) this._message.textContent = text; // read out once
    this._message.classList.toggle("error", wrong);
  }
}
