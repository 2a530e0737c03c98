#include "data/store/about_merge.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "data/store/about.h"
#include "ground/json.h"

namespace millgate {

namespace {

using Text = std::optional<std::string>;

std::string shown(const Text& text) { return text.value_or("null"); }

/// A member that at least one other side changed since its base.
struct Ballot {
  struct Vote {
    size_t side = 0;  ///< In MergeOptions::times; 0 is ours.
    Text base;
    Text value;
  };
  std::vector<std::string> path;
  Text ours;
  bool ours_votes = true;  ///< It is no base of a side that changed it.
  std::vector<Vote> theirs;

  [[nodiscard]] std::vector<Vote> votes() const {
    std::vector<Vote> all = theirs;
    if (ours_votes) all.insert(all.begin(), Vote{.side = 0, .base = {}, .value = ours});
    return all;
  }
  [[nodiscard]] bool is_settled() const {
    const std::vector<Vote> all = votes();
    return std::all_of(all.begin(), all.end(),
                       [&](const Vote& vote) { return vote.value == all[0].value; });
  }
};

/// The value that the policy gives; nothing when it knows none.
std::optional<Text> by_policy(const Ballot& ballot, const MergeOptions& options) {
  const std::vector<Ballot::Vote> votes = ballot.votes();
  switch (options.policy) {
    case MergePolicy::ours:
      return ballot.ours;
    case MergePolicy::theirs: {
      const bool agree =
          std::all_of(ballot.theirs.begin(), ballot.theirs.end(),
                      [&](const auto& v) { return v.value == ballot.theirs[0].value; });
      return agree ? std::make_optional(ballot.theirs[0].value) : std::nullopt;
    }
    case MergePolicy::newest:
      return std::max_element(votes.begin(), votes.end(),
                              [&](const auto& a, const auto& b) {
                                return options.times[a.side] < options.times[b.side];
                              })
          ->value;
    case MergePolicy::majority: {
      std::map<Text, size_t> tally;
      for (const Ballot::Vote& vote : votes) ++tally[vote.value];
      const auto most =
          std::max_element(tally.begin(), tally.end(),
                           [](const auto& a, const auto& b) { return a.second < b.second; });
      const auto winners = std::count_if(tally.begin(), tally.end(), [&](const auto& entry) {
        return entry.second == most->second;
      });
      return winners == 1 ? std::make_optional(most->first) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

/// "CC0", or of sides that differ "CC0 | MIT".
std::string theirs_text(const Ballot& ballot) {
  std::string text;
  std::set<Text> told;
  for (const Ballot::Vote& vote : ballot.theirs) {
    if (told.insert(vote.value).second) text += (text.empty() ? "" : " | ") + shown(vote.value);
  }
  return text;
}

class Merge {
 public:
  Merge(Json ours, const MergeOptions& options) : about_(std::move(ours)), options_(options) {}

  void take(const Ballot& ballot) {
    AboutChange change{.path = ballot.path, .before = ballot.ours, .after = ballot.ours};
    if (ballot.is_settled()) {
      change.after = ballot.votes()[0].value;
    } else if (const auto decided = decide(ballot, change.name())) {
      change.after = *decided;
      ++merge_.settled_count;
    } else {
      const Text& base = ballot.theirs[0].base;
      merge_.conflicts.push_back({.key = {},
                                  .key_text = kAboutRow,
                                  .column = change.name(),
                                  .base = shown(base),
                                  .ours = shown(ballot.ours),
                                  .theirs = theirs_text(ballot)});
    }
    if (change.after == ballot.ours) return;
    apply_about_change(about_, change);
    ++merge_.merged_count;
  }

  AboutMerge finish() {
    merge_.about_json = dump_json(about_);
    return std::move(merge_);
  }

 private:
  [[nodiscard]] std::optional<Text> decide(const Ballot& ballot, const std::string& member) const {
    const auto found = options_.resolutions.find({std::string(), member});
    if (found == options_.resolutions.end()) return by_policy(ballot, options_);
    switch (found->second.take) {
      case Resolution::Take::ours:
        return ballot.ours;
      case Resolution::Take::theirs: {
        MergeOptions theirs = options_;
        theirs.policy = MergePolicy::theirs;
        return by_policy(ballot, theirs);
      }
      case Resolution::Take::value:
        break;
    }
    const std::string& value = found->second.value;
    return value == "null" ? Text() : Text(value);
  }

  Json about_;
  const MergeOptions& options_;
  AboutMerge merge_;
};

}  // namespace

Result<AboutMerge> merge_about(const Commit& ours, const std::vector<AboutSide>& sides,
                               const std::string& source, const MergeOptions& options) {
  MILLGATE_ASSIGN(const Json our_about, about_in(ours, source));
  std::map<std::vector<std::string>, Ballot> ballots;
  // Every member as ours has it; without a change it is left out below.
  std::map<std::vector<std::string>, Text> our_members;
  for (AboutChange& change : about_changes(Json::object(), our_about)) {
    our_members[change.path] = std::move(change.after);
  }
  for (size_t i = 0; i < sides.size(); ++i) {
    MILLGATE_ASSIGN(const Json base, about_in(sides[i].base, source));
    MILLGATE_ASSIGN(const Json theirs, about_in(sides[i].theirs, source));
    for (AboutChange& change : about_changes(base, theirs)) {
      Ballot& ballot = ballots[change.path];
      ballot.path = change.path;
      const auto mine = our_members.find(change.path);
      if (mine != our_members.end()) ballot.ours = mine->second;
      // What every other side has seen and changed is no say of ours.
      if (change.before == ballot.ours) ballot.ours_votes = false;
      ballot.theirs.push_back({.side = i + 1, .base = change.before, .value = change.after});
    }
  }
  Merge merge(our_about, options);
  for (const auto& [path, ballot] : ballots) merge.take(ballot);
  return merge.finish();
}

}  // namespace millgate
