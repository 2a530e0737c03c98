/// Single values as texts, as the policy for personal data shows them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "data/personal/personal_key.h"
#include "data/personal/personal_policy.h"

namespace millgate {

/// What commands show that compute with the values themselves: an analysis needs them, its reader
/// does not. Without guarded columns everything is shown as it is. Immutable once filled;
/// thread-safe then.
class GuardedCells {
 public:
  /// `name` is a column, or "view.column" of joined rows. A pseudonym needs the `key`, and is given
  /// only when `is_plain`: texts, whole numbers and booleans have one text everywhere, others are
  /// masked.
  void guard(const std::string& name, PersonalExit exit,
             const std::shared_ptr<const PersonalKey>& key, bool is_plain);
  /// Of rows of which nobody can tell where they come from.
  void guard_all() { all_ = true; }

  [[nodiscard]] bool empty() const { return !all_ && exits_.empty(); }
  /// Whether SQL over the rows, or one column, is made from a guarded column.
  [[nodiscard]] bool guards(const std::string& expression) const;
  /// `text` is a value of `expression`: `***` or a pseudonym where that is guarded. A missing value
  /// ("" or "null") stays one.
  [[nodiscard]] std::string shown(const std::string& expression, const std::string& text) const;
  /// The same of one of several different values, which a number keeps apart: "*** 2".
  [[nodiscard]] std::string shown_apart(const std::string& expression, const std::string& text,
                                        size_t number) const;
  /// All of them, numbered from 1.
  void name_apart(const std::string& expression, std::vector<std::string>& texts) const;
  /// A condition over the rows, with `'***'` for its constants where it names a guarded column.
  [[nodiscard]] std::string condition(const std::string& sql) const;
  /// The cells of one row, `columns` naming them.
  void show_row(const std::vector<std::string>& columns, std::vector<std::string>& row) const;
  /// Guarded names as they were given.
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  struct Guarded {
    std::string name;
    std::shared_ptr<const PersonalKey> key;  ///< Null: masked.
  };
  std::map<std::string, Guarded> exits_;  ///< By the name in lower case.
  bool all_ = false;
};

}  // namespace millgate
