// Elements without markup from strings: what cameras and people are called stays text.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Fill an element: `on…` are listeners, true and false switch, everything else is an attribute.
 * Children that are not there (null, undefined, false, "") are left out.
 */
function fill(element, attributes, children) {
  element.append(...children.flat().filter(Boolean));
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value; // after the options of a select
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) {
      element.setAttribute(name, value);
    }
  }
  return element;
}

export function html(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}
