#include "system/pipeline/proposed_project.h"

#include <arrow/api.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>

#include "data/query/database.h"
#include "data/query/sql_names.h"
#include "data/table/arrow_result.h"
#include "data/table/reader.h"
#include "ground/json.h"
#include "ground/nearest_name.h"
#include "ground/plain_name.h"
#include "ground/shortest_text.h"
#include "ground/toml_text.h"
#include "model/measure/rounded_text.h"

namespace millgate {

namespace {

/// Values of a text that is still a category, at most.
constexpr int64_t kCategoriesMax = 200;
/// A label of text with more values is not taken for classes.
constexpr int64_t kProposedClassesMax = 50;
/// Of the area under the curve of one column alone, from where on it decides the label.
constexpr double kDecides = 0.995;
/// Rows that a split with parts of a fifth can still use.
constexpr int64_t kRowsMin = 30;

struct Column {
  std::string name;
  std::string type;  ///< DuckDB's.
  int64_t present = 0;
  int64_t distinct = 0;

  [[nodiscard]] bool is_text() const { return type == "VARCHAR"; }
  [[nodiscard]] bool is_time() const { return type.starts_with("TIMESTAMP") || type == "DATE"; }
  [[nodiscard]] bool is_boolean() const { return type == "BOOLEAN"; }
  [[nodiscard]] bool is_integer() const { return type.ends_with("INT") || type == "INTEGER"; }
  [[nodiscard]] bool is_number() const {
    return is_integer() || type == "DOUBLE" || type == "FLOAT" || type.starts_with("DECIMAL");
  }
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

/// Whether one of `words` is a word of `name`: "id" of "customer_id", not of "paid".
bool has_word(const std::string& name, const std::vector<std::string_view>& words) {
  std::set<std::string> found;
  std::string word;
  char before = ' ';
  for (const char letter : name + " ") {
    const bool begins = std::isupper(static_cast<unsigned char>(letter)) != 0 &&
                        std::islower(static_cast<unsigned char>(before)) != 0;
    const bool is_letter = std::isalpha(static_cast<unsigned char>(letter)) != 0;
    if ((!is_letter || begins) && !word.empty()) {
      found.insert(lower(word));
      word.clear();
    }
    if (is_letter) word += letter;
    before = letter;
  }
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view one) { return found.contains(std::string(one)); });
}

/// A name for tables and features: what is no letter, digit or `_` becomes `_`.
std::string plain(const std::string& name) {
  std::string text;
  for (const char letter : name) {
    text += std::isalnum(static_cast<unsigned char>(letter)) != 0 ? letter : '_';
  }
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0])) != 0) text = "_" + text;
  return text;
}

/// A column in an expression of the project file.
std::string in_expression(const std::string& name) {
  static const std::set<std::string> kWords = {
      "and",   "or",     "not",     "is",    "null", "true", "false",    "between",
      "in",    "case",   "when",    "then",  "else", "end",  "interval", "group",
      "order", "select", "from",    "where", "by",   "like", "as",       "cast",
      "limit", "table",  "default", "desc",  "asc",  "to",   "user"};
  const bool stands = is_plain_name(name) && !kWords.contains(lower(name));
  return stands ? name : quote_name(name);
}

/// Looks at the table `rows` of one database.
class Proposal {
 public:
  /// `file` is for messages.
  Proposal(Database& database, const std::string& file, const ProposalOptions& options)
      : database_(database), file_(file), options_(options) {}

  Result<ProposedProject> make() {
    MILLGATE_TRY(count_columns());
    project_.table = plain(std::filesystem::path(options_.path).stem().stem().string());
    MILLGATE_TRY(choose_label());
    choose_key();
    MILLGATE_TRY(choose_time());
    MILLGATE_TRY(choose_features());
    write();
    return std::move(project_);
  }

