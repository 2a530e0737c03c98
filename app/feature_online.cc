#include <iostream>
#include <istream>
#include <set>

#include "app/commands.h"
#include "app/text_table.h"
#include "data/feature/operand_text.h"
#include "data/online/online_settings.h"
#include "ground/nearest_name.h"
#include "system/monitor/wording.h"
#include "system/serve/feature_answer.h"
#include "system/serve/feature_push.h"

namespace millgate {

namespace {

/// Rows of a stream that are written at once, when so many have come already.
constexpr size_t kBatchRows = 1000;

struct GetOptions {
  std::string view;
  std::vector<std::string> entity;  ///< "zone=north".
  std::string at;
  std::string version;
};

Result<std::shared_ptr<OnlineStore>> store_of(const Workplace& place) {
  return open_online_store(place.project.online, place.repository->folder("online"));
}

Result<OnlineView> find_view(const OnlineStore& store, const std::string& name,
                             const std::string& version) {
  MILLGATE_ASSIGN(const auto views, store.views());
  std::set<std::string> names;
  std::string versions;
  for (const OnlineView& view : views) {
    names.insert(view.name);
    if (view.name != name) continue;
    if (!version.empty() && view.version.starts_with(version)) return view;
    versions += (versions.empty() ? "" : ", ") + view.version.substr(0, 12);
  }
  const OnlineView* latest = latest_view(views, name);
  if (latest == nullptr) {
    return not_found("view `" + name + "` is not in the online store",
                     names.empty()
                         ? "run `millgate materialise`"
                         : name_hint(name, std::vector<std::string>(names.begin(), names.end())));
  }
  if (version.empty()) return *latest;
  return not_found("the online store has no version `" + version + "` of view `" + name + "`",
                   "it has " + versions);
}

Result<std::vector<std::pair<std::string, std::string>>> pairs_of(
    const std::vector<std::string>& texts) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return invalid_input("`" + text + "` does not name an entity",
                           "write column=value, as in zone=north");
    }
    pairs.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return pairs;
}

void print_answer(const FeatureAnswer& answer) {
  TextTable table({"feature", "value"});
  for (size_t i = 0; i < answer.columns.size(); ++i) {
    const Vector& column = answer.values.columns[i];
    table.add(
        {answer.columns[i].name, operand_text({.vector = &column, .first = 0, .step = 1}, 0)});
  }
  table.print(std::cout);
  const OnlineView& view = answer.plans.front().view;
  const OnlineRead& read = answer.reads.front();
  std::cout << to_string(read.state);
  if (read.happened) std::cout << ", happened " << to_string(Time{*read.happened});
  if (read.known) std::cout << ", known " << to_string(Time{*read.known});
  std::cout << ", materialised as of " << to_string(view.as_of) << ", version "
            << view.version.substr(0, 12) << '\n';
}

Result<int> get(const Session& session, const GetOptions& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_ASSIGN(const auto store, store_of(place));
  MILLGATE_ASSIGN(const OnlineView view, find_view(*store, options.view, options.version));
  MILLGATE_ASSIGN(const auto entity, pairs_of(options.entity));
  MILLGATE_ASSIGN(const FeatureAnswer answer,
                  answer_features(*store, features_question(view, entity, options.at),
                                  place.repository->clock().now(), 1));
  if (session.json) {
    std::cout << features_json(answer) << '\n';
  } else {
    print_answer(answer);
  }
  return answer.reads.front().state == OnlineState::present ? kDone : kAnswerIsNo;
}

/// Lines of standard input, written as they come: what has come already goes in one step.
Result<RowCounts> push_lines(std::istream& in, OnlineStore& store,
                             const std::vector<OnlineView>& versions, const Clock& clock,
                             int64_t& row_count) {
  RowCounts total;
  std::vector<KeyedRow> rows;
  const auto flush = [&]() -> Status {
    if (rows.empty()) return {};
    const auto count = static_cast<int64_t>(rows.size() / versions.size());
    MILLGATE_ASSIGN(const RowCounts counts, store.push(std::exchange(rows, {})));
    row_count += count;
    total.written += counts.written;
    total.unchanged += counts.unchanged;
    total.kept += counts.kept;
    return {};
  };
  std::string line;
  for (int64_t number = 1; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    auto row = pushed_rows(versions, line, clock.now());
    if (!row.ok()) {
      MILLGATE_TRY(flush());
      Error error = std::move(row).error();
      error.where = "standard input, line " + std::to_string(number);
      if (error.hint.empty()) error.hint = "the rows of the lines before it are in the store";
      return error;
    }
    rows.insert(rows.end(), row->begin(), row->end());
    const bool is_all = in.rdbuf()->in_avail() <= 0;
    if (is_all || rows.size() >= kBatchRows) MILLGATE_TRY(flush());
  }
  MILLGATE_TRY(flush());
  return total;
}

Result<int> push(const Session& session, const std::string& name) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MILLGATE_ASSIGN(const auto store, store_of(place));
  MILLGATE_ASSIGN(const auto versions, pushable_versions(*store, name));
  std::ios::sync_with_stdio(false);  // Else nothing tells what has come already.
  int64_t row_count = 0;
  MILLGATE_ASSIGN(const RowCounts counts,
                  push_lines(std::cin, *store, versions, place.repository->clock(), row_count));
  if (session.json) {
    print_json({{"view", versions.front().name},
                {"version_count", versions.size()},
                {"row_count", row_count},
                {"written", counts.written},
                {"unchanged", counts.unchanged},
                {"kept", counts.kept}});
  } else {
    std::cout << count_of(row_count, "row") << " pushed to " << versions.front().name;
    if (versions.size() > 1) std::cout << " in " << versions.size() << " versions";
    std::cout << ": " << grouped(counts.written) << " written, " << grouped(counts.unchanged)
              << " unchanged, " << grouped(counts.kept) << " older than what is there\n";
  }
  return kDone;
}

}  // namespace

void add_feature_get(const Command& feature, Session& session) {
  auto options = std::make_shared<GetOptions>();
  const Command command =
      feature.add_command("get",
                          "read a view for one entity from the online store; exit code 1 "
                          "where no row counts",
                          "millgate feature get sky zone=north");
  command.add_option("view", options->view, "name of the view").required();
  command.add_option("entity", options->entity, "column=value ...").required();
  command.add_option("--at", options->at, "the asking row's time; without it, now");
  command.add_option("--version", options->version,
                     "of the view's definition; without it, the one materialised last");
  command.does([&session, options] { return get(session, *options); });
}

void add_feature_push(const Command& feature, Session& session) {
  auto view = std::make_shared<std::string>();
  const Command command = feature.add_command(
      "push", "write rows that come as JSON lines on standard input into the online store",
      "millgate feature push sky < rows.jsonl");
  command.add_option("view", *view, "name of the view").required();
  command.does([&session, view] { return push(session, *view); });
}

}  // namespace millgate
