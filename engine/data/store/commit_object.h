/// A commit as an object. Format: docs/formats/commit.md.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "data/store/repository.h"
#include "ground/error.h"

namespace millgate {

/// The same commit gives the same bytes. `commit.id` is not part of it.
/// Errors: `invalid_input` when `origin_json` is not a JSON object.
[[nodiscard]] Result<std::string> commit_text(const Commit& commit);

/// Errors: `damaged` when `text` is no commit; `invalid_input` when a newer program wrote it.
[[nodiscard]] Result<Commit> parse_commit(std::string_view text, const Id& id);

/// `changes` laid over `base` by table; both are JSON objects as text.
/// Errors: `invalid_input` when `changes` is not a JSON object.
[[nodiscard]] Result<std::string> merge_origins(const std::string& base,
                                                const std::string& changes);

/// `origins` in which each source of `abouts` says what stands there, a JSON object.
/// Errors: `invalid_input` when one is no JSON object.
[[nodiscard]] Result<std::string> origins_with_abouts(
    const std::string& origins, const std::map<std::string, std::string>& abouts);

}  // namespace millgate
