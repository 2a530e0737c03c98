#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <optional>

#include "app/commands.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "data/query/database.h"
#include "data/table/writer.h"
#include "ground/toml_text.h"
#include "system/doctor/project_folder.h"
#include "system/pipeline/project_template.h"
#include "system/pipeline/proposed_project.h"
#include "system/ship/ci_pipeline.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;

struct Options {
  std::string folder;
  std::string example;
  std::string kind;  ///< Of a template, with made rows.
  std::string from;  ///< A file of the user, of which the project is made.
  std::string label;
  std::vector<std::string> group;
  std::vector<std::string> ci;  ///< Servers whose pipeline is written.
};

constexpr const char* kEmptyProject = R"TOML([project]
name = NAME
description = "Say here what is predicted, and when the question is asked."

# Files that become tables. CSV, Parquet and JSON lines, also compressed; a glob is fine.
# [[source]]
# name = "customers"
# path = "data/raw/customers.csv"
# key = ["customer_id"]          # columns that name a row
# happened = "signed_up"         # when the fact happened; leave it out for timeless tables

# What is predicted.
# [task]
# table = "customers"
# kind = "binary"                # binary | multiclass | regression | ranking
# label = "churned = 1"

# One expression each; the same code in training and in serving.
# [features]
# age = "age"
# plan = "category(plan)"

# [train]
# learner = "gbdt"               # gbdt | linear | constant | command
# split = { by = "time", valid = "30d", test = "30d" }

# Nothing goes live that does not meet these. `millgate metrics` lists what can be asked for.
# [[requirement]]
# metric = "auc"
# at_least = 0.7
)TOML";

constexpr const char* kGitIgnore = "/.millgate/\n/data/\n/reports/\n";

constexpr const char* kFlightsReadme = R"(# Late flights out of New York

Real data: the 336,776 flights that left New York in 2013, one file per month, with weather,
planes, airports and airlines. `millgate.toml` says what is predicted and what a model must meet.

- `data/raw/` is what the project reads. `data/arriving/` holds months that have not arrived yet:
  copy them into `data/raw/` as time goes by.

    cp data/arriving/flights/2013-0[1-3].parquet data/raw/flights/
    cp data/arriving/weather/2013-0[1-3].parquet data/raw/weather/
    millgate commit -m "January to March"
    millgate check
    millgate run
    millgate gate
)";

Status make_folder(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) {
    return outside_failure("folder " + folder.string() + " cannot be made: " + failure.message());
  }
  return {};
}

/// The folder of the examples, beside the program.
Result<fs::path> example_folder(const std::string& name) {
  std::error_code failure;
  const fs::path program = fs::read_symlink("/proc/self/exe", failure);
  const fs::path examples = program.parent_path() / "share" / "millgate" / "examples";
  if (fs::exists(examples / name / "millgate.toml")) return examples / name;
  std::string names;
  for (const auto& entry : fs::directory_iterator(examples, failure)) {
    if (!fs::exists(entry.path() / "millgate.toml")) continue;
    names += (names.empty() ? "" : ", ") + entry.path().filename().string();
  }
  return not_found(
      "there is no example `" + name + "`",
      names.empty() ? "no examples are installed in " + examples.string() : "examples: " + names);
}

/// Writes `csv` as one Parquet file a month. It is read once: a compressed file of a year takes
/// seconds.
Status split_by_month(Database& database, const fs::path& csv, const fs::path& folder,
                      const std::string& select) {
  MILLGATE_TRY(make_folder(folder));
  MILLGATE_TRY(database.execute("create or replace table year_of_rows as select " + select +
                                " from read_csv(" + quote_text(csv.string()) +
                                ", nullstr='NA', sample_size=-1)"));
  for (int month = 1; month <= 12; ++month) {
    const std::string number = (month < 10 ? "0" : "") + std::to_string(month);
    MILLGATE_ASSIGN(const auto rows,
                    database.stream("from year_of_rows where month = " + std::to_string(month)));
    MILLGATE_ASSIGN([[maybe_unused]] const int64_t count,
                    write_table_file(*rows, (folder / ("2013-" + number + ".parquet")).string()));
  }
  return {};
}

