// How fast a model's queries and keys turn, read from the two spellings that configurations have for it.
#pragma once

#include "attn/position.h"
#include "model/settings.h"

namespace attn {

/// Newer files say `rope_parameters` with everything inside; older ones `rope_theta` and `rope_scaling`, with `type` or
/// `rope_type`. Kinds: "default"; "linear", which divides all frequencies; "llama3", which divides the slow ones.
///
/// @throws Error (unsupported) for any other kind by its name, for rotation of a part of the width, and for settings of
///         each kind of layer; (bad-config) for numbers that make no sense
/// Source of "llama3": Grattafiori et al. 2024, "The Llama 3 Herd of Models"; of "linear": Chen et al. 2023, "Extending
/// Context Window via Positional Interpolation".
Rotary rotary_from(const Settings& settings, Index d_head);

}  // namespace attn
