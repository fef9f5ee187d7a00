// Llama, and what the families that follow it have in common.
#pragma once

#include "model/families/reading.h"
#include "model/parameters.h"

namespace attn {

/// Where the families that are saved like Llama differ.
struct LlamaKind {
  std::string family;
  bool has_projection_bias = false;  ///< Query, key and value have biases.
  bool has_head_norms = false;       ///< Queries and keys are normalised before they turn.
  /// A converter put the two numbers of a rotary pair side by side in query and key rows. They are put back.
  bool has_neighbouring_pairs = false;
  std::vector<Index> windows;  ///< [n_layers] of each layer, 0: none; or empty: none has one.
};

/// Pre-norm decoder with rotation, gated SiLU and shared key and value heads.
///
/// @throws Error as make_model (family.h) does. Refused by name: activations and rotations that are not built in.
/// Source: Touvron et al. 2023, "LLaMA"; Ainslie et al. 2023, "GQA".
Model make_llama_like(const Settings& settings, const Checkpoint& checkpoint, const LlamaKind& kind);

/// Llama 1 to 3, TinyLlama, SmolLM.
/// @param from_gguf  whether the checkpoint comes from a GGUF, whose converter reorders Llama's rows
Model make_llama(const Settings& settings, const Checkpoint& checkpoint, bool from_gguf);

/// How many keys a sliding layer sees: 4096 where the settings do not say, 0 for none where they say null.
Index sliding_window(const Settings& settings);

/// The sliding window of each layer, where settings name the layers' kinds (`layer_types`).
/// @param window  0: there is none
/// @param first   from this layer on, those without a named kind slide
/// @throws Error (unsupported) for a kind that is neither full nor sliding attention
std::vector<Index> windows_from(const Settings& settings, Index window, std::int64_t first);

}  // namespace attn
