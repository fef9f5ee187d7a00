// From logits to the next token: a distribution, rules that cut it, and a seeded choice.
#pragma once

#include <cstdint>
#include <vector>

#include "linalg/matrix.h"

namespace attn {

/// How a token is chosen from logits.
struct Sampling {
  float temperature = 1.0F;  ///< Divides the logits. 0: the largest logit is chosen.
  Index top_k = 0;           ///< Only so many of the most probable; 0: all.
  float top_p = 1.0F;        ///< Only the most probable that together reach this share, at least one; 1: all.
};

/// A token that may come next.
struct Candidate {
  std::int32_t id = 0;
  float logit = 0.0F;
  float probability = 0.0F;  ///< exp(logit) over the sum of all: the model's own.
  float chance = 0.0F;       ///< Of being chosen under the rules; 0 where they rule it out.
};

/// The `count` most probable tokens, most probable first; among equals, the lower id.
///
/// The rules act in this order: temperature, top_k, top_p; what is left is scaled to sum to 1. With a temperature of 0
/// the first has a chance of 1.
///
/// @param logits  [n_vocab], finite
/// @throws Error (bad-request) for a temperature outside [0, 5], a negative top_k, a top_p outside (0, 1]
/// Numeric: sums in double; the largest logit is subtracted first.
/// Cost: O(n_vocab log n_vocab) at worst.
std::vector<Candidate> candidates(const Vector& logits, const Sampling& sampling, Index count);

/// One token, chosen by its chance. Equal arguments give equal choices on every machine.
/// @param seed      of the whole text
/// @param position  of the token that is chosen, so that one seed gives a text and not one token again and again
/// Source: Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration", for top_p.
Candidate sample(const Vector& logits, const Sampling& sampling, std::uint32_t seed, Index position);

}  // namespace attn
