// The node's API. Paths are relative, so that a proxy's or an ingress's own path stays before them.

const TOKEN = "omnicam.token";
const MOST_MS = 35_000; // the node itself gives up after 30 s

/** The node's refusal in its own words; `fields` says what is wrong with each field of a body. */
export class Refusal extends Error {
  constructor(status, { error, remedy, fields }) {
    super(remedy ? `${error}: ${remedy}` : error);
    this.status = status;
    this.fields = fields ?? {};
  }
}

/** The node did not answer, or not in its own way. */
export class Silence extends Error {}

/** Keep the token for as long as this tab is open. */
export function remember(token) {
  sessionStorage.setItem(TOKEN, token);
}

/** Whether a token is kept. */
export function remembers() {
  return sessionStorage.getItem(TOKEN) !== null;
}

/** Forget a token that was refused. */
export function forget() {
  sessionStorage.removeItem(TOKEN);
}

/** Send a request and give what `read` makes of the answer. */
async function ask(read, method, path, body) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = token === null ? {} : { Authorization: `Bearer ${token}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const options = { method, headers, cache: "no-store", signal: AbortSignal.timeout(MOST_MS) };
  if (body !== undefined) options.body = JSON.stringify(body);
  let response, told;
  try {
    response = await fetch(`api/${path}`, options);
    told = await (response.ok ? read(response) : response.json());
  } catch (error) {
    throw new Silence(error.message);
  }
  if (!response.ok) throw new Refusal(response.status, told);
  return told;
}

const json = (response) => response.json();
const blob = (response) => response.blob();

export async function cameras() {
  return (await ask(json, "GET", "cameras")).cameras;
}

/** Give a camera's `origin` (`api` or `file`) and `settings`. */
export function settings(camera) {
  return ask(json, "GET", `cameras/${encodeURIComponent(camera)}/settings`);
}

/** Change fields of a camera; gives what `settings` gives. */
export function change(camera, fields) {
  return ask(json, "PATCH", `cameras/${encodeURIComponent(camera)}`, fields);
}

/** Give the newest still. */
export function still(camera) {
  return ask(blob, "GET", `cameras/${encodeURIComponent(camera)}/snapshot`);
}
