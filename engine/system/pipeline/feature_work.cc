#include "system/pipeline/feature_work.h"

#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "data/query/revision_sql.h"
#include "data/table/arrow_result.h"
#include "ground/json.h"
#include "model/artifact/model.h"
#include "model/release/model_name.h"
#include "model/release/registry.h"
#include "system/pipeline/personal_use.h"

namespace millgate {
namespace {

/// Real rows that properties are tried on.
constexpr int64_t kSampleRows = 200;

Status check_complete(const Project& project) {
  if (!project.task) {
    return invalid_input("the project has no [task]: nothing to predict",
                         "write [task] with table, kind and label in millgate.toml");
  }
  if (project.features.empty()) {
    return invalid_input("the project has no [features]: nothing to learn from",
                         "write one line a feature under [features] in millgate.toml");
  }
  return {};
}

bool has_same_definitions(const FeatureProgram& a, const FeatureProgram& b) {
  const auto& ours = a.definitions();
  const auto& theirs = b.definitions();
  return ours.size() == theirs.size() && a.inputs() == b.inputs() &&
         std::equal(ours.begin(), ours.end(), theirs.begin(),
                    [](const FeatureDefinition& x, const FeatureDefinition& y) {
                      return x.name == y.name && x.expression == y.expression;
                    });
}

Status fit_to_all(FeatureProgram& program, const arrow::Table& joined) {
  MILLGATE_ASSIGN(Block times, block_from(joined, {{kLabelColumn, ValueType::number},
                                                   {kRowTimeColumn, ValueType::time},
                                                   {kLabelKnownColumn, ValueType::time}}));
  const auto is_whole = [](const Vector& column) {
    return std::find(column.valid.begin(), column.valid.end(), 0) == column.valid.end();
  };
  std::vector<double>& labels = times.columns[0].numbers;
  for (size_t row = 0; row < labels.size(); ++row) {
    if (times.columns[0].valid[row] == 0) labels[row] = std::numeric_limits<double>::quiet_NaN();
  }
  MILLGATE_ASSIGN(const Block inputs, block_from(joined, program.inputs()));
  return program.fit(inputs,
                     {.labels = labels,
                      .row_times = times.columns[1].integers,
                      .label_known = times.columns[2].integers,
                      .has_times = is_whole(times.columns[1]) && is_whole(times.columns[2])});
}

/// `kSampleRows` rows, evenly from begin to end.
Result<Block> sample_of(const arrow::Table& joined, const FeatureProgram& program) {
  const int64_t count = std::min(kSampleRows, joined.num_rows());
  std::vector<std::shared_ptr<arrow::Table>> parts;
  parts.reserve(static_cast<size_t>(std::max<int64_t>(count, 1)));
  for (int64_t i = 0; i < count; ++i)
    parts.push_back(joined.Slice(i * joined.num_rows() / count, 1));
  if (parts.empty()) parts.push_back(joined.Slice(0, 0));
  MILLGATE_ARROW(const auto sample, arrow::ConcatenateTables(parts), "rows to try features on");
  return block_from(*sample, program.inputs());
}

}  // namespace

std::vector<std::string> FeatureWork::columns() const {
  std::vector<std::string> names;
  for (const Field& field : program.inputs()) names.push_back(field.name);
  return names;
}

Result<FeatureWork> open_features(Repository& repository, const Project& project,
                                  const std::string& revision, std::vector<Leak>* leaks) {
  MILLGATE_TRY(check_complete(project));
  MILLGATE_ASSIGN(Commit commit, repository.resolve(revision));
  const std::string& table = project.task->table;
  if (!commit.tables.contains(table)) {
    return not_found("commit " + commit.id.brief() + " has no table `" + table + "`",
                     "`millgate commit` adds the files of its [[source]]");
  }
  MILLGATE_TRY(check_personal_use(repository, project, commit.tables));
  DatabaseOptions how;
  how.spill_folder = repository.folder("scratch");
  MILLGATE_ASSIGN(auto database, Database::open(how));
  MILLGATE_TRY(add_commit(*database, repository, commit));
  JoinPlan plan{.task = *project.task, .views = project.views, .sources = project.sources};
  MILLGATE_ASSIGN(auto fields, joinable_fields(*database, plan));
  MILLGATE_ASSIGN(auto context,
                  read_expression_context(*database, project.calendars, project.units, fields));
  MILLGATE_ASSIGN(auto program, FeatureProgram::compile(project.feature_section, fields, context));
  auto found = find_leaks(plan, program);
  if (leaks != nullptr) {
    *leaks = std::move(found);
  } else if (!found.empty()) {
    const Leak& first = found.front();
    return project.feature_section.error_at(
        first.feature,
        "feature `" + first.feature + "` reads `" + first.column + "`: " + first.reason,
        first.hint);
  }
  return FeatureWork{.commit = std::move(commit),
                     .database = std::move(database),
                     .plan = std::move(plan),
                     .fields = std::move(fields),
                     .context = std::move(context),
                     .program = std::move(program)};
}

Result<FittedFeatures> fitted_features(const Repository& repository, const FeatureWork& work,
                                       const arrow::Table& joined) {
  MILLGATE_ASSIGN(auto records, runs(repository.ledger()));
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    if (!repository.objects().has(record->model)) continue;
    MILLGATE_ASSIGN(const auto model, Model::load(repository.objects(), record->model));
    if (!has_same_definitions(model->features(), work.program)) continue;
    MILLGATE_ASSIGN(FeatureProgram program, FeatureProgram::load(model->features().save()));
    return FittedFeatures{.program = std::move(program), .model = record->model};
  }
  MILLGATE_ASSIGN(FeatureProgram program, FeatureProgram::load(work.program.save()));
  MILLGATE_TRY(fit_to_all(program, joined));
  return FittedFeatures{.program = std::move(program), .model = std::nullopt};
}

