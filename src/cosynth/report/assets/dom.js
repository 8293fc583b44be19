// Elements and text. Text from the data only ever becomes a text node or an attribute value.
const SHAPES = new Set("svg g path circle rect line text a_ title_ polyline".split(" "));

function element(tag, attributes = {}, ...children) {
  const node = SHAPES.has(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag.replace("_", ""))
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") Object.entries(value).forEach(([key, each]) => node.style.setProperty(key, each));
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const text = (x, y, content, attributes = {}) => element("text", { x, y, ...attributes }, content);

function section(title, note, ...children) {
  const id = "s" + (section.count = (section.count || 0) + 1);
  return element("section", { "aria-labelledby": id },
    element("h2", { id }, title), note && element("p", { class: "note" }, note), ...children);
}

// A figure that is drawn for the width it has, and again when that changes.
function figure(label, draw, attributes = {}) {
  const holder = element("div", { class: "figure", role: "group", "aria-label": label, ...attributes });
  let width = 0;
  holder.redraw = () => {
    if (width) holder.replaceChildren(draw(width));
  };
  new ResizeObserver(() => {
    const wide = Math.floor(holder.clientWidth);
    if (wide && wide !== width) {
      width = wide;
      holder.redraw();
    }
  }).observe(holder);
  return holder;
}

function choice(label, options, value, onchange) {
  const select = element("select", { onchange: () => onchange(select.value) },
    options.map(([key, title]) => element("option", { value: key, selected: key === value }, title)));
  return element("label", {}, element("span", {}, label), select);
}

function check(label, checked, onchange) {
  const box = element("input", { type: "checkbox", checked, onchange: () => onchange(box.checked) });
  return element("label", { class: "check" }, box, element("span", {}, label));
}

// Buttons of which one is pressed.
function segmented(label, options, value, onchange) {
  const buttons = options.map(([key, title]) => element("button", {
    type: "button", "aria-pressed": String(key === value),
    onclick: (event) => {
      buttons.forEach((each) => each.setAttribute("aria-pressed", String(each === event.currentTarget)));
      onchange(key);
    },
  }, title));
  return element("div", { class: "segmented", role: "group", "aria-label": label }, buttons);
}

function definitions(pairs) {
  return element("dl", {}, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

// A table whose columns sort. Column: {title, value, cell, number, order}; `mark` names a row's class.
function table(caption, columns, rows, { row = () => ({}), sorted = null } = {}) {
  let [by, down] = sorted || [null, false];
  const body = element("tbody");
  const heads = columns.map((column, at) => {
    const button = element("button", { type: "button", onclick: () => {
      [by, down] = [at, by === at ? !down : false];
      fill();
    } }, column.title);
    return element("th", { scope: "col", class: column.number ? "number" : null }, button);
  });
  function fill() {
    heads.forEach((head, at) => head.setAttribute("aria-sort", at !== by ? "none" : down ? "descending" : "ascending"));
    const key = by === null ? null : columns[by].value;
    const order = key ? [...rows].sort((a, b) => compare(key(a), key(b)) * (down ? -1 : 1)) : rows;
    body.replaceChildren(...order.map((each) => element("tr", row(each), columns.map((column, at) =>
      element(at ? "td" : "th", { class: column.number ? "number" : null, scope: at ? null : "row" },
        column.cell ? column.cell(each) : plain(column.value(each)))))));
  }
  fill();
  const holder = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    element("table", {}, element("caption", {}, caption), element("thead", {}, element("tr", {}, heads)), body));
  holder.refill = fill;
  return holder;
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (a === null || a === undefined) return 1;
  if (b === null || b === undefined) return -1;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}
