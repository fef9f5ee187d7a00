// Masks made, combined, and written into scores as kMasked.
#include "attn/mask.h"

#include <algorithm>
#include <string>
#include <utility>

#include "linalg/softmax.h"

namespace attn {

Mask causal_mask() { return {.causal = true, .window = 0, .padding = {}}; }

Mask sliding_mask(Index window) {
  if (window < 1) {
    fail(ErrorCode::kBadRequest, {"A window has room for one key at least."}, {"1 or more"}, {window});
  }
  return {.causal = true, .window = window, .padding = {}};
}

Mask padding_mask(std::vector<std::uint8_t> padding) {
  return {.causal = false, .window = 0, .padding = std::move(padding)};
}

Mask combine(const Mask& left, const Mask& right) {
  const bool both_slide = left.window != 0 && right.window != 0;
  Mask both{.causal = left.causal || right.causal,
            .window = both_slide ? std::min(left.window, right.window) : std::max(left.window, right.window),
            .padding = left.padding.empty() ? right.padding : left.padding};
  if (left.padding.empty() || right.padding.empty()) return both;
  if (left.padding.size() != right.padding.size()) {
    fail(ErrorCode::kBadRequest, {"Two padding masks must be of one length."}, {left.padding.size()},
         {right.padding.size()});
  }
  for (std::size_t s = 0; s < both.padding.size(); ++s) both.padding[s] |= right.padding[s];
  return both;
}

void apply(const Mask& mask, Index first_query, MatrixOut scores) {
  const Index n_key = scores.cols();
  if (!mask.padding.empty() && static_cast<Index>(mask.padding.size()) != n_key) {
    fail(ErrorCode::kBadRequest, {"A padding mask must have one entry a key."}, {n_key}, {mask.padding.size()});
  }
  for (Index t = 0; mask.causal && t < scores.rows(); ++t) {
    const Index n_visible = std::min(first_query + t + 1, n_key);
    scores.row(t).tail(n_key - n_visible).setConstant(kMasked);
    if (mask.window == 0) continue;
    const Index n_left_behind = std::clamp<Index>(first_query + t + 1 - mask.window, 0, n_key);
    scores.row(t).head(n_left_behind).setConstant(kMasked);
  }
  for (std::size_t s = 0; s < mask.padding.size(); ++s) {
    if (mask.padding[s] != 0) scores.col(static_cast<Index>(s)).setConstant(kMasked);
  }
}

}  // namespace attn
