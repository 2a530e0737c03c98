#include <algorithm>
#include <cctype>
#include <iostream>
#include <optional>

#include "app/commands.h"
#include "app/text_table.h"
#include "data/personal/personal_columns.h"
#include "data/personal/personal_policy.h"
#include "data/personal/reidentification.h"
#include "data/query/sql_token.h"
#include "system/monitor/wording.h"

namespace millgate {

namespace {

struct Options {
  std::string rows;
  std::string revision = kCurrentBranch;
  std::vector<std::string> quasi_identifiers;
  std::vector<std::string> sensitive;
  bool require_policy = false;
};

/// What the project decided about the rows, which are those of one table.
struct Decided {
  TablePolicy policy;
  std::vector<ColumnPolicy> proposed;  ///< For columns without one that hold personal data.
};

/// "patients" of "patients@main~1"; empty for a select.
std::string table_of(const std::string& rows) {
  const auto tokens = sql_tokens(rows.substr(0, rows.find('@')));
  return tokens.size() == 1 && tokens.front().is_name() ? tokens.front().name() : std::string();
}

/// What most would want: nobody learns from what names a person or is nobody's business, and a
/// value that names one stays able to join.
ColumnPolicy proposal_for(const PersonalColumn& column) {
  const bool is_identifier = column.role == PersonalRole::identifier;
  return {
      .column = column.column,
      .is_forbidden = column.role != PersonalRole::quasi_identifier,
      .exit = is_identifier && !column.within_texts ? PersonalExit::hashed : PersonalExit::masked};
}

Decided decided_about(const Project& project, const std::string& table,
                      const std::vector<PersonalColumn>& found) {
  Decided decided;
  decided.policy.table = table;
  if (const TablePolicy* policy = policy_of(project.personal, table)) decided.policy = *policy;
  for (const PersonalColumn& one : found) {
    if (one.certainty == Certainty::possible || decided.policy.find(one.column) != nullptr) {
      continue;
    }
    const ColumnPolicy proposal = proposal_for(one);
    const auto known =
        std::find_if(decided.proposed.begin(), decided.proposed.end(),
                     [&](const ColumnPolicy& other) { return other.column == one.column; });
    if (known == decided.proposed.end()) decided.proposed.push_back(proposal);
  }
  return decided;
}

/// As a line of the project file.
std::string toml_line(const ColumnPolicy& policy) {
  std::string value = policy.text();
  if (const size_t comma = value.find(", "); comma != std::string::npos) {
    value = "[\"" + value.substr(0, comma) + "\", \"" + value.substr(comma + 2) + "\"]";
  } else {
    value = "\"" + value + "\"";
  }
  const auto is_bare = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
  };
  const bool bare = std::all_of(policy.column.begin(), policy.column.end(), is_bare);
  return (bare ? policy.column : dump_json(Json(policy.column))) + " = " + value;
}

void print_decided(const Decided& decided, const std::vector<PersonalColumn>& found) {
  std::string others;
  for (const ColumnPolicy& one : decided.policy.columns) {
    const bool is_found = std::any_of(found.begin(), found.end(), [&](const PersonalColumn& other) {
      return other.column == one.column;
    });
    if (!is_found) others += (others.empty() ? "" : "; ") + one.column + ": " + one.text();
  }
  if (!others.empty()) std::cout << "\nalso decided, though nothing was found: " << others << '\n';
  if (decided.proposed.empty()) return;
  std::cout << "\nnot decided; below the [[source]] of " << decided.policy.table
            << " in millgate.toml one could write\n[source.personal]\n";
  for (const ColumnPolicy& one : decided.proposed) std::cout << toml_line(one) << '\n';
}

void print_columns(const AskedRows& rows, const std::vector<PersonalColumn>& columns,
                   const std::optional<Decided>& decided) {
  std::cout << rows.text << ": " << count_of(rows.row_count, "row") << ", " << rows.columns.size()
            << " columns\n";
  if (columns.empty()) {
    std::cout << "\nno personal data found\n";
  } else {
    TextTable table(
        decided ? std::vector<std::string>{"column", "holds", "role", "certainty", "policy", "why"}
                : std::vector<std::string>{"column", "holds", "role", "certainty", "why"});
    for (const PersonalColumn& one : columns) {
      std::vector<std::string> line = {one.column,
                                       one.what + (one.within_texts ? ", within texts" : ""),
                                       to_string(one.role), to_string(one.certainty)};
      if (decided) {
        const ColumnPolicy* policy = decided->policy.find(one.column);
        line.push_back(policy == nullptr ? "none" : policy->text());
      }
      line.push_back(one.why);
      table.add(std::move(line));
    }
    table.print(std::cout);
    std::cout << '\n';
    TextTable examples({"column", "row", "value, masked"});
    for (const PersonalColumn& one : columns) {
      for (const PersonalExample& example : one.examples) {
        examples.add({one.column, std::to_string(example.row), example.text});
      }
    }
    examples.print(std::cout);
  }
  std::cout << "(names of persons within texts are not looked for)\n";
  if (decided) print_decided(*decided, columns);
}

void print_anonymity_head(const Reidentification& risk) {
  std::string names;
  for (const std::string& name : risk.quasi_identifiers)
    names += (names.empty() ? "" : ", ") + name;
  std::cout << "\nWho knows of a person " << names << ":\n";
  const Anonymity& all = risk.all;
  const auto rows = static_cast<double>(risk.row_count);
  if (risk.row_count == 0) {
    std::cout << "  there are no rows\n";
    return;
  }
  std::cout << "  finds " << grouped(all.unique_row_count) << " of "
            << count_of(risk.row_count, "row") << " ("
            << percent(static_cast<double>(all.unique_row_count) / rows) << ") alone, and "
            << percent(static_cast<double>(all.row_count_below_5) / rows)
            << " among fewer than 5; k = " << all.k << ", " << grouped(all.class_count)
            << " classes\n";
}

void print_risk(const Reidentification& risk) {
  print_anonymity_head(risk);
  if (risk.row_count == 0) return;
  for (const auto& one : risk.sensitive) {
    std::cout << "  learns " << one.column << " of " << count_of(one.row_count_told, "row")
              << " whose class has one value; l = " << one.l << '\n';
  }
  if (risk.quasi_identifiers.size() < 2) return;
  TextTable table({"without", "rows alone", "fewer than 5", "k"});
  for (size_t i = 0; i < risk.without.size(); ++i) {
    const Anonymity& one = risk.without[i];
    table.add({risk.quasi_identifiers[i], grouped(one.unique_row_count),
               grouped(one.row_count_below_5), std::to_string(one.k)});
  }
  table.print(std::cout);
}

/// The columns that are asked for, or those that were found to be of `role`.
std::vector<std::string> asked_or_found(const std::vector<std::string>& asked, PersonalRole role,
                                        const std::vector<PersonalColumn>& found) {
  if (!asked.empty()) return asked;
  std::vector<std::string> names;
  for (const PersonalColumn& one : found) {
    const bool known = std::find(names.begin(), names.end(), one.column) != names.end();
    if (one.role == role && one.certainty != Certainty::possible && !known) {
      names.push_back(one.column);
    }
  }
  return names;
}

Result<int> personal(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  const std::string table = table_of(options.rows);
  if (options.require_policy && table.empty()) {
    return invalid_input("`--require-policy` is about a table; a question has no policy",
                         "name a table, perhaps at a revision: patients@main~1");
  }
  MILLGATE_ASSIGN(
      const auto database,
      Database::open({.spill_folder = place.repository->folder("scratch"), .user_sql = true}));
  MILLGATE_ASSIGN(const auto opened,
                  open_rows(*database, *place.repository, {options.rows}, options.revision));
  const AskedRows& rows = opened[0];
  MILLGATE_ASSIGN(const auto columns, personal_columns(*database, rows));
  const auto quasi_identifiers =
      asked_or_found(options.quasi_identifiers, PersonalRole::quasi_identifier, columns);
  std::optional<Reidentification> risk;
  if (!quasi_identifiers.empty() || !options.sensitive.empty()) {
    MILLGATE_ASSIGN(risk, reidentification(
                              *database, rows, quasi_identifiers,
                              asked_or_found(options.sensitive, PersonalRole::sensitive, columns)));
  }
  std::optional<Decided> decided;
  if (!table.empty()) decided = decided_about(place.project, table, columns);
  if (session.json) {
    Json found = Json::array();
    for (const PersonalColumn& one : columns) {
      Json line = to_json(one);
      const ColumnPolicy* policy = decided ? decided->policy.find(one.column) : nullptr;
      line["policy"] = policy == nullptr ? Json() : Json(policy->text());
      found.push_back(std::move(line));
    }
    Json json = {{"rows", rows.text}, {"row_count", rows.row_count}};
    json["columns"] = std::move(found);
    Json proposed = Json::object();
    if (decided) {
      for (const ColumnPolicy& one : decided->proposed) proposed[one.column] = one.text();
    }
    json["proposed"] = std::move(proposed);
    json["reidentification"] = risk ? to_json(*risk) : Json(nullptr);
    print_json(json);
  } else {
    print_columns(rows, columns, decided);
    if (risk) print_risk(*risk);
  }
  if (options.require_policy) return decided->proposed.empty() ? kDone : kAnswerIsNo;
  const bool any = std::any_of(columns.begin(), columns.end(), [](const PersonalColumn& one) {
    return one.certainty != Certainty::possible;
  });
  return any ? kAnswerIsNo : kDone;
}

}  // namespace

void add_personal(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "personal", "which columns hold personal data, and whether rows give persons away",
      "millgate personal customers\n"
      "  millgate personal customers --quasi birth --quasi postcode --sensitive diagnosis\n"
      "  millgate personal \"select comment from tickets\" --json\n"
      "  millgate personal customers --require-policy");
  command.add_option("rows", options->rows, "a table, table@revision, or a select").required();
  command.add_option("--rev", options->revision, "revision of tables without one").shows_default();
  command
      .add_option("--quasi", options->quasi_identifiers,
                  "columns by which persons could be told apart, each by its own option; default: "
                  "those found")
      .one_at_a_time();
  command
      .add_option("--sensitive", options->sensitive,
                  "columns that nobody should learn of a person, each by its own option; default: "
                  "those found")
      .one_at_a_time();
  command.add_flag("--require-policy", options->require_policy,
                   "exit with 1 only when a column that holds personal data has no policy in "
                   "[source.personal] of millgate.toml");
  command.does([&session, options] { return personal(session, *options); });
}

}  // namespace millgate
