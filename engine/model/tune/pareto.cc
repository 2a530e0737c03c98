#include "model/tune/pareto.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace millgate {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double loss_at(const Losses& losses, size_t objective) {
  return std::isnan(losses[objective]) ? kInfinity : losses[objective];
}

bool dominates(const Losses& one, const Losses& other) {
  bool better = false;
  for (size_t k = 0; k < one.size(); ++k) {
    if (loss_at(one, k) > loss_at(other, k)) return false;
    better = better || loss_at(one, k) < loss_at(other, k);
  }
  return better;
}

/// Of the members of one rank: how far apart their neighbours are, over all objectives.
void add_crowding(std::span<const Losses> all, std::vector<size_t> members,
                  std::vector<double>& distance) {
  const size_t objectives = all[members.front()].size();
  for (size_t k = 0; k < objectives; ++k) {
    std::stable_sort(members.begin(), members.end(),
                     [&](size_t a, size_t b) { return loss_at(all[a], k) < loss_at(all[b], k); });
    const double extent = loss_at(all[members.back()], k) - loss_at(all[members.front()], k);
    distance[members.front()] = kInfinity;
    distance[members.back()] = kInfinity;
    if (!(extent > 0) || !std::isfinite(extent)) continue;
    for (size_t i = 1; i + 1 < members.size(); ++i) {
      distance[members[i]] +=
          (loss_at(all[members[i + 1]], k) - loss_at(all[members[i - 1]], k)) / extent;
    }
  }
}

}  // namespace

std::vector<int> pareto_ranks(std::span<const Losses> all) {
  std::vector<int> ranks(all.size(), -1);
  size_t left = all.size();
  for (int rank = 0; left > 0; ++rank) {
    std::vector<size_t> front;
    for (size_t i = 0; i < all.size(); ++i) {
      if (ranks[i] >= 0) continue;
      bool beaten = false;
      for (size_t j = 0; j < all.size() && !beaten; ++j) {
        beaten = ranks[j] < 0 && dominates(all[j], all[i]);
      }
      if (!beaten) front.push_back(i);
    }
    for (const size_t i : front) ranks[i] = rank;
    left -= front.size();
  }
  return ranks;
}

std::vector<size_t> order_by_losses(std::span<const Losses> all) {
  std::vector<size_t> order(all.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (all.empty()) return order;
  if (all.front().size() == 1) {
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return loss_at(all[a], 0) < loss_at(all[b], 0); });
    return order;
  }
  const std::vector<int> ranks = pareto_ranks(all);
  std::vector<double> distance(all.size(), 0);
  for (int rank = 0; rank <= *std::max_element(ranks.begin(), ranks.end()); ++rank) {
    std::vector<size_t> members;
    for (size_t i = 0; i < all.size(); ++i) {
      if (ranks[i] == rank) members.push_back(i);
    }
    add_crowding(all, std::move(members), distance);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return ranks[a] != ranks[b] ? ranks[a] < ranks[b] : distance[a] > distance[b];
  });
  return order;
}

}  // namespace millgate
