#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>
#include <utility>

#include "app/commands.h"
#include "app/forget_request.h"
#include "app/served_erasure.h"
#include "app/text_table.h"
#include "data/check/rule_form.h"
#include "data/keep/forget.h"
#include "data/keep/known_copies.h"
#include "data/keep/remote.h"
#include "data/keep/remote_forgets.h"
#include "data/online/online_settings.h"
#include "system/monitor/wording.h"

namespace millgate {

namespace {

struct Options {
  std::string table;
  RowsToForget rows;
  std::string reason;
  bool dry_run = false;
};

/// What the online store holds of `table`.
struct OnlineCopies {
  std::vector<std::string> views;  ///< Whose values came from the table.
  std::string place;
  std::string unread;  ///< Why the store could not be asked; empty: it was.
};

/// All that one call did, and what it cannot do.
struct Outcome {
  std::vector<ForgetReport> reports;   ///< One for each way in which rows are named.
  size_t row_count = 0;                ///< Named.
  std::vector<std::string> referring;  ///< Tables whose rows name rows of this one.
  OnlineCopies online;
  std::map<std::string, std::string> remotes;
  std::vector<ErasedServed> served;  ///< One for each of `reports`.
  KnownCopies copies;
  std::map<std::string, std::string> untold;  ///< Backups that were not told -> why.
  bool dry_run = false;

