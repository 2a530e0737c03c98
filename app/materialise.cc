#include "system/pipeline/materialise.h"

#include <iostream>

#include "app/commands.h"
#include "app/text_table.h"

namespace millgate {

namespace {

struct Options {
  std::vector<std::string> views;
  std::string as_of;
  std::string revision = kCurrentBranch;
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

Result<int> run(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const Workplace place, open_workplace(session));
  MaterialiseRequest request{
      .revision = options.revision, .views = options.views, .as_of = std::nullopt};
  if (!options.as_of.empty()) {
    MILLGATE_ASSIGN(request.as_of, parse_time(options.as_of));
  }
  MILLGATE_ASSIGN(const auto store,
                  open_online_store(place.project.online, place.repository->folder("online")));
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
  command.does([&session, options] { return run(session, *options); });
}

}  // namespace millgate
