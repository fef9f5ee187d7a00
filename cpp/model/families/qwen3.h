// Qwen3: Qwen2 without the biases, with every query and key normalised before it turns.
#pragma once

#include "model/checkpoint.h"
#include "model/parameters.h"
#include "model/settings.h"

namespace attn {

/// @throws Error as make_model (family.h) does
Model make_qwen3(const Settings& settings, const Checkpoint& checkpoint);

}  // namespace attn
