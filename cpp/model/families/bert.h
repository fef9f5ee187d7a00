// BERT and those saved like it (MiniLM, and RoBERTa but for its positions): settings, tensor names and old spellings.
#pragma once

#include "model/families/reading.h"
#include "model/parameters.h"

namespace attn {

/// Post-norm encoder, learned positions. Names are taken with and without "bert." in front, norms by their new names
/// (weight, bias) and their old ones (gamma, beta). The head of a masked language model is taken where there is one;
/// pooler and heads of other tasks are ignored.
///
/// @throws Error as make_model (family.h) does. Refused by name, because the numbers would be wrong: unknown
///         activations, positions other than "absolute", decoders and cross-attention.
Model make_bert(const Settings& settings, const Checkpoint& checkpoint);

/// The settings that BERT and RoBERTa share.
Config bert_config(const Settings& settings, const std::string& family);

/// Embeddings and layers, which the two name alike.
/// @param n_positions  rows of the position table
Parameters bert_parameters(const Settings& settings, const Tensors& tensors, const Config& config, Index n_positions);

}  // namespace attn