Status copy_to(const fs::path& from, const fs::path& to) {
  std::error_code failure;
  fs::copy_file(from, to, failure);
  if (failure) {
    return outside_failure("file " + to.string() + " cannot be written: " + failure.message(), "");
  }
  return {};
}

Status make_flights(const fs::path& example, const fs::path& folder) {
  const fs::path source = example / "data-source";
  const fs::path raw = folder / "data" / "raw";
  MILLGATE_TRY(make_folder(raw / "flights"));
  MILLGATE_TRY(make_folder(raw / "weather"));
  for (const char* name : {"planes.csv", "airports.csv", "airlines.csv"}) {
    MILLGATE_TRY(copy_to(source / name, raw / name));
  }
  MILLGATE_ASSIGN(const std::unique_ptr<Database> database, Database::open());
  const fs::path arriving = folder / "data" / "arriving";
  const std::string columns = "* replace (time_hour::timestamptz as time_hour)";
  MILLGATE_TRY(split_by_month(*database, source / "flights.csv", arriving / "flights", columns));
  MILLGATE_TRY(split_by_month(*database, source / "weather.csv", arriving / "weather", columns));
  MILLGATE_TRY(copy_to(example / "millgate.toml", folder / "millgate.toml"));
  return write_file((folder / "README.md").string(), kFlightsReadme);
}

/// An example whose data lie beside its project file.
Status make_copy(const fs::path& example, const fs::path& folder) {
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(example, failure)) {
    if (!entry.is_regular_file()) continue;
    MILLGATE_TRY(copy_to(entry.path(), folder / entry.path().filename()));
  }
  if (failure) {
    return outside_failure("folder " + example.string() + " cannot be read: " + failure.message());
  }
  return {};
}

/// What a project in `folder` is called: as the folder, also where that is `.` or ends in a slash.
std::string name_for(const fs::path& folder) {
  fs::path path = fs::absolute(folder).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  return path.has_filename() ? path.filename().string() : "project";
}

Status make_empty(const fs::path& folder) {
  MILLGATE_ASSIGN([[maybe_unused]] const auto made, make_project_folders(folder.string()));
  std::string text = kEmptyProject;
  text.replace(text.find("NAME"), 4, toml_text(name_for(folder)));
  return write_file((folder / "millgate.toml").string(), text);
}

/// The project's README: `what` it does, and how it is run.
std::string readme_of(const std::string& name, const std::string& what, bool has_views = false) {
  return "# " + name + "\n\n" + what +
         " `millgate.toml` says how, and what a model must meet to go live.\n\n"
         "- `data/raw/` holds what was given, and is not changed by hand.\n"
         "- A program that prepares data is a `[[step]]` in `millgate.toml`: it reads `data/raw/` "
         "and "
         "writes `data/processed/`. It lies in `pipeline/`, its tests in `tests/`.\n"
         "- `notebooks/`, `scripts/` and `deploy/` say what they are for. `millgate doctor` tells "
         "what is not in order.\n\n"
         "    millgate commit -m \"first data\"\n    millgate run --smoke\n    millgate run\n"
         "    millgate gate\n    millgate release latest\n" +
         // What a server looks up by itself.
         (has_views
              ? "    millgate materialise    # each morning; of the made rows: --as-of 2026-01-01\n"
              : "") +
         "    millgate serve\n";
}