Result<std::vector<std::vector<FeatureUse>>> feature_uses(const Repository& repository,
                                                          const Project& project) {
  MILLGATE_ASSIGN(const auto records, runs(repository.ledger()));
  MILLGATE_ASSIGN(const auto now, serving(repository.ledger()));
  std::vector<std::vector<FeatureUse>> uses(project.features.size());
  std::set<Id> seen;
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    const Id& id = record->model;
    if (!seen.insert(id).second || !repository.objects().has(id)) continue;
    MILLGATE_ASSIGN(const auto model, Model::load(repository.objects(), id));
    std::map<std::string, std::string> expressions;
    for (const FeatureDefinition& one : model->features().definitions()) {
      expressions.emplace(one.name, one.expression);
    }
    for (size_t i = 0; i < uses.size(); ++i) {
      const auto found = expressions.find(project.features[i].name);
      if (found == expressions.end()) continue;
      uses[i].push_back({.model = id,
                         .expression = found->second,
                         .is_same = found->second == project.features[i].expression,
                         .is_serving = now && now->model == id});
    }
  }
  return uses;
}

bool FeatureTestReport::passed() const {
  return std::all_of(examples.begin(), examples.end(),
                     [](const ExampleOutcome& one) { return one.passed; }) &&
         std::all_of(properties.begin(), properties.end(),
                     [](const PropertyOutcome& one) { return one.passed; });
}

Result<FeatureTestReport> test_features(Repository& repository, const Project& project,
                                        const std::string& revision) {
  MILLGATE_ASSIGN(const FeatureWork work, open_features(repository, project, revision));
  MILLGATE_ASSIGN(const auto joined, join_as_of(*work.database, work.plan, work.columns()));
  MILLGATE_ASSIGN(const FittedFeatures fitted, fitted_features(repository, work, *joined));
  FeatureTestReport report;
  report.model = fitted.model;
  std::set<std::string> tried;
  for (const FeatureExample& example : project.examples) {
    MILLGATE_ASSIGN(ExampleOutcome outcome, run_example(example, fitted.program));
    tried.insert(outcome.feature);
    report.examples.push_back(std::move(outcome));
  }
  for (const FeatureDefinition& one : project.features) {
    if (!tried.contains(one.name)) report.without_example.push_back(one.name);
  }
  MILLGATE_ASSIGN(const Block sample, sample_of(*joined, fitted.program));
  MILLGATE_ASSIGN(report.properties,
                  check_feature_properties(fitted.program, sample, project.train.seed));
  MILLGATE_ASSIGN(auto later, check_no_later_rows(*work.database, work.plan, work.columns()));
  report.properties.insert(report.properties.end(), later.begin(), later.end());
  return report;
}

}  // namespace millgate