 private:
  Status count_columns() {
    MILLGATE_ASSIGN(const auto described, database_.describe("select * from rows"));
    MILLGATE_ASSIGN(project_.row_count, database_.count("select count(*) from rows"));
    if (project_.row_count < kRowsMin) {
      return invalid_input("`" + file_ + "` has " + std::to_string(project_.row_count) +
                               " rows, too few to learn from",
                           "a first project takes " + std::to_string(kRowsMin) + " or more");
    }
    for (const auto& [name, type] : described) {
      Column column{.name = name, .type = type, .present = 0, .distinct = 0};
      const std::string quoted = quote_name(name);
      MILLGATE_ASSIGN(column.present, database_.count("select count(" + quoted + ") from rows"));
      MILLGATE_ASSIGN(column.distinct,
                      database_.count("select count(distinct " + quoted + ") from rows"));
      columns_.push_back(std::move(column));
    }
    return {};
  }

  const Column* find(const std::string& name) const {
    const auto found = std::find_if(columns_.begin(), columns_.end(),
                                    [&](const Column& column) { return column.name == name; });
    return found == columns_.end() ? nullptr : &*found;
  }

  Status check_column(const std::string& name) const {
    if (find(name) != nullptr) return {};
    std::vector<std::string> names;
    names.reserve(columns_.size());
    for (const Column& column : columns_) names.push_back(column.name);
    return not_found("`" + file_ + "` has no column `" + name + "`", name_hint(name, names));
  }

  Status choose_label() {
    if (!options_.group.empty()) return take_relevance();
    const Column* column = find(options_.label);
    if (column == nullptr) return take_expression();
    label_column_ = column->name;
    if (column->distinct < 2) {
      return invalid_input("the label `" + column->name + "` has the same value in every row");
    }
    if (column->distinct == 2 || column->is_boolean()) return take_two_values(*column);
    if (column->is_number()) {
      project_.kind = "regression";
      project_.label = in_expression(column->name);
      return summarise_values(quote_name(column->name));
    }
    if (column->distinct <= kProposedClassesMax) return take_classes(*column);
    MILLGATE_ASSIGN(const std::string often, one_value(*column, "count(*) desc"));
    return invalid_input(
        "the label `" + column->name + "` has " + std::to_string(column->distinct) +
            " different values, too many for classes that are told apart",
        "ask for one of them: --label \"" + in_expression(column->name) + " = '" + often + "'\"");
  }

  /// How relevant a row is among those that it is ranked with.
  Status take_relevance() {
    for (const std::string& name : options_.group) MILLGATE_TRY(check_column(name));
    if (const Column* column = find(options_.label); column == nullptr) {
      MILLGATE_TRY(take_expression());
    } else {
      label_column_ = column->name;
      project_.label = in_expression(column->name);
      label_sql_ = quote_name(column->name);
    }
    project_.kind = "ranking";
    project_.group = options_.group;
    const std::string value = "try_cast((" + label_sql_ + ") as double)";
    MILLGATE_ASSIGN(const int64_t other,
                    database_.count("select count(*) from rows where (" + label_sql_ +
                                    ") is not null and coalesce(" + value +
                                    " not in (select unnest(range(31))), true)"));
    if (other > 0) {
      return invalid_input(
          "the label `" + project_.label + "` is no whole number from 0 to 30 in " +
              std::to_string(other) + " rows",
          "of a ranking it says how relevant a row is: --label 'case when ... then "
          "2 when ... then 1 else 0 end'");
    }
    MILLGATE_TRY(summarise_values(value));
    std::string columns;
    for (const std::string& name : options_.group) {
      columns += (columns.empty() ? "" : ", ") + quote_name(name);
    }
    MILLGATE_ASSIGN(
        const int64_t queries,
        database_.count("select count(*) from (select distinct " + columns + " from rows)"));
    project_.label_summary += "; " + std::to_string(queries) + " queries";
    return {};
  }

