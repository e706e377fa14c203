// The page: the cameras with their stills, and the editor of the one that the address names.

import * as api from "./api.js";
import { html } from "./dom.js";
import { editorOf, unsaved } from "./editor.js";
import { say } from "./texts.js";

const main = document.querySelector("main");
let turn = 0; // counts what was asked for: a late answer to an earlier wish shows nothing

/** Show what the address names: `#camera=<id>`, or all cameras. */
async function show() {
  const mine = ++turn;
  const camera = new URLSearchParams(location.hash.slice(1)).get("camera");
  main.replaceChildren(html("p", { class: "hint" }, say("loading")));
  try {
    const made = camera === null ? listOf(await api.cameras()) : await editorOf(camera);
    if (mine !== turn) return;
    document.title = `${made[0]} – OmniCam`;
    main.replaceChildren(...made[1]);
  } catch (error) {
    if (mine !== turn) return;
    if (error instanceof api.Refusal && error.status === 401) askForToken();
    else if (error instanceof api.Refusal) showProblem(error.message);
    else if (error instanceof api.Silence) showProblem(say("unreachable"));
    else throw error;
  }
}

/** Give a title and elements, as `editorOf` does. */
function listOf(cameras) {
  const cards = html("ul", { class: "cameras" }, cameras.map(card));
  const none = html("p", { class: "hint" }, say("no_cameras"));
  const head = html("header", {}, html("h1", {}, say("cameras")));
  return [say("cameras"), [head, cameras.length ? cards : none]];
}

function card({ id, name, status }) {
  const image = html("img", { alt: "" });
  const link = html(
    "a",
    { href: `#camera=${encodeURIComponent(id)}` },
    html("span", { class: "still" }, image),
    html(
      "span",
      { class: "about" },
      html("span", {}, name),
      html("span", { class: "status" }, say(`status_${status}`)),
    ),
  );
  if (status === "online") seen.observe(Object.assign(image, { camera: id }));
  return html("li", {}, link);
}

// A house may have many cameras: a still is fetched when its place comes into view.
const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    fetchStill(target);
  }
});

async function fetchStill(image) {
  try {
    const address = URL.createObjectURL(await api.still(image.camera));
    image.addEventListener("load", () => URL.revokeObjectURL(address), { once: true });
    image.src = address;
  } catch (error) {
    image.alt = error.message;
  }
}

function askForToken() {
  const wrong = api.remembers() && html("p", { class: "error", role: "alert" }, say("token_wrong"));
  api.forget();
  const input = html("input", { type: "password", id: "token", autocomplete: "off", required: true });
  const form = html(
    "form",
    {
      class: "token",
      onsubmit: (event) => {
        event.preventDefault();
        api.remember(input.value.trim());
        show();
      },
    },
    html("h1", {}, "OmniCam"),
    html("label", { for: "token" }, say("token")),
    input,
    wrong,
    html("p", { class: "hint" }, say("token_hint")),
    html("button", { class: "main" }, say("open")),
  );
  main.replaceChildren(form);
  input.focus();
}

function showProblem(text) {
  main.replaceChildren(
    html("p", { class: "error", role: "alert" }, text),
    html("button", { type: "button", onclick: show }, say("again")),
    html("a", { href: "#", class: "back" }, say("cameras")),
  );
}

addEventListener("hashchange", show);
addEventListener("beforeunload", (event) => {
  if (unsaved()) event.preventDefault();
});
await show();
