#include <iostream>
#include <memory>

#include "app/commands.h"
#include "app/text_table.h"
#include "system/pipeline/project_keys.h"

namespace millgate {

namespace {

struct Options {
  std::string section;
  bool markdown = false;
};

void print_sections() {
  TextTable table({"section", "says", "guide"});
  for (const ProjectSection& one : project_sections()) {
    table.add({one.title(), std::string(one.what), "docs/guides/" + std::string(one.guide)});
  }
  table.print(std::cout);
  std::cout << "\n`millgate settings SECTION` tells its keys\n";
}

void print_section(const ProjectSection& section) {
  std::cout << section.title() << "  # " << section.what << '\n';
  for (const ProjectKey& one : section.keys) {
    const bool is_any = one.key == "*";
    std::cout << '\n';
    if (is_any) {
      std::cout << one.example;
    } else {
      std::cout << one.key;
      if (!one.example.empty()) std::cout << " = " << one.example;
    }
    std::cout << "\n  " << one.type << (is_any ? ", under any name" : "");
    if (one.fallback == "required") std::cout << "; required";
    if (one.fallback != "required" && !one.fallback.empty()) {
      std::cout << "; default " << one.fallback;
    }
    std::cout << "\n  " << one.meaning << '\n';
  }
  std::cout << "\nguide: docs/guides/" << section.guide << '\n';
}

Result<int> settings(const Session& session, const Options& options) {
  const ProjectSection* section = nullptr;
  if (!options.section.empty()) {
    MILLGATE_ASSIGN(section, project_section(options.section));
  }
  if (options.markdown) {
    std::cout << project_reference();
  } else if (session.json) {
    Json all = Json::array();
    for (const ProjectSection& one : project_sections()) {
      if (section == nullptr || section == &one) all.push_back(to_json(one));
    }
    print_json(all);
  } else if (section == nullptr) {
    print_sections();
  } else {
    print_section(*section);
  }
  return kDone;
}

}  // namespace

void add_settings(const Command& program, Session& session) {
  const auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "settings", "tell what millgate.toml may hold: sections, keys, defaults, examples",
      "millgate settings\nmillgate settings train.split");
  command.add_option("section", options->section, "for example task; without it, all of them");
  command.add_flag("--markdown", options->markdown, "all of them as a page");
  command.does([&session, options] { return settings(session, *options); });
}

}  // namespace millgate
