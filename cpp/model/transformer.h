// The forward pass of a transformer, encoder or decoder, from token ids to a trace.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/parameters.h"
#include "model/stepper.h"
#include "model/trace.h"

namespace attn {

/// One text as a model takes it.
struct Tokens {
  std::vector<std::int32_t> ids;
  std::vector<std::uint8_t> types;    ///< The segment of each; empty: all of segment 0.
  std::vector<std::uint8_t> padding;  ///< 1: hidden as a key from all; empty: none is.
};

/// @throws Error (bad-request) if there is no id, an id is not in the vocabulary, or types or padding do not fit;
///         (too-long) beyond n_ctx tokens
void check_tokens(const Config& config, const Tokens& tokens);

/// Runs a text:
///
///     hidden_0 = norm(token(ids) + type + position)
///
///     attended     = norm(hidden_l + attention(hidden_l))      hidden_l + attention(norm(hidden_l))  if norm_first
///     hidden_l + 1 = norm(attended + mlp(attended))            attended + mlp(norm(attended))        if norm_first
///
/// with any norm left out that the model does not have, queries and keys normalised and turned where it asks for that.
/// Each piece of work is a tile of a product or one head's block of rows, so a step stays short at any size.
///
/// @param trace          is filled; must outlive the stepper. Whole only when the stepper is done.
/// @param beginning      what the same causal model computed, under the same interventions, for the first of these
///                       tokens (beginning_of): it is taken over and only the rest is computed. Empty: nothing is
///                       known.
/// @param interventions  what is changed on the way (intervention.h)
/// @throws Error (bad-request, too-long) as check_tokens does, at once; (bad-request) as check_interventions does and
/// for the beginning of something else; from a step, (bad-file) if the numbers overflow Numeric: float32 throughout.
/// Memory: n_layers * n_tokens * (d_model + (n_heads + 2 n_kv_heads) d_head) floats, never n_tokens squared a head.
/// Cost: about 2 n_tokens floating-point operations a parameter, and 4 n_layers n_heads d_head n_tokens^2. Source:
/// Vaswani et al. 2017, section 3.1; Devlin et al. 2019; Radford et al. 2019; Touvron et al. 2023.
Stepper forward(std::shared_ptr<const Model> model, Tokens tokens, ForwardTrace& trace, ForwardTrace beginning = {},
                Interventions interventions = {});

/// The same in one go.
ForwardTrace forward(const std::shared_ptr<const Model>& model, Tokens tokens, Interventions interventions = {});

/// The last hidden state of one token, after the model's final norm. [d_model]
/// @throws Error (bad-request) if there is no such token
Vector final_state(const Model& model, const ForwardTrace& trace, Index position);

/// What the model makes of one token: for a causal model, how likely each token is to come next; for a masked one, to
/// stand here. [n_vocab]
/// @throws Error (unsupported) for a checkpoint without an output matrix; (bad-request) if there is no such token
/// Cost: 2 n_vocab d_model floating-point operations.
Vector logits_at(const Model& model, const ForwardTrace& trace, Index position);

/// How many tokens two texts share from the beginning on.
Index shared_beginning(const std::vector<std::int32_t>& left, const std::vector<std::int32_t>& right);

}  // namespace attn