  /// Its values, the most frequent first.
  Status take_classes(const Column& column) {
    project_.kind = "multiclass";
    project_.label = in_expression(column.name);
    label_sql_ = quote_name(column.name);
    MILLGATE_ASSIGN(
        const auto table,
        database_.query("select " + label_sql_ +
                        "::varchar, count(*)::double / "
                        "sum(count(*)) over () from rows where " +
                        label_sql_ + " is not null group by 1 order by count(*) desc, 1"));
    for (int64_t row = 0; row < table->num_rows(); ++row) {
      MILLGATE_ARROW(const auto value, table->column(0)->GetScalar(row), "label");
      project_.classes.push_back(value->ToString());
    }
    MILLGATE_ARROW(const auto share, table->column(1)->GetScalar(0), "label");
    char text[32];
    std::snprintf(text, sizeof text, "%.1f",
                  100 * static_cast<const arrow::DoubleScalar&>(*share).value);
    project_.label_summary = std::to_string(project_.classes.size()) + " classes, " + text +
                             " % are " + project_.classes.front();
    return {};
  }

  /// The label is no column: a condition or a value over columns.
  Status take_expression() {
    label_sql_ = with_quoted_columns(
        options_.label, [&](const std::string& name) { return find(name) != nullptr; });
    const std::string sql = "select (" + label_sql_ + ") from rows";
    const auto described = database_.describe(sql);
    if (!described.ok()) {
      if (!is_plain_name(options_.label)) return described.error();
      return check_column(options_.label);
    }
    for (const Column& column : columns_) {
      if (has_name(options_.label, column.name)) label_reads_.insert(column.name);
    }
    project_.label = options_.label;
    const bool is_condition = described->front().second == "BOOLEAN";
    project_.kind = is_condition ? "binary" : "regression";
    return is_condition ? summarise_share() : summarise_values("(" + label_sql_ + ")");
  }

  /// The first value of a column in an order of its groups, as text.
  Result<std::string> one_value(const Column& column, const std::string& order) {
    const std::string quoted = quote_name(column.name);
    MILLGATE_ASSIGN(
        const auto table,
        database_.query("select " + quoted + "::varchar from rows where " + quoted +
                        " is not null group by " + quoted + " order by " + order + ", 1 limit 1"));
    MILLGATE_ARROW(const auto value, table->column(0)->GetScalar(0), "label");
    return value->ToString();
  }

  Status take_two_values(const Column& column) {
    project_.kind = "binary";
    const std::string name = in_expression(column.name);
    if (column.is_boolean()) {
      project_.label = name;
      label_sql_ = quote_name(column.name);
      return summarise_share();
    }
    // Which of the two is "yes": the one that people call so, else the rarer.
    static constexpr std::array<std::string_view, 8> kYes = {"1", "yes",      "y",   "true",
                                                             "t", "positive", "bad", "churned"};
    MILLGATE_ASSIGN(const std::string rare, one_value(column, "count(*)"));
    MILLGATE_ASSIGN(const std::string often, one_value(column, "count(*) desc, 1 desc"));
    const auto is_yes = [](const std::string& value) {
      return std::find(kYes.begin(), kYes.end(), lower(value)) != kYes.end();
    };
    const std::string yes = is_yes(often) && !is_yes(rare) ? often : rare;
    const std::string is_yes_value = " = " + (column.is_text() ? quote_text(yes) : yes);
    project_.label = name + is_yes_value;
    label_sql_ = quote_name(column.name) + is_yes_value;
    return summarise_share();
  }

  Status summarise_share() {
    const std::string label = "(" + label_sql_ + ")";
    MILLGATE_ASSIGN(const int64_t known, database_.count("select count(" + label + ") from rows"));
    MILLGATE_ASSIGN(const int64_t yes, database_.count("select count(*) from rows where " + label));
    if (yes == 0 || yes == known) {
      return invalid_input("the label `" + project_.label + "` has the same value in every row");
    }
    project_.label_summary =
        rounded_text(100 * static_cast<double>(yes) / static_cast<double>(known)) + " % of " +
        std::to_string(known) + " rows";
    return {};
  }

