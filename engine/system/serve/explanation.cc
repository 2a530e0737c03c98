#include "system/serve/explanation.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>
#include <span>

#include "system/serve/json_text.h"
#include "system/serve/request_path.h"

namespace millgate {

namespace {

/// Four significant digits, for words.
std::string brief_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

bool is_known_category(const Feature& feature, double value) {
  return value >= 0 && value < static_cast<double>(feature.categories.size());
}

void append_feature_value(std::string& out, const Feature& feature, double value) {
  if (!feature.is_category) return append_json_number(out, value);
  if (std::isnan(value) || !is_known_category(feature, value)) {
    out += "null";
    return;
  }
  append_json_text(out, feature.categories[static_cast<size_t>(value)]);
}

std::string feature_words(const Feature& feature, double value) {
  if (std::isnan(value)) return feature.name + " is not known";
  if (!feature.is_category) return feature.name + " is " + brief_number(value);
  if (!is_known_category(feature, value)) return feature.name + " is none of those in training";
  return feature.name + " is " + feature.categories[static_cast<size_t>(value)];
}

/// "distance is 1.4, which raises the log-odds by 0.35".
std::string reason(const Feature& feature, double value, double contribution, ScoreScale scale) {
  return feature_words(feature, value) + ", which " +
         (contribution > 0 ? "raises the " : "lowers the ") + std::string(to_text(scale)) + " by " +
         brief_number(std::abs(contribution));
}

/// Indices of the contributions that are not 0, the largest first.
std::vector<size_t> by_size(std::span<const double> contributions) {
  std::vector<size_t> order;
  for (size_t i = 0; i < contributions.size(); ++i) {
    if (contributions[i] != 0) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t left, size_t right) {
    return std::abs(contributions[left]) > std::abs(contributions[right]);
  });
  return order;
}

}  // namespace

Result<std::optional<size_t>> wanted_explanation(std::string_view target) {
  std::optional<size_t> wanted;
  if (target.find('?') == std::string_view::npos) return wanted;
  for (const auto& [name, value] : query_pairs(target)) {
    if (name != "explain") continue;
    if (value == "all") {
      wanted = std::numeric_limits<size_t>::max();
      continue;
    }
    size_t count = 0;
    const char* const end = value.data() + value.size();
    const auto [stop, fault] = std::from_chars(value.data(), end, count);
    if (fault != std::errc() || stop != end || count == 0) {
      return invalid_input("`explain` is `" + value.substr(0, 40) + "`",
                           "say how many contributions to tell: explain=4, or explain=all");
    }
    wanted = count;
  }
  return wanted;
}

Result<Explanations> explain_batch(const ServedModel& model,
                                   std::shared_ptr<const Explainer> explainer,
                                   const RowBatch& batch, size_t told_max) {
  Model::Scratch scratch;
  std::vector<Prediction> predictions;
  MILLGATE_TRY(model.model().predict(batch.inputs, predictions, scratch));
  Explanations all{.explainer = std::move(explainer),
                   .told_max = told_max,
                   .features = std::move(scratch.features),
                   .contributions = {},
                   .views = batch.online};
  all.contributions.resize(all.features.size());
  all.explainer->explain(all.features, all.contributions);
  return all;
}

void append_explanation(std::string& out, const ServedModel& model,
                        const Explanations& explanations, size_t row) {
  const std::vector<Feature>& features = model.model().features().features();
  const size_t width = features.size();
  const auto values = std::span(explanations.features).subspan(row * width, width);
  const auto contributions = std::span(explanations.contributions).subspan(row * width, width);
  const Explainer& explainer = *explanations.explainer;
  const double moved = std::accumulate(contributions.begin(), contributions.end(), 0.0);
  std::vector<size_t> order = by_size(contributions);
  order.resize(std::min(order.size(), explanations.told_max));
  out += ",\"explanation\":{\"scale\":";
  append_json_text(out, to_text(explainer.scale()));
  out += ",\"base_value\":";
  append_json_number(out, explainer.base_value());
  out += ",\"score\":";
  append_json_number(out, explainer.base_value() + moved);
  out += ",\"contributions\":[";
  for (const size_t i : order) {
    if (out.back() == '}') out += ',';
    out += "{\"feature\":";
    append_json_text(out, features[i].name);
    out += ",\"value\":";
    append_feature_value(out, features[i], values[i]);
    out += ",\"contribution\":";
    append_json_number(out, contributions[i]);
    out += '}';
  }
  out += "],\"reasons\":[";
  for (const size_t i : order) {
    if ((contributions[i] > 0) != (moved > 0)) continue;
    if (out.back() == '"') out += ',';
    append_json_text(out, reason(features[i], values[i], contributions[i], explainer.scale()));
  }
  out += ']';
  if (row < explanations.views.size() && !explanations.views[row].empty()) {
    out += ",\"views\":" + explanations.views[row];
  }
  out += '}';
}

}  // namespace millgate
