#include <algorithm>
#include <array>
#include <set>
#include <sstream>
#include <tuple>
#include <utility>

#include "data/git/git_program.h"
#include "data/git/staged_files.h"
#include "system/doctor/git_files.h"
#include "system/doctor/patient.h"
#include "system/doctor/secret.h"
#include "system/monitor/wording.h"

namespace millgate {

namespace {

/// A file that people wrote is smaller; a larger one is told as such.
constexpr int64_t kTextBytesMax = int64_t{1} << 20;
/// Of git's history so much is read unless all is asked for: about a second.
constexpr int64_t kHistoryBytesMax = int64_t{128} << 20;

std::string mebibytes(int64_t bytes) {
  return count_text((bytes + (int64_t{1} << 19)) >> 20) + " MiB";
}

bool is_binary(std::string_view bytes) {
  return bytes.substr(0, 8000).find('\0') != std::string_view::npos;
}

bool has_pickle_name(std::string_view path) {
  static constexpr std::array<std::string_view, 8> kEndings = {
      ".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth", ".pkl.gz", ".pickle.gz"};
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&](std::string_view ending) { return path.ends_with(ending); });
}

/// Pickles of protocol 2 and later begin with the protocol and end with a full stop.
bool is_pickle(std::string_view bytes) {
  return bytes.size() > 2 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5 &&
         bytes.back() == '.';
}

Symptom in_file(std::string id, const GitBlob& blob, std::string what, std::string mend) {
  return {.id = std::move(id),
          .what = std::move(what),
          .file = blob.path,
          .line = 0,
          .mend = std::move(mend),
          .is_safe = false};
}

std::string out_of_history(const std::string& path) {
  return "git filter-repo --invert-paths --path " + path +
         ", then everybody clones again: history is rewritten";
}

void tell_pickle(const GitBlob& blob, Chart& chart) {
  chart.symptoms.push_back(in_file(
      "pickle", blob, "a pickle runs code when it is opened, and git cannot show what it holds",
      "git rm --cached " + blob.path + "; keep models as ONNX or LightGBM text in the store"));
}

/// The secrets of one file of the index, so that its older states are not told again.
using Told = std::set<std::tuple<std::string, std::string, std::string>>;

void examine_text(const Patient& patient, const GitBlob& blob, std::string_view bytes, Told& told,
                  Chart& chart) {
  if (patient.is_asked("pickle") && !has_pickle_name(blob.path) && is_pickle(bytes)) {
    tell_pickle(blob, chart);
  }
  if (!patient.is_asked("secret") || is_binary(bytes)) return;
  for (const Secret& secret : find_secrets(bytes)) {
    told.emplace(blob.path, secret.kind, secret.shown);
    Symptom symptom =
        in_file("secret", blob, secret.kind + " " + secret.shown,
                "revoke it, and read it from the environment; no secret: write `millgate:allow` "
                "behind it, or a [[doctor.allow]]");
    symptom.line = secret.line;
    chart.symptoms.push_back(std::move(symptom));
  }
}

Status examine_index(const Patient& patient, const LargeFileRule& rule,
                     const std::vector<GitBlob>& files, Told& told, Chart& chart) {
  std::vector<GitBlob> texts;
  for (const GitBlob& blob : files) {
    if (blob.path.starts_with(".millgate/")) continue;  // Told as a whole.
    if (patient.is_asked("pickle") && has_pickle_name(blob.path)) tell_pickle(blob, chart);
    if (patient.is_asked("large-file") && blob.size_bytes > rule.size_bytes_max) {
      chart.symptoms.push_back(
          in_file("large-file", blob,
                  "has " + mebibytes(blob.size_bytes) + "; the limit for files in git is " +
                      mebibytes(rule.size_bytes_max),
                  "git rm --cached " + blob.path + ", name it in .gitignore, and millgate commit"));
    }
    if (blob.size_bytes <= kTextBytesMax) texts.push_back(blob);
  }
  if (!patient.is_asked("pickle") && !patient.is_asked("secret") &&
      !patient.is_asked("secret-history")) {
    return {};
  }
  return read_blobs(patient.folder, texts, [&](const GitBlob& blob, std::string_view bytes) {
    examine_text(patient, blob, bytes, told, chart);
  });
}

