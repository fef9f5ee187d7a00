// Qwen2: Llama with biases on query, key and value, and windows in some layers where it is told so.
#pragma once

#include "model/checkpoint.h"
#include "model/parameters.h"
#include "model/settings.h"

namespace attn {

/// @throws Error as make_model (family.h) does
Model make_qwen2(const Settings& settings, const Checkpoint& checkpoint);

/// The windows of Qwen2's and Qwen3's layers: those from max_window_layers on slide, if use_sliding_window says so and
/// layer_types says nothing else.
std::vector<Index> qwen_windows(const Settings& settings);

}  // namespace attn