/// A project of a file of the user, which is copied.
Result<ProposedProject> make_from(const Options& options, const fs::path& folder) {
  const fs::path file = options.from;
  std::error_code failure;
  if (!fs::is_regular_file(file, failure)) {
    return not_found("there is no file `" + file.string() + "`",
                     "--from takes a CSV, JSON lines, Parquet or Arrow file");
  }
  if (options.label.empty()) {
    return invalid_input("what is to be predicted is not said",
                         "name the column, or a condition: --label churned, --label 'days > 30'");
  }
  const std::string name = name_for(folder);
  ProposalOptions how;
  how.project = name;
  how.path = (fs::path("data") / "raw" / file.filename()).generic_string();
  how.label = options.label;
  how.group = options.group;
  MILLGATE_ASSIGN(ProposedProject proposal, propose_project(file.string(), how));
  MILLGATE_ASSIGN([[maybe_unused]] const auto made, make_project_folders(folder.string()));
  MILLGATE_TRY(copy_to(file, folder / how.path));
  MILLGATE_TRY(write_file((folder / "millgate.toml").string(), proposal.toml));
  MILLGATE_TRY(write_file(
      (folder / "README.md").string(),
      readme_of(name, "Predicts `" + proposal.label + "` from `" + proposal.table + "`.")));
  return proposal;
}

/// A project of a kind of task, with made rows until there are real ones.
Status make_of_kind(const std::string& kind, const fs::path& folder) {
  const auto templates = project_templates();
  const auto one = std::ranges::find(templates, kind, &ProjectTemplate::kind);
  const std::string name = name_for(folder);
  MILLGATE_ASSIGN([[maybe_unused]] const auto made, make_project_folders(folder.string()));
  MILLGATE_TRY(write_file((folder / one->path).string(), one->rows()));
  MILLGATE_TRY(write_file((folder / "millgate.toml").string(), project_file_of(*one, name)));
  const std::string rows = "`" + std::string(one->path) + "`";
  return write_file(
      (folder / "README.md").string(),
      readme_of(name,
                std::string(one->what) + " The rows of " + rows +
                    " are **made** by the program: put your own in their place, and say so "
                    "in `about` of `[[source]]`.",
                one->toml.find("[[view]]") != std::string_view::npos));
}

void print_proposal(const ProposedProject& proposal) {
  const auto tell = [](const char* what, const std::string& words) {
    std::cout << std::left << std::setw(10) << what << words << '\n';
  };
  tell("rows", grouped(proposal.row_count) + " of `" + proposal.table + "`");
  tell("key", proposal.key.empty() ? "none: no column tells all rows apart" : proposal.key.front());
  tell("time", proposal.happened.empty() ? "none: rows are split by chance"
                                         : proposal.happened + ": the newest rows test");
  tell("task", proposal.kind + ": " + proposal.label + " (" + proposal.label_summary + ")");
  tell("features", grouped(static_cast<int64_t>(proposal.features.size())));
  for (const LeftOutColumn& one : proposal.left_out) {
    tell("left out", one.column + ": " + one.why);
  }
}

/// What the project is made of, by the options that say so.
std::vector<std::string> origins_of(const Options& options) {
  std::vector<std::string> origins;
  if (!options.from.empty()) origins.emplace_back("--from");
  if (!options.kind.empty()) origins.emplace_back("--kind");
  if (!options.example.empty()) origins.emplace_back("--example");
  return origins;
}

Status check_one_origin(const Options& options) {
  const std::vector<std::string> origins = origins_of(options);
  if (origins.size() < 2) return {};
  return invalid_input("`" + origins[0] + "` and `" + origins[1] + "` exclude each other",
                       "give the one that the project is to be made of");
}

/// An empty folder, or one without a store when no example is asked for: project files that are
/// there, as in a clone of a git repository, stay.
Status check_free(const fs::path& folder, bool example) {
  std::error_code failure;
  if (!fs::exists(folder, failure)) return {};
  if (!fs::is_directory(folder, failure)) {
    return invalid_input("`" + folder.string() + "` is not a folder");
  }
  const bool taken =
      example ? !fs::is_empty(folder, failure) : fs::exists(folder / ".millgate", failure);
  if (!taken) return {};
  return Error{.code = ErrorCode::conflict,
               .what = "folder `" + folder.string() +
                       (example ? "` is not empty" : "` holds a project already"),
               .hint = "give another folder; nothing was changed"};
}

