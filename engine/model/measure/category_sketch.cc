#include "model/measure/category_sketch.h"

#include <algorithm>
#include <utility>

#include "ground/json.h"

namespace millgate {

namespace {

using NamedCount = std::pair<std::string, uint64_t>;

/// Of equal counts the alphabetically first goes before.
bool is_more_frequent(const NamedCount& a, const NamedCount& b) {
  return a.second != b.second ? a.second > b.second : a.first < b.first;
}

uint64_t sum_of_counts(const std::map<std::string, uint64_t>& counts) {
  uint64_t sum = 0;
  for (const auto& [name, count] : counts) sum += count;
  return sum;
}

/// At most kCategoryBytesMax bytes, cut before a character of UTF-8.
std::string_view shortened(std::string_view text) {
  if (text.size() <= kCategoryBytesMax) return text;
  size_t end = kCategoryBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

}  // namespace

std::vector<std::string> listed_categories(const Profile& profile) {
  std::vector<std::pair<std::string, int64_t>> all(profile.counts.begin(), profile.counts.end());
  const auto before = [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  };
  std::sort(all.begin(), all.end(), before);
  if (all.size() > kListedCategories) all.resize(kListedCategories);
  std::vector<std::string> names;
  names.reserve(all.size());
  for (auto& [name, count] : all) names.push_back(std::move(name));
  std::sort(names.begin(), names.end());
  return names;
}

uint64_t CategorySketch::count() const { return sum_of_counts(listed) + unlisted_count(); }

uint64_t CategorySketch::unlisted_count() const { return sum_of_counts(unlisted) + other; }

void CategorySketch::merge(const CategorySketch& other_sketch) {
  for (const auto& [name, count] : other_sketch.listed) listed[name] += count;
  for (const auto& [name, count] : other_sketch.unlisted) unlisted[name] += count;
  other += other_sketch.other;
  bound();
}

void CategorySketch::bound() {
  if (unlisted.size() <= kUnlistedMax) return;
  std::vector<NamedCount> all(unlisted.begin(), unlisted.end());
  std::sort(all.begin(), all.end(), is_more_frequent);
  for (size_t i = kUnlistedMax; i < all.size(); ++i) {
    other += all[i].second;
    unlisted.erase(all[i].first);
  }
}

Json CategorySketch::to_json(uint64_t rows_min) const {
  Json shown = Json::object();
  uint64_t hidden = other;
  for (const auto& [name, count] : unlisted) {
    if (count >= rows_min) {
      shown[name] = count;
    } else {
      hidden += count;
    }
  }
  return {{"listed", listed}, {"unlisted", std::move(shown)}, {"other", hidden}};
}

Result<CategorySketch> CategorySketch::from_json(const Json& json, std::string_view object) {
  using Counts = std::map<std::string, uint64_t>;
  CategorySketch sketch;
  MILLGATE_ASSIGN(sketch.listed, json_member<Counts>(json, "listed", object));
  MILLGATE_ASSIGN(sketch.unlisted, json_member<Counts>(json, "unlisted", object));
  MILLGATE_ASSIGN(sketch.other, json_member<uint64_t>(json, "other", object));
  if (sketch.listed.size() > kListedCategories) {
    return damaged(std::string(object) + ": it lists more categories than there can be");
  }
  sketch.bound();
  return sketch;
}

CategoryList::CategoryList(std::vector<std::string> names) : names_(std::move(names)) {
  for (size_t i = 0; i < names_.size(); ++i) places_.emplace(names_[i], i);
}

CategoryTally::CategoryTally(std::shared_ptr<const CategoryList> list)
    : list_(std::move(list)), counts_(list_->names().size()) {}

void CategoryTally::add_unlisted(std::string_view text) {
  text = shortened(text);
  if (const auto found = unlisted_.find(text); found != unlisted_.end()) {
    ++found->second;
  } else if (unlisted_.size() < CategorySketch::kUnlistedMax) {
    unlisted_.emplace(text, 1);
  } else {
    ++other_;
  }
}

CategorySketch CategoryTally::take() {
  CategorySketch sketch;
  for (size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 0) sketch.listed[list_->names()[i]] = std::exchange(counts_[i], 0);
  }
  sketch.unlisted.insert(unlisted_.begin(), unlisted_.end());
  sketch.other = std::exchange(other_, 0);
  unlisted_.clear();
  return sketch;
}

}  // namespace millgate
