#include "system/pipeline/program_run.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "ground/json.h"
#include "model/release/model_name.h"
#include "system/pipeline/run.h"

namespace millgate {

namespace {

constexpr const char* kFailedRun = "failed_run";

Result<FailedRun> failed_run_from(const Event& event) {
  const std::string object = "event " + std::to_string(event.number);
  MILLGATE_ASSIGN(const Json body, parse_json(event.body, object));
  FailedRun run;
  run.event = event.number;
  run.time = event.time;
  run.author = event.author;
  run.train_key = event.subject;
  MILLGATE_ASSIGN(run.data_commit, json_member<std::string>(body, "data_commit", object));
  MILLGATE_ASSIGN(run.configuration_hash,
                  json_member<std::string>(body, "configuration_hash", object));
  MILLGATE_ASSIGN(run.error, json_member<std::string>(body, "error", object));
  MILLGATE_ASSIGN(run.program, json_member<std::string>(body, "program", object));
  return run;
}

/// The object with the record of the failed run with that event; nothing if there is none.
Result<std::optional<std::string>> program_of_failure(const Repository& repository,
                                                      const std::string& name) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool is_number = error == std::errc() && end == name.data() + name.size();
  if (!is_number || number < 1) return std::optional<std::string>{};
  MILLGATE_ASSIGN(const auto runs, read_failed_runs(repository));
  for (const FailedRun& run : runs) {
    if (run.event == number) return std::optional(run.program);
  }
  return std::optional<std::string>{};
}

Result<std::string> program_of_model(const Repository& repository, const std::string& name) {
  MILLGATE_ASSIGN(const Id model, resolve_model(repository.ledger(), name));
  MILLGATE_ASSIGN(const RunReport report, read_run(repository, model));
  if (report.program.empty()) {
    return not_found("model " + model.brief() + " was not made by another program",
                     "its learner is `" + report.learner + "`");
  }
  return report.program;
}

}  // namespace

Status record_failed_run(Repository& repository, const FailedRun& run) {
  const Json body = {{"data_commit", run.data_commit},
                     {"configuration_hash", run.configuration_hash},
                     {"error", run.error},
                     {"program", run.program}};
  const auto event = repository.ledger().append({.kind = kFailedRun,
                                                 .subject = run.train_key,
                                                 .author = run.author,
                                                 .body = dump_json(body)});
  return event.ok() ? Status() : Status(event.error());
}

Result<std::vector<FailedRun>> read_failed_runs(const Repository& repository) {
  MILLGATE_ASSIGN(const auto events, repository.ledger().events(0, kFailedRun));
  std::vector<FailedRun> runs;
  for (const Event& event : events) {
    MILLGATE_ASSIGN(FailedRun run, failed_run_from(event));
    runs.push_back(std::move(run));
  }
  return runs;
}

Result<ProgramRecord> find_program_record(const Repository& repository, const std::string& name) {
  MILLGATE_ASSIGN(std::optional<std::string> program, program_of_failure(repository, name));
  if (!program) {
    MILLGATE_ASSIGN(program, program_of_model(repository, name));
  }
  MILLGATE_ASSIGN(const Id id, Id::parse(*program));
  MILLGATE_ASSIGN(const std::string bytes, repository.objects().get(id));
  MILLGATE_ASSIGN(const Json json, parse_json(bytes, "program record"));
  return program_record_from_json(json);
}

}  // namespace millgate
