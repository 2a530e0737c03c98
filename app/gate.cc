#include "model/release/gate.h"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "app/candidates.h"
#include "app/commands.h"
#include "app/going_live.h"
#include "app/loaded_model.h"
#include "app/stakeholder_table.h"
#include "app/talk.h"
#include "app/text_table.h"
#include "ground/file_store.h"
#include "ground/json.h"
#include "model/measure/metric.h"
#include "model/release/model_name.h"
#include "model/release/registry.h"
#include "system/pipeline/gate_evidence.h"
#include "system/pipeline/run.h"
#include "system/pipeline/weighing.h"
#include "system/report/verdict_page.h"
#include "system/report/verdict_text.h"
#include "system/ship/program_probe.h"

namespace millgate {

namespace {

std::string limit_text(const Requirement& requirement) {
  switch (requirement.bound) {
    case Bound::at_least:
      return ">= " + rounded(requirement.limit);
    case Bound::at_most:
      return "<= " + rounded(requirement.limit);
    case Bound::better_by:
      return "better by " + rounded(requirement.limit);
    case Bound::not_worse_by:
      return "not worse by " + rounded(requirement.limit);
  }
  return {};
}

std::string outcome_text(const Judgement& judgement) {
  if (judgement.passed) return "ok";
  return judgement.requirement.level == Level::must ? "FAILED" : "warning";
}

std::string measured_text(const Judgement& judgement) {
  if (!judgement.evidence) return judgement.passed ? "" : "not measured";
  return is_comparison(judgement.requirement.bound) ? with_sign(judgement.evidence->value)
                                                    : rounded(judgement.evidence->value);
}

void print_verdict(const Verdict& verdict) {
  TextTable table({"requirement", "limit", "measured", "95 % interval", "margin", ""});
  size_t failed = 0;
  size_t warned = 0;
  for (const Judgement& one : verdict.judgements()) {
    if (!one.passed) ++(one.requirement.level == Level::must ? failed : warned);
    const bool has_interval = one.evidence && one.evidence->lower && one.evidence->upper;
    table.add({name_of(one.requirement), limit_text(one.requirement), measured_text(one),
               has_interval
                   ? rounded(*one.evidence->lower, 3) + " to " + rounded(*one.evidence->upper, 3)
                   : "",
               one.evidence ? with_sign(one.margin) : "", outcome_text(one)});
  }
  table.print(std::cout);
  for (const Judgement& one : verdict.judgements()) {
    const bool is_told = !one.passed || is_comparison(one.requirement.bound);
    if (is_told) std::cout << name_of(one.requirement) << ": " << one.reason << '\n';
  }
  const size_t all = verdict.judgements().size();
  std::cout << "verdict " << verdict.name() << " on model " << verdict.model().brief() << ": ";
  if (verdict.warns_only()) {
    std::cout << "passed with a warning, " << failed << " of " << all
              << " requirements failed; [gate] warns only for now\n";
  } else if (verdict.passed()) {
    std::cout << "passed, " << all - warned << " of " << all << " requirements met\n";
  } else {
    std::cout << "refused, " << failed << " of " << all << " requirements failed\n";
  }
  if (verdict.passed()) {
    const std::string command =
        verdict.environment().empty()
            ? "release " + verdict.model().brief()
            : "promote " + verdict.model().brief() + " --to " + verdict.environment();
    std::cerr << "hint: `millgate " << command << "` lets it go live\n";
  } else {
    std::cerr << "hint: bring more or better data, change the model, or have the requirement "
                 "changed in millgate.toml by those who asked for it\n";
  }
}

void print_found(const SliceSearch& search) {
  for (const FoundSlice& one : search.found) {
    std::cout << "slice " << one.name << ": mean loss " << rounded(one.loss, 3) << ", elsewhere "
              << rounded(one.loss_elsewhere, 3) << " (p " << rounded(one.p, 2) << ", "
              << one.row_count << " rows)\n";
  }
}

Json found_json(const SliceSearch& search) {
  Json list = Json::array();
  for (const FoundSlice& one : search.found) {
    list.push_back({{"slice", one.name},
                    {"row_count", one.row_count},
                    {"confirmed_row_count", one.rows.size()},
                    {"loss", one.loss},
                    {"loss_elsewhere", one.loss_elsewhere},
                    {"p", one.p}});
  }
  return list;
}

bool is_held_against_serving(const Environment& environment) {
  return std::any_of(environment.requirements.begin(), environment.requirements.end(),
                     [](const Requirement& one) { return is_against_serving(one); });
}

bool wants_program(const Environment& environment, const Project& project) {
  return wants_program_metrics(project.stakeholders) ||
         std::any_of(
             environment.requirements.begin(), environment.requirements.end(),
             [](const Requirement& one) { return is_of_program(*find_metric(one.metric)); });
}

struct Options {
  std::string model = "latest";
  std::string environment;                   ///< Its name; empty: the last.
  std::string junit, sarif, markdown, html;  ///< Files to write; empty: none.
  bool ci = false;
};

Status write_forms(const Verdict& verdict, const SliceSearch& slices, const Weighing& weighing,
                   const Options& options) {
  const auto write = [](const std::string& path, const auto& form) -> Status {
    return path.empty() ? Status() : write_file(path, form());
  };
  MILLGATE_TRY(write(options.html, [&] { return verdict_html(verdict, slices, weighing); }));
  MILLGATE_TRY(write(options.markdown, [&] { return verdict_markdown(verdict, weighing); }));
  MILLGATE_TRY(write(options.junit, [&] { return verdict_junit(verdict, weighing); }));
  return write(options.sarif, [&] { return verdict_sarif(verdict, weighing); });
}

/// What stakeholders get of the judged model, of what serves and of the newest others, and of the
/// judged one's thresholds. Another model that cannot be read is named and left out. Errors: as
/// weigh_models.
Result<Weighing> weigh_choices(const Workplace& place, const LoadedModel& judged,
                               const std::vector<Evidence>& known,
                               const std::optional<Serving>& now) {
  std::vector<Evidence> of_program;
  std::copy_if(known.begin(), known.end(), std::back_inserter(of_program), [](const Evidence& one) {
    const Metric* metric = find_metric(one.metric);
    return metric != nullptr && is_of_program(*metric);
  });
  std::vector<std::unique_ptr<LoadedModel>> loaded;  // Candidates point into them.
  std::vector<Candidate> candidates;
  MILLGATE_ASSIGN(Candidate first, candidate_of(place, judged, now, std::move(of_program)));
  candidates.push_back(std::move(first));
  MILLGATE_ASSIGN(const std::vector<Id> ids,
                  newest_models(place.repository->ledger(), {judged.model->id()}, now));
  for (const Id& id : ids) {
    if (id == judged.model->id()) continue;
    auto one = load_model(place, id, judged.run.data_commit);
    if (!one.ok()) {
      end_progress();
      std::cerr << "model " << id.brief() << " is not compared: " << one.error().what << '\n';
      continue;
    }
    loaded.push_back(std::make_unique<LoadedModel>(std::move(*one)));
    MILLGATE_ASSIGN(Candidate candidate, candidate_of(place, *loaded.back(), now));
    candidates.push_back(std::move(candidate));
  }
  Weighing weighing;
  weighing.stakeholders = place.project.stakeholders;
  MILLGATE_ASSIGN(weighing.models, weigh_models(*place.repository, place.project, candidates));
  MILLGATE_ASSIGN(weighing.thresholds, weigh_thresholds(place.project, candidates.front()));
  return weighing;
}

void print_weighing(const Weighing& weighing) {
  if (weighing.stakeholders.empty()) return;
  print_fares(fare_lines(weighing.models, weighing.stakeholders), std::cout);
  print_models(weighing.models, weighing.stakeholders, std::cout);
  print_thresholds(weighing.thresholds, weighing.stakeholders, std::cout);
}

Result<int> gate(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(Workplace place, open_workplace(session));
  Ledger& ledger = place.repository->ledger();
  MILLGATE_ASSIGN(const Environment environment,
                  find_environment(place.project.environments, options.environment));
  MILLGATE_ASSIGN(const Id id, resolve_model(ledger, options.model));
  MILLGATE_ASSIGN(const LoadedModel judged, load_model(place, id, ""));
  MILLGATE_ASSIGN(const std::optional<Serving> now, serving(ledger, std::nullopt, environment.key));
  std::optional<LoadedModel> champion;
  if (now && is_held_against_serving(environment)) {
    MILLGATE_ASSIGN(champion, load_model(place, now->model, judged.run.data_commit));
  }
  if (const auto progress = progress_line()) progress("measure", 0);
  MILLGATE_ASSIGN(
      GateEvidence known,
      measure_for_gate(*place.repository, place.project, environment.requirements, judged.view(),
                       champion ? std::optional(champion->view()) : std::nullopt));
  if (wants_program(environment, place.project)) {
    MILLGATE_ASSIGN(const LatencyProbe probe,
                    measure_program(place.repository->objects(), *judged.model, known.test_rows,
                                    {.scratch = place.repository->folder("scratch")}));
    known.add(probe.evidence, probe.unmeasured);
  }
  JudgeOptions how;
  how.unmeasured = std::move(known.unmeasured);
  how.nothing_serves = !now;
  how.environment = environment.key;
  const auto& until = place.project.warn_only_until;
  how.warn_only = until && system_clock().now().micros < until->micros;
  Result<Weighing> weighing = Weighing();
  if (!place.project.stakeholders.empty()) {
    weighing = weigh_choices(place, judged, known.evidence, now);
  }
  if (weighing.ok() && !weighing->stakeholders.empty())
    how.tradeoff = dump_json(to_json(*weighing));
  MILLGATE_ASSIGN(const Verdict verdict,
                  judge(ledger, id, environment.requirements, known.evidence, author_name(), how));
  end_progress();
  const Weighing told = weighing.ok() ? *weighing : Weighing();
  MILLGATE_TRY(write_forms(verdict, known.slices, told, options));
  if (session.json) {
    Json json = to_json(verdict);
    json["slices_found"] = found_json(known.slices);
    print_json(json);
  } else if (options.ci) {
    std::cout << verdict_markdown(verdict, told);
  } else {
    print_verdict(verdict);
    print_found(known.slices);
    print_weighing(told);
  }
  // The verdict stands all the same.
  if (!weighing.ok()) {
    std::cerr << "who gains and who loses is not known: " << weighing.error().what << '\n';
  }
  if (now) tell_override(*now);
  return verdict.passed() ? kDone : kAnswerIsNo;
}

}  // namespace

void add_gate(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command("gate", "judge a model by the written requirements",
                                              "millgate gate latest");
  command.add_option("model", options->model, "id, version, alias, `latest` or `serving`")
      .shows_default();
  command.add_option("--env", options->environment,
                     "by what this environment asks for; default: the last");
  command.add_flag("--ci", options->ci, "print Markdown for a pull request");
  command.add_option("--markdown", options->markdown, "write that into this file too");
  command.add_option("--html", options->html, "write it as a page with plots");
  command.add_option("--junit", options->junit, "write the verdict as JUnit XML");
  command.add_option("--sarif", options->sarif, "write the verdict as SARIF 2.1.0");
  command.does([&session, options] { return gate(session, *options); });
}

}  // namespace millgate
