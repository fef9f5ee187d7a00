// BERT and those saved like it (MiniLM among them): its settings, its tensor names and their old spellings.
#pragma once

#include "model/checkpoint.h"
#include "model/parameters.h"
#include "model/settings.h"

namespace attn {

/// Post-norm encoder, learned positions, exact GELU. Names are taken with and without "bert." in front, norms by their
/// new names (weight, bias) and their old ones (gamma, beta). What the encoder does not use (pooler, heads of training
/// tasks) is ignored.
///
/// @throws Error as make_model (family.h) does. Refused by name, because the numbers would be wrong: an activation
///         other than "gelu", positions other than "absolute", decoders and cross-attention.
Model make_bert(const Settings& settings, const Checkpoint& checkpoint);

}  // namespace attn
