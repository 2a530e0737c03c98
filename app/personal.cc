#include <algorithm>
#include <iostream>
#include <optional>

#include "app/commands.h"
#include "app/text_table.h"
#include "data/personal/personal_columns.h"
#include "data/personal/reidentification.h"

namespace millgate {

namespace {

struct Options {
  std::string rows;
  std::string revision = kCurrentBranch;
  std::vector<std::string> quasi_identifiers;
  std::vector<std::string> sensitive;
};

void print_columns(const AskedRows& rows, const std::vector<PersonalColumn>& columns) {
  std::cout << rows.text << ": " << grouped(rows.row_count) << " rows, " << rows.columns.size()
            << " columns\n";
  if (columns.empty()) {
    std::cout << "\nno personal data found\n";
  } else {
    TextTable table({"column", "holds", "role", "certainty", "why"});
    for (const PersonalColumn& one : columns) {
      table.add({one.column, one.what + (one.within_texts ? ", within texts" : ""),
                 to_string(one.role), to_string(one.certainty), one.why});
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
  std::cout << "  finds " << grouped(all.unique_row_count) << " of " << grouped(risk.row_count)
            << " rows (" << percent(static_cast<double>(all.unique_row_count) / rows)
            << ") alone, and " << percent(static_cast<double>(all.row_count_below_5) / rows)
            << " among fewer than 5; k = " << all.k << ", " << grouped(all.class_count)
            << " classes\n";
}

void print_risk(const Reidentification& risk) {
  print_anonymity_head(risk);
  if (risk.row_count == 0) return;
  for (const auto& one : risk.sensitive) {
    std::cout << "  learns " << one.column << " of " << grouped(one.row_count_told)
              << " rows whose class has one value; l = " << one.l << '\n';
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
  if (session.json) {
    Json found = Json::array();
    for (const PersonalColumn& one : columns) found.push_back(to_json(one));
    Json json = {{"rows", rows.text}, {"row_count", rows.row_count}};
    json["columns"] = std::move(found);
    json["reidentification"] = risk ? to_json(*risk) : Json(nullptr);
    print_json(json);
  } else {
    print_columns(rows, columns);
    if (risk) print_risk(*risk);
  }
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
      "  millgate personal \"select comment from tickets\" --json");
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
  command.does([&session, options] { return personal(session, *options); });
}

}  // namespace millgate
