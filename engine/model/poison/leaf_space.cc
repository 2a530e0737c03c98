#include "model/poison/leaf_space.h"

#include <algorithm>
#include <numeric>

#include "ground/random.h"
#include "model/artifact/leaf_numbers.h"
#include "model/learn/learner.h"
#include "model/measure/leaf_components.h"

namespace millgate {

namespace {

constexpr int kRounds = 60;
constexpr int64_t kTrainingRowsMax = 50'000;

/// Trees that learn the rows themselves: no rows are held out to stop them, since what an attack
/// taught them is what is looked for.
Result<Fitted> fit_to_rows(const SuspectRows& rows, size_t label, uint64_t seed) {
  std::vector<size_t> chosen(rows.row_count());
  std::iota(chosen.begin(), chosen.end(), size_t{0});
  shuffle(chosen, Random::stream(seed, "leaf space"));
  chosen.resize(std::min(chosen.size(), static_cast<size_t>(kTrainingRowsMax)));
  std::sort(chosen.begin(), chosen.end());
  const size_t width = rows.columns.size();
  Examples train;
  for (const size_t row : chosen) {
    const auto begin = rows.features.begin() + static_cast<ptrdiff_t>(row * width);
    train.features.insert(train.features.end(), begin, begin + static_cast<ptrdiff_t>(width));
    train.labels.push_back(rows.labels[row] == label ? 1 : 0);
  }
  TrainSettings settings;
  settings.seed = seed;
  settings.rounds_max = kRounds;
  settings.early_stopping_rounds = kRounds;
  settings.parameters = {{"learning_rate", "0.1"}, {"num_leaves", "31"}};
  LearnerInput input{.kind = TaskKind::binary,
                     .feature_names = {},
                     .is_category = rows.is_category,
                     .train = &train,
                     .valid = &train,
                     .settings = &settings,
                     .progress = {}};
  // LightGBM refuses some characters in names, and nobody reads these.
  for (size_t i = 0; i < width; ++i) input.feature_names.push_back("c" + std::to_string(i));
  return fit_boosted_trees(input);
}

/// Leaves of the rows `chosen`.
std::vector<uint32_t> leaves_of(const std::vector<uint32_t>& all, size_t places,
                                const std::vector<size_t>& chosen) {
  std::vector<uint32_t> made;
  made.reserve(chosen.size() * places);
  for (const size_t row : chosen) {
    const auto begin = all.begin() + static_cast<ptrdiff_t>(row * places);
    made.insert(made.end(), begin, begin + static_cast<ptrdiff_t>(places));
  }
  return made;
}

class Search {
 public:
  Search(const SuspectRows& rows, size_t label, const LeafSpaceOptions& options)
      : rows_(rows), label_(label), options_(options) {}

  LeafClass run(const LeafNumbers& leaves) {
    const std::vector<uint32_t> numbers = leaves.of_rows(rows_.features);
    const size_t places = leaves.tree_count();
    for (size_t row = 0; row < rows_.row_count(); ++row) {
      if (rows_.labels[row] == label_) members_.push_back(row);
    }
    shuffle(members_, Random::stream(options_.seed, "leaf members"));
    members_.resize(std::min(members_.size(), static_cast<size_t>(options_.rows_max)));
    std::sort(members_.begin(), members_.end());
    const std::vector<uint32_t> own = leaves_of(numbers, places, members_);
    const LeafComponents components =
        leaf_components({.numbers = own, .places = places, .number_end = leaves.number_end()},
                        options_.components, options_.seed);
    LeafClass found;
    width_ = components.count;
    if (width_ == 0) return found;
    projected_ = components.project(
        {.numbers = numbers, .places = places, .number_end = leaves.number_end()});
    for (size_t row = 0; row < rows_.row_count(); ++row) {
      const double first = projected_[row * width_];
      found.scores.push_back(first * first);
    }
    for (size_t c = 0; c < width_; ++c) cut_component(c, found);
    divide(found);
    return found;
  }

