#include "system/ship/browser_page_text.h"

namespace millgate {

const std::string_view kBrowserPageHead = R"page(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';
  style-src 'unsafe-inline'; script-src 'unsafe-inline' 'wasm-unsafe-eval';
  base-uri 'none'; form-action 'none'">
<title>Prediction</title>
<style>)page";

const std::string_view kBrowserPageBody = R"page(
textarea {
  width: 100%; min-height: 9rem; color: inherit; background: var(--paper); padding: .5rem .6rem;
  border: 1px solid var(--rule); border-radius: 4px; resize: vertical;
  font: .86rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
textarea:focus, a:focus-visible { outline: 2px solid var(--main); outline-offset: 1px; }
input.wrong { border-color: var(--bad); background: var(--bad-wash); }
.many { margin-top: 3rem; border-top: 2px solid var(--ink); padding-top: .4rem; }
.plain { background: none; color: var(--main); border: 1px solid var(--rule); margin-left: .6rem; }
.wide { overflow-x: auto; margin-top: 1rem; }
.wide th { text-align: left; color: var(--quiet); font-size: .82rem; padding: .2rem .9rem .2rem 0; }
.wide td { border-top: 1px solid var(--rule); padding: .25rem .9rem .25rem 0; white-space: nowrap; }
.wide td.told { font-weight: 600; }
.sides h2 { margin-top: .6rem; }
h2 label { display: inline; font-size: inherit; }
footer { margin-top: 3rem; border-top: 1px solid var(--rule); padding-top: .8rem;
  overflow-wrap: anywhere; }
a { color: var(--main); }
.save { margin-left: 1rem; }
</style>
</head>
<body>
<main>
<h1 id="name">Prediction</h1>
<p id="about"></p>
<p class="quiet" id="version"></p>
<noscript><p class="note bad">This page computes by JavaScript and WebAssembly; both are switched
off.</p></noscript>
<div id="trouble" class="note bad" role="alert" hidden></div>
<div class="sides">
<form id="form" hidden novalidate>
<h2>One row</h2>
<div class="fields" id="fields"></div>
<button id="ask">Predict</button><button id="usual" type="button" class="plain">Usual values</button>
<p class="quiet">A field that is empty is unknown.</p>
</form>
<section id="answer" aria-live="polite" aria-label="Prediction" hidden></section>
</div>
<form class="many" id="many" hidden>
<h2><label for="rows">Many rows</label></h2>
<p>Paste them as CSV, or from a spreadsheet, with the names of the columns in the first line. A field
that is empty is unknown; columns that the model does not read stay as they are.</p>
<textarea id="rows" spellcheck="false" autocomplete="off"></textarea>
<button id="ask_many">Predict rows</button>
<span role="status" id="counted" class="quiet"></span>
<div id="rows_trouble" class="note bad" role="alert" hidden></div>
<div class="wide" id="table"></div>
<div id="result" hidden>
<h2><label for="rows_out">As CSV</label><a class="save" id="save" download="predictions.csv">Save</a></h2>
<textarea id="rows_out" readonly spellcheck="false"></textarea>
</div>
</form>
<footer class="quiet">
<p>Everything is computed in this page; nothing that is entered leaves it. <span id="of"></span></p>
</footer>
</main>
<script type="application/json" id="data">)page";

const std::string_view kBrowserPageScript = R"page(
const page = JSON.parse(at("data").textContent);
const SHOWN_ROWS = 50;
let machine = null, texts_from = 0;

function bytesOf(base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; ++i) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function room(end) {
  const missing = end - machine.memory.buffer.byteLength;
  if (missing > 0) machine.memory.grow(Math.ceil(missing / 65536));
}

/* ---- values: as the program reads them ---- */

function integerOf(text) {
  if (!/^[+-]?\d+(\.0+)?$/.test(text)) throw Error("`" + text + "` is no whole number");
  const value = BigInt(text.replace(/\.0+$/, "").replace(/^\+/, ""));
  if (BigInt.asIntN(64, value) !== value) throw Error("`" + text + "` does not fit into 64 bits");
  return value;
}

