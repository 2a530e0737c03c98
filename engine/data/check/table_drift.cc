#include "data/check/table_drift.h"

#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "data/check/number_columns.h"
#include "data/table/arrow_result.h"
#include "ground/each_in_parallel.h"
#include "model/measure/association.h"
#include "model/measure/kernel_two_sample.h"
#include "model/measure/number_order.h"
#include "model/measure/other_tools.h"

namespace millgate {

namespace {

constexpr int64_t kNumbersBytesMax = 512LL << 20;
constexpr size_t kCategoriesShown = 10;

using Columns = std::vector<std::vector<double>>;

int64_t integer_at(const arrow::Array& column, int64_t row) {
  return static_cast<const arrow::Int64Array&>(column).Value(row);
}

/// The rows of a query in one array a column.
Result<std::shared_ptr<arrow::RecordBatch>> answer_of(Database& database, const std::string& sql) {
  MILLGATE_ASSIGN(const auto table, database.query(sql));
  MILLGATE_ARROW(auto batch, table->CombineChunksToBatch(), "the answer of the SQL");
  return batch;
}

/// Compares two sides column by column.
class Comparison {
 public:
  Comparison(Database& database, const AskedRows& reference, const AskedRows& current,
             const TableDriftOptions& options)
      : database_(database), reference_(reference), current_(current), options_(options) {}

  Result<TableDrift> run() {
    MILLGATE_TRY(check_sides());
    match_columns();
    if (drift_.columns.empty()) {
      return invalid_input("the two sides have no column in common",
                           "compare versions of one table, or name the columns alike by `as`");
    }
    MILLGATE_TRY(compare_number_columns());
    for (ColumnShift& column : drift_.columns) {
      if (!column.note.empty()) continue;
      if (column.kind == ColumnKind::category) MILLGATE_TRY(compare_category_column(column));
      if (column.kind == ColumnKind::time) MILLGATE_TRY(compare_time_column(column));
      if (column.kind == ColumnKind::other) MILLGATE_TRY(count_other_column(column));
    }
    judge_columns();
    MILLGATE_TRY(compare_relations());
    if (!options_.label.empty()) MILLGATE_TRY(compare_labels());
    if (options_.joint) MILLGATE_TRY(compare_jointly());
    return std::move(drift_);
  }

 private:
  [[nodiscard]] Status check_sides() {
    for (const AskedRows* side : {&reference_, &current_}) {
      if (side->row_count > 0) continue;
      return invalid_input("`" + side->text + "` has no rows: nothing can be compared",
                           "choose another version, or a wider condition");
    }
    drift_.reference_rows = reference_.row_count;
    drift_.current_rows = current_.row_count;
    return {};
  }

  void match_columns() {
    for (const AskedColumn& column : reference_.columns) {
      const AskedColumn* other = current_.find(column.name);
      if (other == nullptr) {
        drift_.only_reference.push_back(column.name);
        continue;
      }
      ColumnShift shift;
      shift.name = column.name;
      shift.kind = column.kind;
      if (other->kind != column.kind) {
        shift.note = "was " + column.type + ", is " + other->type;
        shift.shifted = true;
        shift.effect = 1;
      }
      drift_.columns.push_back(std::move(shift));
    }
    for (const AskedColumn& column : current_.columns) {
      if (reference_.find(column.name) == nullptr) drift_.only_current.push_back(column.name);
    }
  }

  [[nodiscard]] std::vector<std::string> number_names() const {
    std::vector<std::string> names;
    for (const ColumnShift& column : drift_.columns) {
      if (column.kind == ColumnKind::number && column.note.empty()) names.push_back(column.name);
    }
    return names;
  }

