#include "system/doctor/symptom.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "ground/nearest_name.h"

namespace millgate {

namespace {

constexpr std::array kKinds = {
    SymptomKind{"project-file", "data", Harm::error, "the project file can be read"},
    SymptomKind{"ledger", "data", Harm::error, "the ledger is whole"},
    SymptomKind{"data-uncommitted", "data", Harm::warning, "every source is committed"},
    SymptomKind{"data-changed", "data", Harm::warning, "no source was edited since its commit"},
    SymptomKind{"git-none", "git", Harm::warning, "the project is in git"},
    SymptomKind{"git-store", "git", Harm::error, "git does not hold the store .millgate"},
    SymptomKind{"git-ignore", "git", Harm::error, "git ignores the store .millgate"},
    SymptomKind{"git-unclean", "git", Harm::warning, "what git tracks is committed"},
    SymptomKind{"secret", "git", Harm::error, "no secret is in git"},
    SymptomKind{"secret-history", "git", Harm::error, "no secret is in git's history"},
    SymptomKind{"pickle", "git", Harm::error, "no pickle is in git"},
    SymptomKind{"large-file", "git", Harm::error, "no large file is in git"},
    SymptomKind{"large-history", "git", Harm::warning, "no large file is in git's history"},
    SymptomKind{"feature-example", "code", Harm::warning, "every feature has an example"},
    SymptomKind{"requirement-none", "code", Harm::warning, "what a model must meet is written"},
    SymptomKind{"requirement-unmeasured", "code", Harm::warning, "every requirement is measured"},
    SymptomKind{"unpinned", "deployment", Harm::error, "what is deployed is pinned to a hash"},
    SymptomKind{"document-altered", "documents", Harm::error,
                "no document was edited away from its evidence"},
    SymptomKind{"document-stale", "documents", Harm::warning,
                "no document is older than its evidence"},
    SymptomKind{"human-field", "documents", Harm::warning, "people have said what only they know"},
    SymptomKind{"folder-missing", "folders", Harm::warning, "every folder of a project is there"},
};

}  // namespace

std::span<const SymptomKind> symptom_kinds() { return kKinds; }

const SymptomKind* find_symptom_kind(std::string_view id) {
  const auto* found = std::find_if(kKinds.begin(), kKinds.end(),
                                   [&](const SymptomKind& kind) { return kind.id == id; });
  return found == kKinds.end() ? nullptr : found;
}

std::string symptom_hint(const std::string& id) {
  std::vector<std::string> ids;
  ids.reserve(kKinds.size());
  for (const SymptomKind& kind : kKinds) ids.emplace_back(kind.id);
  return name_hint(id, ids);
}

std::string Symptom::where() const { return line > 0 ? file + ":" + std::to_string(line) : file; }

}  // namespace millgate
