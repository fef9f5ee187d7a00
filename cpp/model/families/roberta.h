// RoBERTa: BERT's layers, positions that begin after the padding's, and a head with names of its own.
#pragma once

#include "model/checkpoint.h"
#include "model/parameters.h"
#include "model/settings.h"

namespace attn {

/// Positions are counted from padding_id + 1 on, so that the longest text is shorter than the table. Refusals as
/// BERT's.
/// @throws Error as make_model (family.h) does
Model make_roberta(const Settings& settings, const Checkpoint& checkpoint);

}  // namespace attn
