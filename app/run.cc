#include "system/pipeline/run.h"

#include <algorithm>
#include <iostream>

#include "app/commands.h"
#include "app/run_text.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "app/watch.h"
#include "data/query/sql_names.h"
#include "system/pipeline/run_steps.h"
#include "system/pipeline/smoke_run.h"

namespace millgate {

namespace {

struct Options {
  std::vector<std::string> steps;  ///< [[step]]s to run, and nothing else.
  std::string revision = kCurrentBranch;
  bool force = false;
  bool smoke = false;
  bool why = false;
  bool graph = false;
  int jobs = 0;
  bool watch = false;
  WatchOptions looks;
};

StepOptions step_options(const Options& options) {
  StepOptions how;
  how.author = author_name();
  how.only = options.steps;
  how.force = options.force;
  how.workers = options.jobs;
  how.progress = progress_line();
  return how;
}

RunOptions run_options(const Options& options) {
  RunOptions how;
  how.revision = options.revision;
  how.author = author_name();
  how.force = options.force;
  how.progress = progress_line();
  return how;
}

/// Steps make the files of the working copy: another version of the data has what it was committed
/// with, unless steps are asked for by name.
bool goes_through_steps(const Workplace& place, const Options& options) {
  return !options.steps.empty() ||
         (options.revision == kCurrentBranch && !place.project.steps.empty());
}

/// What would run, without running it.
Result<int> explain(const Session& session, Workplace& place, const Options& options) {
  std::vector<StepReport> steps;
  if (goes_through_steps(place, options)) {
    MILLGATE_ASSIGN(steps, plan_steps(*place.repository, place.project, step_options(options)));
  }
  if (options.steps.empty()) {
    const bool waits = std::any_of(steps.begin(), steps.end(),
                                   [](const StepReport& step) { return !step.reused; });
    std::vector<StepReport> own;
    if (waits && !place.repository->resolve(options.revision).ok()) {
      own = {{.name = "join", .key = "", .reused = false, .why = "first run", .seconds = 0}};
    } else {
      MILLGATE_ASSIGN(own, plan_run(*place.repository, place.project, run_options(options)));
    }
    for (StepReport& step : own) {
      // Steps that run may make the rows that it reads into others.
      if (waits && step.reused) step.why += ", unless the steps before make other files";
      steps.push_back(std::move(step));
    }
  }
  if (session.json) {
    print_json(to_json(steps));
    return kDone;
  }
  TextTable table({"step", "", "why"});
  for (const StepReport& step : steps) {
    table.add({step.name, step.reused ? "reuse" : "run", step.why});
  }
  table.print(std::cout);
  return kDone;
}

/// Whether the training set is joined from the table: by what the task and the views say.
bool is_joined(const Project& project, const std::string& table) {
  return project.task->table == table ||
         std::any_of(project.views.begin(), project.views.end(),
                     [&](const View& view) { return has_name(view.sql, table); });
}

/// Steps and sources as a Mermaid flowchart, which GitHub, GitLab and many editors draw.
void print_graph(const Project& project) {
  std::cout << "flowchart LR\n";
  const auto before = steps_before(project.steps);
  for (size_t i = 0; i < project.steps.size(); ++i) {
    const CommandStep& step = project.steps[i];
    std::cout << "  " << step.name << "[" << step.name << "]\n";
    for (const size_t earlier : before[i]) {
      std::cout << "  " << project.steps[earlier].name << " --> " << step.name << '\n';
    }
  }
  const auto draw_source = [&](const auto& source) {
    std::cout << "  source_" << source.name << "[(" << source.name << ")]\n";
    for (const CommandStep& step : project.steps) {
      if (reads_from(source.path, step)) {
        std::cout << "  " << step.name << " --> source_" << source.name << '\n';
      }
    }
  };
  for (const Source& source : project.sources) draw_source(source);
  for (const FolderSource& source : project.folders) draw_source(source);
  if (!project.task) return;
  const auto draw_read = [](const std::string& from, const std::string& to) {
    std::cout << "  " << from << " --> " << to << '\n';
  };
  for (const Source& source : project.sources) {
    if (is_joined(project, source.name)) draw_read("source_" + source.name, "join");
  }
  draw_read("join", project.train.tune ? "tune" : "train");
  if (project.train.tune) draw_read("tune", "train");
  draw_read("train", "model((model))");
}

/// The [[step]]s, and a commit of what they made.
Result<std::vector<StepReport>> go_through_steps(const Session& session, Workplace& place,
                                                 const Options& options) {
  MILLGATE_ASSIGN(std::vector<StepReport> steps,
                  run_steps(*place.repository, place.project, step_options(options)));
  MILLGATE_ASSIGN(const auto commit,
                  commit_step_files(*place.repository, place.project, author_name()));
  end_progress();
  if (!session.json && commit && commit->changed) {
    std::cerr << "commit " << commit->commit.id.brief() << ": " << commit->commit.message << '\n';
  }
  return steps;
}

const char* word_of(SpecificationCheck::Outcome outcome) {
  switch (outcome) {
    case SpecificationCheck::Outcome::passed:
      return "passed";
    case SpecificationCheck::Outcome::failed:
      return "failed";
    case SpecificationCheck::Outcome::skipped:
      return "skipped";
  }
  return "";
}

Json to_json(const SmokeReport& report) {
  Json checks = Json::array();
  for (const SpecificationCheck& check : report.checks) {
    checks.push_back(
        {{"check", check.name}, {"outcome", word_of(check.outcome)}, {"what", check.what}});
  }
  return {{"passed", report.has_passed()},  {"data_commit", report.data_commit},
          {"row_count", report.row_count},  {"whole_row_count", report.whole_row_count},
          {"steps", to_json(report.steps)}, {"checks", checks}};
}

void print_smoke(const SmokeReport& report) {
  print_steps(report.steps);
  std::cout << "\n"
            << grouped(report.row_count) << " of " << grouped(report.whole_row_count)
            << " rows, in which every kind of row is; nothing was kept\n\n";
  TextTable checks({"check", "", "seen"});
  for (const SpecificationCheck& check : report.checks) {
    checks.add({check.name, word_of(check.outcome), check.what});
  }
  checks.print(std::cout);
}

Result<int> smoke(const Session& session, Workplace& place, const Options& options) {
  SmokeOptions how;
  how.revision = options.revision;
  how.progress = progress_line();
  MILLGATE_ASSIGN(const SmokeReport report, smoke_run(*place.repository, place.project, how));
  end_progress();
  if (session.json) {
    print_json(to_json(report));
  } else {
    print_smoke(report);
  }
  return report.has_passed() ? kDone : kAnswerIsNo;
}

Result<int> run(const Session& session, const Options& options) {
  if (options.watch) return watch_project(session, options.looks);
  MILLGATE_ASSIGN(Workplace place, open_workplace(session));
  if (options.graph) {
    print_graph(place.project);
    return kDone;
  }
  if (options.why) return explain(session, place, options);
  if (options.smoke) return smoke(session, place, options);
  std::vector<StepReport> steps;
  if (goes_through_steps(place, options)) {
    MILLGATE_ASSIGN(steps, go_through_steps(session, place, options));
  }
  if (!options.steps.empty()) {
    if (session.json) {
      print_json(to_json(steps));
    } else {
      print_steps(steps);
    }
    return kDone;
  }
  MILLGATE_ASSIGN(RunReport report,
                  run_pipeline(*place.repository, place.project, run_options(options)));
  end_progress();
  report.steps.insert(report.steps.begin(), steps.begin(), steps.end());
  if (session.json) {
    print_json(to_json(report));
  } else {
    print_report(report);
  }
  return kDone;
}

}  // namespace

void add_run(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command =
      program.add_command("run",
                          "go through the steps of the project, join, train and measure; what did "
                          "not change is not repeated",
                          "millgate run --why");
  command.add_option("steps", options->steps, "[[step]]s to run, with those before them; no model");
  command
      .add_option("--rev", options->revision,
                  "version of the data; another than `@` has the files that it was made from")
      .shows_default();
  command.add_flag("--force", options->force, "repeat every step");
  command.add_flag("--smoke", options->smoke,
                   "only try all of it on a few rows of every kind, in seconds; keep nothing");
  command.add_flag("--why", options->why, "only tell what would run, and why");
  command.add_flag("--graph", options->graph, "only draw the steps, as a Mermaid flowchart");
  command.add_option("--jobs", options->jobs, "[[step]]s at once; 0: one a core").not_negative();
  const Parameter watch = command.add_flag(
      "--watch", options->watch,
      "look again and again: monitor, act by triggers, and train and judge what changed");
  WatchOptions& looks = options->looks;
  command.add_option("--every", looks.every, "with --watch: time between two looks")
      .shows_default()
      .needs(watch);
  command.add_option("--for", looks.duration, "with --watch: begin no look after so long")
      .needs(watch);
  command.add_flag("--once", looks.once, "with --watch: look once, as for cron").needs(watch);
  command
      .add_option("--then", looks.then,
                  "with --watch: release or rollout, what becomes of a model that passed the gate")
      .one_of({"release", "rollout"})
      .needs(watch);
  command.does([&session, options] { return run(session, *options); });
}

}  // namespace millgate