 private:
  void cut_component(size_t component, LeafClass& found) const {
    std::vector<double> values;
    values.reserve(members_.size());
    for (const size_t row : members_) values.push_back(projected_[row * width_ + component]);
    const double cut = two_means_cut(values);
    std::vector<uint8_t> part(rows_.row_count());
    for (size_t row = 0; row < part.size(); ++row) {
      part[row] = projected_[row * width_ + component] > cut ? 1 : 0;
    }
    add_groups(
        part, {.label = label_, .method = LeafMethod::spectral, .component = component, .rows = {}},
        found);
  }

  /// Rows that were not divided go to the nearer mean.
  void divide(LeafClass& found) const {
    std::vector<double> points;
    for (const size_t row : members_) {
      const auto begin = projected_.begin() + static_cast<ptrdiff_t>(row * width_);
      points.insert(points.end(), begin, begin + static_cast<ptrdiff_t>(width_));
    }
    const std::vector<uint8_t> of_members = two_means(points, width_, options_.seed);
    std::vector<double> means(2 * width_, 0.0);
    double counts[2] = {0, 0};
    for (size_t i = 0; i < of_members.size(); ++i) {
      counts[of_members[i]] += 1;
      for (size_t c = 0; c < width_; ++c)
        means[of_members[i] * width_ + c] += points[i * width_ + c];
    }
    if (counts[0] == 0 || counts[1] == 0) return;
    for (size_t i = 0; i < means.size(); ++i) means[i] /= counts[i / width_];
    std::vector<uint8_t> part(rows_.row_count());
    for (size_t row = 0; row < part.size(); ++row) {
      double nearer = 0;
      for (size_t c = 0; c < width_; ++c) {
        const double value = projected_[row * width_ + c];
        nearer += (value - means[c]) * (value - means[c]) -
                  (value - means[width_ + c]) * (value - means[width_ + c]);
      }
      part[row] = nearer > 0 ? 1 : 0;
    }
    add_groups(part,
               {.label = label_, .method = LeafMethod::clustering, .component = 0, .rows = {}},
               found);
  }

  /// Either part, where it is small enough and nearly all of the class.
  void add_groups(const std::vector<uint8_t>& part, const LeafGroup& like, LeafClass& found) const {
    for (const uint8_t side : {0, 1}) {
      LeafGroup group = like;
      group.rows.assign((part.size() + 63) / 64, 0);
      int64_t count = 0;
      int64_t of_class = 0;
      for (size_t row = 0; row < part.size(); ++row) {
        if (part[row] != side) continue;
        ++count;
        of_class += rows_.labels[row] == label_ ? 1 : 0;
        insert(group.rows, row);
      }
      const auto all = static_cast<double>(part.size());
      if (count < options_.rows_min || static_cast<double>(count) > options_.share_max * all)
        continue;
      if (static_cast<double>(of_class) < options_.label_share_min * static_cast<double>(count))
        continue;
      found.groups.push_back(std::move(group));
    }
  }

  const SuspectRows& rows_;
  size_t label_;
  const LeafSpaceOptions& options_;
  std::vector<size_t> members_;  ///< Rows of the class, ascending.
  size_t width_ = 0;             ///< Components.
  std::vector<double> projected_;
};

}  // namespace

std::string_view to_string(LeafMethod method) {
  return method == LeafMethod::spectral ? "spectral signature" : "activation clustering";
}

Result<LeafClass> leaf_class(const SuspectRows& rows, size_t label,
                             const LeafSpaceOptions& options) {
  const auto fitted = fit_to_rows(rows, label, options.seed);
  if (!fitted.ok()) return LeafClass{};  // No column splits the rows.
  MILLGATE_ASSIGN(const LeafNumbers leaves, LeafNumbers::read(fitted->text));
  return Search(rows, label, options).run(leaves);
}

}  // namespace millgate
