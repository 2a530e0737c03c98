#include "system/pipeline/backtest.h"

#include <cmath>
#include <iostream>
#include <limits>
#include <string>

#include "app/commands.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "ground/clock.h"
#include "system/monitor/wording.h"

namespace millgate {

namespace {

struct Options {
  std::string revision = kCurrentBranch;
  std::string every, metric;
  int origins = 0;
  double tolerance = std::numeric_limits<double>::quiet_NaN();
};

std::string age_text(const Backtest& backtest, int age) {
  return duration_text(age * backtest.window_micros);
}

void print_ages(const Backtest& backtest) {
  TextTable table({"age", "windows", "fresh", "aged", "loss", "95 % interval"});
  for (const AgeLoss& one : backtest.ages) {
    const bool is_fresh = one.age == 0;
    table.add({is_fresh ? "fresh" : age_text(backtest, one.age), std::to_string(one.windows),
               rounded(one.fresh), rounded(one.aged), is_fresh ? "" : with_sign(one.loss),
               is_fresh ? "" : rounded(one.lower, 3) + " to " + rounded(one.upper, 3)});
  }
  table.print(std::cout);
}

std::string limit_text(const Backtest& backtest) {
  return backtest.tolerance_from == "requirement"
             ? backtest.metric + " is on average as the requirement asks (" +
                   rounded(*backtest.tolerance) + ")"
             : "no more than " + rounded(*backtest.tolerance) + " is lost on average";
}

void print_advice(const Backtest& backtest) {
  if (!backtest.advised_windows) {
    std::cerr << "hint: --tolerance 0.01 tells how long a model may be used that loses no more\n";
    return;
  }
  const int windows = *backtest.advised_windows;
  const std::string limit = limit_text(backtest);
  if (windows == 0) {
    std::cout << "even a fresh model is not so that " << limit << '\n';
  } else if (windows == static_cast<int>(backtest.ages.size())) {
    std::cout << "up to the age of " << age_text(backtest, windows) << ", the oldest tried, "
              << limit << '\n';
  } else {
    std::cout << "train again every " << age_text(backtest, windows) << ": until then " << limit
              << '\n';
  }
}

Result<int> backtest(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(Workplace place, open_workplace(session));
  BacktestOptions how;
  how.revision = options.revision;
  how.metric = options.metric;
  how.origins = options.origins;
  if (!std::isnan(options.tolerance)) how.tolerance = options.tolerance;
  how.author = author_name();
  how.progress = progress_line();
  if (!options.every.empty()) {
    MILLGATE_ASSIGN(how.window_micros, parse_duration_micros(options.every));
  }
  auto made = run_backtest(*place.repository, place.project, how);
  end_progress();
  if (!made.ok()) return made.error();
  if (session.json) {
    print_json(to_json(*made));
    return kDone;
  }
  std::cout << made->metric << " of a model against one that is trained when the window begins, in "
            << "windows of " << age_text(*made, 1) << ":\n\n";
  print_ages(*made);
  print_advice(*made);
  return kDone;
}

}  // namespace

void add_backtest(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command =
      program.add_command("backtest", "how a model gets worse with age, and when to train again",
                          "millgate backtest --every 30d --tolerance 0.01");
  command.add_option("--rev", options->revision, "version of the data").shows_default();
  command.add_option("--every", options->every,
                     "length of a window (default: the test window of [train])");
  command
      .add_option("--origins", options->origins, "trainings at most (default: 12, as rows allow)")
      .positive();
  command.add_option("--metric", options->metric, "default: auc, or rmse of a regression");
  command.add_option("--tolerance", options->tolerance,
                     "what may be lost (default: what a requirement asks of the metric)");
  command.does([&session, options] { return backtest(session, *options); });
}

}  // namespace millgate
