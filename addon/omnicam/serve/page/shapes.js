// Zones and lines as the page edits them, made of a camera's fields and made into them again.
// A point is [x, y] in fractions of the picture's width and height, whatever size it is shown at.

export const GROUPS = {
  zones: { kinds: ["restricted", "loitering", "resting", "ignored"], closed: true, least: 3 },
  lines: { kinds: ["climbing", "crossing"], closed: false, least: 2 },
};
export const DIRECTIONS = ["both", "left_to_right", "right_to_left"];
const SLOTS = ["kind", "points", "direction", "hours"];

/** Make the list of shapes of a camera's fields. */
export function fromFields(fields) {
  return Object.keys(GROUPS).flatMap((group) =>
    Object.entries(fields[group] ?? {}).map(([name, given]) => ({
      group,
      name,
      kind: given.kind,
      points: given.points.map(([x, y]) => [x, y]),
      direction: given.direction ?? DIRECTIONS[0],
      hours: [given.hours ?? []].flat().join(", "),
    })),
  );
}

/** Make the fields of the shapes, null where a group has none. */
export function toFields(shapes) {
  const fields = { zones: null, lines: null };
  for (const { group, name, kind, points, direction, hours } of shapes) {
    const made = { kind, points: points.map((point) => point.map(rounded)) };
    if (group === "lines" && direction !== DIRECTIONS[0]) made.direction = direction;
    const spans = hours.split(/[,，、]/).map((span) => span.trim()).filter(Boolean);
    if (spans.length) made.hours = spans.length === 1 ? spans[0] : spans;
    fields[group] = { ...fields[group], [name]: made };
  }
  return fields;
}

/** Give the fields that differ: what was not touched here is not sent. */
export function changes(before, shapes) {
  const [old, now] = [toFields(before), toFields(shapes)];
  const differing = Object.keys(now).filter(
    (group) => JSON.stringify(old[group]) !== JSON.stringify(now[group]),
  );
  return Object.fromEntries(differing.map((group) => [group, now[group]]));
}

/** Write the shapes as lines of the configuration file. */
export function toYaml(shapes) {
  const lines = [];
  for (const [group, named] of Object.entries(toFields(shapes))) {
    if (named === null) continue;
    lines.push(`${group}:`);
    for (const [name, made] of Object.entries(named)) {
      lines.push(`  ${JSON.stringify(name)}:`);
      for (const [key, value] of Object.entries(made)) {
        lines.push(`    ${key}: ${JSON.stringify(value)}`);
      }
    }
  }
  return `${lines.join("\n")}\n`;
}

/** Give the positions in the list whose name another shape of the group has as well. */
export function doubles(shapes) {
  const same = (one, other) => one.group === other.group && one.name === other.name;
  return shapes.flatMap((shape, index) =>
    shapes.some((other) => other !== shape && same(shape, other)) ? [index] : [],
  );
}

/** Give a name that no shape of the group has. */
export function freeName(shapes, group) {
  const stem = group.slice(0, -1);
  const taken = new Set(shapes.filter((shape) => shape.group === group).map(({ name }) => name));
  let number = 1;
  while (taken.has(`${stem}_${number}`)) number += 1;
  return `${stem}_${number}`;
}

/**
 * Sort what the node says of fields such as `zones.bed.kind` to the shapes that it is said of.
 * Gives `[of each shape: {slot: message}, lines about anything else]`.
 */
export function sorted(fields, shapes) {
  const own = shapes.map(() => ({}));
  const others = [];
  for (const [field, message] of Object.entries(fields)) {
    const found = shapes
      .map((shape, index) => [`${shape.group}.${shape.name}`, index])
      .filter(([path]) => field === path || field.startsWith(`${path}.`))
      .sort(([one], [other]) => other.length - one.length)[0];
    if (found === undefined) {
      others.push(`${field}: ${message}`);
      continue;
    }
    const slot = field.slice(found[0].length + 1).split(".")[0];
    own[found[1]][SLOTS.includes(slot) ? slot : "name"] = message;
  }
  return [own, others];
}

/** Give a place for a new point after one: on the edge that begins there, or a line's way on. */
export function after({ group, points }, index) {
  if (points.length < 2) return [0.5 + 0.1 * points.length, 0.5];
  const [x, y] = points[index];
  if (!GROUPS[group].closed && index === points.length - 1) {
    const [lastX, lastY] = points[index - 1];
    return inside([x + (x - lastX) / 2, y + (y - lastY) / 2]);
  }
  const [nextX, nextY] = points[(index + 1) % points.length];
  return [(x + nextX) / 2, (y + nextY) / 2];
}

/** Keep a point inside the picture. */
export function inside([x, y]) {
  return [Math.min(Math.max(x, 0), 1), Math.min(Math.max(y, 0), 1)];
}

function rounded(value) {
  return Math.round(value * 1e4) / 1e4;
}
