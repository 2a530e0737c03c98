#include "system/monitor/affected.h"

#include <iostream>

#include "app/commands.h"
#include "app/text_table.h"

namespace millgate {

namespace {

struct Options {
  AffectedQuestion question;
  std::string from, to;
};

std::string live_text(const AffectedModel& model) {
  std::string text;
  for (const std::string& one : model.live) text += (text.empty() ? "" : ", ") + one;
  return text;
}

void print_affected(const Affected& found) {
  std::cout << found.about << ": " << found.models.size() << " of " << found.model_count
            << " models may have learned from it\n";
  TextTable table({"model", "version", "live in", "predictions", "first", "last", "why"});
  for (const AffectedModel& one : found.models) {
    table.add({one.model.substr(0, 12), "v" + std::to_string(one.version), live_text(one),
               grouped(one.prediction_count), one.first ? to_string(*one.first) : "",
               one.last ? to_string(*one.last) : "", one.why});
  }
  if (!table.empty()) table.print(std::cout);
  if (found.row_prediction_count > 0) {
    std::cout << grouped(found.row_prediction_count) << " predictions were asked about the row:";
    for (const std::string& id : found.row_predictions) std::cout << ' ' << id;
    std::cout << "\nnext: millgate trace " << found.row_predictions.front() << '\n';
  }
  for (const std::string& note : found.notes) std::cout << "note: " << note << '\n';
}

Result<int> affected(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  AffectedQuestion question = options.question;
  if (!options.from.empty()) {
    MILLGATE_ASSIGN(question.from, parse_time(options.from));
  }
  if (!options.to.empty()) {
    MILLGATE_ASSIGN(question.to, parse_time(options.to));
  }
  MILLGATE_ASSIGN(const Affected found, find_affected(*repository, question));
  if (session.json) {
    print_json(to_json(found));
  } else {
    print_affected(found);
  }
  return kDone;
}

}  // namespace

void add_affected(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "affected", "walk from a row, a table or a commit to the models and predictions it reached",
      "millgate affected customers C0007");
  AffectedQuestion& question = options->question;
  command.add_option("table", question.table, "a table (source)");
  command.add_option("key", question.key,
                     "key of a row, one value a column; none: the whole table");
  command.add_option("--commit", question.commit, "a commit, instead of a table");
  command.add_option("--from", options->from, "only predictions answered from this time on");
  command.add_option("--to", options->to, "only predictions answered before this time");
  command.add_option("--rev", question.branch, "version of the table").shows_default();
  command.does([&session, options] { return affected(session, *options); });
}

}  // namespace millgate
