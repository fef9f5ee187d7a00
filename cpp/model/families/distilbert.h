// DistilBERT: BERT without segments, under names of its own.
#pragma once

#include "model/checkpoint.h"
#include "model/parameters.h"
#include "model/settings.h"

namespace attn {

/// Post-norm encoder, positions from a table (learned or not, they lie in the file). Names are taken with and without
/// "distilbert." in front.
/// @throws Error as make_model (family.h) does
Model make_distilbert(const Settings& settings, const Checkpoint& checkpoint);

}  // namespace attn
