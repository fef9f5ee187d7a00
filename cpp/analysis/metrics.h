// What a head does on a text, in numbers: each metric's definition, in one place.
#pragma once

#include <cstdint>
#include <vector>

#include "model/trace.h"

namespace attn {

/// What metrics must know of a text beside the weights.
struct TextFacts {
  std::vector<std::int32_t> ids;      ///< [n_tokens] equal numbers for equal tokens.
  std::vector<std::uint8_t> special;  ///< [n_tokens] 1: added by the tokenizer.
};

/// Rows are queries. NaN where the text cannot show it.
struct HeadMetrics {
  double entropy;                 ///< Mean over rows with two visible keys or more of -sum(w ln w) / ln(visible keys).
  double previous;                ///< Mean weight on key = query - 1, over rows from 1.
  double next;                    ///< Mean weight on key = query + 1, over rows that see it.
  double self;                    ///< Mean weight on key = query.
  double first;                   ///< Mean weight on key 0, over rows from 1.
  double special;                 ///< Mean weight on special tokens other than key 0.
  double distance;                ///< Mean over rows of sum(w |query - key|), in tokens.
  double distance_without_first;  ///< The same over rows from 1, with key 0 removed and the row scaled to add up to 1.
  double duplicate;  ///< Over rows whose token, not special, occurred before: mean weight on all those occurrences.
  double induction;  ///< Over the same rows: mean weight on the keys right after those occurrences.
};

/// How many numbers HeadMetrics holds; they lie in memory in the order above.
inline constexpr std::size_t kMetrics = 10;
static_assert(sizeof(HeadMetrics) == kMetrics * sizeof(double));

/// Gathers one head's metrics row by row. Rows without a visible key are no distributions and count for nothing.
class MetricSums {
 public:
  /// @param text  must outlive this
  explicit MetricSums(const TextFacts& text);

  /// @param weights  [n_key] the row's weights
  /// @param visible  [n_key] which keys the query may look at
  void add(Index query, const float* weights, const std::vector<std::uint8_t>& visible);

  [[nodiscard]] HeadMetrics metrics() const;

 private:
  /// A mean under way.
  struct Mean {
    double sum = 0.0;
    double count = 0.0;

    void add(double value) {
      sum += value;
      count += 1.0;
    }
    [[nodiscard]] double value() const;  ///< NaN of nothing.
  };

  const TextFacts& text_;
  std::vector<Index> earlier_;  ///< [n_tokens] where the same token, not special, stood last; -1: nowhere.
  bool has_special_ = false;    ///< Whether there is one beside token 0.
  Mean entropy_, previous_, next_, self_, first_, special_, distance_, distance_without_first_, duplicate_, induction_;
};

/// Which keys of a row are visible, as far as the trace knows: by its scores, or, with weights alone, by its causality.
/// @param scores   [n_key], or null where the trace has weights alone
/// @param visible  [n_key], overwritten
void find_visible(const ForwardTrace& trace, Index query, const float* scores, std::vector<std::uint8_t>& visible);

}  // namespace attn
