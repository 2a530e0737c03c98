#include "system/report/card_facts.h"

#include <algorithm>

#include "data/store/table_version.h"
#include "model/measure/metric.h"
#include "model/release/sign_off.h"
#include "system/monitor/wording.h"

namespace millgate {
namespace {

Result<Event> event_of_run(const Ledger& ledger, int64_t number) {
  MILLGATE_ASSIGN(const auto events, ledger.events(number - 1, "run"));
  if (events.empty() || events.front().number != number) {
    return damaged("run of event " + std::to_string(number) + " is not in the ledger",
                   "`millgate ledger` lists the events");
  }
  return events.front();
}

/// A commit that was cleaned away leaves the card without row counts, not without a card.
void read_data(const Repository& repository, CardFacts& facts) {
  auto commit = repository.resolve(facts.run.data_commit);
  if (!commit) return;
  facts.data_commit = *std::move(commit);
  for (const auto& [table, id] : facts.data_commit->tables) {
    const auto version = read_table_version(repository.objects(), id);
    if (version) facts.table_row_count[table] = version->row_count;
  }
}

bool is_worse(const Evidence& group, double all, bool higher_is_better) {
  if (!group.lower || !group.upper) return false;
  return higher_is_better ? *group.upper < all : *group.lower > all;
}

std::string metric_of_groups(const Model& model) {
  if (model.is_ranking()) return "ndcg";
  if (model.manifest().task_kind == "regression") return "mae";
  return model.has_classes() ? "macro_auc" : "auc";
}

void read_slices(CardFacts& facts) {
  facts.compared_metric = metric_of_groups(*facts.model);
  const Metric* metric = find_metric(facts.compared_metric);
  const bool higher = metric == nullptr || metric->higher_is_better;
  const Evidence* all = facts.find(facts.compared_metric);
  for (const Evidence& one : facts.run.evidence) {
    const size_t equals = one.slice.find('=');
    if (one.metric != facts.compared_metric || equals == std::string::npos) continue;
    facts.slices.push_back({one.slice.substr(0, equals), one.slice.substr(equals + 1), one,
                            all != nullptr && is_worse(one, all->value, higher)});
  }
  std::stable_sort(facts.slices.begin(), facts.slices.end(), [&](const auto& a, const auto& b) {
    if (a.column != b.column) return a.column < b.column;
    return higher ? a.evidence.value < b.evidence.value : a.evidence.value > b.evidence.value;
  });
}

}  // namespace

std::string CardFacts::count_text_of(int64_t count) const {
  if (!model->is_ranking()) return count_of(count, "row");
  return count == 1 ? "1 query" : count_text(count) + " queries";
}

const Evidence* CardFacts::find(const std::string& metric, const std::string& slice) const {
  for (const Evidence& one : run.evidence) {
    if (one.metric == metric && one.slice == slice) return &one;
  }
  return nullptr;
}

bool CardFacts::serves_now() const {
  return !history.empty() && history.back().model == model->id();
}

Result<CardFacts> read_card_facts(const Repository& repository, const Project& project,
                                  const Id& model, const MonitorReport* served) {
  CardFacts facts;
  facts.project = &project;
  facts.served = served;
  MILLGATE_ASSIGN(facts.run, read_run(repository, model));
  MILLGATE_ASSIGN(facts.run_event, event_of_run(repository.ledger(), facts.run.event_number));
  MILLGATE_ASSIGN(facts.model, Model::load(repository.objects(), model));
  MILLGATE_ASSIGN(facts.verdict, find_verdict(repository.ledger(), model));
  if (facts.verdict) {
    MILLGATE_ASSIGN(const auto given, sign_offs(repository.ledger(), *facts.verdict));
    for (const SignOff& one : given) facts.signed_by.push_back(one.role + ": " + one.principal);
  }
  MILLGATE_ASSIGN(facts.history, serving_history(repository.ledger()));
  facts.project_changed = facts.run.configuration_hash != project.configuration_hash.hex();
  Section root = project.root;
  MILLGATE_ASSIGN(facts.said, read_model_about(root));
  read_data(repository, facts);
  read_slices(facts);
  if (served != nullptr) {
    for (const ModelWatch& watch : served->models) {
      if (watch.model == model.hex()) facts.watch = &watch;
    }
  }
  return facts;
}

}  // namespace millgate
