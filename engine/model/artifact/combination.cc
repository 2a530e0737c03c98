#include "model/artifact/combination.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>

#include "ground/format_version.h"
#include "ground/id.h"
#include "ground/json.h"
#include "model/artifact/model_format.h"
#include "model/measure/rounded_text.h"

namespace millgate {
namespace {

constexpr std::string_view kCombination = "ensemble";
constexpr const char* kCombinationFormat = "millgate-ensemble";
constexpr int64_t kCombinationVersion = 1;

double log_odds(double probability) {
  constexpr double kLeast = 1e-15;
  const double kept = std::clamp(probability, kLeast, 1 - kLeast);
  return std::log(kept) - std::log1p(-kept);
}

/// A member that can be asked.
struct LoadedMember {
  std::string name;
  double weight = 1;
  std::shared_ptr<const Scorer> scorer;
};

class CombinedScorer final : public Scorer {
 public:
  CombinedScorer(std::vector<LoadedMember> members, std::shared_ptr<const Scorer> stack,
                 bool is_of_probabilities)
      : members_(std::move(members)),
        stack_(std::move(stack)),
        places_{.members = members_.size(),
                .outputs = members_.front().scorer->output_count(),
                .is_of_probabilities = is_of_probabilities} {
    for (const LoadedMember& member : members_) total_ += member.weight;
  }

  [[nodiscard]] size_t feature_count() const override {
    return members_.front().scorer->feature_count();
  }
  [[nodiscard]] size_t output_count() const override { return places_.outputs; }

  void score(std::span<const double> features, std::span<double> out) const override {
    const size_t rows = out.size() / output_count();
    assert(features.size() == rows * feature_count());
    // A few rows at a time: what members say of them stays near.
    constexpr size_t kRows = 256;
    std::vector<double> told(std::min(kRows, rows) * output_count());
    std::vector<double> inputs(stack_ ? told.size() * members_.size() : 0);
    for (size_t first = 0; first < rows; first += kRows) {
      const size_t count = std::min(kRows, rows - first);
      const auto block = features.subspan(first * feature_count(), count * feature_count());
      const auto into = out.subspan(first * output_count(), count * output_count());
      const auto said = std::span(told).first(into.size());
      if (stack_) {
        stack_rows(block, said, std::span(inputs).first(into.size() * members_.size()), into);
      } else {
        mean_of_rows(block, said, into);
      }
    }
  }

  /// The members' by their weights; of a stack by how much the linear model makes of them.
  [[nodiscard]] std::vector<double> importance() const override {
    std::vector<double> all(feature_count(), 0.0);
    const std::vector<double> of_inputs = stack_ ? stack_->importance() : std::vector<double>();
    for (size_t m = 0; m < members_.size(); ++m) {
      double share = members_[m].weight;
      if (stack_) {
        const auto begin = of_inputs.begin() + static_cast<std::ptrdiff_t>(m * output_count());
        share = std::accumulate(begin, begin + static_cast<std::ptrdiff_t>(output_count()), 0.0);
      }
      const std::vector<double> own = members_[m].scorer->importance();
      for (size_t j = 0; j < own.size(); ++j) all[j] += share * own[j];
    }
    const double sum = std::accumulate(all.begin(), all.end(), 0.0);
    for (double& one : all) one = sum > 0 ? one / sum : 0;
    return all;
  }

  [[nodiscard]] std::string describe() const override {
    std::string text = stack_ ? "stack of " : "mean of ";
    for (const LoadedMember& member : members_) {
      if (&member != &members_.front()) text += " + ";
      if (!stack_) text += rounded_text(member.weight / total_) + " ";
      text += member.name + " (" + member.scorer->describe() + ")";
    }
    return text;
  }

 private:
  void mean_of_rows(std::span<const double> block, std::span<double> said,
                    std::span<double> into) const {
    std::fill(into.begin(), into.end(), 0.0);
    for (const LoadedMember& member : members_) {
      member.scorer->score(block, said);
      for (size_t i = 0; i < into.size(); ++i) into[i] += member.weight * said[i];
    }
    for (double& one : into) one /= total_;
  }

  void stack_rows(std::span<const double> block, std::span<double> said, std::span<double> inputs,
                  std::span<double> into) const {
    for (size_t m = 0; m < members_.size(); ++m) {
      members_[m].scorer->score(block, said);
      places_.put(m, said, inputs);
    }
    stack_->score(inputs, into);
    // A linear model takes the mean for what is missing; here nothing may stand in for a member.
    const size_t width = stack_->feature_count();
    for (size_t row = 0; row * width < inputs.size(); ++row) {
      const auto own = inputs.subspan(row * width, width);
      if (std::none_of(own.begin(), own.end(), [](double one) { return std::isnan(one); }))
        continue;
      const auto lost = into.subspan(row * output_count(), output_count());
      std::fill(lost.begin(), lost.end(), std::numeric_limits<double>::quiet_NaN());
    }
  }