  Status summarise_values(const std::string& value) {
    MILLGATE_ASSIGN(const auto table,
                    database_.query("select min(" + value + ")::double, avg(" + value +
                                    ")::double, max(" + value + ")::double from rows"));
    std::array<double, 3> figures{};
    for (int i = 0; i < 3; ++i) {
      MILLGATE_ARROW(const auto one, table->column(i)->GetScalar(0), "label");
      figures.at(static_cast<size_t>(i)) = static_cast<const arrow::DoubleScalar&>(*one).value;
    }
    project_.label_summary = "from " + rounded_text(figures[0]) + " to " +
                             rounded_text(figures[2]) + ", mean " + rounded_text(figures[1]);
    return {};
  }

  bool is_label(const Column& column) const {
    return column.name == label_column_ || label_reads_.contains(column.name);
  }

  void choose_key() {
    const auto tells_apart = [&](const Column& column) {
      return column.distinct == project_.row_count && column.present == project_.row_count &&
             (column.is_integer() || column.is_text()) && !is_label(column);
    };
    const auto named = std::find_if(columns_.begin(), columns_.end(), [&](const Column& column) {
      return tells_apart(column) &&
             has_word(column.name, {"id", "key", "code", "number", "no", "uuid", "index"});
    });
    if (named != columns_.end()) {
      project_.key = {named->name};
    } else if (tells_apart(columns_.front())) {
      project_.key = {columns_.front().name};
    }
  }

  Status choose_time() {
    std::vector<const Column*> times;
    for (const Column& column : columns_) {
      const bool may_be = column.is_time() && !is_label(column) && column.distinct >= 5 &&
                          column.present == project_.row_count &&
                          !has_word(column.name, {"birth", "born", "dob", "birthday", "expiry"});
      if (may_be) times.push_back(&column);
    }
    if (times.empty()) return {};
    const auto named = std::find_if(times.begin(), times.end(), [](const Column* column) {
      return has_word(column->name, {"asked", "happened", "created", "ordered", "requested",
                                     "timestamp", "time", "date", "at", "on"});
    });
    const Column* chosen = named == times.end() ? times.front() : *named;
    // An hour, a day: only what differs within the rows says anything.
    project_.happened = chosen->name;
    const std::string quoted = quote_name(chosen->name);
    MILLGATE_ASSIGN(hours_, database_.count("select count(distinct hour(" + quoted +
                                            "::timestamp)) from rows"));
    MILLGATE_ASSIGN(days_,
                    database_.count("select count(distinct dayofweek(" + quoted + ")) from rows"));
    return {};
  }

  /// How well a column alone tells the label of a binary task: the area under the curve, or the
  /// share of rows that a value of it decides, whichever is more.
  Result<double> decides(const Column& column) {
    if (project_.kind == "regression" || project_.kind == "ranking") return 0.0;
    const std::string quoted = quote_name(column.name);
    const std::string label = "(" + label_sql_ + ")";
    std::string sql;
    if (project_.kind == "multiclass") {
      if (!column.is_text() && !column.is_boolean()) return 0.0;
      sql = "with c as (select " + quoted + " v, " + label + " l, count(*) n from rows where " +
            label +
            " is not null group by 1, 2), best as (select max(n) n from c group by v), "
            "often as (select max(n) most, sum(n) every from (select sum(n) n from c group by l)) "
            "select ((select sum(n) from best) - most)::double / greatest(every - most, 1) from "
            "often";
    } else if (column.is_text() || column.is_boolean()) {
      // Against the share that always saying the more frequent answer gets right.
      sql = "with v as (select count(*) n, count(*) filter (where " + label +
            ") p from rows where " + label + " is not null group by " + quoted +
            ") select (sum(greatest(p, n - p)) - greatest(sum(p), sum(n - p)))::double / "
            "greatest(least(sum(p), sum(n - p)), 1) from v";
    } else {
      sql = "with r as (select " + label + " l, rank() over (order by " + quoted +
            ") + (count(*) over (partition by " + quoted + ") - 1) / 2.0 k from rows where " +
            label + " is not null and " + quoted +
            " is not null), s as (select sum(k) filter (where l) t, count(*) filter (where l) p, "
            "count(*) filter (where not l) n from r) select case when p = 0 or n = 0 then 0 else "
            "greatest((t - p * (p + 1) / 2.0) / (p * n), 1 - (t - p * (p + 1) / 2.0) / (p * n)) "
            "end::double from s";
    }
    MILLGATE_ASSIGN(const auto table, database_.query(sql));
    MILLGATE_ARROW(const auto value, table->column(0)->GetScalar(0), column.name);
    return value->is_valid ? static_cast<const arrow::DoubleScalar&>(*value).value : 0.0;
  }

