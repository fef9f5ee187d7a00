// Each metric's sum and count, row by row.
#include "analysis/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "linalg/softmax.h"

namespace attn {

double MetricSums::Mean::value() const { return count > 0.0 ? sum / count : std::numeric_limits<double>::quiet_NaN(); }

MetricSums::MetricSums(const TextFacts& text) : text_(text), earlier_(text.ids.size(), -1) {
  std::map<std::int32_t, Index> last;
  for (std::size_t t = 0; t < text.ids.size(); ++t) {
    if (text.special[t] != 0) {
      has_special_ = has_special_ || t > 0;
      continue;
    }
    const auto [found, is_new] = last.try_emplace(text.ids[t], static_cast<Index>(t));
    if (is_new) continue;
    earlier_[t] = found->second;
    found->second = static_cast<Index>(t);
  }
}

void MetricSums::add(Index query, const float* weights, const std::vector<std::uint8_t>& visible) {
  const auto n = static_cast<Index>(visible.size());
  const auto n_visible = std::ranges::count(visible, std::uint8_t{1});
  if (n_visible == 0) return;
  double entropy = 0.0;
  double distance = 0.0;
  double special = 0.0;
  for (Index key = 0; key < n; ++key) {
    const double weight = weights[key];
    if (weight > 0.0) entropy -= weight * std::log(weight);
    distance += weight * static_cast<double>(std::abs(query - key));
    if (key > 0 && text_.special[static_cast<std::size_t>(key)] != 0) special += weight;
  }
  if (n_visible >= 2) entropy_.add(entropy / std::log(static_cast<double>(n_visible)));
  distance_.add(distance);
  if (has_special_) special_.add(special);
  self_.add(weights[query]);
  if (query + 1 < n && visible[static_cast<std::size_t>(query) + 1] != 0) next_.add(weights[query + 1]);
  if (query == 0) return;
  previous_.add(weights[query - 1]);
  first_.add(weights[0]);
  double rest = 0.0;
  for (Index key = 1; key < n; ++key) rest += weights[key];
  const double rest_distance = distance - double{weights[0]} * static_cast<double>(query);
  if (rest > 0.0) distance_without_first_.add(rest_distance / rest);

  Index before = earlier_[static_cast<std::size_t>(query)];
  if (before < 0) return;
  double duplicate = 0.0;
  double induction = 0.0;
  for (; before >= 0; before = earlier_[static_cast<std::size_t>(before)]) {
    duplicate += weights[before];
    induction += weights[before + 1];
  }
  duplicate_.add(duplicate);
  induction_.add(induction);
}

HeadMetrics MetricSums::metrics() const {
  return {.entropy = entropy_.value(),
          .previous = previous_.value(),
          .next = next_.value(),
          .self = self_.value(),
          .first = first_.value(),
          .special = special_.value(),
          .distance = distance_.value(),
          .distance_without_first = distance_without_first_.value(),
          .duplicate = duplicate_.value(),
          .induction = induction_.value()};
}

void find_visible(const ForwardTrace& trace, Index query, const float* scores, std::vector<std::uint8_t>& visible) {
  visible.resize(static_cast<std::size_t>(trace.n_key));
  for (Index key = 0; key < trace.n_key; ++key) {
    const bool sees = scores != nullptr ? scores[key] != kMasked : !trace.causal || key <= query;
    visible[static_cast<std::size_t>(key)] = sees ? 1 : 0;
  }
}

}  // namespace attn
