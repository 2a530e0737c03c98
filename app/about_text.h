/// What is said of a table or folder, and how that changed, as people and programs read it.
#pragma once

#include <string>
#include <vector>

#include "data/store/about.h"
#include "ground/json.h"

namespace millgate {

/// "licence: CC0 -> CC-BY-4.0"
[[nodiscard]] std::string text_of(const AboutChange& change);
/// [{"member": "licence", "before": "CC0", "after": null}]
[[nodiscard]] Json about_json(const std::vector<AboutChange>& changes);
/// Lines of two columns; nothing without members.
void print_about(const Json& about);
void print_about_changes(const std::vector<AboutChange>& changes);

}  // namespace millgate
