#include <iostream>

#include "app/commands.h"
#include "app/folder_path.h"
#include "app/text_table.h"
#include "data/tree/tree.h"
#include "system/pipeline/folder_state.h"

namespace millgate {

namespace {

struct Options {
  std::string path;
  std::string revision = kCurrentBranch;
};

const char* name_of(FileKind kind) {
  switch (kind) {
    case FileKind::plain:
      return "file";
    case FileKind::executable:
      return "program";
    case FileKind::link:
      break;
  }
  return "link";
}

Result<int> files(const Session& session, const Options& options) {
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  const FolderPath asked = parse_folder_path(options.path);
  MILLGATE_ASSIGN(const Commit commit, repository->resolve(options.revision));
  MILLGATE_ASSIGN(const Id id, find_tree(commit, asked.folder));
  MILLGATE_ASSIGN(const Tree tree, read_tree(repository->objects(), id));
  MILLGATE_ASSIGN(const auto entries, read_entries(repository->objects(), tree, asked.part));
  if (entries.empty() && !asked.part.empty()) {
    return not_found("there is no `" + asked.part + "` in folder `" + asked.folder + "`",
                     "`millgate files " + asked.folder + "` lists what there is");
  }
  if (!session.json) {
    for (const TreeEntry& entry : entries) {
      std::cout << entry.content.hex() << "  " << entry.path << '\n';
    }
    return kDone;
  }
  Json list = Json::array();
  for (const TreeEntry& entry : entries) {
    list.push_back({{"path", entry.path},
                    {"kind", name_of(entry.kind)},
                    {"size_bytes", entry.size_bytes},
                    {"sha256", entry.content.hex()}});
  }
  print_json(list);
  return kDone;
}

}  // namespace

void add_files(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command =
      program.add_command("files", "list the files of a folder at a revision, as sha256sum does",
                          "millgate files images --rev main~1");
  command.add_option("path", options->path, "a folder of the project file, and what is in it")
      .required();
  command.add_option("--rev", options->revision, "revision to list").shows_default();
  command.does([&session, options] { return files(session, *options); });
}

}  // namespace millgate