function numberOf(text) {
  const word = text.toLowerCase().replace(/^[+-]/, "");
  if (word === "nan") return NaN;
  if (word === "inf" || word === "infinity") return text[0] === "-" ? -Infinity : Infinity;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) throw Error("`" + text + "` is no number");
  return Number(text);
}

function truthOf(text) {
  const word = text.toLowerCase();
  if (["true", "t", "1"].includes(word)) return 1n;
  if (["false", "f", "0"].includes(word)) return 0n;
  throw Error("`" + text + "` is neither true nor false");
}

function timeOf(text) {
  const found = new RegExp(String.raw`^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?` +
    String.raw`(?:[Zz]|([+-])(\d\d):?(\d\d)?)?|Z)?$`).exec(text);
  const wrong = () => Error("`" + text + "` is no time: write 2013-01-01T10:00:00Z");
  if (!found) throw wrong();
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(one => Number(one || 0));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) throw wrong();
  if (hour > 23 || minute > 59 || second > 59) throw wrong();
  let micros = BigInt(date.getTime()) * 1000n + BigInt((hour * 60 + minute) * 60 + second) * 1000000n;
  if (found[7]) micros += BigInt(found[7].slice(0, 6).padEnd(6, "0"));
  const offset = BigInt(Number(found[9] || 0) * 60 + Number(found[10] || 0)) * 60000000n;
  return found[8] === "-" ? micros + offset : micros - offset;
}

function durationOf(text) {
  const units = { us: 1, microsecond: 1, ms: 1e3, millisecond: 1e3, s: 1e6, second: 1e6, m: 6e7, min: 6e7,
    minute: 6e7, h: 3.6e9, hour: 3.6e9, d: 8.64e10, day: 8.64e10, w: 6.048e11, week: 6.048e11 };
  const part = /\s*(\d+)\s*([a-z]+)/gy, sign = text[0] === "-" ? -1n : 1n;
  const rest = text.toLowerCase().replace(/^-/, "");
  let micros = 0n, end = 0;
  for (let found; (found = part.exec(rest));) {
    const unit = units[found[2]] || units[found[2].replace(/s$/, "")];
    if (!unit) break;
    micros += BigInt(found[1]) * BigInt(unit);
    end = part.lastIndex;
  }
  if (end === 0 || end !== rest.length) throw Error("`" + text + "` is no duration: write 90s or 3h");
  return sign * micros;
}

const readers = { integer: integerOf, number: numberOf, boolean: truthOf, time: timeOf,
  duration: durationOf };

/* ---- one row through the machine ---- */

/* `row` has a text for each input, null where it is unknown. */
function predictRow(row) {
  let texts_at = texts_from;
  page.inputs.forEach((input, i) => {
    const slot = input.slot, text = row[i];
    let view = new DataView(machine.memory.buffer);
    view.setUint32(slot + 12, text === null ? 0 : 1, true);
    if (text === null) return;
    if (input.type === "text") {
      const bytes = new TextEncoder().encode(text);
      room(texts_at + bytes.length);
      new Uint8Array(machine.memory.buffer).set(bytes, texts_at);
      view = new DataView(machine.memory.buffer);
      view.setUint32(slot, texts_at, true);
      view.setUint32(slot + 8, bytes.length, true);
      texts_at += bytes.length;
    } else if (input.type === "number") {
      view.setFloat64(slot, numberOf(text.trim()), true);
    } else {
      view.setBigInt64(slot, readers[input.type](text.trim()), true);
    }
  });
  if (machine.predict() !== 0) throw Error("a text that a feature makes is longer than 65536 bytes");
  const view = new DataView(machine.memory.buffer), told = machine.told_at();
  const flag = place => view.getUint32(told + 32 + 4 * place, true) === 1;
  const answer = { [page.number_name]: view.getFloat64(told + 8, true) };
  if (page.threshold !== null) answer.decision = flag(0);
  if (page.surround === "interval") {
    answer.lower = view.getFloat64(told + 16, true);
    answer.upper = view.getFloat64(told + 24, true);
  }
  if (page.surround === "set") {
    answer.may_be_true = flag(1);
    answer.may_be_false = flag(2);
  }
  return answer;
}