/// The pipelines for a project that is there.
Result<int> add_pipelines(const Session& session, const Options& options) {
  Json written = Json::array();
  for (const std::string& server : options.ci) {
    MILLGATE_ASSIGN(const std::string path, write_ci_pipeline(options.folder, server));
    written.push_back(path);
    if (!session.json) std::cout << "pipeline in " << path << '\n';
  }
  if (session.json) print_json({{"folder", options.folder}, {"ci", written}});
  return kDone;
}

Result<int> init(const Session& session, const Options& options) {
  const fs::path folder = options.folder;
  if (!options.ci.empty() && fs::exists(folder / ".millgate")) {
    return add_pipelines(session, options);
  }
  std::optional<ProposedProject> proposal;
  MILLGATE_TRY(check_one_origin(options));
  MILLGATE_TRY(check_free(folder, !origins_of(options).empty()));
  if (!options.from.empty()) {
    MILLGATE_ASSIGN(proposal, make_from(options, folder));
  } else if (!options.kind.empty()) {
    MILLGATE_TRY(make_of_kind(options.kind, folder));
  } else if (options.example.empty()) {
    MILLGATE_TRY(make_folder(folder));
    if (!fs::exists(folder / "millgate.toml")) MILLGATE_TRY(make_empty(folder));
  } else {
    MILLGATE_ASSIGN(const fs::path example, example_folder(options.example));
    MILLGATE_TRY(make_folder(folder));
    MILLGATE_TRY(options.example == "flights" ? make_flights(example, folder)
                                              : make_copy(example, folder));
  }
  const fs::path ignored = folder / ".gitignore";
  if (!fs::exists(ignored)) MILLGATE_TRY(write_file(ignored.string(), kGitIgnore));
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository,
                  Repository::init(folder.string(), system_clock()));
  for (const std::string& server : options.ci) {
    MILLGATE_ASSIGN([[maybe_unused]] const std::string path,
                    write_ci_pipeline(folder.string(), server));
  }
  if (session.json) {
    Json json = {{"folder", fs::absolute(folder).lexically_normal().string()},
                 {"example", options.example}};
    if (!options.kind.empty()) json["kind"] = options.kind;
    if (proposal) json["proposal"] = to_json(*proposal);
    print_json(json);
  } else {
    if (proposal) print_proposal(*proposal);
    if (!options.kind.empty()) {
      std::cout << "the rows are made by the program; README.md says what to put in their place\n";
    }
    std::cout << "project in " << folder.string() << "; its settings are in "
              << (folder / "millgate.toml").string() << '\n';
  }
  return kDone;
}

}  // namespace

void add_init(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command =
      program.add_command("init", "make a project in an empty folder",
                          "millgate init churn --from customers.csv --label churned");
  command.add_option("folder", options->folder, "where").required();
  command.add_option("--example", options->example, "flights (real data), own-data");
  std::vector<std::string> kinds;
  for (const ProjectTemplate& one : project_templates()) kinds.emplace_back(one.kind);
  command
      .add_option("--kind", options->kind,
                  "a template by kind of task, with made rows to begin with")
      .one_of(kinds);
  const Parameter from = command.add_option(
      "--from", options->from, "a table of yours: the project file is made from what is in it");
  command
      .add_option("--label", options->label,
                  "with --from: the column to predict, or a condition such as `days > 30`")
      .needs(from);
  command
      .add_option("--group", options->group,
                  "with --from: rows alike in this column are ranked together, by the label")
      .needs(from)
      .one_at_a_time();
  command.add_option("--ci", options->ci, "add a CI pipeline, also to a project that is there")
      .one_of(ci_servers())
      .one_at_a_time();
  command.does([&session, options] { return init(session, *options); });
}

}  // namespace millgate
