#include "app/report_verify.h"

#include <iostream>
#include <memory>
#include <set>

#include "ground/file_store.h"
#include "ground/json.h"
#include "system/monitor/wording.h"
#include "system/report/verify_document.h"

namespace millgate {

namespace {

struct Options {
  std::vector<std::string> files;
};

/// At most `kShown` bytes of it, in whole letters.
std::string shortened(const std::string& text) {
  constexpr size_t kShown = 160;
  if (text.size() <= kShown) return text;
  size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + " ...";
}

std::string in_marks(const std::string& text) {
  return text.empty() ? "nothing" : "`" + shortened(text) + "`";
}

void print_finding(const std::string& file, const DocumentFinding& one) {
  std::cout << file;
  if (one.line > 0) std::cout << ':' << one.line;
  std::cout << ": " << to_text(one.fault) << ": ";
  switch (one.fault) {
    case DocumentFault::gone:
    case DocumentFault::retired:
      std::cout << one.context << '\n';
      return;
    case DocumentFault::missing:
      std::cout << "the evidence also says " << in_marks(one.evidence) << '\n';
      return;
    case DocumentFault::added:
      std::cout << in_marks(one.document) << " has no evidence\n";
      return;
    case DocumentFault::altered:
    case DocumentFault::stale:
      std::cout << "the document says " << in_marks(one.document) << ", the evidence "
                << in_marks(one.evidence) << '\n';
  }
  if (one.context != one.document) std::cout << "    in: " << shortened(one.context) << '\n';
}

void print_check(const std::string& file, const DocumentCheck& check) {
  const DocumentTopic& topic = check.seal.topic;
  const std::string what =
      std::string(to_text(topic.kind)) + " of " +
      (topic.kind == DocumentKind::datasheet ? topic.table + " at commit " + topic.commit.brief()
                                             : topic.model.brief());
  for (const DocumentFinding& one : check.findings) print_finding(file, one);
  std::cout << file << ": " << what << ", written " << time_text(topic.made) << ": ";
  if (check.sound()) {
    std::cout << count_of(check.line_count, "line") << " with "
              << count_of(check.figure_count, "figure") << " are as the evidence says";
  } else {
    std::cout << count_of(std::ssize(check.findings), "finding");
  }
  if (check.prose_count > 0) {
    std::cout << "; " << count_of(check.prose_count, "word") << " of people between them";
  }
  std::cout << '\n';
  if (check.sound()) return;
  for (const std::string& remark : check.remarks) std::cout << "    " << remark << '\n';
  std::cerr << "hint: `" << command_for(topic, file) << "` writes it anew\n";
}

Result<int> verify(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  DocumentVerifier verifier(*place.repository, place.project);
  bool sound = true;
  Json documents = Json::array();
  for (const std::string& file : options.files) {
    MILLGATE_ASSIGN(const std::string text, read_file(file));
    auto check = verifier.verify(text);
    if (!check.ok()) {
      Error error = std::move(check).error();
      error.where = file;
      return error;
    }
    sound = sound && check->sound();
    if (session.json) {
      Json json = {{"file", file}};
      json.update(to_json(*check));
      json["renew"] = command_for(check->seal.topic, file);
      documents.push_back(std::move(json));
    } else {
      print_check(file, *check);
    }
  }
  if (session.json) print_json({{"sound", sound}, {"documents", documents}});
  return sound ? kDone : kAnswerIsNo;
}

}  // namespace

void add_report_verify(const Command& report, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = report.add_command(
      "verify", "compare documents, line by line, with the evidence that they were made from",
      "millgate report verify reports/model-card-4f1c9a0b2d3e.html DATASHEET.md");
  command.add_option("file", options->files, "model cards and datasheets, in any form").required();
  command.does([&session, options] { return verify(session, *options); });
}

}  // namespace millgate
