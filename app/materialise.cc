#include "system/pipeline/materialise.h"

#include <iostream>

#include "app/commands.h"
#include "app/text_table.h"
#include "system/pipeline/online_use.h"

namespace millgate {

namespace {

struct Options {
  std::vector<std::string> views;
  std::string as_of;
  std::string revision = kCurrentBranch;
  bool list = false;
  bool prune = false;
};

Json to_json(const std::vector<MaterialisedView>& views) {
  Json list = Json::array();
  for (const MaterialisedView& one : views) {
    list.push_back({{"view", one.view.name},
                    {"version", one.view.version},
                    {"as_of", to_string(one.view.as_of)},
                    {"commit", one.view.commit},
                    {"entity_count", one.view.entity_count},
                    {"written", one.counts.written},
                    {"unchanged", one.counts.unchanged},
                    {"removed", one.counts.removed},
                    {"kept", one.counts.kept},
                    {"why", one.why}});
  }
  return list;
}

void print_views(const std::vector<MaterialisedView>& views) {
  TextTable table({"view", "version", "entities", "written", "removed", "why"});
  int64_t kept = 0;
  for (const MaterialisedView& one : views) {
    table.add({one.view.name, one.view.version.substr(0, 12), grouped(one.view.entity_count),
               grouped(one.counts.written), grouped(one.counts.removed), one.why});
    kept += one.counts.kept;
  }
  table.print(std::cout);
  std::cout << "as of " << to_string(views.front().view.as_of) << ", commit "
            << views.front().view.commit.substr(0, 12) << '\n';
  if (kept > 0) std::cout << grouped(kept) << " rows that were pushed are newer and were kept\n";
}

std::string readers_of(const OnlineUse& use) {
  std::string text = use.is_defined ? "the project" : "";
  for (const OnlineReader& reader : use.readers) {
    text +=
        (text.empty() ? "" : ", ") + ("model " + reader.model.brief()) + " (" + reader.why + ")";
  }
  return text.empty() ? "nobody" : text;
}

Json to_json(const std::vector<OnlineUse>& uses, bool pruned) {
  Json list = Json::array();
  for (const OnlineUse& use : uses) {
    Json models = Json::array();
    for (const OnlineReader& reader : use.readers) {
      models.push_back({{"model", reader.model.hex()}, {"why", reader.why}});
    }
    list.push_back({{"view", use.view.name},
                    {"version", use.view.version},
                    {"as_of", to_string(use.view.as_of)},
                    {"entity_count", use.view.entity_count},
                    {"is_defined", use.is_defined},
                    {"models", models},
                    {"removed", pruned && !use.is_used()}});
  }
  return list;
}

void print_uses(const std::vector<OnlineUse>& uses, bool pruned) {
  TextTable table(
      {"view", "version", "entities", "as of", pruned ? "read by, or removed" : "read by"});
  bool any_unused = false;
  for (const OnlineUse& use : uses) {
    any_unused = any_unused || !use.is_used();
    table.add({use.view.name, use.view.version.substr(0, 12), grouped(use.view.entity_count),
               to_string(use.view.as_of),
               pruned && !use.is_used() ? "nobody: removed" : readers_of(use)});
  }
  table.print(std::cout);
  if (any_unused && !pruned) {
    std::cerr << "hint: `millgate materialise --prune` removes what nobody reads\n";
  }
}

/// What the store has; with `prune`, what nobody reads goes.
Result<int> list(const Session& session, const Options& options, const Workplace& place,
                 OnlineStore& store) {
  MILLGATE_ASSIGN(const auto uses,
                  online_uses(*place.repository, place.project, options.revision, store));
  if (options.prune) {
    std::vector<OnlineView> unused;
    for (const OnlineUse& use : uses) {
      if (!use.is_used()) unused.push_back(use.view);
    }
    MILLGATE_TRY(store.drop(unused));
  }
  if (session.json) {
    print_json(to_json(uses, options.prune));
  } else if (uses.empty()) {
    std::cout << "the online store has no view\n";
  } else {
    print_uses(uses, options.prune);
  }
  return kDone;
}

Result<int> run(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MaterialiseRequest request{
      .revision = options.revision, .views = options.views, .as_of = std::nullopt};
  if (!options.as_of.empty()) {
    MILLGATE_ASSIGN(request.as_of, parse_time(options.as_of));
  }
  MILLGATE_ASSIGN(const auto store,
                  open_online_store(place.project.online, place.repository->folder("online")));
  if (options.list || options.prune) return list(session, options, place, *store);
  MILLGATE_ASSIGN(const auto views, materialise(*place.repository, place.project, *store, request));
  if (session.json) {
    print_json(to_json(views));
  } else {
    print_views(views);
  }
  return kDone;
}

}  // namespace

void add_materialise(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "materialise", "bring the newest rows of views into the online store, all or nothing",
      "millgate materialise --as-of 2013-06-01");
  command.add_option("views", options->views, "names of views; without any, all");
  command.add_option("--as-of", options->as_of,
                     "what could be known at this time; without it, now");
  command.add_option("--rev", options->revision, "version of the data").shows_default();
  command.add_flag("--list", options->list, "show what the store has, and who reads it");
  command.add_flag("--prune", options->prune,
                   "remove versions of views that nobody reads: the project does not define them, "
                   "and no model that was released or is the newest was trained with them");
  command.does([&session, options] { return run(session, *options); });
}

}  // namespace millgate
