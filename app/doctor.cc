#include "system/doctor/examination.h"

#include <algorithm>
#include <iostream>

#include "app/commands.h"
#include "app/text_table.h"
#include "ground/clock.h"
#include "system/monitor/wording.h"

namespace millgate {

namespace {

struct Options {
  ExaminationOptions how;
  bool fix = false;
  bool list = false;
};

const char* name_of(Harm harm) { return harm == Harm::error ? "error" : "warning"; }

Result<int> list_kinds(const Session& session) {
  Json json = Json::array();
  TextTable table({"id", "group", "harm", "healthy when"});
  for (const SymptomKind& kind : symptom_kinds()) {
    table.add({std::string(kind.id), std::string(kind.group), name_of(kind.harm),
               std::string(kind.healthy)});
    json.push_back({{"id", kind.id},
                    {"group", kind.group},
                    {"harm", name_of(kind.harm)},
                    {"healthy", kind.healthy}});
  }
  if (session.json) {
    print_json(json);
  } else {
    table.print(std::cout);
  }
  return kDone;
}

void print_symptoms(const Examination& examination) {
  std::string_view group;
  for (const Symptom& one : examination.symptoms) {
    const SymptomKind* kind = find_symptom_kind(one.id);
    if (kind->group != group) {
      group = kind->group;
      std::cout << group << '\n';
    }
    std::cout << "  " << name_of(kind->harm) << ' ' << one.id << ": "
              << (one.file.empty() ? "" : one.where() + ": ") << one.what
              << "\n    mend: " << one.mend << '\n';
  }
}

void print_examination(const Examination& examination) {
  print_symptoms(examination);
  for (const std::string& sentence : examination.passed_over)
    std::cout << "note: " << sentence << '\n';
  const int64_t errors = examination.count(Harm::error);
  const int64_t warnings = examination.count(Harm::warning);
  if (errors + warnings == 0) {
    std::cout << "healthy: " << count_of(std::ssize(examination.asked), "thing")
              << " looked at, nothing found";
  } else {
    std::cout << count_of(errors, "error") << ", " << count_of(warnings, "warning");
  }
  if (!examination.allowed.empty()) {
    std::cout << "; " << examination.allowed.size() << " allowed by the project file";
  }
  std::cout << '\n';
  const auto safe = std::count_if(examination.symptoms.begin(), examination.symptoms.end(),
                                  [](const Symptom& one) { return one.is_safe; });
  if (safe > 0) {
    std::cerr << "hint: `millgate doctor --fix` mends " << safe << " of them\n";
  }
}

Result<int> doctor(const Session& session, Options options) {
  if (options.list) return list_kinds(session);
  MILLGATE_ASSIGN(const std::string folder, find_project_folder(session.folder));
  options.how.overrides = session.overrides;
  MILLGATE_ASSIGN(Examination examination, examine(folder, system_clock(), options.how));
  std::vector<std::string> done;
  if (options.fix) {
    MILLGATE_ASSIGN(done, mend_safely(folder, examination));
    if (!done.empty()) {
      MILLGATE_ASSIGN(examination, examine(folder, system_clock(), options.how));
    }
  }
  if (session.json) {
    Json json = to_json(examination);
    if (options.fix) json["fixed"] = done;
    print_json(json);
  } else {
    for (const std::string& sentence : done) std::cout << "fixed: " << sentence << '\n';
    print_examination(examination);
  }
  return examination.count(Harm::error) > 0 ? kAnswerIsNo : kDone;
}

}  // namespace

void add_doctor(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "doctor", "check the project's folder for life, and say how to mend it",
      "millgate doctor\n  millgate doctor --only secret --only deployment --json");
  command.add_option("--only", options->how.only, "an id or a group; may be given again")
      .one_at_a_time();
  command.add_option("--skip", options->how.skip, "the same: what not to look for").one_at_a_time();
  command.add_flag("--fix", options->fix, "mend what can be mended without losing anything");
  command.add_flag("--history", options->how.whole_history,
                   "read all of git's history, also where it is large");
  command.add_flag("--list", options->list, "tell what is looked for, and do nothing");
  command.does([&session, options] { return doctor(session, *options); });
}

}  // namespace millgate