/// What older commits hold and the index does not.
Status examine_history(const Patient& patient, const LargeFileRule& rule,
                       const std::vector<GitBlob>& index, const Told& told, Chart& chart) {
  if (!patient.is_asked("secret-history") && !patient.is_asked("large-history")) return {};
  MILLGATE_ASSIGN(std::vector<GitBlob> older, files_of_history(patient.folder));
  std::set<std::string> known;
  for (const GitBlob& blob : index) known.insert(blob.id);
  std::erase_if(older, [&](const GitBlob& blob) {
    return known.contains(blob.id) || blob.path.starts_with(".millgate/");
  });
  std::vector<GitBlob> texts;
  int64_t size = 0;
  for (const GitBlob& blob : older) {
    if (patient.is_asked("large-history") && blob.size_bytes > rule.size_bytes_max) {
      chart.symptoms.push_back(in_file(
          "large-history", blob,
          "had " + mebibytes(blob.size_bytes) + " in an older commit; every clone fetches it",
          out_of_history(blob.path)));
    }
    if (blob.size_bytes > kTextBytesMax) continue;
    size += blob.size_bytes;
    texts.push_back(blob);
  }
  if (!patient.is_asked("secret-history")) return {};
  if (size > kHistoryBytesMax && !patient.whole_history) {
    chart.passed_over.push_back("git's history was not searched for secrets: it has " +
                                mebibytes(size) + "; --history reads all of it");
    return {};
  }
  return read_blobs(patient.folder, texts, [&](const GitBlob& blob, std::string_view bytes) {
    if (is_binary(bytes)) return;
    for (const Secret& secret : find_secrets(bytes)) {
      if (told.contains({blob.path, secret.kind, secret.shown})) continue;
      chart.symptoms.push_back(
          in_file("secret-history", blob,
                  secret.kind + " " + secret.shown + ", line " + std::to_string(secret.line) +
                      " of blob " + blob.id.substr(0, 12),
                  "revoke it: whoever cloned has it; then " + out_of_history(blob.path)));
    }
  });
}

Status examine_store(const Patient& patient, const std::vector<GitBlob>& files, Chart& chart) {
  const auto count = std::count_if(files.begin(), files.end(), [](const GitBlob& blob) {
    return blob.path.starts_with(".millgate/");
  });
  if (count > 0 && patient.is_asked("git-store")) {
    chart.symptoms.push_back({.id = "git-store",
                              .what = "git holds " + count_of(count, "file") + " of the store",
                              .file = ".millgate",
                              .line = 0,
                              .mend = "git rm -r --cached .millgate",
                              .is_safe = false});
  }
  if (!patient.is_asked("git-ignore")) return {};
  MILLGATE_ASSIGN(
      const GitAnswer ignored,
      run_git(patient.folder, {"check-ignore", "-q", "--no-index", ".millgate/ledger.sqlite"}));
  if (ignored.exit_code != 0) {
    chart.symptoms.push_back({.id = "git-ignore",
                              .what = "git does not ignore the store, so `git add .` takes it in",
                              .file = ".gitignore",
                              .line = 0,
                              .mend = "echo /.millgate/ >> .gitignore",
                              .is_safe = true});
  }
  return {};
}

Status examine_state(const Patient& patient, Chart& chart) {
  if (!patient.is_asked("git-unclean")) return {};
  MILLGATE_ASSIGN(const std::string status,
                  ask_git(patient.folder, {"status", "--porcelain=v1", "--", "."}));
  int64_t changed = 0;
  int64_t untracked = 0;
  std::istringstream lines(status);
  for (std::string line; std::getline(lines, line);)
    ++(line.starts_with("??") ? untracked : changed);
  if (changed + untracked == 0) return {};
  std::string what;
  if (changed > 0) what = count_of(changed, "file") + " not as in the last commit of git";
  if (untracked > 0)
    what += (what.empty() ? "" : ", ") + count_of(untracked, "file") + " untracked";
  chart.symptoms.push_back({.id = "git-unclean",
                            .what = what + ": a run cannot say from which code it came",
                            .file = "",
                            .line = 0,
                            .mend = "git status; git commit, or name what is no code in .gitignore",
                            .is_safe = false});
  return {};
}

}  // namespace

Status examine_git(const Patient& patient, Chart& chart) {
  if (!patient.in_git) {
    if (patient.is_asked("git-none")) {
      chart.symptoms.push_back(
          {.id = "git-none",
           .what = "the project is in no repository of git: its code has no versions",
           .file = "",
           .line = 0,
           .mend = "git init && git add . && git commit -m \"first state\"",
           .is_safe = false});
    }
    return {};
  }
  MILLGATE_ASSIGN(const std::vector<GitBlob> files, indexed_files(patient.folder));
  MILLGATE_ASSIGN(const LargeFileRule rule, large_file_rule(patient.folder));
  MILLGATE_TRY(examine_store(patient, files, chart));
  MILLGATE_TRY(examine_state(patient, chart));
  Told told;
  MILLGATE_TRY(examine_index(patient, rule, files, told, chart));
  return examine_history(patient, rule, files, told, chart);
}

}  // namespace millgate
