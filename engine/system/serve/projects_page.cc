#include "system/serve/projects_page.h"

#include <string_view>

#include "system/serve/page_head.h"
#include "system/serve/prediction_form.h"

namespace millgate {

namespace {

constexpr std::string_view kBody = R"page(
table { border-collapse: collapse; margin: 1.5rem 0 }
th, td { text-align: left; padding: .5rem 2rem .5rem 0; border-bottom: 1px solid #8884 }
</style>
</head>
<body>
<main>
<h1>Projects</h1>
<p id="about">Each has a page on which a prediction can be tried.</p>
<table id="list" hidden><thead><tr><th>Project</th><th>Model</th><th></th></tr></thead><tbody></tbody></table>
</main>
<script>
function cell(row, what) {
  const made = document.createElement("td");
  made.append(what);
  row.append(made);
}
async function begin() {
  const answer = await fetch("./", { headers: { Accept: "application/json" } });
  const told = await answer.json();
  if (!answer.ok) {
    document.getElementById("about").textContent = told.error +
      ". A project whose name you know has its page at /projects/NAME/, which takes a token.";
    return;
  }
  const list = document.getElementById("list");
  for (const project of told.projects) {
    const row = document.createElement("tr"), link = document.createElement("a");
    const name = project.path.split("/")[2];
    link.href = "projects/" + encodeURIComponent(name) + "/";
    link.textContent = name;
    cell(row, link);
    cell(row, project.version || "");
    cell(row, project.ready ? (project.model ? "serves" : "is loaded when it is asked") : "serves nothing");
    list.tBodies[0].append(row);
  }
  list.hidden = false;
}
begin().catch(error => {
  document.getElementById("about").textContent = "The server does not answer: " + error.message;
});
</script>
</body>
</html>
)page";

}  // namespace

std::string projects_page() {
  return page_head("Projects").append(kPredictionFormStyle).append(kBody);
}

}  // namespace millgate
