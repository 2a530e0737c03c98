#include "system/serve/prediction_form.h"

namespace millgate {

const std::string_view kPredictionFormStyle = R"css(
:root {
  color-scheme: light dark;
  --paper: #fdfdfb; --ink: #1d2125; --quiet: #626a73; --rule: #dcdfe1; --wash: #f2f3f0;
  --main: #1f5f8b; --up: #b3422f; --down: #1f5f8b; --warn: #9a6a00; --warn-wash: #fbf3dd;
  --bad: #b3422f; --bad-wash: #fbeae6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #16191c; --ink: #e6e8e9; --quiet: #98a1a9; --rule: #343a40; --wash: #1f2327;
    --main: #7db8de; --up: #f0907d; --down: #7db8de; --warn: #e2b95a; --warn-wash: #332a15;
    --bad: #f0907d; --bad-wash: #38211c;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink); font-variant-numeric: tabular-nums;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans",
    "Liberation Sans", sans-serif;
}
main { max-width: 68rem; margin: 0 auto; padding: 2.2rem 1.5rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.15; margin: 0 0 .4rem; letter-spacing: -.015em; }
h2 { font-size: 1rem; margin: 1.6rem 0 .5rem; }
p { margin: .4rem 0 .8rem; max-width: 44rem; }
code, pre { font: .86em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
pre { background: var(--wash); padding: .8rem 1rem; border-radius: 4px; white-space: pre-wrap;
  overflow-wrap: anywhere; }
.quiet { color: var(--quiet); font-size: .88rem; }
.sides { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 3rem;
  align-items: start; margin-top: 1.6rem; }
@media (max-width: 52rem) { .sides { grid-template-columns: minmax(0, 1fr); gap: 1rem; } }
.fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr));
  gap: .9rem 1.2rem; }
label { display: block; font-size: .92rem; overflow-wrap: anywhere; }
label .of { display: block; color: var(--quiet); font-size: .8rem; min-height: 1.3em; }
input, select {
  width: 100%; font: inherit; color: inherit; background: var(--paper); padding: .35rem .5rem;
  border: 1px solid var(--rule); border-radius: 4px;
}
input:focus, select:focus, button:focus { outline: 2px solid var(--main); outline-offset: 1px; }
input.outside, select.outside { border-color: var(--warn); background: var(--warn-wash); }
button {
  font: inherit; font-weight: 600; color: var(--paper); background: var(--main); border: 0;
  border-radius: 4px; padding: .5rem 1.3rem; margin-top: 1.3rem; cursor: pointer;
}
button:disabled { opacity: .5; cursor: default; }
#answer { border-top: 2px solid var(--ink); padding-top: .6rem; }
.figure { font-size: 2.6rem; line-height: 1.15; letter-spacing: -.02em; font-weight: 600; margin: .2rem 0; }
.scale { position: relative; height: .55rem; border-radius: 3px; background: var(--wash);
  margin: .6rem 0 .3rem; }
.scale .part { position: absolute; left: 0; top: 0; bottom: 0; border-radius: 3px; background: var(--main); }
.scale .mark { position: absolute; top: -.25rem; bottom: -.25rem; width: 2px; background: var(--ink); }
.note { border-left: 4px solid var(--warn); background: var(--warn-wash); padding: .5rem .9rem;
  margin: .6rem 0; border-radius: 0 4px 4px 0; }
.note.bad { border-color: var(--bad); background: var(--bad-wash); }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
td { padding: .2rem .4rem .2rem 0; vertical-align: middle; overflow-wrap: anywhere; }
td.number { text-align: right; white-space: nowrap; width: 4.5rem; padding-right: .7rem; }
td.bar { width: 42%; }
td.bar div { position: relative; height: .8rem;
  background: linear-gradient(var(--rule), var(--rule)) 50% 0 / 1px 100% no-repeat; }
td.bar i { position: absolute; top: 0; bottom: 0; border-radius: 2px; }
ul { margin: .3rem 0; padding-left: 1.2rem; }
[hidden] { display: none !important; }
)css";

const std::string_view kPredictionFormScript = R"js(
"use strict";
const at = id => document.getElementById(id);
function make(tag, text, kind) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}
const short = value => typeof value === "number" ? String(Number(value.toPrecision(4))) : String(value);
let inputs = [], threshold = null;

function fault(text) {
  at("trouble").textContent = text;
  at("trouble").hidden = !text;
}

function fieldOf(name, schema, value) {
  const label = make("label", name);
  const range = schema["x-training-range"], categories = schema["x-categories"] || [];
  let of = schema["x-type"], is_one_of = false;
  if (schema["x-unit"]) of += ", in " + schema["x-unit"];
  if (range) of += ", " + short(range[0]) + " to " + short(range[1]);
  if (schema["x-type"] === "time") of += ", as 2013-01-01T10:00:00Z";
  if (schema["x-type"] === "duration") of += ", as 90s or 2h 30m";
  if (schema["x-type"] === "list") of += ", as [0.5, 2]";
  let input;
  if (schema["x-type"] === "boolean") {
    input = make("select");
    for (const text of ["", "true", "false"]) input.append(make("option", text));
  } else {
    input = make("input");
    input.autocomplete = "off";
    if (["number", "integer"].includes(schema["x-type"])) input.inputMode = "decimal";
    if (categories.length) {
      const list = make("datalist");
      list.id = "values-" + inputs.length;
      for (const text of categories) {
        const option = make("option");
        option.value = text;
        list.append(option);
      }
      label.append(list);
      input.setAttribute("list", list.id);
      is_one_of = (schema.description || "").includes("Another value");
      if (is_one_of) of += ", one of " + categories.length;
    }
  }
  input.value = value === null || value === undefined ? "" : String(value);
  label.append(input, make("span", of, "of"));
  const check = () => {
    const number = Number(input.value);
    const strange = input.value !== "" && (range ? !(number >= range[0] && number <= range[1]) :
      is_one_of && !categories.includes(input.value));
    input.classList.toggle("outside", strange);
  };
  input.addEventListener("input", check);
  inputs.push({ name, type: schema["x-type"], input });
  return label;
}

function showScale(into, answer) {
  const scale = make("div", undefined, "scale"), part = make("div", undefined, "part");
  part.style.width = 100 * answer.probability + "%";
  scale.append(part);
  if (threshold !== null) {
    const mark = make("div", undefined, "mark");
    mark.style.left = "calc(" + 100 * threshold + "% - 1px)";
    scale.append(mark);
  }
  into.append(scale);
  let text = "The decision is " + (answer.decision ? "yes" : "no");
  if (threshold !== null) text += ": yes from " + short(threshold) + " on";
  into.append(make("p", text + ".", "quiet"));
  if ("may_be_true" in answer) {
    const yes = answer.may_be_true, no = answer.may_be_false;
    const set = yes && no ? "both answers are possible" : yes ? "only yes is possible" :
      no ? "only no is possible" : "no answer fits";
    into.append(make("p", "By the model's uncertainty " + set + "."));
  }
}
)js";

}  // namespace millgate