  std::vector<LoadedMember> members_;
  std::shared_ptr<const Scorer> stack_;  ///< Null: a mean.
  StackPlaces places_;
  double total_ = 0;  ///< Of the weights.
};

Error damaged_member(const std::string& name, const std::string& fault) {
  return damaged("ensemble: member `" + name + "` " + fault);
}

/// Reads the member that `json` describes from the front of `rest`.
Result<LoadedMember> load_member(const Json& json, std::string_view& rest) {
  LoadedMember member;
  MILLGATE_ASSIGN(member.name, json_member<std::string>(json, "name", kCombination));
  MILLGATE_ASSIGN(const std::string format, json_member<std::string>(json, "format", kCombination));
  MILLGATE_ASSIGN(member.weight, json_member<double>(json, "weight", kCombination));
  MILLGATE_ASSIGN(const std::string hash, json_member<std::string>(json, "hash", kCombination));
  MILLGATE_ASSIGN(const int64_t size, json_member<int64_t>(json, "size_bytes", kCombination));
  if (!(member.weight > 0) || !std::isfinite(member.weight)) {
    return damaged_member(member.name, "has a weight that is not above 0");
  }
  if (size < 0 || static_cast<uint64_t>(size) > rest.size()) {
    return damaged_member(member.name, "is longer than the file");
  }
  const std::string_view bytes = rest.substr(0, static_cast<size_t>(size));
  rest.remove_prefix(bytes.size());
  if (hash_of(bytes).hex() != hash) return damaged_member(member.name, "is not that of its hash");
  if (format == kCombination) return damaged_member(member.name, "is an ensemble itself");
  auto scorer = load_scorer(format, bytes);
  if (!scorer) return std::move(scorer).error().inside("member `" + member.name + "`");
  member.scorer = *std::move(scorer);
  return member;
}

}  // namespace

void StackPlaces::put(size_t member, std::span<const double> scores, std::span<double> out) const {
  const size_t rows = scores.size() / outputs;
  assert(out.size() == rows * outputs * members && member < members);
  for (size_t row = 0; row < rows; ++row) {
    for (size_t k = 0; k < outputs; ++k) {
      const double score = scores[row * outputs + k];
      out[(row * members + member) * outputs + k] = is_of_probabilities ? log_odds(score) : score;
    }
  }
}

std::string save_combination(const Combination& combination) {
  Json json;
  json["format"] = kCombinationFormat;
  json["version"] = kCombinationVersion;
  json["probabilities"] = combination.is_of_probabilities;
  if (!combination.stack.empty()) json["stack"] = combination.stack;
  json["members"] = Json::array();
  for (const CombinedMember& member : combination.members) {
    json["members"].push_back({{"name", member.name},
                               {"format", member.format},
                               {"weight", member.weight},
                               {"hash", hash_of(member.text).hex()},
                               {"size_bytes", member.text.size()}});
  }
  std::string bytes = dump_json(json) + "\n";
  for (const CombinedMember& member : combination.members) bytes += member.text;
  return bytes;
}

Result<std::shared_ptr<const Scorer>> load_combination(std::string_view bytes) {
  const size_t end = bytes.find('\n');
  if (end == std::string_view::npos) return damaged("ensemble: it ends within its first line");
  MILLGATE_ASSIGN(const Json json, parse_json(bytes.substr(0, end), kCombination));
  MILLGATE_TRY(read_format_version(json, kCombinationFormat,
                                   {.oldest = 1, .newest = kCombinationVersion}, kCombination));
  MILLGATE_ASSIGN(const bool is_of_probabilities,
                  json_member<bool>(json, "probabilities", kCombination));
  MILLGATE_ASSIGN(const Json list, json_member<Json>(json, "members", kCombination));
  if (!list.is_array() || list.empty()) return damaged("ensemble: it has no members");
  std::string_view rest = bytes.substr(end + 1);
  std::vector<LoadedMember> members;
  members.reserve(list.size());
  for (const Json& one : list) {
    MILLGATE_ASSIGN(LoadedMember member, load_member(one, rest));
    const Scorer& first = members.empty() ? *member.scorer : *members.front().scorer;
    if (member.scorer->feature_count() != first.feature_count() ||
        member.scorer->output_count() != first.output_count()) {
      return damaged_member(member.name, "has other features or classes than the first");
    }
    members.push_back(std::move(member));
  }
  if (!rest.empty()) {
    return damaged("ensemble: " + std::to_string(rest.size()) + " bytes behind its last member");
  }
  std::shared_ptr<const Scorer> stack;
  if (json.contains("stack")) {
    MILLGATE_ASSIGN(const std::string text, json_member<std::string>(json, "stack", kCombination));
    MILLGATE_ASSIGN(stack, load_linear(text));
    const size_t outputs = members.front().scorer->output_count();
    if (stack->feature_count() != outputs * members.size() || stack->output_count() != outputs) {
      return damaged("ensemble: its `stack` does not fit its members");
    }
  }
  return std::shared_ptr<const Scorer>(
      std::make_shared<CombinedScorer>(std::move(members), std::move(stack), is_of_probabilities));
}

}  // namespace millgate
