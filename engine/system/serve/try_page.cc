#include "system/serve/try_page.h"

#include "system/serve/page_head.h"
#include "system/serve/prediction_form.h"

namespace millgate {

namespace {

constexpr std::string_view kTryBody = R"page(</style>
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
<script>)page";

constexpr std::string_view kTryScript =
    R"page(const known = () => at("secret").value ? { Authorization: "Bearer " + at("secret").value } : {};

// What is no list goes as it is: the server says what is wrong with it.
function listOf(text) {
  try { return JSON.parse(text); } catch { return text; }
}

function rowOf() {
  const row = {};
  for (const { name, type, input } of inputs) {
    const text = input.value;
    if (text === "") row[name] = null;
    else if (type === "boolean") row[name] = text === "true";
    else if (type === "list") row[name] = listOf(text);
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
  into.append(make("pre", "curl " + new URL("predict", location.href).href + " -d '" + body + "'"));
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

}  // namespace

std::string try_page() {
  std::string page = page_head("Try a prediction");
  for (const std::string_view part :
       {kPredictionFormStyle, kTryBody, kPredictionFormScript, kTryScript}) {
    page += part;
  }
  return page;
}

}  // namespace millgate