function warningsOf(row) {
  const warnings = [];
  page.inputs.forEach((input, i) => {
    const range = input.schema["x-training-range"], categories = input.schema["x-categories"];
    if (row[i] === null) {
      if (input.required) warnings.push(input.name + ": unknown, and training always knew it");
      return;
    }
    const value = range ? Number(row[i]) : 0;
    if (range && !(value >= range[0] && value <= range[1])) {
      warnings.push(input.name + ": " + row[i] + " is outside the range of training, " + range[0] + " to " +
        range[1]);
    }
    if (categories && (input.schema.description || "").includes("Another value") &&
        !categories.includes(row[i])) {
      warnings.push(input.name + ": `" + row[i] + "` was not seen in training");
    }
  });
  return warnings;
}

/* ---- one row by hand ---- */

function showAnswer(answer, warnings) {
  const into = at("answer"), value = answer[page.number_name];
  into.replaceChildren();
  into.hidden = false;
  into.append(make("p", page.number_name[0].toUpperCase() + page.number_name.slice(1), "quiet"),
    make("div", short(value), "figure"));
  if (page.threshold !== null) showScale(into, answer);
  if ("lower" in answer) {
    into.append(make("p", "Between " + short(answer.lower) + " and " + short(answer.upper) + "."));
  }
  into.append(make("p", "Exactly " + value + ".", "quiet"));
  for (const warning of warnings) into.append(make("div", warning, "note"));
}

function predictOne() {
  const row = inputs.map(({ input }) => input.value === "" ? null : input.value);
  let is_wrong = false;
  inputs.forEach(({ name, type, input }, i) => {
    let trouble = "";
    try {
      if (row[i] !== null && readers[type]) readers[type](row[i].trim());
    } catch (error) {
      trouble = name + ": " + error.message;
    }
    input.classList.toggle("wrong", trouble !== "");
    input.setAttribute("aria-invalid", trouble !== "");
    if (trouble && !is_wrong) fault(trouble);
    is_wrong = is_wrong || trouble !== "";
  });
  at("answer").hidden = is_wrong;
  if (is_wrong) return;
  fault("");
  try {
    showAnswer(predictRow(row), warningsOf(row));
  } catch (error) {
    at("answer").hidden = true;
    fault(error.message);
  }
}

function usualValues() {
  inputs.forEach(({ input }, i) => {
    const value = page.inputs[i].example;
    input.value = value === null ? "" : String(value);
    input.dispatchEvent(new Event("input"));
  });
  predictOne();
}

/* ---- many rows ---- */

/* Lists of cells; a cell is null where nothing stands, not even "". */
function cellsOf(text) {
  const first = text.slice(0, text.search(/[\r\n]|$/));
  const between = first.includes("\t") ? "\t" : first.includes(",") || !first.includes(";") ? "," : ";";
  const rows = [];
  let row = [], cell = "", is_quoted = false, i = 0;
  const end_cell = () => { row.push(cell === "" && !is_quoted ? null : cell); cell = ""; is_quoted = false; };
  const end_row = () => {
    const is_empty = row.length === 0 && cell === "" && !is_quoted;
    end_cell();
    if (!is_empty) rows.push(row);
    row = [];
  };
  while (i < text.length) {
    const c = text[i];
    if (c === '"' && cell === "" && !is_quoted) {
      is_quoted = true;
      for (++i; ; ++i) {
        if (i >= text.length) throw Error("row " + (rows.length + 1) + ": a quotation mark is not closed");
        if (text[i] !== '"') cell += text[i];
        else if (text[i + 1] === '"') cell += text[++i];
        else break;
      }
    } else if (c === between) end_cell();
    else if (c === "\n") end_row();
    else if (c !== "\r") cell += c;
    ++i;
  }
  if (cell !== "" || is_quoted || row.length) end_row();
  return rows;
}

function csvCell(cell) {
  if (cell === null) return "";
  const text = String(cell);
  return text === "" || /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
}

