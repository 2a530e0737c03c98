#include <cmath>
#include <iostream>

#include "app/commands.h"
#include "app/personal_exit.h"
#include "app/text_table.h"
#include "data/check/table_profile.h"
#include "ground/file_store.h"
#include "system/monitor/wording.h"
#include "system/report/profile_page.h"

namespace millgate {

namespace {

struct Options {
  std::string first;
  std::string second;
  std::string revision = kCurrentBranch;
  std::string html;
};

std::string value_text(const ColumnProfile& column, double value) {
  if (column.column().kind == ColumnKind::time) return to_string(Time{static_cast<int64_t>(value)});
  return rounded(value);
}

/// "1, 2, 12 (31 %)": the middle half of numbers, the most frequent texts.
std::string summary_of(const ColumnProfile& column) {
  if (column.value_count() == 0) return "";
  if (!column.is_text()) {
    const auto q = column.quantiles({0.5});
    return value_text(column, column.minimum()) + " .. " + value_text(column, q[0]) + " .. " +
           value_text(column, column.maximum());
  }
  constexpr size_t kShown = 3;
  constexpr size_t kTextMax = 24;
  std::string text;
  for (const auto& [value, count] : column.most_frequent(kShown)) {
    text += (text.empty() ? "" : ", ") +
            (value.size() > kTextMax ? value.substr(0, kTextMax) + "..." : value) + " (" +
            percent(static_cast<double>(count) / static_cast<double>(column.value_count())) + ")";
  }
  return text;
}

std::string distinct_of(const ColumnProfile& column) {
  return (column.exact() ? "" : "~") +
         grouped(static_cast<int64_t>(std::llround(column.distinct_count())));
}

std::string missing_of(const ColumnProfile& column) {
  if (column.row_count() == 0) return "";
  const int64_t missing = column.null_count();
  return missing == 0
             ? "0"
             : percent(static_cast<double>(missing) / static_cast<double>(column.row_count()));
}

void print_associations(const TableProfile& profile, const std::vector<Association>& all) {
  constexpr double kStrong = 0.3;
  constexpr size_t kShown = 10;
  TextTable table({"go together", "measure", "strength"});
  for (size_t i = 0; i < std::min(kShown, all.size()) && all[i].strength() >= kStrong; ++i) {
    const Association& one = all[i];
    const bool numbers = !std::isnan(one.pearson);
    table.add({one.first + ", " + one.second,
               numbers ? (std::abs(one.pearson) >= std::abs(one.spearman) ? "Pearson" : "Spearman")
               : std::isnan(one.cramers_v) ? "correlation ratio"
                                           : "Cramer's V",
               rounded(numbers ? (std::abs(one.pearson) >= std::abs(one.spearman) ? one.pearson
                                                                                  : one.spearman)
                               : one.strength(),
                       3)});
  }
  if (table.empty()) return;
  std::cout << '\n';
  table.print(std::cout);
  if (profile.sampled_rows() < profile.row_count()) {
    std::cout << "(on a sample of " << grouped(profile.sampled_rows()) << " rows)\n";
  }
}

void print_profile(const std::string& name, const TableProfile& profile) {
  std::cout << name << ": " << count_of(profile.row_count(), "row") << ", "
            << count_of(std::ssize(profile.columns()), "column") << '\n';
  TextTable table(
      {"column", "type", "missing", "distinct", "least .. median .. largest, or most often"});
  for (const ColumnProfile& column : profile.columns()) {
    table.add({column.column().name, column.column().type, missing_of(column), distinct_of(column),
               summary_of(column)});
  }
  table.print(std::cout);
  const std::vector<Association> associations = profile.associations();
  print_associations(profile, associations);
  const std::vector<Remark> remarks = profile.remarks(associations);
  if (!remarks.empty()) std::cout << "\nwhat stands out\n";
  for (const Remark& one : remarks) {
    std::cout << "  " << (one.column.empty() ? "" : one.column + " ") << one.what << '\n';
  }
}

/// Both profiles, one line a column and side.
void print_side_by_side(const Options& options, const TableProfile& first,
                        const TableProfile& second) {
  std::cout << "A " << options.first << ": " << count_of(first.row_count(), "row") << '\n'
            << "B " << options.second << ": " << count_of(second.row_count(), "row") << '\n';
  TextTable table(
      {"column", "", "type", "missing", "distinct", "least .. median .. largest, or most often"});
  const auto add = [&](const std::string& side, const ColumnProfile& column, bool named) {
    table.add({named ? column.column().name : "", side, column.column().type, missing_of(column),
               distinct_of(column), summary_of(column)});
  };
  for (const ColumnProfile& column : first.columns()) {
    add("A", column, true);
    for (const ColumnProfile& other : second.columns()) {
      if (other.column().name == column.column().name) add("B", other, false);
    }
  }
  for (const ColumnProfile& other : second.columns()) {
    bool known = false;
    for (const ColumnProfile& column : first.columns()) {
      known = known || column.column().name == other.column().name;
    }
    if (!known) add("B", other, true);
  }
  table.print(std::cout);
  std::cout << "\nwhether a difference matters: millgate drift\n";
}

Result<int> profile(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(
      const auto database,
      Database::open({.spill_folder = repository->folder("scratch"), .user_sql = true}));
  std::vector<std::string> texts = {options.first};
  if (!options.second.empty()) texts.push_back(options.second);
  MILLGATE_ASSIGN(const RowChanges guard, open_counting_guard(*repository));
  MILLGATE_ASSIGN(const auto hidden,
                  hidden_log_columns(*repository, options.first + " " + options.second));
  MILLGATE_ASSIGN(const std::vector<AskedRows> asked,
                  open_rows(*database, *repository, texts, options.revision,
                            {.changes = noting(guard), .left_out = hidden}));
  std::vector<TableProfile> profiles;
  for (const AskedRows& rows : asked) {
    MILLGATE_ASSIGN(TableProfile made, profile_rows(*database, rows));
    profiles.push_back(std::move(made));
  }
  if (!options.html.empty()) {
    std::vector<NamedProfile> named;
    named.reserve(profiles.size());
    for (size_t i = 0; i < profiles.size(); ++i) named.push_back({texts[i], &profiles[i]});
    MILLGATE_TRY(write_file(options.html, profile_html(named)));
    std::cerr << "profile written to " << options.html << '\n';
  }
  if (session.json) {
    Json list = Json::array();
    for (size_t i = 0; i < profiles.size(); ++i) {
      Json json = {{"rows", texts[i]}};
      json.update(to_json(profiles[i]));
      list.push_back(std::move(json));
    }
    print_json({{"profiles", list}});
  } else if (profiles.size() == 1) {
    print_profile(options.first, profiles.front());
  } else {
    print_side_by_side(options, profiles[0], profiles[1]);
  }
  return kDone;
}

}  // namespace

void add_profile(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command =
      program.add_command("profile", "what the rows of a table or a question hold",
                          "millgate profile flights@main~1\n"
                          "  millgate profile \"from flights where origin = 'JFK'\" --json\n"
                          "  millgate profile flights@main~1 flights@main");
  command.add_option("rows", options->first, "a table, table@revision, or a select").required();
  command.add_option("other", options->second, "rows to show beside them");
  command.add_option("--rev", options->revision, "revision of tables without one").shows_default();
  command.add_option("--html", options->html, "also write a page with plots");
  command.does([&session, options] { return profile(session, *options); });
}

}  // namespace millgate
