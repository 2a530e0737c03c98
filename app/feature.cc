#include <arrow/api.h>

#include <algorithm>
#include <iostream>

#include "app/commands.h"
#include "app/text_table.h"
#include "data/feature/operand_text.h"
#include "data/feature/traced_window.h"
#include "ground/shortest_text.h"
#include "system/pipeline/feature_work.h"
#include "system/pipeline/task_cells.h"

namespace millgate {

namespace {

struct Options {
  std::string feature;
  std::vector<std::string> row;  ///< "id=3".
  std::string revision = kCurrentBranch;
};

/// One view (or the task's table) that the feature reads, with the row that was joined.
struct Origin {
  std::string view;  ///< Empty: the task's table.
  std::string sql;
  std::vector<std::pair<std::string, std::string>> cells;
  std::vector<TracedWindow> windows;  ///< Of those that the feature reads.
};

constexpr int64_t kFactsShown = 10;

Result<std::string> where_of(const std::vector<std::string>& row) {
  std::string where;
  for (const std::string& pair : row) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return invalid_input("`" + pair + "` does not name a row", "write column=value, as in id=3");
    }
    where += (where.empty() ? "" : " and ") + quote_name(pair.substr(0, equals)) + " = " +
             quote_text(pair.substr(equals + 1));
  }
  return where;
}

/// The part before the dot of `view.column`; empty for columns of the task's table.
std::string view_of(const FeatureWork& work, const std::string& column) {
  for (const View& view : work.plan.views) {
    if (column.starts_with(view.name + ".")) return view.name;
  }
  return {};
}

/// The columns to join: what the features read, and all of the views that this one reads.
std::vector<std::string> columns_to_join(const FeatureWork& work,
                                         const std::vector<std::string>& inputs) {
  std::vector<std::string> columns = work.columns();
  for (const Field& field : work.fields) {
    const std::string view = view_of(work, field.name);
    if (view.empty()) continue;
    const bool is_read = std::any_of(inputs.begin(), inputs.end(), [&](const std::string& input) {
      return view_of(work, input) == view;
    });
    const bool is_new = std::find(columns.begin(), columns.end(), field.name) == columns.end();
    if (is_read && is_new) columns.push_back(field.name);
  }
  return columns;
}

Result<std::string> cell_text(const arrow::Table& joined, const Field& field) {
  MILLGATE_ASSIGN(const Block block, block_from(joined, {field}));
  return operand_text({.vector = &block.columns[0], .first = 0, .step = 1}, 0);
}

Result<std::vector<Origin>> origins_of(const FeatureWork& work, const arrow::Table& joined,
                                       const std::vector<std::string>& inputs) {
  std::vector<Origin> origins;
  for (const std::string& input : inputs) {
    const std::string view = view_of(work, input);
    const bool is_known = std::any_of(origins.begin(), origins.end(),
                                      [&](const Origin& one) { return one.view == view; });
    if (is_known) continue;
    Origin origin{.view = view, .sql = {}, .cells = {}, .windows = {}};
    for (const View& one : work.plan.views) {
      if (one.name != view) continue;
      origin.sql = one.sql;
      MILLGATE_ASSIGN(origin.windows,
                      traced_windows(*work.database, work.plan, one, joined, inputs, kFactsShown));
    }
    for (const Field& field : work.fields) {
      const bool is_key =
          view.empty() && std::find(inputs.begin(), inputs.end(), field.name) == inputs.end();
      if (view_of(work, field.name) != view || is_key) continue;
      MILLGATE_ASSIGN(std::string text, cell_text(joined, field));
      origin.cells.emplace_back(field.name, std::move(text));
    }
    origins.push_back(std::move(origin));
  }
  return origins;
}

Json to_json(const Options& options, const std::vector<TracedValue>& values,
             const std::vector<Origin>& origins, const std::string& row_time, int64_t rows,
             const std::string& value) {
  Json parts = Json::array();
  for (const TracedValue& one : values) {
    Json part = {{"text", one.text}, {"value", one.value}, {"depth", one.depth}};
    if (!one.learned.empty()) part["learned"] = Json::parse(one.learned, nullptr, false);
    parts.push_back(std::move(part));
  }
  Json from = Json::array();
  for (const Origin& one : origins) {
    Json cells = Json::object();
    for (const auto& [name, text] : one.cells) cells[name] = text;
    Json windows = Json::array();
    for (const TracedWindow& window : one.windows) {
      windows.push_back({{"name", window.name},
                         {"definition", window.definition},
                         {"fact_count", window.fact_count},
                         {"facts", window.facts}});
    }
    from.push_back({{"view", one.view}, {"sql", one.sql}, {"cells", cells}, {"windows", windows}});
  }
  return {{"feature", options.feature}, {"value", value}, {"row_time", row_time},
          {"row_count", rows},          {"parts", parts}, {"from", from}};
}