function predictRows(text) {
  const [names, ...rows] = cellsOf(text);
  if (!names || !rows.length) throw Error("there is no row: the first line names the columns, rows follow");
  const places = page.inputs.map(input => names.indexOf(input.name));
  const missing = page.inputs.filter((input, i) => places[i] < 0 && input.required);
  if (missing.length) {
    throw Error("there is no column `" + missing.map(input => input.name).join("`, `") + "`: " +
      "the first line has to name every input that training always knew");
  }
  let answers = [], warned = 0;
  rows.forEach((cells, number) => {
    if (cells.length !== names.length) {
      throw Error("row " + (number + 1) + " has " + cells.length + " fields, the first line " + names.length);
    }
    const row = places.map(place => place < 0 ? null : cells[place]);
    try {
      answers.push(predictRow(row));
    } catch (error) {
      page.inputs.forEach((input, i) => {
        if (row[i] === null || !readers[input.type]) return;
        try {
          readers[input.type](row[i].trim());
        } catch (wrong) {
          throw Error("row " + (number + 1) + ", column " + input.name + ": " + wrong.message);
        }
      });
      throw Error("row " + (number + 1) + ": " + error.message);
    }
    if (warningsOf(row).length) ++warned;
  });
  const told = Object.keys(answers[0]);
  return { names: [...names, ...told], told: told.length, warned,
    rows: rows.map((cells, i) => [...cells, ...told.map(name => answers[i][name])]) };
}

function showRows(made) {
  const table = make("table"), head = make("tr");
  for (const name of made.names) {
    const cell = make("th", name);
    cell.scope = "col";
    head.append(cell);
  }
  table.append(head);
  for (const row of made.rows.slice(0, SHOWN_ROWS)) {
    const line = make("tr");
    row.forEach((cell, i) => {
      const is_told = i >= made.names.length - made.told;
      line.append(make("td", cell === null ? "" : is_told ? short(cell) : cell, is_told ? "told" : ""));
    });
    table.append(line);
  }
  at("table").replaceChildren(table);
  const count = made.rows.length;
  at("counted").textContent = " " + count + (count === 1 ? " row" : " rows") +
    (count > SHOWN_ROWS ? ", the first " + SHOWN_ROWS + " shown" : "") +
    (made.warned ? "; " + made.warned + " of them unlike those of training" : "");
  const csv = [made.names, ...made.rows].map(row => row.map(csvCell).join(",")).join("\n") + "\n";
  at("rows_out").value = csv;
  URL.revokeObjectURL(at("save").href);
  at("save").href = URL.createObjectURL(new Blob([csv], { type: "text/csv" }));
}

function predictMany(event) {
  event.preventDefault();
  let trouble = "";
  try {
    showRows(predictRows(at("rows").value));
  } catch (error) {
    trouble = error.message;
    at("table").replaceChildren();
    at("counted").textContent = "";
  }
  at("result").hidden = trouble !== "";
  at("rows_trouble").textContent = trouble;
  at("rows_trouble").hidden = !trouble;
}

async function begin() {
  document.title = page.name + ": prediction";
  at("name").textContent = page.name;
  at("about").textContent = page.description;
  at("version").textContent = "Predicts " + page.label + ". The first values are usual ones.";
  at("of").textContent = "Model " + page.model + ", " + page.scorer + ".";
  threshold = page.threshold;
  const made = await WebAssembly.instantiate(bytesOf(page.evaluator), {});
  machine = made.instance.exports;
  if (machine.free_from() > page.model_at) throw Error("the evaluator does not leave room for the model");
  const bytes = bytesOf(page.packed);
  texts_from = page.model_end;
  room(texts_from);
  new Uint8Array(machine.memory.buffer).set(bytes, page.model_at);
  for (const input of page.inputs) at("fields").append(fieldOf(input.name, input.schema, input.example));
  at("rows").value = page.inputs.map(input => csvCell(input.name)).join(",") + "\n" +
    page.inputs.map(input => csvCell(input.example)).join(",") + "\n";
  at("form").addEventListener("submit", event => { event.preventDefault(); predictOne(); });
  at("form").addEventListener("input", predictOne);
  at("usual").addEventListener("click", usualValues);
  at("many").addEventListener("submit", predictMany);
  at("form").hidden = at("many").hidden = false;
  predictOne();
}
begin().catch(error => fault("The page could not begin: " + error.message));
)page";

const std::string_view kBrowserPageEnd = R"page(</script>
</body>
</html>
)page";

}  // namespace millgate
