/// A TOML file read strictly: every key must be known, every type right, and each error has
/// file, line, column, the line with a caret, and the nearest right name.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ground/error.h"
#include "ground/source_text.h"

namespace millgate {

/// One table of the file, for example `[task]` or one `[[source]]`.
///
/// Readers ask for the keys that they know; `finish` then refuses every key of this table that
/// nobody asked for, `has` included. Each section is finished by its own reader; sections got
/// by the same key, and copies, count as one. A Section keeps the parsed file alive. Copyable;
/// one thread at a time for all sections of one file.
///
/// A value from an override may stand without quotes where a string is wanted.
class Section {
 public:
  /// An empty section of no file, for what is made in code.
  Section();

  /// A required string. Errors: `invalid_input` when missing or of another type.
  [[nodiscard]] Result<std::string> text(const std::string& key);
  [[nodiscard]] Result<std::string> text_or(const std::string& key, std::string fallback);
  /// Integers are accepted for numbers; NaN and infinity are refused.
  [[nodiscard]] Result<std::optional<double>> number(const std::string& key);
  [[nodiscard]] Result<std::optional<int64_t>> integer(const std::string& key);
  [[nodiscard]] Result<bool> boolean_or(const std::string& key, bool fallback);
  /// A list of strings; one string alone is a list of one. Empty when missing.
  [[nodiscard]] Result<std::vector<std::string>> texts(const std::string& key);
  /// A duration such as "30d" in microseconds.
  [[nodiscard]] Result<std::optional<int64_t>> duration_micros(const std::string& key);
  /// One of `allowed`. Errors: with the nearest of them.
  [[nodiscard]] Result<std::string> one_of(const std::string& key, std::string fallback,
                                           const std::vector<std::string>& allowed);
  /// A sub-table, `[a.b]` or inline; an empty section when missing.
  [[nodiscard]] Result<Section> section(const std::string& key);
  /// An array of tables, `[[key]]`.
  [[nodiscard]] Result<std::vector<Section>> sections(const std::string& key);
  /// Every key with its string value, in the order of the file: for `[features]`.
  [[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> all_texts();
  /// Names of all keys, in the order of the file. Asks for none of them.
  [[nodiscard]] std::vector<std::string> keys() const;

  [[nodiscard]] bool has(const std::string& key) const;
  [[nodiscard]] bool empty() const;
  /// Errors: `invalid_input` at the first key that was never asked for.
  [[nodiscard]] Status finish() const;

  /// An `invalid_input` error that points at the value of `key` (or, where it is missing, at
  /// this section).
  /// `offset` points at that byte of a string value, for errors in expressions.
  [[nodiscard]] Error error_at(const std::string& key, std::string what, std::string hint = {},
                               std::optional<uint32_t> offset = std::nullopt) const;
  /// Line 0 when the value is missing together with its section, or came from an override.
  [[nodiscard]] Place place_of(const std::string& key) const;

 private:
  friend Result<Section> parse_settings(std::string text, std::string path,
                                        const std::vector<std::string>& overrides);
  struct Node;
  explicit Section(std::shared_ptr<Node> node) : node_(std::move(node)) {}
  std::shared_ptr<Node> node_;  ///< Shared by copies: a key asked of one is known to all.
};

/// Parses TOML. `path` is for messages only. `overrides` are "a.b=value" settings from the
/// command line or the environment, applied on top ("requirement.0.at_least=0.7").
/// An override's value is TOML if it can be read as such, else a string; errors in it have
/// `where` = "override `a.b=value`".
/// Errors: `invalid_input` with the place of the fault.
[[nodiscard]] Result<Section> parse_settings(std::string text, std::string path,
                                             const std::vector<std::string>& overrides = {});

}  // namespace millgate
