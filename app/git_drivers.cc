#include <arrow/record_batch.h>
#include <fnmatch.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "app/git_commands.h"
#include "app/table_changes.h"
#include "app/text_table.h"
#include "data/git/file_diff.h"
#include "data/git/file_merge.h"
#include "data/git/git_program.h"
#include "data/table/arrow_result.h"
#include "data/table/reader.h"
#include "data/table/value_text.h"
#include "data/table/writer.h"
#include "ground/file_store.h"
#include "system/pipeline/project.h"
#include "system/pipeline/source_files.h"

namespace millgate {

namespace {

namespace fs = std::filesystem;

/// "a, b" or "a,b" as names.
std::vector<std::string> split_names(const std::string& text) {
  std::vector<std::string> names;
  std::string name;
  for (const char c : text + ",") {
    if (c == ',') {
      if (!name.empty()) names.push_back(std::move(name));
      name.clear();
    } else if (c != ' ') {
      name += c;
    }
  }
  return names;
}

/// The source of a project file at or above `path` that the file belongs to, and its key.
FileVersionsOptions of_project(const std::string& path) {
  FileVersionsOptions options;
  std::error_code failed;
  const fs::path full = fs::weakly_canonical(path, failed);
  if (failed) return options;
  const auto folder = find_project_folder(full.parent_path().string());
  if (!folder.ok()) return options;
  const auto project = read_project(*folder);
  if (!project.ok()) {
    // It may be in conflict itself; the data can be compared without it.
    std::cerr << "millgate: millgate.toml cannot be read, so the key of " << path
              << " is looked for in its rows\n";
    return options;
  }
  for (const Source& source : project->sources) {
    const std::string pattern =
        fs::weakly_canonical(full_path(*folder, source.path), failed).string();
    if (::fnmatch(pattern.c_str(), full.c_str(), FNM_PATHNAME) != 0) continue;
    options.key = source.key;
    options.null_texts = source.null_texts;
  }
  return options;
}

/// How the rows of `path`, named from the top of the work tree, are to be read: git's attribute
/// `millgate-key` counts more than the project file.
FileVersionsOptions reading_of(const std::string& path) {
  FileVersionsOptions options = of_project(path);
  const auto attribute = run_git(".", {"check-attr", "-z", "millgate-key", "--", path});
  if (!attribute.ok() || attribute->exit_code != 0) return options;
  // PATH NUL ATTRIBUTE NUL VALUE NUL
  const std::string& text = attribute->output;
  const size_t first = text.find('\0');
  const size_t second = first == std::string::npos ? first : text.find('\0', first + 1);
  if (second == std::string::npos) return options;
  const std::string value = text.substr(second + 1, text.find('\0', second + 1) - second - 1);
  if (value == "unspecified" || value == "unset" || value == "set") return options;
  options.key = split_names(value);
  return options;
}

std::string key_text(KeyOrigin origin, const std::vector<std::string>& key) {
  if (origin == KeyOrigin::content) return "rows have no key: told apart by all their cells";
  std::string text = origin == KeyOrigin::found ? "rows by the first columns that are unique: "
                                                : "rows by their key: ";
  for (size_t i = 0; i < key.size(); ++i) text += (i > 0 ? ", " : "") + key[i];
  return text;
}

/// Runs git with what this process has as its standard output and error; its exit code.
int pass_to_git(const std::vector<std::string>& arguments) {
  std::cout.flush();
  std::vector<std::string> words = {"git"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::execvp("git", pointers.data());
    ::_exit(127);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) < 0 || !WIFEXITED(status)) return 127;
  return WEXITSTATUS(status);
}

/// Shows a file as git would without the driver: git itself must not fail for one file.
Result<int> diff_by_lines(const std::string& path, const std::vector<std::string>& words,
                          const Error& why) {
  std::cerr << "millgate: " << path << " is compared by lines: " << why.what << '\n';
  pass_to_git({"--no-pager", "diff", "--no-index", "--no-ext-diff", "--no-textconv", "--", words[1],
               words[4]});
  return kDone;
}

/// The words that git gives a diff driver: path, old file, its id and mode, new file, its id and
/// mode; for a renamed file its new path and what git says about it.
Result<int> diff(const std::vector<std::string>& words) {
  constexpr size_t kWordCount = 7;
  const std::string path = words.size() > kWordCount ? words[kWordCount] : words[0];
  if (words.size() < kWordCount) {
    std::cout << "file " << path << ": not merged yet\n";
    return kDone;
  }
  const auto format = file_format_of(path);
  if (!format.ok()) return diff_by_lines(path, words, format.error());
  const FileVersionsOptions reading = reading_of(path);
  const auto rows_max = run_git(".", {"config", "--type=int", "millgate.diffRows"});
  FileDiffOptions options{.reading = reading};
  if (rows_max.ok() && rows_max->exit_code == 0)
    options.rows_max = integer_from(without_line_end(rows_max->output)).value_or(options.rows_max);
  auto found = diff_files(*format, words[1], words[4], options);
  if (!found.ok()) return diff_by_lines(path, words, found.error());
  DiffedTable table;
  table.name = words.size() > kWordCount ? words[0] + " -> " + path : path;
  table.before = std::move(found->before);
  table.after = std::move(found->after);
  table.diff = std::move(found->diff);
  print_changes(table,
                {.noun = "file", .more_hint = "`git config millgate.diffRows N` shows them"});
  if (!table.diff.any()) std::cout << "  the same rows, written in another way\n";
  if (table.diff.row_count() > 0) {
    std::cout << "  (" << key_text(found->key_origin, table.after.key) << ")\n";
  }
  return kDone;
}

struct MergeWords {
  std::string base;
  std::string ours;
  std::string theirs;
  std::string path;
  size_t marker_length = 7;
};

void tell_conflicts(const MergeWords& words, const FileMerge& merge) {
  constexpr size_t kShown = 20;
  for (size_t i = 0; i < merge.conflicts.size() && i < kShown; ++i) {
    const Conflict& conflict = merge.conflicts[i];
    std::cerr << "millgate: " << words.path << ": " << conflict.key_text
              << (conflict.column.empty() ? "" : ", column " + conflict.column) << ": base "
              << conflict.base << ", ours " << conflict.ours << ", theirs " << conflict.theirs
              << '\n';
  }
  std::cerr << "millgate: " << words.path << ": "
            << grouped(static_cast<int64_t>(merge.conflicts.size())) << " conflicts; "
            << key_text(merge.key_origin, merge.key) << '\n';
}

/// The conflicts of a file that cannot hold markers, beside it.
Status write_conflicts(const std::string& path, const std::vector<Conflict>& conflicts) {
  std::string text = "row,column,base,ours,theirs\n";
  const auto quoted = [](const std::string& cell) {
    std::string out = "\"";
    for (const char c : cell) {
      if (c == '"') out += '"';
      out += c;
    }
    return out + "\"";
  };
  for (const Conflict& conflict : conflicts) {
    text += quoted(conflict.key_text) + "," + quoted(conflict.column) + "," +
            quoted(conflict.base) + "," + quoted(conflict.ours) + "," + quoted(conflict.theirs) +
            "\n";
  }
  return write_file(path, text);
}

/// What cannot be merged by rows: text by lines as git does, and nothing else.
Result<int> merge_by_lines(const MergeWords& words, const Error& why) {
  const auto format = file_format_of(words.path);
  if (format.ok() && *format == FileFormat::parquet) {
    std::cerr << "millgate: " << words.path << " is not merged and holds our rows: " << why.what
              << "\nhint: take theirs with `git checkout --theirs " << words.path << "`"
              << (why.hint.empty() ? "" : ", or: " + why.hint) << '\n';
    return kAnswerIsNo;
  }
  std::cerr << "millgate: " << words.path << " is merged by lines: " << why.what << '\n';
  if (!why.hint.empty()) std::cerr << "hint: " << why.hint << '\n';
  const int code = pass_to_git({"merge-file", "-q", "-L", "ours", "-L", "base", "-L", "theirs",
                                "--marker-size=" + std::to_string(words.marker_length), words.ours,
                                words.base, words.theirs});
  return code == 0 ? kDone : kAnswerIsNo;
}

Result<int> merge(const MergeWords& words) {
  const auto format = file_format_of(words.path);
  if (!format.ok()) return merge_by_lines(words, format.error());
  FileMergeOptions options{
      .reading = reading_of(words.path), .marker_length = words.marker_length, .shows_base = false};
  const auto style = run_git(".", {"config", "merge.conflictStyle"});
  if (style.ok()) options.shows_base = style->output.find("diff3") != std::string::npos;
  const auto merged = merge_files(
      *format, {.base = words.base, .ours = words.ours, .theirs = words.theirs}, options);
  if (!merged.ok()) return merge_by_lines(words, merged.error());
  MILLGATE_TRY(write_file(words.ours, merged->bytes));
  if (merged->conflicts.empty()) return kDone;
  tell_conflicts(words, *merged);
  if (*format == FileFormat::parquet) {
    const std::string beside = words.path + ".conflicts.csv";
    MILLGATE_TRY(write_conflicts(beside, merged->conflicts));
    std::cerr << "millgate: " << words.path << " holds our cells where both sides changed one; "
              << beside << " lists them\n";
  }
  return kAnswerIsNo;
}

/// What `git log -p` and `git show` compare by lines: Parquet as CSV, text as it is.
Result<int> text(const std::string& path) {
  MILLGATE_ASSIGN(std::string bytes, read_file(path));
  if (bytes.starts_with("PAR1")) {
    if (!path.ends_with(".parquet")) {
      return invalid_input("`" + path + "` is Parquet, but not named so");
    }
    MILLGATE_ASSIGN(const auto rows, read_table_files({path}, {}));
    bytes.clear();
    MILLGATE_TRY(write_csv_text(*rows, bytes));
  }
  std::cout << bytes;
  return kDone;
}

}  // namespace

