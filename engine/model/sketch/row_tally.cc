#include "model/sketch/row_tally.h"

#include <cmath>
#include <utility>

namespace millgate {

namespace {

bool has_numbers(ValueType type) {
  return type == ValueType::boolean || type == ValueType::integer || type == ValueType::number ||
         type == ValueType::duration;
}

const Profile* profile_of(const Model& model, const std::string& name) {
  for (const Profile& profile : model.input_profiles()) {
    if (profile.name == name) return &profile;
  }
  return nullptr;
}

TallyColumn input_column(const Model& model, const Field& input,
                         const std::optional<SeenRange>& range) {
  TallyColumn column{.name = input.name,
                     .what = "input",
                     .is_whole = input.type != ValueType::number,
                     .has_numbers = has_numbers(input.type),
                     .range = range};
  if (input.type == ValueType::text) {
    const Profile* const profile = profile_of(model, input.name);
    column.categories = std::make_shared<const CategoryList>(
        profile == nullptr ? std::vector<std::string>() : listed_categories(*profile));
  }
  return column;
}

}  // namespace

TallyLayout TallyLayout::of(const Model& model, std::span<const std::optional<SeenRange>> ranges) {
  TallyLayout layout;
  const std::vector<Field>& inputs = model.features().inputs();
  const std::vector<Feature>& features = model.features().features();
  layout.inputs = inputs.size();
  layout.features = features.size();
  layout.columns.reserve(inputs.size() + features.size() + 2);
  for (size_t i = 0; i < inputs.size(); ++i) {
    layout.columns.push_back(input_column(model, inputs[i], ranges[i]));
  }
  for (const Feature& feature : features) {
    layout.columns.push_back({.name = feature.name, .what = "feature"});
  }
  layout.columns.push_back(
      {.name = model.number_name(), .what = "prediction", .has_numbers = true});
  layout.has_classes = model.has_classes();
  layout.decides = model.has_classes() || model.manifest().task_kind == "binary";
  if (layout.decides) {
    layout.columns.push_back(
        {.name = "decision",
         .what = "decision",
         .categories = std::make_shared<const CategoryList>(
             model.has_classes() ? model.manifest().classes
                                 : std::vector<std::string>{"false", "true"})});
  }
  return layout;
}

RowTally::RowTally(std::shared_ptr<const TallyLayout> layout) : layout_(std::move(layout)) {
  columns_.resize(layout_->columns.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    const TallyColumn& column = layout_->columns[i];
    columns_[i].counts.name = column.name;
    columns_[i].counts.what = column.what;
    columns_[i].counts.is_whole = column.is_whole;
    if (column.categories) columns_[i].categories.emplace(column.categories);
  }
}

void RowTally::add_number(Column& column, const std::optional<SeenRange>& range, double value) {
  if (!std::isfinite(value)) {
    ++(std::isnan(value) ? column.counts.nan : column.counts.infinite);
    return;
  }
  if (range) {
    if (value < range->lowest) ++column.counts.below;
    if (value > range->highest) ++column.counts.above;
  }
  column.numbers.add(value);
}

void RowTally::add_input(Column& column, const TallyColumn& layout, const Vector& values) {
  const size_t rows = values.size();
  column.counts.rows += rows;
  for (size_t row = 0; row < rows; ++row) {
    if (values.valid[row] == 0) {
      ++column.counts.missing;
    } else if (column.categories) {
      column.categories->add(values.texts[row]);
    } else if (layout.has_numbers) {
      add_number(column, layout.range,
                 values.type == ValueType::number ? values.numbers[row]
                                                  : static_cast<double>(values.integers[row]));
    }
  }
}

void RowTally::add(const TalliedRows& rows) {
  const TallyLayout& layout = *layout_;
  const size_t count = rows.predictions.size();
  for (size_t i = 0; i < layout.inputs; ++i) {
    add_input(columns_[i], layout.columns[i], rows.inputs.columns[i]);
  }
  for (size_t i = 0; i < layout.features; ++i) {
    ColumnSketch& counts = columns_[layout.inputs + i].counts;
    counts.rows += count;
    counts.nan += static_cast<uint64_t>(rows.notes.not_finite[i]);
    counts.unlisted += static_cast<uint64_t>(rows.notes.unknown_category[i]);
    for (size_t row = 0; row < count; ++row) {
      if (std::isnan(rows.features[row * layout.features + i])) ++counts.missing;
    }
  }
  Column& prediction = columns_[layout.inputs + layout.features];
  prediction.counts.rows += count;
  for (const Prediction& one : rows.predictions) add_number(prediction, {}, one.value);
  if (layout.decides) {
    Column& decision = columns_.back();
    decision.counts.rows += count;
    for (const Prediction& one : rows.predictions) {
      decision.categories->add_place(layout.has_classes ? one.class_number
                                                        : static_cast<size_t>(one.decision));
    }
  }
  rows_ += count;
}

WindowSketch RowTally::take() {
  WindowSketch window;
  window.rows = std::exchange(rows_, 0);
  window.columns.reserve(columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    Column& column = columns_[i];
    ColumnSketch& taken = window.columns.emplace_back(column.counts);
    if (layout_->columns[i].has_numbers) taken.numbers = column.numbers.take();
    if (column.categories) {
      taken.categories = column.categories->take();
      taken.unlisted = taken.categories->unlisted_count();
    }
    ColumnSketch& left = column.counts;
    left.rows = left.missing = left.nan = left.infinite = left.below = left.above = left.unlisted =
        0;
  }
  return window;
}

}  // namespace millgate
