#include "model/release/gate.h"

#include <iostream>

#include "app/commands.h"
#include "app/joined_rows.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "model/release/registry.h"
#include "system/pipeline/gate_evidence.h"
#include "system/pipeline/run.h"
#include "system/serve/latency_probe.h"

namespace millgate {

namespace {

std::string limit_text(const Requirement& requirement) {
  return (requirement.bound == Bound::at_least ? ">= " : "<= ") + rounded(requirement.limit);
}

std::string name_of(const Requirement& requirement) {
  return requirement.slice.empty() ? requirement.metric
                                   : requirement.metric + " [" + requirement.slice + "]";
}

void print_verdict(const Verdict& verdict) {
  TextTable table({"requirement", "limit", "measured", "95 % interval", "margin", ""});
  size_t failed = 0;
  for (const Judgement& one : verdict.judgements()) {
    if (!one.passed) ++failed;
    const bool has_interval = one.evidence && one.evidence->lower && one.evidence->upper;
    table.add({name_of(one.requirement), limit_text(one.requirement),
               one.evidence ? rounded(one.evidence->value) : "not measured",
               has_interval
                   ? rounded(*one.evidence->lower, 3) + " to " + rounded(*one.evidence->upper, 3)
                   : "",
               one.evidence ? with_sign(one.margin) : "", one.passed ? "ok" : "FAILED"});
  }
  table.print(std::cout);
  for (const Judgement& one : verdict.judgements()) {
    if (!one.passed) std::cout << name_of(one.requirement) << ": " << one.reason << '\n';
  }
  std::cout << "verdict " << verdict.name() << " on model " << verdict.model().brief() << ": ";
  if (verdict.passed()) {
    std::cout << "passed, " << verdict.judgements().size() << " of " << verdict.judgements().size()
              << " requirements met\n";
    std::cerr << "hint: `millgate release " << verdict.model().brief() << "` lets it go live\n";
  } else {
    std::cout << "refused, " << failed << " of " << verdict.judgements().size()
              << " requirements failed\n";
    std::cerr << "hint: bring more or better data, change the model, or have the requirement "
                 "changed in millgate.toml by those who asked for it\n";
  }
}

Result<int> gate(const Session& session, const std::string& name) {
  MILLGATE_ASSIGN(Workplace place, open_workplace(session));
  Ledger& ledger = place.repository->ledger();
  MILLGATE_ASSIGN(const Id id, resolve_model(ledger, name));
  MILLGATE_ASSIGN(const RunReport run, read_run(*place.repository, id));
  MILLGATE_ASSIGN(const std::shared_ptr<const Model> model,
                  Model::load(place.repository->objects(), id));
  MILLGATE_ASSIGN(const auto joined, joined_rows(place, run.data_commit, *model, ""));
  progress_line()("measure", 0);
  MILLGATE_ASSIGN(GateEvidence known, measure_for_gate(place.project, run, *model, *joined));
  MILLGATE_ASSIGN(const std::vector<Evidence> latency, measure_latency(model, known.test_rows));
  known.evidence.insert(known.evidence.end(), latency.begin(), latency.end());
  MILLGATE_ASSIGN(const Verdict verdict, judge(ledger, id, place.project.requirements,
                                               known.evidence, author_name(), known.unmeasured));
  end_progress();
  if (session.json) {
    print_json(to_json(verdict));
  } else {
    print_verdict(verdict);
  }
  return verdict.passed() ? kDone : kAnswerIsNo;
}

}  // namespace

void add_gate(const Command& program, Session& session) {
  auto model = std::make_shared<std::string>("latest");
  const Command command = program.add_command("gate", "judge a model by the written requirements",
                                              "millgate gate latest");
  command.add_option("model", *model, "id, its prefix, `latest` or `serving`").shows_default();
  command.does([&session, model] { return gate(session, *model); });
}

}  // namespace millgate
