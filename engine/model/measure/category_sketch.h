/// How often texts occur, in bounded memory: listed ones exactly, of the others the frequent ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ground/error.h"
#include "model/measure/distribution.h"
#include "model/measure/value_counts.h"

namespace millgate {

/// Categories that are counted for themselves at most.
inline constexpr size_t kListedCategories = 200;
/// Bytes of a text that is not listed; longer ones are cut.
inline constexpr size_t kCategoryBytesMax = 64;

/// The most frequent categories of `profile`, sorted by name.
[[nodiscard]] std::vector<std::string> listed_categories(const Profile& profile);

/// Counts of texts by a list that was agreed on, here by `listed`; all others are `unlisted`.
struct CategorySketch {
  static constexpr size_t kUnlistedMax = 64;

  std::map<std::string, uint64_t> listed;    ///< Those that occurred.
  std::map<std::string, uint64_t> unlisted;  ///< The more frequent of the others, too few by ...
  uint64_t other = 0;                        ///< ... at most so many, counted here.

  [[nodiscard]] uint64_t count() const;
  [[nodiscard]] uint64_t unlisted_count() const;
  void merge(const CategorySketch& other_sketch);
  bool operator==(const CategorySketch&) const = default;

  /// Without names of unlisted texts that occurred fewer than `rows_min` times: they may tell of a
  /// person. They count as `other`.
  [[nodiscard]] nlohmann::ordered_json to_json(uint64_t rows_min) const;
  /// Errors: `damaged` naming `object`.
  [[nodiscard]] static Result<CategorySketch> from_json(const nlohmann::ordered_json& json,
                                                        std::string_view object);

 private:
  void bound();
};

/// The places of listed categories. Immutable.
class CategoryList {
 public:
  explicit CategoryList(std::vector<std::string> names);
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  /// names().size() when it is not listed.
  [[nodiscard]] size_t find(std::string_view text) const {
    const auto found = places_.find(text);
    return found == places_.end() ? names_.size() : found->second;
  }

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, size_t, ValueHash, std::equal_to<>> places_;
};

/// Counts texts for a CategorySketch. One thread at a time.
class CategoryTally {
 public:
  explicit CategoryTally(std::shared_ptr<const CategoryList> list);
  void add(std::string_view text) {
    const size_t place = list_->find(text);
    if (place < counts_.size()) {
      ++counts_[place];
    } else {
      add_unlisted(text);
    }
  }
  /// One that is listed, by its place.
  void add_place(size_t place) { ++counts_[place]; }
  /// What was added since the last call.
  [[nodiscard]] CategorySketch take();

 private:
  void add_unlisted(std::string_view text);

  std::shared_ptr<const CategoryList> list_;
  std::vector<uint64_t> counts_;
  std::unordered_map<std::string, uint64_t, ValueHash, std::equal_to<>> unlisted_;
  uint64_t other_ = 0;
};

}  // namespace millgate