void print_why(const Options& options, const FeatureWork& work,
               const std::vector<TracedValue>& values, const std::vector<Origin>& origins,
               const std::string& row_time, int64_t rows, const std::string& value) {
  std::cout << options.feature << " = " << value << ", asked at " << row_time << '\n';
  if (rows > 1) std::cout << "(the first of " << grouped(rows) << " rows that fit)\n";
  for (const TracedValue& one : values) {
    std::cout << std::string(static_cast<size_t>(one.depth) * 2 + 2, ' ') << one.text << " = "
              << one.value;
    if (!one.learned.empty() && one.learned.size() < 80) std::cout << "  learned " << one.learned;
    std::cout << '\n';
  }
  for (const Origin& one : origins) {
    if (one.view.empty()) {
      std::cout << "from table " << work.plan.task.table << ", commit " << work.commit.id.brief()
                << '\n';
    } else {
      std::cout << "from view " << one.view << ": " << one.sql << '\n';
    }
    for (const auto& [name, text] : one.cells) std::cout << "  " << name << " = " << text << '\n';
    for (const TracedWindow& window : one.windows) {
      std::cout << "  " << window.name << ", " << window.definition << ": "
                << grouped(window.fact_count) << " facts";
      const bool is_part = window.fact_count > std::ssize(window.facts) && !window.facts.empty();
      std::cout << (is_part ? ", of which the newest" : "") << '\n';
      for (const std::string& fact : window.facts) std::cout << "    " << fact << '\n';
    }
  }
}

/// Cells as the policy for personal data asks. Whether the feature reads one that it hides.
bool show_guarded(const GuardedCells& cells, const std::vector<std::string>& inputs,
                  std::vector<TracedValue>& values, std::vector<Origin>& origins) {
  if (cells.empty()) return false;
  for (TracedValue& one : values) {
    if (cells.guards(one.text)) one.learned.clear();
    one.value = cells.shown(one.text, one.value);
  }
  for (Origin& one : origins) {
    for (auto& [name, text] : one.cells) text = cells.shown(name, text);
    for (TracedWindow& window : one.windows) window.facts.clear();  // Any column may be hidden.
  }
  return std::any_of(inputs.begin(), inputs.end(),
                     [&](const std::string& input) { return cells.guards(input); });
}

Result<int> why(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_ASSIGN(const FeatureWork work,
                  open_features(*place.repository, place.project, options.revision));
  MILLGATE_ASSIGN(const std::string where, where_of(options.row));
  // Before anything is learned, so that a wrong name costs nothing.
  std::vector<std::string> inputs;
  size_t at = 0;
  for (const Feature& feature : work.program.features()) {
    if (feature.name == options.feature) inputs = feature.inputs;
  }
  MILLGATE_ASSIGN(const auto joined,
                  join_as_of(*work.database, work.plan, columns_to_join(work, inputs), where));
  if (joined->num_rows() == 0) {
    return not_found("no row of `" + work.plan.task.table + "` fits " + where,
                     "`millgate sql` shows its rows");
  }
  // What a feature learns, it learns from all rows; only then are they needed.
  MILLGATE_ASSIGN(const auto all, work.program.is_fitted()
                                      ? Result<std::shared_ptr<arrow::Table>>(joined)
                                      : join_as_of(*work.database, work.plan, work.columns()));
  MILLGATE_ASSIGN(const FittedFeatures fitted, fitted_features(*place.repository, work, *all));
  const auto first = joined->Slice(0, 1);
  MILLGATE_ASSIGN(const Block row, block_from(*first, fitted.program.inputs()));
  MILLGATE_ASSIGN(auto values, fitted.program.trace(options.feature, row));
  MILLGATE_ASSIGN(auto origins, origins_of(work, *first, inputs));
  std::vector<double> out(fitted.program.features().size());
  EvaluationScratch scratch;
  MILLGATE_TRY(fitted.program.evaluate(row, out, scratch));
  for (size_t i = 0; i < out.size(); ++i) {
    if (fitted.program.features()[i].name == options.feature) at = i;
  }
  MILLGATE_ASSIGN(const GuardedCells cells,
                  cells_of_task(*place.repository, place.project, work.commit));
  const bool is_guarded = show_guarded(cells, inputs, values, origins);
  const std::string value = is_guarded ? "***" : shortest_text(out[at]);
  MILLGATE_ASSIGN(const std::string row_time, cell_text(*first, {kRowTimeColumn, ValueType::time}));
  if (session.json) {
    print_json(to_json(options, values, origins, row_time, joined->num_rows(), value));
  } else {
    print_why(options, work, values, origins, row_time, joined->num_rows(), value);
  }
  return kDone;
}

}  // namespace

void add_feature(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command("feature", "ask about one feature",
                                              "millgate feature why wind flight=1545 origin=JFK");
  command.requires_command();
  add_feature_get(command, session);
  add_feature_push(command, session);
  const Command sub =
      command.add_command("why", "trace a value back to the cells that it came from, step by step",
                          "millgate feature why wind flight=1545 origin=JFK");
  sub.add_option("feature", options->feature, "name of the feature").required();
  sub.add_option("row", options->row, "the row of the task's table: column=value ...").required();
  sub.add_option("--rev", options->revision, "version of the data").shows_default();
  sub.does([&session, options] { return why(session, *options); });
}

}  // namespace millgate