  Status compare_number_columns() {
    const std::vector<std::string> names = number_names();
    const int64_t bytes = 8 * (reference_.row_count + current_.row_count);
    const auto together = static_cast<size_t>(std::max<int64_t>(1, kNumbersBytesMax / bytes));
    for (size_t first = 0; first < names.size(); first += together) {
      const std::vector<std::string> group(
          names.begin() + static_cast<std::ptrdiff_t>(first),
          names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), first + together)));
      MILLGATE_ASSIGN(Columns reference, read_values(database_, reference_, group));
      MILLGATE_ASSIGN(Columns current, read_values(database_, current_, group));
      each_in_parallel(group.size(), [&](size_t i) {
        sort_numbers(reference[i]);
        sort_numbers(current[i]);
        compare_values(group[i], {reference[i], current[i]});
      });
    }
    return {};
  }

  /// Columns of different names may be compared at once.
  void compare_values(const std::string& name, const SortedPair& samples) {
    ColumnShift& column = *std::find_if(drift_.columns.begin(), drift_.columns.end(),
                                        [&](const ColumnShift& one) { return one.name == name; });
    set_counts(column, static_cast<int64_t>(samples.reference.size()),
               static_cast<int64_t>(samples.current.size()));
    if (!column.note.empty()) return;
    column.numbers = compare_numbers(samples);
    column.effect = column.numbers->kolmogorov_smirnov.statistic;
    column.p_value = column.numbers->kolmogorov_smirnov.p_value;
    set_bins(column, count_in_bins(samples, decile_edges(samples.reference)));
    if (options_.other_definitions) {
      const bool is_integer = reference_.find(name)->is_integer && current_.find(name)->is_integer;
      for (const OtherMeasure& one : other_measures({samples, *column.numbers, is_integer})) {
        column.other_measures.emplace_back(one.name, one.value);
      }
    }
  }

  /// Sets what follows from the numbers of values; a side without any is a note.
  void set_counts(ColumnShift& column, int64_t reference, int64_t current) const {
    column.reference_count = reference;
    column.current_count = current;
    column.missing = share_difference({drift_.reference_rows - reference, drift_.reference_rows},
                                      {drift_.current_rows - current, drift_.current_rows});
    if (reference == 0 || current == 0) {
      column.note = reference == 0 && current == 0 ? "no values on either side"
                    : reference == 0               ? "no values before"
                                                   : "no values now";
    }
  }

  static void set_bins(ColumnShift& column, const BinCounts& bins) {
    column.compared = true;
    column.psi = population_stability_index(bins);
    column.jensen_shannon = jensen_shannon_distance(bins);
    column.total_variation = total_variation(bins);
    column.homogeneity = test_homogeneity(without_rare_bins(bins));
  }

  Status compare_category_column(ColumnShift& column) {
    const std::string value = "cast(" + quote_name(column.name) + " as varchar)";
    const auto side = [&](const AskedRows& rows, const std::string& counts) {
      return "select " + value + " as v, " + counts + " from " + rows.name + " group by 1";
    };
    MILLGATE_ASSIGN(const auto reader,
                    database_.stream("select v, cast(sum(a) as bigint), cast(sum(b) as bigint) "
                                     "from (" +
                                     side(reference_, "count(*) as a, 0 as b") + " union all " +
                                     side(current_, "0 as a, count(*) as b") +
                                     ") where v is not null group by v "
                                     "order by sum(a) + sum(b) desc, v"));
    BinCounts bins;
    double others[2] = {0, 0};
    int64_t sums[2] = {0, 0};
    int64_t distinct[2] = {0, 0};
    while (true) {
      std::shared_ptr<arrow::RecordBatch> batch;
      MILLGATE_ARROW_TRY(reader->ReadNext(&batch), "column `" + column.name + "`");
      if (batch == nullptr) break;
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        const int64_t counts[2] = {integer_at(*batch->column(1), row),
                                   integer_at(*batch->column(2), row)};
        for (int i = 0; i < 2; ++i) {
          sums[i] += counts[i];
          distinct[i] += counts[i] > 0 ? 1 : 0;
        }
        if (counts[0] == 0 || counts[1] == 0) note_one_sided(column, *batch, row, counts);
        if (bins.reference.size() < kDriftCategories) {
          bins.reference.push_back(static_cast<double>(counts[0]));
          bins.current.push_back(static_cast<double>(counts[1]));
        } else {
          others[0] += static_cast<double>(counts[0]);
          others[1] += static_cast<double>(counts[1]);
        }
      }
    }
    if (others[0] + others[1] > 0) {
      bins.reference.push_back(others[0]);
      bins.current.push_back(others[1]);
    }
    set_counts(column, sums[0], sums[1]);
    if (!column.note.empty()) return {};
    constexpr int64_t kNamesRowsMin = 20;
    if (distinct[0] == sums[0] && distinct[1] == sums[1] && sums[0] >= kNamesRowsMin) {
      column.note = "every row has a value of its own: names rows, says nothing about them";
      return {};
    }
    set_bins(column, bins);
    column.effect = column.total_variation;
    column.p_value = column.homogeneity.chi_square.p_value;
    if (options_.other_definitions) {
      for (const OtherMeasure& one : other_measures(bins)) {
        column.other_measures.emplace_back(one.name, one.value);
      }
    }
    return {};
  }

  static void note_one_sided(ColumnShift& column, const arrow::RecordBatch& batch, int64_t row,
                             const int64_t (&counts)[2]) {
    const bool is_new = counts[0] == 0;
    auto& shown = is_new ? column.new_categories : column.gone_categories;
    ++(is_new ? column.new_category_count : column.gone_category_count);
    if (is_new) column.new_category_rows += counts[1];
    if (shown.size() >= kCategoriesShown) return;
    shown.push_back({static_cast<const arrow::StringArray&>(*batch.column(0)).GetString(row),
                     counts[is_new ? 1 : 0]});
  }

  Status compare_time_column(ColumnShift& column) {
    int64_t counts[2] = {0, 0};
    std::string ranges[2];
    const AskedRows* sides[2] = {&reference_, &current_};
    for (int i = 0; i < 2; ++i) {
      const std::string name = quote_name(column.name);
      MILLGATE_ASSIGN(const auto row,
                      answer_of(database_, "select count(" + name + "), cast(min(" + name +
                                               ") as varchar), cast(max(" + name +
                                               ") as varchar) from " + sides[i]->name));
      counts[i] = integer_at(*row->column(0), 0);
      if (counts[i] == 0) continue;
      ranges[i] = static_cast<const arrow::StringArray&>(*row->column(1)).GetString(0) + " .. " +
                  static_cast<const arrow::StringArray&>(*row->column(2)).GetString(0);
    }
    set_counts(column, counts[0], counts[1]);
    column.reference_range = ranges[0];
    column.current_range = ranges[1];
    if (column.note.empty()) column.note = "times move on by themselves: not tested";
    return {};
  }

  Status count_other_column(ColumnShift& column) {
    const auto count = [&](const AskedRows& rows) {
      return database_.count("select count(" + quote_name(column.name) + ") from " + rows.name);
    };
    MILLGATE_ASSIGN(const int64_t reference, count(reference_));
    MILLGATE_ASSIGN(const int64_t current, count(current_));
    set_counts(column, reference, current);
    if (column.note.empty()) column.note = "values of this type are not compared";
    return {};
  }

  void judge_columns() {
    const bool rows_tell =
        std::min(drift_.reference_rows, drift_.current_rows) >= options_.values_min;
    std::vector<double> p_values;
    std::vector<double> missing;
    for (ColumnShift& column : drift_.columns) {
      column.judged = column.compared &&
                      std::min(column.reference_count, column.current_count) >= options_.values_min;
      if (column.judged) p_values.push_back(column.p_value);
      missing.push_back(column.missing.p_value);
    }
    const auto adjusted = adjusted_p_values(p_values, options_.correction);
    const auto missing_adjusted = adjusted_p_values(missing, options_.correction);
    size_t next = 0;
    for (size_t i = 0; i < drift_.columns.size(); ++i) {
      ColumnShift& column = drift_.columns[i];
      if (column.judged) {
        column.adjusted_p_value = adjusted[next++];
        column.significant = column.adjusted_p_value <= options_.false_discovery_rate;
        column.shifted = column.significant && column.effect >= options_.effect_min;
      }
      column.missing_adjusted_p_value = missing_adjusted[i];
      column.missing_shifted = rows_tell &&
                               column.missing_adjusted_p_value <= options_.false_discovery_rate &&
                               std::abs(column.missing.difference) >= options_.missing_effect_min;
    }
    std::stable_sort(drift_.columns.begin(), drift_.columns.end(),
                     [](const ColumnShift& a, const ColumnShift& b) {
                       const int rank_a = (a.shifted ? 2 : 0) + (a.missing_shifted ? 1 : 0);
                       const int rank_b = (b.shifted ? 2 : 0) + (b.missing_shifted ? 1 : 0);
                       return rank_a != rank_b ? rank_a > rank_b : a.effect > b.effect;
                     });
  }

  /// Spearman's correlations of one side: ranks over all values of a column, and then over the
  /// rows in which both are present.
  struct Ranked {
    Columns ranks;
    [[nodiscard]] std::pair<double, int64_t> correlation(size_t a, size_t b) const {
      std::vector<double> x;
      std::vector<double> y;
      for (size_t row = 0; row < ranks[a].size(); ++row) {
        if (std::isnan(ranks[a][row]) || std::isnan(ranks[b][row])) continue;
        x.push_back(ranks[a][row]);
        y.push_back(ranks[b][row]);
      }
      return {pearson_correlation(x, y), static_cast<int64_t>(x.size())};
    }
  };

  Result<Ranked> ranked(const AskedRows& rows, const std::vector<std::string>& names) {
    MILLGATE_ASSIGN(Columns values, read_spaced_rows(database_, rows, names, kRelationRows));
    each_in_parallel(values.size(), [&](size_t i) {
      std::vector<double> present;
      present.reserve(values[i].size());
      for (const double value : values[i]) {
        if (!std::isnan(value)) present.push_back(value);
      }
      const std::vector<double> ranks = middle_ranks(present);
      size_t next = 0;
      for (double& value : values[i]) {
        if (!std::isnan(value)) value = ranks[next++];
      }
    });
    return Ranked{std::move(values)};
  }

  Status compare_relations() {
    std::vector<std::string> names;
    for (const ColumnShift& column : drift_.columns) {
      if (column.numbers.has_value()) names.push_back(column.name);
    }
    std::sort(names.begin(), names.end());
    // A thousand columns have half a million pairs; beyond it the question is another one.
    constexpr size_t kRelationColumnsMax = 200;
    if (names.size() > kRelationColumnsMax) names.resize(kRelationColumnsMax);
    if (names.size() < 2) return {};
    MILLGATE_ASSIGN(const Ranked reference, ranked(reference_, names));
    MILLGATE_ASSIGN(const Ranked current, ranked(current_, names));
    std::vector<std::vector<RelationShift>> of_first(names.size());
    each_in_parallel(names.size(), [&](size_t a) {
      for (size_t b = a + 1; b < names.size(); ++b) {
        const auto [before, before_rows] = reference.correlation(a, b);
        const auto [now, now_rows] = current.correlation(a, b);
        if (std::isnan(before) || std::isnan(now)) continue;
        RelationShift& relation =
            of_first[a].emplace_back(RelationShift{names[a], names[b], before, now});
        relation.p_value = equal_rank_correlations_p_value({before, now, before_rows, now_rows});
      }
    });
    std::vector<RelationShift> tested;
    std::vector<double> p_values;
    for (std::vector<RelationShift>& relations : of_first) {
      for (RelationShift& relation : relations) {
        p_values.push_back(relation.p_value);
        tested.push_back(std::move(relation));
      }
    }
    drift_.relation_count = static_cast<int64_t>(tested.size());
    const auto adjusted = adjusted_p_values(p_values, options_.correction);
    for (size_t i = 0; i < tested.size(); ++i) {
      tested[i].adjusted_p_value = adjusted[i];
      tested[i].shifted =
          adjusted[i] <= options_.false_discovery_rate &&
          std::abs(tested[i].current - tested[i].reference) >= options_.relation_effect_min;
      if (tested[i].shifted) drift_.relations.push_back(tested[i]);
    }
    std::stable_sort(drift_.relations.begin(), drift_.relations.end(),
                     [](const RelationShift& a, const RelationShift& b) {
                       return std::abs(a.current - a.reference) > std::abs(b.current - b.reference);
                     });
    return {};
  }

  Result<RowShare> label_share(const AskedRows& rows) {
    const std::string label = "cast((" + options_.label + "\n) as boolean)";
    const auto row = answer_of(database_, "select count(*) filter (where " + label + "), count(" +
                                              label + ") from " + rows.name);
    if (!row.ok()) {
      return Error(row.error()).inside("the label `" + options_.label + "` on `" + rows.text + "`");
    }
    return RowShare{integer_at(*(*row)->column(0), 0), integer_at(*(*row)->column(1), 0)};
  }

  Status compare_labels() {
    MILLGATE_ASSIGN(drift_.reference_labels, label_share(reference_));
    MILLGATE_ASSIGN(drift_.current_labels, label_share(current_));
    drift_.label_rate = share_difference(drift_.reference_labels, drift_.current_labels);
    return {};
  }

  /// The rows of `values` without missing cells, one after the other.
  static std::vector<double> complete_rows(const Columns& values) {
    std::vector<double> rows;
    for (size_t row = 0; !values.empty() && row < values.front().size(); ++row) {
      const bool complete =
          std::none_of(values.begin(), values.end(),
                       [&](const std::vector<double>& column) { return std::isnan(column[row]); });
      if (!complete) continue;
      for (const std::vector<double>& column : values) rows.push_back(column[row]);
    }
    return rows;
  }

  /// Gives every column mean 0 and deviation 1 over both samples; constant ones become 0.
  static void standardise(std::vector<double>& first, std::vector<double>& second, size_t count) {
    for (size_t c = 0; c < count; ++c) {
      std::vector<double> all;
      for (const std::vector<double>* rows : {&first, &second}) {
        for (size_t i = c; i < rows->size(); i += count) all.push_back((*rows)[i]);
      }
      double mean = 0;
      for (const double value : all) mean += value / static_cast<double>(all.size());
      double square = 0;
      for (const double value : all) square += (value - mean) * (value - mean);
      const double deviation = std::sqrt(square / static_cast<double>(all.size()));
      for (std::vector<double>* rows : {&first, &second}) {
        for (size_t i = c; i < rows->size(); i += count) {
          (*rows)[i] = deviation > 0 ? ((*rows)[i] - mean) / deviation : 0;
        }
      }
    }
  }

  Status compare_jointly() {
    std::vector<std::string> names;
    for (const ColumnShift& column : drift_.columns) {
      if (column.numbers.has_value()) names.push_back(column.name);
    }
    std::sort(names.begin(), names.end());
    if (names.empty()) {
      drift_.joint_note = "there is no column of numbers";
      return {};
    }
    MILLGATE_ASSIGN(const Columns before,
                    read_spaced_rows(database_, reference_, names, kJointRows));
    MILLGATE_ASSIGN(const Columns now, read_spaced_rows(database_, current_, names, kJointRows));
    std::vector<double> reference = complete_rows(before);
    std::vector<double> current = complete_rows(now);
    constexpr size_t kRowsMin = 10;
    if (std::min(reference.size(), current.size()) < kRowsMin * names.size()) {
      drift_.joint_note = "fewer than 10 rows have a value in every column of numbers";
      return {};
    }
    standardise(reference, current, names.size());
    drift_.joint_rows = static_cast<int64_t>((reference.size() + current.size()) / names.size());
    drift_.joint = maximum_mean_discrepancy({reference, current, names.size()}, kJointPermutations,
                                            options_.seed);
    drift_.joint_energy =
        energy_distance({reference, current, names.size()}, kJointPermutations, options_.seed);
    return {};
  }

  Database& database_;
  const AskedRows& reference_;
  const AskedRows& current_;
  const TableDriftOptions& options_;
  TableDrift drift_;
};

}  // namespace

bool TableDrift::shifted() const {
  return !only_reference.empty() || !only_current.empty() || !relations.empty() ||
         std::any_of(columns.begin(), columns.end(), [](const ColumnShift& column) {
           return column.shifted || column.missing_shifted;
         });
}

Result<TableDrift> compare_rows(Database& database, const AskedRows& reference,
                                const AskedRows& current, const TableDriftOptions& options) {
  return Comparison(database, reference, current, options).run();
}

}  // namespace millgate
