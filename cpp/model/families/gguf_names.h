// What a GGUF calls things, in the words of the configurations and checkpoints that the families read.
#pragma once

#include "model/checkpoint.h"
#include "model/settings.h"

namespace attn {

/// Whether the settings come from a GGUF: it names its architecture.
bool is_gguf(const Settings& settings);

/// `llama.block_count` as `num_hidden_layers`, and so on; `general.architecture` as `model_type`.
/// @throws Error (unsupported) for an architecture or a kind of rotation that is not built in; (bad-config) if
/// something
///         is missing
Settings usual_settings(const Settings& gguf, const Checkpoint& checkpoint);

/// `blk.0.attn_q.weight` as `model.layers.0.self_attn.q_proj.weight`, and so on. Tensors of other names keep theirs.
Checkpoint usual_names(const Checkpoint& gguf);

}  // namespace attn
