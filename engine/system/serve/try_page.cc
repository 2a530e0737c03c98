#include "system/serve/try_page.h"

namespace millgate {

const std::string_view kTryPage = R"page(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';
  style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self';
  base-uri 'none'; form-action 'none'">
<title>Try a prediction</title>
<style>
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
</style>
</head>
<body>
<main>
<h1 id="name">Try a prediction</h1>
<p id="about"></p>
<p class="quiet" id="version"></p>
<div id="trouble" class="note bad" role="alert" hidden></div>
<form id="key" hidden>
<label>Token<input id="secret" type="password" autocomplete="off"></label>
<button>Go on</button>
<p class="quiet">This server wants a token for <code>predict</code>. It is kept by this page alone, until
it is closed.</p>
</form>
<div class="sides">
<form id="form" hidden novalidate>
<div class="fields" id="fields"></div>
<button id="ask">Predict</button>
<p class="quiet">A field that is empty is sent as unknown. What is asked here is answered, logged and watched
as any other request, with a request id that begins with <code>by-hand-</code>.</p>
</form>
<section id="answer" aria-live="polite" hidden></section>
</div>
</main>
<script>
"use strict";
const at = id => document.getElementById(id);
function make(tag, text, kind) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}
const short = value => typeof value === "number" ? String(Number(value.toPrecision(4))) : String(value);
const known = () => at("secret").value ? { Authorization: "Bearer " + at("secret").value } : {};
let inputs = [], threshold = null;

function fault(text) {
  at("trouble").textContent = text;
  at("trouble").hidden = !text;
}

