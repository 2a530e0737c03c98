#include "system/pipeline/reproduce.h"

#include <iostream>

#include "app/commands.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "model/release/model_name.h"

namespace millgate {

namespace {

struct Options {
  std::string model = "latest";
  int threads = 0;
};

void print(const Reproduction& reproduction) {
  TextTable steps({"step", "", "what"});
  for (const ReproducedStep& step : reproduction.steps) {
    steps.add({step.name, step.same ? "same" : "differs", step.how});
  }
  steps.print(std::cout);
  std::cout << "\nmodel " << reproduction.model.brief();
  if (reproduction.is_same()) {
    std::cout << " was made again, the same byte by byte, in " << rounded(reproduction.seconds, 2)
              << " s\n";
    return;
  }
  std::cout << " could not be made again: the result is " << reproduction.made.brief();
  if (const ReproducedStep* first = reproduction.first_difference()) {
    std::cout << "; the first that differs: " << first->name;
  }
  std::cout << '\n';
}

Result<int> reproduce(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(const Id model, resolve_model(repository->ledger(), options.model));
  ReproduceOptions how;
  how.author = author_name();
  how.threads = options.threads;
  how.progress = progress_line();
  MILLGATE_ASSIGN(const Reproduction reproduction, reproduce_model(*repository, model, how));
  end_progress();
  if (session.json) {
    Json json = to_json(reproduction);
    json["event"] = reproduction.event_number;
    print_json(json);
  } else {
    print(reproduction);
  }
  return reproduction.is_same() ? kDone : kAnswerIsNo;
}

}  // namespace

void add_reproduce(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "reproduce", "make a model again from what was kept of its run, and compare the bytes",
      "millgate reproduce serving --threads 1");
  command.add_option("model", options->model, "an id, its prefix, `latest` or `serving`")
      .shows_default();
  command.add_option("--threads", options->threads, "of the learner; 0: all").not_negative();
  command.does([&session, options] { return reproduce(session, *options); });
}

}  // namespace millgate
