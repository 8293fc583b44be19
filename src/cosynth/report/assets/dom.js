// Elements and text. Text from the data only ever becomes a text node or an attribute value.
const SHAPES = new Set("svg g path circle rect line text a_ title_ polyline".split(" "));

// A selector such as "p.note" says tag and classes; attributes may be left out.
function tag(selector, attributes, ...children) {
  const [name, ...classes] = selector.split(".");
  const node = SHAPES.has(name)
    ? document.createElementNS("http://www.w3.org/2000/svg", name.replace("_", ""))
    : document.createElement(name);
  if (attributes?.constructor !== Object) {
    children.unshift(attributes);
    attributes = {};
  }
  if (classes.length) node.setAttribute("class", classes.join(" "));
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "style") Object.entries(value).forEach(([property, each]) => node.style.setProperty(property, each));
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(9).filter((child) => child || child === 0));
  return node;
}

const text = (x, y, content, attributes = {}) => tag("text", { x, y, ...attributes }, content);

function section(title, note, ...children) {
  const id = "s" + (section.count = (section.count || 0) + 1);
  return tag("section", { "aria-labelledby": id },
    tag("h2", { id }, title), note && tag("p.note", note), ...children);
}

// A figure that is drawn for the width it has, and again when that changes.
function figure(label, draw, attributes = {}) {
  const holder = tag("div.figure", { role: "group", "aria-label": label, ...attributes });
  let width = 0;
  holder.redraw = () => {
    if (width) holder.replaceChildren(draw(width));
  };
  new ResizeObserver(() => {
    const wide = Math.floor(holder.clientWidth);
    if (!wide || wide === width) return;
    width = wide;
    requestAnimationFrame(holder.redraw);
  }).observe(holder);
  return holder;
}

function choice(label, options, value, onchange) {
  const select = tag("select", { onchange: () => onchange(select.value) },
    options.map(([key, title]) => tag("option", { value: key, selected: key === value }, title)));
  return tag("label", tag("span", label), select);
}

function check(label, checked, onchange) {
  const box = tag("input", { type: "checkbox", checked, onchange: () => onchange(box.checked) });
  return tag("label.check", box, tag("span", label));
}

// Buttons of which one is pressed.
function segmented(label, options, value, onchange) {
  const buttons = options.map(([key, title]) => tag("button", {
    type: "button", "aria-pressed": String(key === value),
    onclick: (event) => {
      buttons.forEach((each) => each.setAttribute("aria-pressed", String(each === event.currentTarget)));
      onchange(key);
    },
  }, title));
  return tag("div.segmented", { role: "group", "aria-label": label }, buttons);
}

function definitions(pairs) {
  return tag("dl", pairs.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => tag("div", tag("dt", name), tag("dd", value))));
}

// A table whose columns sort. Column: {title, value, cell, number, order}; `mark` names a row's class.
function table(caption, columns, rows, { row = () => ({}), sorted = null } = {}) {
  let [by, down] = sorted || [null, false];
  const body = tag("tbody");
  const heads = columns.map((column, at) => {
    const button = tag("button", { type: "button", onclick: () => {
      [by, down] = [at, by === at ? !down : false];
      fill();
    } }, column.title);
    return tag("th", { scope: "col", class: column.number ? "number" : null }, button);
  });
  function fill() {
    heads.forEach((head, at) => head.setAttribute("aria-sort", at !== by ? "none" : down ? "descending" : "ascending"));
    const key = by === null ? null : columns[by].value;
    const order = key ? [...rows].sort((a, b) => compare(key(a), key(b)) * (down ? -1 : 1)) : rows;
    body.replaceChildren(...order.map((each) => tag("tr", row(each), columns.map((column, at) =>
      tag(at ? "td" : "th", { class: column.number ? "number" : null, scope: at ? null : "row" },
        column.cell ? column.cell(each) : plain(column.value(each)))))));
  }
  fill();
  const holder = tag("div.scroll", { tabindex: 0, role: "region", "aria-label": caption },
    tag("table", tag("caption", caption), tag("thead", tag("tr", heads)), body));
  holder.refill = fill;
  return holder;
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (a === null || a === undefined) return 1;
  if (b === null || b === undefined) return -1;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}