function fieldOf(name, schema, value) {
  const label = make("label", name);
  const range = schema["x-training-range"], categories = schema["x-categories"] || [];
  let of = schema["x-type"], is_one_of = false;
  if (range) of += ", " + short(range[0]) + " to " + short(range[1]);
  if (schema["x-type"] === "time") of += ", as 2013-01-01T10:00:00Z";
  if (schema["x-type"] === "duration") of += ", as 90s or 2h 30m";
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

function rowOf() {
  const row = {};
  for (const { name, type, input } of inputs) {
    const text = input.value;
    if (text === "") row[name] = null;
    else if (type === "boolean") row[name] = text === "true";
    else if (type === "number" || type === "integer") {
      // What is no number goes as it is: the server says what is wrong with it.
      row[name] = text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
    } else row[name] = text;
  }
  return row;
}

async function readJson(answer) {
  const text = await answer.text();
  try {
    return JSON.parse(text);
  } catch {
    return { error: "the answer is not JSON: " + text.slice(0, 200) };
  }
}

function said(body) { return (body.error || "no answer") + (body.hint ? ". Hint: " + body.hint : ""); }

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

function showClasses(into, answer) {
  into.append(make("p", "The decision is " + answer.class + ".", "quiet"));
  const table = make("table");
  for (const [name, probability] of Object.entries(answer.probabilities)
      .sort((a, b) => b[1] - a[1])) {
    const row = make("tr"), cell = make("td", undefined, "bar"), space = make("div"), bar = make("i");
    bar.style.width = 100 * probability + "%";
    bar.style.left = "0";
    bar.style.background = "var(--up)";
    space.append(bar);
    cell.append(space);
    row.append(make("td", name), cell, make("td", short(probability), "number"));
    table.append(row);
  }
  into.append(table);
}

function showExplanation(into, told) {
  into.append(make("h2", "What moved it"));
  if (told.reasons.length) {
    const list = make("ul");
    for (const reason of told.reasons.slice(0, 5)) list.append(make("li", reason));
    into.append(list);
  }
  const table = make("table");
  const largest = Math.max(...told.contributions.map(one => Math.abs(one.contribution)), 1e-300);
  for (const one of told.contributions.slice(0, 20)) {
    const row = make("tr"), cell = make("td", undefined, "bar"), space = make("div"), bar = make("i");
    const share = 50 * Math.abs(one.contribution) / largest;
    bar.style.width = share + "%";
    bar.style.left = (one.contribution < 0 ? 50 - share : 50) + "%";
    bar.style.background = one.contribution < 0 ? "var(--down)" : "var(--up)";
    space.append(bar);
    cell.append(space);
    const value = one.value === null ? "unknown" : short(one.value);
    row.append(make("td", one.feature + " = " + value), cell,
      make("td", (one.contribution > 0 ? "+" : "") + short(one.contribution), "number"));
    table.append(row);
  }
  into.append(table, make("p", "In " + told.scale + ". Without any of them: " + short(told.base_value) +
    "; with all: " + short(told.score) + ".", "quiet"));
}

function show(answer, row) {
  const into = at("answer");
  into.replaceChildren();
  into.hidden = false;
  const is_binary = "probability" in answer, has_classes = "class" in answer;
  into.append(make("p", is_binary ? "Probability" : "score" in answer ? "Score" : "Value", "quiet"));
  into.append(make("div", short(answer.probability ?? answer.value ?? answer.score), "figure"));
  if (has_classes) showClasses(into, answer);
  else if (is_binary) showScale(into, answer);
  if ("lower" in answer) {
    into.append(make("p", "Between " + short(answer.lower) + " and " + short(answer.upper) + "."));
  }
  for (const warning of answer.warnings) into.append(make("div", warning, "note"));
  if (answer.explanation) showExplanation(into, answer.explanation);
  into.append(make("h2", "The same from a program"));
  const body = JSON.stringify(row).replaceAll("'", "'\\''");
  into.append(make("pre", "curl " + location.origin + "/predict -d '" + body + "'"));
  into.append(make("p", "Model " + answer.model + ", prediction " + answer.prediction_id, "quiet"));
}

async function ask(event) {
  event.preventDefault();
  const row = rowOf(), button = at("ask");
  button.disabled = true;
  fault("");
  try {
    const id = "by-hand-" + Date.now().toString(36) + Math.random().toString(36).slice(2, 8);
    const headers = { ...known(), "X-Request-Id": id };
    const options = { method: "POST", body: JSON.stringify(row), headers };
    const path = at("form").dataset.explains ? "predict?explain=all" : "predict";
    const answer = await fetch(path, options);
    const body = await readJson(answer);
    if (answer.ok) show(body, row);
    else { at("answer").hidden = true; fault(said(body)); }
  } catch (error) {
    fault("The server does not answer: " + error.message);
  } finally {
    button.disabled = false;
  }
}

async function begin() {
  const answer = await fetch("openapi.json", { headers: known() });
  const about = await readJson(answer);
  at("key").hidden = answer.status !== 401;
  fault("");
  if (answer.status === 401 && !at("secret").value) return;
  if (!answer.ok) return fault(said(about));
  document.title = about.info.title + ": try a prediction";
  at("name").textContent = about.info.title;
  at("about").textContent = about.info.description || "";
  at("version").textContent = "Model " + about.info.version + " predicts " + about.info["x-label"] +
    ". The first values are usual ones.";
  const row = about.components.schemas.Row, example = row.examples[0];
  for (const [name, schema] of Object.entries(row.properties)) {
    if (schema["x-type"]) at("fields").append(fieldOf(name, schema, example[name]));
  }
  threshold = about.info["x-threshold"] ?? null;
  if (about.paths["/predict"].post.parameters) at("form").dataset.explains = "yes";
  at("form").hidden = false;
  at("form").addEventListener("submit", ask);
  if (location.hash === "#ask") at("form").requestSubmit();
}
at("key").addEventListener("submit", event => {
  event.preventDefault();
  begin().catch(error => fault("The page could not begin: " + error.message));
});
begin().catch(error => fault("The page could not begin: " + error.message));
</script>
</body>
</html>
)page";

}  // namespace millgate
