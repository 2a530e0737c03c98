#include <filesystem>
#include <iostream>

#include "app/commands.h"
#include "model/release/model_name.h"
#include "system/report/model_card.h"

namespace millgate {

namespace {

struct Options {
  std::string model = "serving";
  std::string out;
};

Result<int> report(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_ASSIGN(const Id model, resolve_model(place.repository->ledger(), options.model));
  MonitorOptions how;
  how.record = false;
  if (place.project.task) how.slices = place.project.task->slices;
  MILLGATE_ASSIGN(const MonitorReport served, monitor_served(*place.repository, how));
  if (session.json) {
    MILLGATE_ASSIGN(const Json card,
                    model_card_json(*place.repository, place.project, model, &served));
    print_json(card);
    return kDone;
  }
  MILLGATE_ASSIGN(const std::string html,
                  model_card_html(*place.repository, place.project, model, &served));
  const std::string path =
      options.out.empty() ? place.project.folder + "/reports/model-card-" + model.brief() + ".html"
                          : options.out;
  MILLGATE_TRY(write_file(path, html));
  std::cout << "model card of " << model.brief() << ": "
            << std::filesystem::absolute(path).lexically_normal().string() << '\n';
  return kDone;
}

}  // namespace

void add_report(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command("report", "write a model card with plots",
                                              "millgate report serving --out card.html");
  command.add_option("model", options->model, "id, its prefix, `latest` or `serving`")
      .shows_default();
  command.add_option("-o,--out", options->out, "HTML file; default: reports/ of the project");
  command.does([&session, options] { return report(session, *options); });
}

}  // namespace millgate
