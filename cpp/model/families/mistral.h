// Mistral: Llama whose layers all look through a sliding window, if there is one.
#pragma once

#include "model/checkpoint.h"
#include "model/parameters.h"
#include "model/settings.h"

namespace attn {

/// @throws Error as make_model (family.h) does
/// Source: Jiang et al. 2023, "Mistral 7B", section 2.
Model make_mistral(const Settings& settings, const Checkpoint& checkpoint);

}  // namespace attn