  void leave_out(const Column& column, std::string why) {
    project_.left_out.push_back({column.name, std::move(why)});
  }

  void add_feature(const std::string& name, std::string expression) {
    std::string free = plain(name);
    while (std::any_of(features_.begin(), features_.end(),
                       [&](const auto& one) { return one.first == free; })) {
      free += '_';
    }
    project_.features.push_back(free);
    features_.emplace_back(std::move(free), std::move(expression));
  }

  Status choose_features() {
    for (const Column& column : columns_) MILLGATE_TRY(choose_feature(column));
    if (!project_.features.empty()) return {};
    return invalid_input("no column of `" + file_ + "` can be a feature",
                         "what was left out, and why: " +
                             (project_.left_out.empty() ? std::string("there is no other column")
                                                        : project_.left_out.front().column + ": " +
                                                              project_.left_out.front().why));
  }

  Status choose_feature(const Column& column) {
    const std::string name = in_expression(column.name);
    if (is_label(column)) return {};
    if (std::ranges::find(project_.group, column.name) != project_.group.end()) {
      leave_out(column, "says which rows are ranked together");
      return {};
    }
    if (!project_.key.empty() && column.name == project_.key.front()) return {};
    if (column.name == project_.happened) {
      if (hours_ > 1) add_feature(column.name + "_hour", "hour(" + name + ")");
      if (days_ > 1) add_feature(column.name + "_weekday", "weekday(" + name + ")");
      return {};
    }
    if (column.distinct < 2) {
      leave_out(column, column.present == 0 ? "never there" : "the same in every row");
      return {};
    }
    const bool is_name = column.distinct == column.present && !column.is_number();
    if (column.is_time()) {
      leave_out(column, "a time: say what it means, for example as a difference in days");
    } else if (column.is_text() && (is_name || column.distinct > kCategoriesMax)) {
      leave_out(column, std::to_string(column.distinct) + " different texts");
    } else if (column.is_integer() && column.distinct == project_.row_count &&
               has_word(column.name, {"id", "key", "uuid", "index"})) {
      leave_out(column, "names a row");
    } else if (!column.is_text() && !column.is_number() && !column.is_boolean()) {
      leave_out(column, "values of type " + column.type);
    } else {
      MILLGATE_ASSIGN(const double share, decides(column));
      if (share >= kDecides) {
        leave_out(column, "decides the label alone: is it known only afterwards?");
      } else {
        add_feature(column.name, column.is_text() ? "category(" + name + ")" : name);
      }
    }
    return {};
  }

  void add_list(const char* key, const std::vector<std::string>& names) {
    if (names.empty()) return;
    project_.toml += std::string(key) + " = [";
    for (const std::string& name : names) {
      project_.toml += (name == names.front() ? "" : ", ") + toml_text(name);
    }
    project_.toml += "]\n";
  }

