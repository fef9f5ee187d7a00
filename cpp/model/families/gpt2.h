// GPT-2: pre-norm decoder with learned positions, whose matrices are stored input-major.
#pragma once

#include "model/checkpoint.h"
#include "model/parameters.h"
#include "model/settings.h"

namespace attn {

/// Names are taken with and without "transformer." in front. Query, key and value share one matrix, whose columns are
/// used where they lie. The output matrix is the token embedding unless the checkpoint has one of its own.
/// @throws Error as make_model (family.h) does. Refused by name: cross-attention.
Model make_gpt2(const Settings& settings, const Checkpoint& checkpoint);

}  // namespace attn
