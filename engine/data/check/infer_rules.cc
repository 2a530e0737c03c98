#include "data/check/infer_rules.h"

#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "data/check/table_profile.h"
#include "data/query/revision_sql.h"
#include "data/query/sql_token.h"
#include "data/table/arrow_result.h"
#include "ground/shortest_text.h"
#include "ground/toml_text.h"

namespace millgate {

namespace {

constexpr int64_t kRowsMin = 20;  ///< Fewer rows show too little.
constexpr size_t kSetMax = 20;
constexpr double kReferenceMin = 0.8;

/// One table with what its columns hold.
struct ProfiledTable {
  std::string name;
  TableVersion version;
  AskedRows rows;
  TableProfile profile;
};

/// `share` rounded down to a multiple of `step`, so that what was seen still meets it.
double rounded_down(double share, double step) { return std::floor(share / step) * step; }

/// `pattern` of text_pattern as a regular expression.
std::string regular_expression(const std::string& pattern) {
  std::string out;
  for (const char c : pattern) {
    if (c == '9') {
      out += "[0-9]+";
    } else if (c == 'A') {
      out += "[A-Z]+";
    } else if (c == 'a') {
      out += "[^ -@\\[-`{-~A-Z]+";
    } else if (c == ' ') {
      out += " +";
    } else {
      if (std::string_view("\\^$.|?*+()[]{}").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

/// "1 row", "20 rows".
std::string rows_text(int64_t count) {
  return std::to_string(count) + (count == 1 ? " row" : " rows");
}

/// Proposes rules for all tables of one commit.
class Inference {
 public:
  Inference(const Repository& repository, const Commit& commit, const HappenedColumns& happened)
      : repository_(repository), commit_(commit), happened_(happened) {}

  Result<std::vector<ProposedRule>> run() {
    MILLGATE_ASSIGN(database_, Database::open({.spill_folder = repository_.folder("scratch"),
                                               .user_sql = true}));
    MILLGATE_TRY(read_tables());
    for (const ProfiledTable& table : tables_) {
      if (table.profile.row_count() < kRowsMin) continue;
      propose_table(table);
      for (const ColumnProfile& column : table.profile.columns()) {
        MILLGATE_TRY(propose_column(table, column));
      }
      MILLGATE_TRY(propose_references(table));
      MILLGATE_TRY(propose_determined(table));
      MILLGATE_TRY(propose_orders(table));
      propose_missing_together(table);
    }
    return std::move(rules_);
  }

 private:
  Status read_tables() {
    std::vector<std::string> names;
    names.reserve(commit_.tables.size());
    for (const auto& [name, version] : commit_.tables) names.push_back(quote_name(name));
    MILLGATE_ASSIGN(std::vector<AskedRows> rows,
                    open_rows(*database_, repository_, names, commit_.id.hex()));
    size_t next = 0;
    for (const auto& [name, id] : commit_.tables) {
      MILLGATE_ASSIGN(TableVersion version, read_table_version(repository_.objects(), id));
      MILLGATE_ASSIGN(TableProfile profile, profile_rows(*database_, rows[next]));
      tables_.push_back({name, std::move(version), std::move(rows[next]), std::move(profile)});
      ++next;
    }
    return {};
  }

  void propose(const ProfiledTable& table, std::string rule, std::string because,
               double at_least = 1, bool is_warning = false) {
    rules_.push_back({table.name, std::move(rule), at_least, is_warning, std::move(because)});
  }

  /// Rows of `table` that do not meet `condition`; a null condition counts as met.
  Result<int64_t> broken_count(const ProfiledTable& table, const std::string& condition) {
    return database_->count("select count(*) from " + table.rows.name + " where not (" + condition +
                            ")");
  }

  void propose_table(const ProfiledTable& table) {
    const auto rows = static_cast<double>(table.profile.row_count());
    propose(table,
            "rows between " + std::to_string(static_cast<int64_t>(std::floor(0.8 * rows))) +
                " and " + std::to_string(static_cast<int64_t>(std::ceil(1.2 * rows))),
            rows_text(table.profile.row_count()) + "; 20 % either way", 1, true);
    if (table.version.key.size() > 1) {
      std::string key;
      for (const std::string& name : table.version.key) {
        key += (key.empty() ? "" : ", ") + sql_name(name);
      }
      propose(table, key + " is unique", "the key of the table");
    }
    const auto time = happened_.find(table.name);
    if (time == happened_.end()) return;
    for (const ColumnProfile& column : table.profile.columns()) {
      if (column.column().name != time->second || column.value_count() == 0 ||
          column.column().kind != ColumnKind::time) {
        continue;
      }
      constexpr double kDayMicros = 86'400e6;
      const double age = static_cast<double>(commit_.time.micros) - column.maximum();
      const auto days = static_cast<int64_t>(std::ceil(std::max(age, 0.0) / kDayMicros * 1.5)) + 1;
      propose(table,
              sql_name(time->second) + " is fresh within '" + std::to_string(days) + " days'",
              "newest is " + to_string(Time{static_cast<int64_t>(column.maximum())}) +
                  "; half as old again, and a day",
              1, true);
    }
  }

  Status propose_column(const ProfiledTable& table, const ColumnProfile& column) {
    propose_missing(table, column);
    if (column.value_count() == 0) return {};
    const std::string name = sql_name(column.column().name);
    const bool is_key = column.exact() && column.null_count() == 0 &&
                        column.distinct_count() == static_cast<double>(column.row_count());
    // A float that never repeats is a measurement, not a name.
    if (is_key && (column.is_text() || column.column().is_integer)) {
      propose(table, name + " is unique", "another value in every row");
    }
    if (column.column().kind == ColumnKind::number && !is_key) propose_range(table, column);
    if (column.column().kind == ColumnKind::category && !is_key) {
      return propose_texts(table, column);
    }
    return {};
  }

  void propose_missing(const ProfiledTable& table, const ColumnProfile& column) {
    const std::string rule = sql_name(column.column().name) + " is not null";
    const auto rows = static_cast<double>(column.row_count());
    const double missing = static_cast<double>(column.null_count()) / rows;
    if (missing == 0) {
      propose(table, rule, "never missing");
    } else if (missing < 1) {
      propose_share(table, rule, "missing", missing, rows);
    }
  }

  /// A rule that the share `broken` of `rows` rows does not meet, with room for as many again by
  /// half, and for chance.
  void propose_share(const ProfiledTable& table, const std::string& rule, const std::string& what,
                     double broken, double rows) {
    const double band = std::max({0.01, broken / 2, 3 * std::sqrt(broken * (1 - broken) / rows)});
    propose(table, rule, what + " in " + shortest_text(std::round(1e4 * broken) / 100) + " %",
            std::max(0.0, rounded_down(1 - broken - band, 0.001)), true);
  }

  void propose_range(const ProfiledTable& table, const ColumnProfile& column) {
    const double width = column.maximum() - column.minimum();
    if (column.exact() && column.distinct_count() == 2 && column.column().is_integer) {
      propose(table,
              sql_name(column.column().name) + " in (" + bound_text(column.minimum()) + ", " +
                  bound_text(column.maximum()) + ")",
              "two different numbers");
      return;
    }
    const std::string name = sql_name(column.column().name);
    const std::string finite = "isfinite(" + name + ")";
    if (column.not_finite_count() > 0) {
      const auto values = static_cast<double>(column.row_count() - column.null_count());
      propose_share(table, finite, "NaN or infinity",
                    static_cast<double>(column.not_finite_count()) / values, values);
    }
    if (!(width > 0) || !std::isfinite(width)) return;
    double low = column.minimum() - 0.1 * width;
    double high = column.maximum() + 0.1 * width;
    if (column.minimum() >= 0) low = std::max(low, 0.0);
    if (column.maximum() <= 0) high = std::min(high, 0.0);
    // Two digits of the width are enough for a bound with slack.
    const double step = std::pow(10, std::floor(std::log10(width)) - 1);
    low = std::floor(low / step) * step;
    high = std::ceil(high / step) * step;
    if (column.column().is_integer) {
      low = std::floor(low);
      high = std::ceil(high);
    }
    const std::string range = name + " between " + bound_text(low) + " and " + bound_text(high);
    propose(
        table, column.not_finite_count() > 0 ? "not " + finite + " or " + range : range,
        "between " + shortest_text(column.minimum()) + " and " + shortest_text(column.maximum()));
  }

  /// Without the dust of binary fractions: 0.30000000000000004 is 0.3.
  static std::string bound_text(double bound) {
    char text[32];
    std::snprintf(text, sizeof text, "%.12g", bound);
    return text;
  }

  Status propose_texts(const ProfiledTable& table, const ColumnProfile& column) {
    if (!column.exact() || column.column().type == "BOOLEAN") return {};
    const std::string name = sql_name(column.column().name);
    const double distinct = column.distinct_count();
    const auto values = static_cast<double>(column.value_count());
    if (distinct <= kSetMax && values >= 5 * distinct) {
      std::vector<std::string> texts;
      for (const auto& one : column.texts().counts()) texts.push_back(one.first);
      std::sort(texts.begin(), texts.end());
      std::string list;
      for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + quote_text(text);
      propose(table, name + " in (" + list + ")",
              distinct == 1 ? std::string("always the same")
                            : std::to_string(static_cast<int64_t>(distinct)) + " different texts");
      return {};
    }
    const auto patterns = column.patterns(1);
    constexpr size_t kPatternMax = 20;
    const double share = static_cast<double>(patterns.front().second) / values;
    if (share < 0.99 || patterns.front().first.size() > kPatternMax ||
        patterns.front().first.empty()) {
      return {};
    }
    const std::string rule = "regexp_full_match(" + name + ", " +
                             quote_text(regular_expression(patterns.front().first)) + ")";
    MILLGATE_ASSIGN(const int64_t broken, broken_count(table, rule));
    const double met = 1 - static_cast<double>(broken) / static_cast<double>(column.row_count());
    if (met < 0.98) return {};
    propose(table, rule, "looks like `" + patterns.front().first + "`",
            met == 1 ? 1 : rounded_down(met - 0.005, 0.001));
    return {};
  }

  /// A column that may name rows of `other`: texts, or integers of the same name.
  Status propose_references(const ProfiledTable& table) {
    for (const ProfiledTable& other : tables_) {
      if (other.name == table.name || other.version.key.empty()) continue;
      if (other.version.key.size() > 1) {
        MILLGATE_TRY(propose_reference(table, other.version.key, other, other.version.key));
        continue;
      }
      const std::string& key = other.version.key.front();
      const AskedColumn* key_column = other.rows.find(key);
      if (key_column == nullptr) continue;
      for (const ColumnProfile& column : table.profile.columns()) {
        const bool same_name = column.column().name == key;
        const bool fits = column.column().kind == key_column->kind &&
                          (key_column->kind == ColumnKind::category || same_name) &&
                          column.distinct_count() >= 3 && column.column().type != "BOOLEAN";
        if (!fits) continue;
        MILLGATE_TRY(propose_reference(table, {column.column().name}, other, {key}));
      }
    }
    return {};
  }

  Status propose_reference(const ProfiledTable& table, const std::vector<std::string>& columns,
                           const ProfiledTable& other, const std::vector<std::string>& key) {
    std::string names;
    std::string targets;
    std::string joined;
    std::string present;
    for (size_t i = 0; i < columns.size(); ++i) {
      const AskedColumn* column = table.rows.find(columns[i]);
      if (column == nullptr || column->kind != other.rows.find(key[i])->kind) return {};
      names += (i == 0 ? "" : ", ") + sql_name(columns[i]);
      targets += (i == 0 ? "" : ", ") + sql_name(other.name) + "." + sql_name(key[i]);
      const std::string mine = "a." + quote_name(columns[i]);
      joined += (i == 0 ? "" : " and ") + ("b." + quote_name(key[i]) + " = " + mine);
      present += (i == 0 ? "" : " and ") + mine + " is not null";
    }
    const std::string from = " from " + table.rows.name + " a where " + present;
    MILLGATE_ASSIGN(const int64_t judged, database_->count("select count(*)" + from));
    MILLGATE_ASSIGN(const int64_t found,
                    database_->count("select count(*) from " + table.rows.name + " a semi join " +
                                     other.rows.name + " b on " + joined));
    const double share = judged == 0 ? 0 : static_cast<double>(found) / static_cast<double>(judged);
    if (share < kReferenceMin) return {};
    // Two tables that name each other: the larger one refers to the smaller.
    if (columns == key && table.profile.row_count() < other.profile.row_count()) return {};
    propose(table, names + " references " + targets,
            shortest_text(std::round(1e4 * share) / 100) + " % are found",
            share == 1 ? 1 : rounded_down(share - 0.01, 0.01));
    return {};
  }

  /// Columns whose values repeat enough for a dependency to say something.
  static std::vector<const ColumnProfile*> repeating(const ProfiledTable& table, size_t count_max) {
    std::vector<const ColumnProfile*> columns;
    for (const ColumnProfile& column : table.profile.columns()) {
      const double distinct = column.distinct_count();
      const bool discrete =
          column.column().kind == ColumnKind::category || column.column().is_integer;
      if (discrete && column.exact() && distinct > 2 &&
          distinct <= static_cast<double>(column.value_count()) / 5 && columns.size() < count_max) {
        columns.push_back(&column);
      }
    }
    return columns;
  }

  Status propose_determined(const ProfiledTable& table) {
    constexpr size_t kColumnsMax = 30;
    const auto columns = repeating(table, kColumnsMax);
    for (const ColumnProfile* a : columns) {
      std::string list;
      std::vector<const ColumnProfile*> others;
      for (const ColumnProfile* b : columns) {
        // A coarser column only: one with as many values is the same under another name.
        if (a == b || b->distinct_count() > a->distinct_count()) continue;
        list += ", max(d" + std::to_string(others.size()) + ")";
        others.push_back(b);
      }
      if (others.empty()) continue;
      std::string inner;
      for (size_t i = 0; i < others.size(); ++i) {
        inner += ", count(distinct " + quote_name(others[i]->column().name) + ") as d" +
                 std::to_string(i);
      }
      const std::string name = quote_name(a->column().name);
      MILLGATE_ASSIGN(const auto row,
                      database_->query("select 0" + list + " from (select " + name + inner +
                                       " from " + table.rows.name + " where " + name +
                                       " is not null group by " + name + ")"));
      for (size_t i = 0; i < others.size(); ++i) {
        MILLGATE_ARROW(const auto most, row->column(static_cast<int>(i) + 1)->GetScalar(0),
                       "a dependency");
        if (!most->is_valid || static_cast<const arrow::Int64Scalar&>(*most).value != 1) continue;
        propose(
            table, sql_name(a->column().name) + " determines " + sql_name(others[i]->column().name),
            "one value for each of " + std::to_string(static_cast<int64_t>(a->distinct_count())));
      }
    }
    return {};
  }

  /// "a <= b" for pairs of one kind whose ranges overlap.
  Status propose_orders(const ProfiledTable& table) {
    std::vector<const ColumnProfile*> columns;
    constexpr size_t kColumnsMax = 30;
    for (const ColumnProfile& column : table.profile.columns()) {
      if (!column.is_text() && column.value_count() > 0 && column.maximum() > column.minimum() &&
          columns.size() < kColumnsMax) {
        columns.push_back(&column);
      }
    }
    std::string list;
    std::vector<std::pair<const ColumnProfile*, const ColumnProfile*>> pairs;
    for (const ColumnProfile* a : columns) {
      for (const ColumnProfile* b : columns) {
        if (a == b || a->column().kind != b->column().kind || !overlap(*a, *b)) continue;
        const std::string left = quote_name(a->column().name);
        const std::string right = quote_name(b->column().name);
        list += ", count(*) filter (where " + left + " > " + right + "), count(*) filter (where " +
                left + " < " + right + ")";
        pairs.emplace_back(a, b);
      }
    }
    if (pairs.empty()) return {};
    MILLGATE_ASSIGN(const auto row,
                    database_->query("select 0" + list + " from " + table.rows.name));
    for (size_t i = 0; i < pairs.size(); ++i) {
      int64_t counts[2] = {0, 0};
      for (size_t k = 0; k < 2; ++k) {
        MILLGATE_ARROW(const auto value, row->column(static_cast<int>(2 * i + k) + 1)->GetScalar(0),
                       "an order");
        counts[k] = static_cast<const arrow::Int64Scalar&>(*value).value;
      }
      if (counts[0] > 0 || counts[1] < table.profile.row_count() / 2) continue;
      propose(table,
              sql_name(pairs[i].first->column().name) +
                  " <= " + sql_name(pairs[i].second->column().name),
              "never larger, smaller in " + rows_text(counts[1]));
    }
    return {};
  }

  /// Whether each range covers a good part of the other, so that an order is no matter of course.
  static bool overlap(const ColumnProfile& a, const ColumnProfile& b) {
    const double shared = std::min(a.maximum(), b.maximum()) - std::max(a.minimum(), b.minimum());
    const double wider = std::max(a.maximum() - a.minimum(), b.maximum() - b.minimum());
    return shared > 0.5 * wider;
  }

  void propose_missing_together(const ProfiledTable& table) {
    const auto& columns = table.profile.columns();
    for (size_t a = 0; a < columns.size(); ++a) {
      for (size_t b = a + 1; b < columns.size(); ++b) {
        const int64_t missing = columns[a].null_count();
        constexpr int64_t kMissingMin = 10;  // Fewer may be together by chance.
        if (missing < kMissingMin || missing == columns[a].row_count() ||
            missing != columns[b].null_count()) {
          continue;
        }
        const std::string left = quote_name(columns[a].column().name);
        const std::string right = quote_name(columns[b].column().name);
        const std::string rule = "(" + sql_name(columns[a].column().name) + " is null) = (" +
                                 sql_name(columns[b].column().name) + " is null)";
        const auto broken = broken_count(table, "(" + left + " is null) = (" + right + " is null)");
        if (broken.ok() && *broken == 0) {
          propose(table, rule, "missing together in " + rows_text(missing));
        }
      }
    }
  }

  const Repository& repository_;
  const Commit& commit_;
  const HappenedColumns& happened_;
  std::unique_ptr<Database> database_;
  std::vector<ProfiledTable> tables_;
  std::vector<ProposedRule> rules_;
};

}  // namespace

Result<std::vector<ProposedRule>> infer_rules(const Repository& repository, const Commit& commit,
                                              const HappenedColumns& happened) {
  return Inference(repository, commit, happened).run();
}

std::string to_toml(const std::vector<ProposedRule>& rules) {
  std::string text;
  for (const ProposedRule& rule : rules) {
    std::string because;
    for (const char c : rule.because) because += static_cast<uint8_t>(c) < 0x20U ? ' ' : c;
    text += "[[check]]  # " + because + "\ntable = " + toml_text(rule.table) +
            "\nrule = " + toml_text(rule.rule) + "\n";
    if (!rule.where.empty()) text += "where = " + toml_text(rule.where) + "\n";
    if (rule.at_least < 1) {
      char share[32];
      std::snprintf(share, sizeof share, "%.6g", rule.at_least);
      text += "at_least = " + std::string(share) + "\n";
    }
    if (rule.is_warning) text += "severity = \"warning\"\n";
    text += '\n';
  }
  return text;
}

}  // namespace millgate
