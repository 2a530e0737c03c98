#include "system/serve/sketch_answer.h"

#include <charconv>
#include <utility>
#include <vector>

#include "ground/json.h"
#include "system/serve/json_text.h"
#include "system/serve/prometheus_text.h"
#include "system/serve/request_path.h"

namespace millgate {

namespace {

constexpr std::pair<const char*, double> kShares[] = {
    {"0.01", 0.01}, {"0.05", 0.05}, {"0.25", 0.25}, {"0.5", 0.5},
    {"0.75", 0.75}, {"0.95", 0.95}, {"0.99", 0.99}};

Json numbers_json(const ColumnSketch& column) {
  const NumberSketch& numbers = *column.numbers;
  Json json = {{"count", numbers.count()}};
  if (numbers.count() == 0) return json;
  json["lowest"] = numbers.lowest();
  json["highest"] = numbers.highest();
  json["mean"] = numbers.mean();
  json["quantiles"] = Json::object();
  for (const auto& [name, share] : kShares) {
    json["quantiles"][name] = numbers.quantile(share, column.is_whole);
  }
  json["relative_error"] = numbers.relative_error();
  return json;
}

Json told_column(const ColumnSketch& column) {
  Json json = {{"name", column.name},       {"what", column.what},   {"rows", column.rows},
               {"missing", column.missing}, {"nan", column.nan},     {"infinite", column.infinite},
               {"below", column.below},     {"above", column.above}, {"unlisted", column.unlisted}};
  if (column.numbers) json["numbers"] = numbers_json(column);
  if (column.categories) json["categories"] = column.categories->to_json(kShownCategoryRows);
  return json;
}

Json told_window(const WindowSketch& window) {
  Json columns = Json::array();
  for (const ColumnSketch& column : window.columns) columns.push_back(told_column(column));
  return {{"rows", window.rows}, {"columns", std::move(columns)}};
}

Json told_model(const SketchBook& book, const std::string& model, const SketchQuestion& question) {
  const SketchWindows& windows = book.windows(model, question.span);
  Json told = Json::array();
  size_t left_out = windows.size() > question.last ? windows.size() - question.last : 0;
  for (const auto& [begin, window] : windows) {
    if (left_out > 0) {
      --left_out;
      continue;
    }
    Json json = {{"from", to_string(Time{begin})},
                 {"to", to_string(Time{begin + micros_of(question.span)})}};
    json.update(question.with_buckets ? to_json(window) : told_window(window));
    told.push_back(std::move(json));
  }
  return {{"model", model}, {"windows", std::move(told)}};
}

/// The counts that a column of its kind can have, by the state they tell of.
std::vector<std::pair<std::string_view, uint64_t>> states_of(const ColumnSketch& column) {
  std::vector<std::pair<std::string_view, uint64_t>> states = {{"any", column.rows}};
  if (column.what == "decision") return states;
  if (column.what != "prediction") states.emplace_back("missing", column.missing);
  if (column.what == "feature") {
    states.emplace_back("not_finite", column.nan + column.infinite);
    states.emplace_back("unlisted", column.unlisted);
  } else if (column.categories) {
    states.emplace_back("unlisted", column.unlisted);
  } else if (column.numbers && column.what == "input") {
    states.emplace_back("not_finite", column.nan + column.infinite);
    states.emplace_back("below", column.below);
    states.emplace_back("above", column.above);
  }
  return states;
}

}  // namespace

Result<SketchQuestion> sketch_question(std::string_view target) {
  SketchQuestion question;
  for (const auto& [name, value] : query_pairs(target)) {
    if (name == "window") {
      MILLGATE_ASSIGN(question.span, parse_sketch_span(value));
    } else if (name == "last") {
      const auto [end, error] =
          std::from_chars(value.data(), value.data() + value.size(), question.last);
      if (error != std::errc() || end != value.data() + value.size() || question.last == 0) {
        return invalid_input("last is `" + value.substr(0, 100) + "`",
                             "give how many windows to tell, as last=24");
      }
    } else if (name == "model") {
      question.model = value;
    } else if (name == "buckets") {
      question.with_buckets = value == "true";
    } else {
      return invalid_input("sketches are not asked for by `" + name.substr(0, 100) + "`",
                           "window, last, model and buckets are known");
    }
  }
  return question;
}

Result<std::string> sketches_json(const SavedSketches& saved, const SketchQuestion& question) {
  Json models = Json::array();
  std::string known;
  for (const std::string& model : saved.book.models()) {
    known += (known.empty() ? "" : ", ") + model;
    if (!question.model.empty() && question.model != model) continue;
    models.push_back(told_model(saved.book, model, question));
  }
  if (!question.model.empty() && models.empty()) {
    return not_found("model `" + question.model.substr(0, 100) + "` has no sketches",
                     known.empty() ? "nothing was answered yet" : "there are those of " + known);
  }
  return dump_json({{"window", std::string(to_string(question.span))},
                    {"servers", saved.file_count},
                    {"models", std::move(models)},
                    {"notes", saved.notes}});
}

std::string sketches_prometheus_text(const std::map<std::string, WindowSketch>& since_start) {
  constexpr std::string_view kName = "millgate_column_values_total";
  std::string out;
  for (const auto& [model, window] : since_start) {
    for (const ColumnSketch& column : window.columns) {
      for (const auto& [state, count] : states_of(column)) {
        out.append(kName).append("{").append(metric_label("version", model));
        out.append(",").append(metric_label("what", column.what));
        out.append(",").append(metric_label("column", column.name));
        out.append(",").append(metric_label("state", state)).append("} ");
        append_json_integer(out, static_cast<int64_t>(count));
        out += '\n';
      }
    }
  }
  if (out.empty()) return out;
  const std::string head =
      "# HELP " + std::string(kName) +
      " Values of inputs, features and predictions by what they were.\n# TYPE " +
      std::string(kName) + " counter\n";
  return head + out;
}

}  // namespace millgate
