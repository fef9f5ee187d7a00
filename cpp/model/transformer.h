// The forward pass of a transformer encoder, from token ids to a trace.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/parameters.h"
#include "model/stepper.h"
#include "model/trace.h"

namespace attn {

/// @throws Error (bad-request) if there is no id, or an id is not in the vocabulary; (too-long) beyond n_ctx tokens
void check_ids(const Config& config, const std::vector<std::int32_t>& ids);

/// Runs a post-norm encoder on one text of one segment:
///
///     hidden_0     = norm(token(ids) + type(0) + position)
///     attended     = norm(hidden_l + multi_head_attention(hidden_l, hidden_l))
///     hidden_l + 1 = norm(attended + mlp(attended))
///
/// Each piece of work is a block of rows or one head, so a step stays short at any length.
///
/// @param trace  is filled; must outlive the stepper. Whole only when the stepper is done.
/// @throws Error (bad-request, too-long) as check_ids does, at once; from a step, (bad-file) if the numbers overflow
/// Numeric: float32 throughout. Memory: n_layers * n_tokens * (4 d_model) floats, never n_tokens squared a head.
/// Cost: about n_layers * n_tokens * (8 d_model^2 + 4 d_model d_mlp + 4 n_tokens d_model) floating-point operations.
/// Source: Devlin et al., "BERT", 2019; Vaswani et al., "Attention Is All You Need", 2017, section 3.1.
Stepper forward(std::shared_ptr<const Model> model, std::vector<std::int32_t> ids, ForwardTrace& trace);

/// The same in one go.
ForwardTrace forward(std::shared_ptr<const Model> model, std::vector<std::int32_t> ids);

}  // namespace attn