  void write() {
    std::string& text = project_.toml;
    text = "[project]\nname = " + toml_text(options_.project) + "\ndescription = " +
           toml_text("Predicts " + project_.label + " from " + options_.path +
                     ". Say here who asks, and when.") +
           "\n\n[[source]]\nname = " + toml_text(project_.table) +
           "\npath = " + toml_text(options_.path) + "\n";
    if (!project_.key.empty()) text += "key = [" + toml_text(project_.key.front()) + "]\n";
    if (!project_.happened.empty()) text += "happened = " + toml_text(project_.happened) + "\n";
    text += "# about = { from = \"...\", licence = \"...\", labelled_by = \"...\" }\n";
    text += "\n[task]\ntable = " + toml_text(project_.table) +
            "\nkind = " + toml_text(project_.kind) + "\nlabel = " + toml_text(project_.label) +
            "  # " + project_.label_summary + "\n";
    add_list("classes", project_.classes);
    add_list("group", project_.group);
    if (!project_.happened.empty()) {
      text += "# label_known = " +
              toml_text(in_expression(project_.happened) + " + interval '30 days'") +
              "  # when the truth of a row is known\n";
    }
    text +=
        "\n# One expression each; the same code in training and in serving: `millgate functions`.\n"
        "[features]\n";
    for (const auto& [name, expression] : features_) {
      text += name + " = " + toml_text(expression) + "\n";
    }
    for (const LeftOutColumn& one : project_.left_out) {
      text += "# " + plain(one.column) + ": " + one.why + "\n";
    }
    const std::string by = project_.happened.empty() ? "random" : "time";
    text += "\n[train]\nlearner = \"gbdt\"\nsplit = { by = " + toml_text(by) +
            ", share = 0.2 }\n# tune = { trials = 40 }\n"
            "\n# What a model must meet to go live: `millgate metrics` lists what can be asked.\n";
    text += project_.kind == "binary"       ? "[[requirement]]\nmetric = \"auc\"\nat_least = 0.6\n"
            : project_.kind == "multiclass" ? "[[requirement]]\nmetric = \"macro_auc\"\n"
                                              "at_least = 0.6\n"
            : project_.kind == "ranking"    ? "[[requirement]]\nmetric = \"ndcg\"\n"
                                              "than = \"constant\"\nbetter_by = 0\n"
                                            : "[[requirement]]\nmetric = \"r2\"\nat_least = 0.1\n";
    text += "\n[[requirement]]\nmetric = \"latency_ms_p99\"\nat_most = 5\n";
  }

  Database& database_;
  const std::string& file_;
  const ProposalOptions& options_;
  ProposedProject project_;
  std::vector<Column> columns_;
  std::string label_sql_;              ///< Of a binary task: where words of SQL are quoted.
  std::string label_column_;           ///< Empty where the label is an expression.
  std::set<std::string> label_reads_;  ///< Columns of that expression.
  std::vector<std::pair<std::string, std::string>> features_;
  int64_t hours_ = 0, days_ = 0;  ///< Different ones in the time of the rows.
};

}  // namespace

Result<ProposedProject> propose_project(const std::string& file, const ProposalOptions& options) {
  MILLGATE_ASSIGN(const auto reader, read_table_files({file}, {}));
  MILLGATE_ARROW(auto table, reader->ToTable(), file);
  if (table->num_columns() == 0) return invalid_input("`" + file + "` has no columns");
  MILLGATE_ASSIGN(const auto database, Database::open());
  MILLGATE_TRY(database->add_arrow("rows", std::move(table)));
  return Proposal(*database, file, options).make();
}

Json to_json(const ProposedProject& proposal) {
  Json left_out = Json::array();
  for (const LeftOutColumn& one : proposal.left_out) {
    left_out.push_back({{"column", one.column}, {"why", one.why}});
  }
  return {{"table", proposal.table},       {"row_count", proposal.row_count},
          {"key", proposal.key},           {"happened", proposal.happened},
          {"kind", proposal.kind},         {"group", proposal.group},
          {"label", proposal.label},       {"label_summary", proposal.label_summary},
          {"features", proposal.features}, {"left_out", left_out}};
}

}  // namespace millgate