void add_git_drivers(const Command& git) {
  const Command diff_command = git.add_command("diff", "(for git) show one file by row and cell",
                                               "git diff -- data/plans.csv");
  auto words = std::make_shared<std::vector<std::string>>();
  diff_command.add_option("words", *words, "what git gives a diff driver").required();
  diff_command.does([words] { return diff(*words); });

  const Command merge_command =
      git.add_command("merge", "(for git) merge one file by row and cell", "git merge corrections");
  auto merging = std::make_shared<MergeWords>();
  merge_command.add_option("base", merging->base, "the version that both sides come from")
      .required();
  merge_command.add_option("ours", merging->ours, "our version; the merged file is written to it")
      .required();
  merge_command.add_option("theirs", merging->theirs, "their version").required();
  merge_command.add_option("path", merging->path, "the file, from the top of the work tree")
      .required();
  merge_command.add_option("marker_length", merging->marker_length, "of conflict markers");
  merge_command.does([merging] { return merge(*merging); });

  const Command text_command = git.add_command("text", "(for git) show a data file as text",
                                               "git log -p -- data/plans.parquet");
  auto path = std::make_shared<std::string>();
  text_command.add_option("file", *path, "the file").required();
  text_command.does([path] { return text(*path); });
}

}  // namespace millgate