  [[nodiscard]] bool finished() const {
    return std::all_of(reports.begin(), reports.end(),
                       [](const ForgetReport& report) { return report.left.empty(); }) &&
           std::all_of(served.begin(), served.end(),
                       [](const ErasedServed& one) { return one.unreadable.empty(); });
  }
};

/// Tables with a rule "columns references TABLE.columns". A project file that is wrong has none.
std::vector<std::string> referring_tables(const Session& session, const std::string& table) {
  std::vector<std::string> tables;
  const auto place = open_workplace(session);
  if (!place.ok()) return tables;
  for (const Rule& rule : place->project.rules) {
    const auto form = parse_rule(rule);
    if (!form.ok() || form->kind != RuleKind::reference || form->other_table.name != table)
      continue;
    if (std::find(tables.begin(), tables.end(), rule.table) == tables.end()) {
      tables.push_back(rule.table);
    }
  }
  return tables;
}

Json ids_json(const std::vector<Id>& ids) {
  Json json = Json::array();
  for (const Id& id : ids) json.push_back(id.hex());
  return json;
}

Json to_json(const KnownCopies& copies) {
  Json backups = Json::array();
  for (const KnownBackup& one : copies.backups) {
    backups.push_back({{"address", one.address}, {"backup", one.name}, {"number", one.number}});
  }
  Json exports = Json::array();
  for (const KnownExport& one : copies.exports) {
    exports.push_back({{"table", one.table}, {"folder", one.folder}});
  }
  return {{"backups", backups}, {"exports", exports}};
}

Json to_json(const ForgetReport& report) {
  Json versions = Json::array();
  for (const ForgottenVersion& version : report.versions) {
    Json one = {{"before", version.before.hex()},
                {"row_count", version.row_count},
                {"commits", ids_json(version.commits)}};
    one["after"] = version.after == Id{} ? Json() : Json(version.after.hex());
    versions.push_back(std::move(one));
  }
  Json models = Json::array();
  for (const ForgottenModel& model : report.models) {
    models.push_back({{"model", model.id.hex()},
                      {"data_commit", model.data_commit.hex()},
                      {"row_count", model.row_count},
                      {"released", model.released},
                      {"serving", model.serving}});
  }
  std::vector<Id> removed;
  removed.reserve(report.removed.size());
  for (const StoredObject& object : report.removed) removed.push_back(object.id);
  return {{"event", report.event_number == 0 ? Json() : Json(report.event_number)},
          {"known_since", report.known_since == 0 ? Json() : Json(report.known_since)},
          {"commit_count", report.commit_count},
          {"version_count", report.version_count},
          {"unsearched_count", report.unsearched_count},
          {"versions", versions},
          {"models", models},
          {"origin_files", report.origin_files},
          {"removed", ids_json(removed)},
          {"removed_bytes", report.removed_bytes},
          {"removed_files", report.removed_files},
          {"left", ids_json(report.left)}};
}

void print_versions(const ForgetReport& report) {
  if (report.versions.empty()) return;
  TextTable table({"version", "now", "rows", "commits"});
  for (const ForgottenVersion& version : report.versions) {
    table.add({version.before.brief(), version.after == Id{} ? "" : version.after.brief(),
               grouped(version.row_count), grouped(static_cast<int64_t>(version.commits.size()))});
  }
  table.print(std::cout);
}

void print_models(const ForgetReport& report) {
  if (report.models.empty()) return;
  TextTable table({"model", "trained from", "rows", "state"});
  for (const ForgottenModel& model : report.models) {
    table.add({model.id.brief(), model.data_commit.brief(), grouped(model.row_count),
               model.serving    ? "serves now"
               : model.released ? "was released"
                                : "never released"});
  }
  table.print(std::cout);
}

/// What the rows were found in, and what became of it.
void print_report(const ForgetReport& report, const std::string& table, bool dry_run) {
  print_versions(report);
  std::cout << (dry_run ? "to rewrite: " : "rewritten: ")
            << count_of(report.versions.size(), "version") << " of "
            << grouped(report.version_count) << " in " << count_of(report.commit_count, "commit")
            << " of " << table << (dry_run ? "\nto remove: " : "\nremoved: ")
            << count_of(report.removed.size(), "object") << " (" << byte_size(report.removed_bytes)
            << ")";
  if (!dry_run) std::cout << ", " << count_of(report.removed_files.size(), "file");
  std::cout << '\n';
  if (report.event_number > 0) {
    std::cout << "event " << report.event_number << " of the ledger says so\n";
  } else if (report.known_since > 0) {
    std::cout << "forgotten by event " << report.known_since << " already\n";
  }
  print_models(report);
}

void print_served(const ErasedServed& served, bool dry_run) {
  if (!served.any()) return;
  std::cout << (dry_run ? "to remove from" : "removed from")
            << " the logs of the server: " << text_of(served) << '\n';
}

/// From now on what is restored from these backups lacks the rows. Those that cannot be reached:
/// place -> why not.
std::map<std::string, std::string> tell_backups_of(const Repository& repository,
                                                   const KnownCopies& copies) {
  std::map<std::string, std::string> untold;
  for (const KnownBackup& one : copies.backups) {
    std::error_code unknown;
    if (one.address.find("://") == std::string::npos &&
        !std::filesystem::exists(one.address, unknown)) {
      untold[one.address] = "it is not there now";
      continue;
    }
    auto remote = open_remote(one.address);
    const Status told = remote.ok() ? send_forgets(repository, *remote, one.name, author_name())
                                    : Status(remote.error());
    if (!told.ok()) untold[one.address] = told.error().what;
  }
  return untold;
}

/// The rows are gone from the project already when this is asked, so a store that does not answer
/// is no failure.
OnlineCopies online_copies_of(const Session& session, const Repository& repository,
                              const std::string& table) {
  const auto project = read_project(repository.project_folder(), session.overrides);
  const OnlineSettings settings = project.ok() ? project->online : OnlineSettings();
  const std::string folder = repository.folder("online");
  OnlineCopies copies{.views = {}, .place = online_place(settings), .unread = {}};
  if (!has_online_store(settings, folder)) return copies;
  const auto store = open_online_store(settings, folder);
  const auto views =
      store.ok() ? (*store)->views() : Result<std::vector<OnlineView>>(store.error());
  if (!views.ok()) {
    copies.unread = views.error().what;
    return copies;
  }
  std::set<std::string> names;
  for (const OnlineView& view : *views) {
    if (view.tables.contains(table)) names.insert(view.name);
  }
  copies.views.assign(names.begin(), names.end());
  return copies;
}

/// Copies that lie outside of the project.
void print_copies(const Outcome& outcome, const std::string& table) {
  for (const KnownBackup& one : outcome.copies.backups) {
    std::cerr << "hint: backups of `" << one.name << "` in " << one.address << " up to "
              << one.number << " hold the rows";
    const auto untold = outcome.untold.find(one.address);
    if (untold != outcome.untold.end()) {
      std::cerr << ", and could not be told to leave them out (" << untold->second
                << "): `millgate backup " << one.address << "` tells them\n";
    } else {
      std::cerr << (outcome.dry_run ? "; they would be restored without them\n"
                                    : "; from now on they are restored without them\n");
    }
  }
  for (const KnownExport& one : outcome.copies.exports) {
    if (one.table != table) continue;
    std::cerr << "hint: the Delta table in " << one.folder
              << " was written from versions with the rows: remove it and export anew\n";
  }
}

/// What the command cannot or must not do.
void print_hints(const Outcome& outcome, const std::string& table) {
  const auto hint = [](const std::string& text) { std::cerr << "hint: " << text << '\n'; };
  bool any_model = false;
  int64_t unsearched = 0;
  size_t left = 0;
  std::set<std::string> files;
  for (const ForgetReport& report : outcome.reports) {
    any_model |= !report.models.empty();
    unsearched += report.unsearched_count;
    left += report.left.size();
    files.insert(report.origin_files.begin(), report.origin_files.end());
  }
  if (any_model) hint("the models learned from those rows: `millgate run` trains new ones");
  for (const std::string& file : files) {
    hint("`" + file + "` is yours: while it holds the rows, no commit of it is taken");
  }
  for (const std::string& other : outcome.referring) {
    hint("table `" + other + "` refers to `" + table + "`: `millgate forget " + other +
         "` takes its rows out");
  }
  for (const ErasedServed& served : outcome.served) {
    for (const std::string& file : served.unreadable) {
      hint("`.millgate/" + file + "` cannot be read, and may hold the rows");
    }
    if (served.unnamed_count > 0) {
      hint(grouped(served.unnamed_count) +
           " predictions were logged without the key, so whose they are is not known");
    }
  }
  for (const std::string& view : outcome.online.views) {
    hint("the online store holds values of view `" + view +
         "`: `millgate materialise` takes out those of the rows; values that were pushed go only "
         "with " +
         outcome.online.place);
  }
  if (!outcome.online.unread.empty()) {
    hint("the online store may hold values of the rows, and could not be asked (" +
         outcome.online.unread + "): `millgate materialise` takes them out");
  }
  print_copies(outcome, table);
  for (const auto& [name, url] : outcome.remotes) {
    hint("remote `" + name + "` (" + url + ") may hold the rows: `millgate push " + name + "`");
  }
  if (unsearched > 0) {
    hint(count_of(unsearched, "version") +
         " lacks a column that names the rows: `--where` may find them there");
  }
  if (left > 0) {
    hint(count_of(left, "object") +
         " of a command that is at work or broke off within the hour holds the rows: run the same "
         "command again later");
  }
}

Result<int> forget(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(const auto named, rows_to_forget(*repository, options.table, options.rows));
  Outcome outcome;
  outcome.dry_run = options.dry_run;
  for (const NamedRows& one : named) {
    ForgetRequest request;
    request.table = options.table;
    request.columns = one.columns;
    request.rows = one.rows;
    request.author = author_name();
    request.reason = options.reason;
    request.dry_run = options.dry_run;
    outcome.row_count += one.rows.size();
    const auto erase = [&](bool dry_run) {
      return erase_served_rows(session, *repository, options.table, one.columns, one.rows, dry_run);
    };
    MILLGATE_ASSIGN(ErasedServed served, erase(true));
    request.held_elsewhere = served.any();
    MILLGATE_ASSIGN(ForgetReport report, forget_rows(*repository, request));
    // After the event, so that what breaks off here is finished by the same command.
    if (!options.dry_run) {
      MILLGATE_ASSIGN(served, erase(false));
    }
    outcome.reports.push_back(std::move(report));
    outcome.served.push_back(std::move(served));
  }
  outcome.referring = referring_tables(session, options.table);
  outcome.online = online_copies_of(session, *repository, options.table);
  MILLGATE_ASSIGN(outcome.remotes, read_remotes(*repository));
  MILLGATE_ASSIGN(outcome.copies, read_known_copies(*repository));
  if (!options.dry_run) outcome.untold = tell_backups_of(*repository, outcome.copies);
  if (session.json) {
    Json reports = Json::array();
    for (size_t i = 0; i < outcome.reports.size(); ++i) {
      Json report = to_json(outcome.reports[i]);
      report["served"] = to_json(outcome.served[i]);
      reports.push_back(std::move(report));
    }
    print_json({{"table", options.table},
                {"row_count", outcome.row_count},
                {"dry_run", outcome.dry_run},
                {"reports", reports},
                {"referring_tables", outcome.referring},
                {"online_views", outcome.online.views},
                {"online_unread", outcome.online.unread},
                {"remotes", outcome.remotes},
                {"copies", to_json(outcome.copies)},
                {"untold_backups", outcome.untold}});
  } else {
    for (size_t i = 0; i < outcome.reports.size(); ++i) {
      print_report(outcome.reports[i], options.table, options.dry_run);
      print_served(outcome.served[i], options.dry_run);
    }
    print_hints(outcome, options.table);
  }
  return outcome.finished() ? kDone : kAnswerIsNo;
}

}  // namespace

void add_forget(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "forget",
      "take a person's rows out of every version of a table, for good, and list the models that "
      "learned from them",
      "millgate forget customers E0017 --dry-run\n"
      "  millgate forget customers --keys asked-to-be-forgotten.csv --reason \"request 812\"");
  command.add_option("table", options->table, "the table").required();
  command.add_option("key", options->rows.key, "the row: a value for each column of the key");
  command.add_option("--keys", options->rows.keys_file, "the rows: a file with the key's columns");
  command.add_option("--where", options->rows.where,
                     "the rows: those that meet this SQL condition in any version");
  command.add_option("--reason", options->reason,
                     "why; it stays in the ledger for good, so no names");
  command.add_flag("--dry-run", options->dry_run, "only tell what would be done");
  command.does([&session, options] { return forget(session, *options); });
}

}  // namespace millgate
