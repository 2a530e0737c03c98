#include <filesystem>
#include <iostream>

#include "app/commands.h"
#include "app/document_file.h"
#include "app/report_verify.h"
#include "model/release/model_name.h"

namespace millgate {

namespace {

struct Options {
  std::string model = "serving";
  std::string kind = "model-card";
  std::string format;  ///< Empty: the usual one of the kind.
  std::string out;
  bool force = false;
};

DocumentTopic topic_of(const Options& options, const Id& model, Time now) {
  DocumentTopic topic{.model = model, .table = {}, .commit = {}, .made = now};
  if (options.kind == "annex-iv") topic.kind = DocumentKind::annex_iv;
  if (options.kind == "hugging-face") {
    topic.kind = DocumentKind::hugging_face;
    topic.form = DocumentForm::markdown;
  }
  if (options.format == "markdown") topic.form = DocumentForm::markdown;
  if (options.format == "json") topic.form = DocumentForm::json;
  return topic;
}

std::string default_path(const Project& project, const DocumentTopic& topic) {
  const char* end = topic.form == DocumentForm::html   ? ".html"
                    : topic.form == DocumentForm::json ? ".json"
                                                       : ".md";
  const char* begin = topic.kind == DocumentKind::model_card     ? "model-card-"
                      : topic.kind == DocumentKind::hugging_face ? "hugging-face-"
                                                                 : "annex-iv-";
  return project.folder + "/reports/" + begin + topic.model.brief() + end;
}

Result<int> report(const Session& session, const Options& options) {
  if (options.kind == "hugging-face" &&
      (session.json || (!options.format.empty() && options.format != "markdown"))) {
    return invalid_input("the Hugging Face Hub reads Markdown alone",
                         "leave out `--format` and `--json`");
  }
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_ASSIGN(const Id model, resolve_model(place.repository->ledger(), options.model));
  DocumentTopic topic = topic_of(options, model, place.repository->clock().now());
  if (session.json) {
    topic.form = DocumentForm::json;
    MILLGATE_ASSIGN(const std::string card,
                    sealed_document(*place.repository, place.project, topic));
    std::cout << card;
    return kDone;
  }
  const std::string path = options.out.empty() ? default_path(place.project, topic) : options.out;
  MILLGATE_TRY(write_document_file(place, topic, path, options.force));
  std::cout << to_text(topic.kind) << " of " << model.brief() << ": "
            << std::filesystem::absolute(path).lexically_normal().string() << '\n';
  return kDone;
}

}  // namespace

void add_report(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command =
      program.add_command("report", "write a model card with plots, and verify documents",
                          "millgate report serving --out card.html\n"
                          "  millgate report serving --format markdown --out MODEL_CARD.md\n"
                          "  millgate report serving --as hugging-face --out README.md");
  command.add_option("model", options->model, "id, its prefix, `latest` or `serving`")
      .shows_default();
  command
      .add_option("--as", options->kind,
                  "model-card; hugging-face: README.md for the Hub, with its header; annex-iv: the "
                  "outline that Annex IV of the EU AI Act asks for, with what is missing")
      .one_of({"model-card", "hugging-face", "annex-iv"})
      .shows_default();
  command.add_option("--format", options->format, "html (the default), markdown or json")
      .one_of({"html", "markdown", "json"});
  command.add_option("-o,--out", options->out, "file; default: in reports/ of the project");
  command.add_flag("--force", options->force, "write over text of people");
  command.does([&session, options] { return report(session, *options); });
  add_report_verify(command, session);
}

}  // namespace millgate
