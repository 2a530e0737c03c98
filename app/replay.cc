#include "system/monitor/read_replay.h"

#include <iostream>

#include "app/commands.h"
#include "app/personal_exit.h"
#include "app/text_table.h"
#include "model/release/model_name.h"
#include "system/pipeline/run_project.h"

namespace millgate {

namespace {

struct Options {
  std::string model, from, to;
  std::string revision = kCurrentBranch;
  size_t reads_max = 20;
};

void print_replay(const ReadReplay& replay) {
  std::cout << "model " << replay.model << ": " << grouped(replay.prediction_count)
            << " predictions, " << grouped(replay.answers.replayed_count)
            << " replayed from what was logged, " << grouped(replay.answers.differing_count)
            << " differ\n";
  for (const std::string& example : replay.answers.examples) std::cout << "  " << example << '\n';
  std::cout << grouped(replay.read_count) << " values read from the online store, recomputed from "
            << "commit " << replay.commit << ": " << grouped(replay.differing_count) << " differ\n";
  for (const auto& [cause, count] : replay.causes) {
    std::cout << "  " << to_string(cause) << ": " << grouped(count) << '\n';
  }
  for (const SkewedRead& read : replay.reads) {
    std::cout << read.prediction_id << ", " << to_string(read.event) << ": " << read.column
              << " was " << read.logged << ", is " << read.recomputed << "; read by";
    for (const std::string& feature : read.features) std::cout << ' ' << feature;
    std::cout << "\n  " << to_string(read.cause) << ": " << read.detail << '\n';
  }
  if (replay.differing_count > static_cast<int64_t>(replay.reads.size())) {
    std::cout << "... and " << grouped(replay.differing_count - std::ssize(replay.reads))
              << " more; --show tells more of them\n";
  }
  for (const std::string& note : replay.notes) std::cout << "note: " << note << '\n';
}

Result<int> replay(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  const Repository& repository = *place.repository;
  if (!place.project.task) {
    return invalid_input("the project has no [task]: no model answered for it",
                         "write [task] with table, kind and label in millgate.toml");
  }
  const JoinPlan now{
      .task = *place.project.task, .views = place.project.views, .sources = place.project.sources};
  ReadReplayOptions how;
  how.reads_max = options.reads_max;
  how.log.branch = options.revision;
  if (!options.from.empty()) {
    MILLGATE_ASSIGN(how.log.from, parse_time(options.from));
  }
  if (!options.to.empty()) {
    MILLGATE_ASSIGN(how.log.to, parse_time(options.to));
  }
  if (!options.model.empty()) {
    MILLGATE_ASSIGN(const Id id, resolve_model(repository.ledger(), options.model));
    how.model = id.brief();
  }
  MILLGATE_ASSIGN(how.hidden, hidden_log_columns(repository, "select * from predictions"));
  const auto trained = [&](const Model& model) -> Result<JoinPlan> {
    MILLGATE_ASSIGN(const RunReport run, read_run(repository, model.id()));
    MILLGATE_ASSIGN(const Project then, project_of_run(repository, run));
    if (!then.task) return not_found("the project of the model had no [task]");
    return JoinPlan{.task = *then.task, .views = then.views, .sources = then.sources};
  };
  MILLGATE_ASSIGN(const auto replays, replay_reads(repository, now, trained, how));
  Json all = Json::array();
  bool is_same = true;
  for (const ReadReplay& one : replays) {
    is_same = is_same && one.differing_count == 0 && one.answers.differing_count == 0;
    if (session.json) {
      all.push_back(to_json(one));
    } else {
      print_replay(one);
    }
  }
  if (session.json) {
    print_json({{"models", std::move(all)}});
  } else if (replays.empty()) {
    std::cout << "nothing was predicted in that time\n";
  }
  return is_same ? kDone : kAnswerIsNo;
}

}  // namespace

void add_replay(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "replay", "compute what was served once more from the commits, and tell why it differs",
      "millgate replay --from 2026-03-01");
  command.add_option("--model", options->model, "only what this model answered");
  command.add_option("--from", options->from, "from this event time on");
  command.add_option("--to", options->to, "before this event time");
  command.add_option("--rev", options->revision, "the data to compute from").shows_default();
  command.add_option("--show", options->reads_max, "so many differences one by one")
      .shows_default();
  command.does([&session, options] { return replay(session, *options); });
}

}  // namespace millgate
