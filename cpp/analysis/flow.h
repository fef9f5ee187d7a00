// Attention flow: how much the edges of all layers together can carry from a token at the top to each token below.
#pragma once

#include <vector>

#include "model/stepper.h"
#include "model/trace.h"

namespace attn {

/// The longest text whose flow is computed: it grows with the third power of the length.
inline constexpr Index kMostFlowTokens = 64;

/// The largest flow from `query` above the last layer to each token below the first, through a graph whose edge from
/// token t above a layer to token s below it carries at most A(t, s) = rows(mean over heads + identity) / 2, the
/// rollout's matrix.
///
/// @param trace  must outlive the stepper
/// @param flow   [n_tokens], filled; must outlive the stepper
/// @throws Error (bad-request) at once if there is no such query; (too-large) beyond kMostFlowTokens tokens;
///         (unsupported) for a trace whose queries are not its keys
/// Numeric: capacities in units of 2^-30, flows exact in them. Cost: n_tokens maximum flows (Dinic 1970).
/// Source: Abnar and Zuidema 2020, section 3.
Stepper flow_of(const ForwardTrace& trace, Index query, std::vector<float>& flow);

}  // namespace attn
