// What the page says, in the first language of the browser's that it has; English otherwise.

const ALL = await (await fetch(new URL("texts.json", import.meta.url))).json();

const language = navigator.languages
  .map((name) => name.split("-")[0])
  .find((name) => name in ALL) ?? "en";
document.documentElement.lang = language === "zh" ? "zh-Hans" : language;

/** Give a text; `{name}` in it is replaced by the value of that name. */
export function say(key, values = {}) {
  return ALL[language][key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
