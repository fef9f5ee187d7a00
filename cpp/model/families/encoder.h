// What BERT, RoBERTa and DistilBERT have in common: an encoder whose layers end in norms. They differ in names.
#pragma once

#include "model/families/reading.h"
#include "model/parameters.h"

namespace attn {

/// What a family calls its tensors, without ".weight" and ".bias".
struct EncoderNames {
  const char* prefix;  ///< What may stand in front of every name but the head's.
  const char* layer;   ///< Before the layer's number. What follows stands behind it:
  const char* query;
  const char* key;
  const char* value;
  const char* output;
  const char* attention_norm;
  const char* up;
  const char* down;
  const char* mlp_norm;
  const char* transform;  ///< From here on, the head of a masked language model:
  const char* norm;
  const char* unembed;  ///< Where it is not the token embedding.
  const char* bias;     ///< Its bias, by its whole name.
  const char* old_bias;
};

/// Embeddings, layers, and the head of a masked language model where there is one.
///
/// @param n_positions      rows of the position table
/// @param head_activation  of the head; the layers have `activation`
/// @throws Error as make_model (family.h) does
Parameters encoder_parameters(const Checkpoint& checkpoint, const EncoderNames& names, const Config& config,
                              Index n_positions, Activation activation, Activation head_activation, float epsilon);

}  // namespace attn
