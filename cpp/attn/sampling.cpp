// Candidates in order of their logits, with the rules applied to what comes first.
#include "attn/sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

namespace attn {
namespace {

void check(const Sampling& sampling) {
  const auto refuse = [](const char* what, const char* expected, double found) {
    fail(ErrorCode::kBadRequest, {what, " is out of range."}, {expected}, {found});
  };
  if (!(sampling.temperature >= 0.0F && sampling.temperature <= 5.0F)) {
    refuse("The temperature", "0 to 5", sampling.temperature);
  }
  if (sampling.top_k < 0) refuse("top_k", "0 or more", static_cast<double>(sampling.top_k));
  if (!(sampling.top_p > 0.0F && sampling.top_p <= 1.0F)) refuse("top_p", "above 0, at most 1", sampling.top_p);
}

/// The `count` most probable tokens and all that the rules leave, most probable first, with both distributions.
std::vector<Candidate> ranked(const Vector& logits, const Sampling& sampling, Index count) {
  check(sampling);
  std::vector<std::int32_t> order(static_cast<std::size_t>(logits.size()));
  std::iota(order.begin(), order.end(), 0);
  const bool is_greedy = sampling.temperature == 0.0F;
  const auto at_most_all = [&](Index wanted) { return std::min(order.size(), static_cast<std::size_t>(wanted)); };
  const std::size_t most = is_greedy             ? at_most_all(1)
                           : sampling.top_k == 0 ? order.size()
                                                 : at_most_all(sampling.top_k);
  std::vector<Candidate> first(std::max(most, at_most_all(std::max<Index>(count, 0))));
  if (first.empty()) return first;
  // Few of a large vocabulary are ever looked at: only they are put in order.
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(first.size()), order.end(),
                    [&](std::int32_t left, std::int32_t right) {
                      return logits(left) != logits(right) ? logits(left) > logits(right) : left < right;
                    });

  const double largest = logits(order.front());
  const double heat = is_greedy ? 1.0 : static_cast<double>(sampling.temperature);
  const auto share = [&](std::size_t i, double by) {
    return std::exp((static_cast<double>(logits(order[i])) - largest) / by);
  };
  double sum = 0.0;
  for (std::size_t i = 0; i < order.size(); ++i) sum += share(i, 1.0);
  double heated_sum = 0.0;
  for (std::size_t i = 0; i < most; ++i) heated_sum += share(i, heat);
  // Those that are kept, and what they sum to.
  double kept_sum = 0.0;
  std::size_t kept = 0;
  const double wanted = static_cast<double>(sampling.top_p) * heated_sum;
  while (kept < most && (kept == 0 || kept_sum < wanted || sampling.top_p == 1.0F)) kept_sum += share(kept++, heat);
  for (std::size_t i = 0; i < first.size(); ++i) {
    first[i] = {.id = order[i],
                .logit = logits(order[i]),
                .probability = static_cast<float>(share(i, 1.0) / sum),
                .chance = i < kept ? static_cast<float>(share(i, heat) / kept_sum) : 0.0F};
  }
  return first;
}

/// A number in [0, 1) that depends on both and looks like nothing. Source: the mixer of SplitMix64 (Steele et al.
/// 2014).
double uniform(std::uint32_t seed, Index position) {
  std::uint64_t x = (static_cast<std::uint64_t>(seed) << 32U) + static_cast<std::uint64_t>(position);
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
  x ^= x >> 31U;
  return static_cast<double>(x >> 11U) * 0x1p-53;
}

}  // namespace

std::vector<Candidate> candidates(const Vector& logits, const Sampling& sampling, Index count) {
  std::vector<Candidate> all = ranked(logits, sampling, count);
  all.resize(std::min(all.size(), static_cast<std::size_t>(std::max<Index>(count, 0))));
  return all;
}

Candidate sample(const Vector& logits, const Sampling& sampling, std::uint32_t seed, Index position) {
  const std::vector<Candidate> all = ranked(logits, sampling, 1);
  double left = uniform(seed, position);
  std::size_t chosen = 0;
  // Rounding may leave a little over at the end: the last one with a chance takes it.
  for (std::size_t i = 0; i < all.size() && all[i].chance > 0.0F; ++i) {
    chosen = i;
    left -= all[i].chance;
    if (left < 0.0) break;
  }
  return all.at(chosen);
}

}  // namespace attn
