#include <arrow/table.h>

#include <iostream>
#include <memory>

#include "app/commands.h"
#include "app/personal_exit.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "data/table/writer.h"
#include "model/artifact/model.h"
#include "model/release/model_name.h"
#include "system/monitor/label_queue.h"
#include "system/monitor/wording.h"

namespace millgate {

namespace {

struct Options {
  LabelQueueOptions queue;
  std::string out;
  std::string from;
  std::string to;
};

void print_queue(const LabelQueue& queue, const std::string& out) {
  std::cout << "model " << queue.model << ": " << count_of(queue.unlabelled_count, "prediction")
            << " without a label";
  if (queue.alike_count > 0) {
    std::cout << ", of them " << grouped(queue.alike_count) << " with the inputs of another";
  }
  if (queue.shadowed_count > 0) {
    std::cout << "; a challenger answered " << grouped(queue.shadowed_count) << " of them, too";
  }
  std::cout << '\n'
            << count_of(queue.rows->num_rows(), "label") << " asked for in " << out << ": "
            << grouped(queue.rows->num_rows() - queue.lot_count) << " by doubt, "
            << grouped(queue.lot_count) << " by lot\n"
            << "fill in the column `label`, then `millgate feedback " << out << "`\n";
}

Result<int> ask_labels(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  LabelQueueOptions how = options.queue;
  if (!options.from.empty()) {
    MILLGATE_ASSIGN(how.from, parse_time(options.from));
  }
  if (!options.to.empty()) {
    MILLGATE_ASSIGN(how.to, parse_time(options.to));
  }
  MILLGATE_ASSIGN(LabelQueue queue, label_queue(*repository, how));
  MILLGATE_ASSIGN(const Id id, resolve_model(repository->ledger(), queue.model));
  MILLGATE_ASSIGN(const auto model, Model::load(repository->objects(), id));
  MILLGATE_ASSIGN(queue.rows, guarded_table(*repository, model->manifest().task_table,
                                            kCurrentBranch, queue.rows));
  arrow::TableBatchReader reader(*queue.rows);
  MILLGATE_ASSIGN(const int64_t count, write_table_file(reader, options.out));
  if (session.json) {
    print_json({{"model", queue.model},
                {"unlabelled_count", queue.unlabelled_count},
                {"alike_count", queue.alike_count},
                {"shadowed_count", queue.shadowed_count},
                {"asked_count", count},
                {"lot_count", queue.lot_count},
                {"out", options.out}});
  } else {
    print_queue(queue, options.out);
  }
  return kDone;
}

}  // namespace

void add_ask_labels(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "ask-labels", "which served predictions are worth a label next: by doubt, and some by lot",
      "millgate ask-labels --count 200 --out ask.csv");
  LabelQueueOptions& queue = options->queue;
  command.add_option("--count", queue.count, "labels to ask for").shows_default().positive();
  command
      .add_option("--lot", queue.lot_share,
                  "share of them that is drawn by lot: what is measured on it holds for all")
      .between(0, 1)
      .shows_default();
  command.add_option("--by", queue.by, "logged column whose rare values are asked for more often");
  command.add_option("--from", options->from, "only event times from this on");
  command.add_option("--to", options->to, "only event times before this");
  command.add_option("--seed", queue.seed, "another seed asks for others").shows_default();
  command.add_option("-o,--out", options->out, "write .csv, .parquet or .jsonl").required();
  command.does([&session, options] { return ask_labels(session, *options); });
}

}  // namespace millgate
