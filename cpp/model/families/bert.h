// BERT and those saved like it (MiniLM, and RoBERTa but for its positions): settings, tensor names and old spellings.
#pragma once

#include "model/families/encoder.h"

namespace attn {

inline constexpr EncoderNames kBertNames = {.prefix = "bert.",
                                            .layer = "encoder.layer.",
                                            .query = "attention.self.query",
                                            .key = "attention.self.key",
                                            .value = "attention.self.value",
                                            .output = "attention.output.dense",
                                            .attention_norm = "attention.output.LayerNorm",
                                            .up = "intermediate.dense",
                                            .down = "output.dense",
                                            .mlp_norm = "output.LayerNorm",
                                            .transform = "cls.predictions.transform.dense",
                                            .norm = "cls.predictions.transform.LayerNorm",
                                            .unembed = "cls.predictions.decoder",
                                            .bias = "cls.predictions.bias",
                                            .old_bias = "cls.predictions.decoder.bias"};

/// Post-norm encoder, learned positions. Names are taken with and without "bert." in front, norms by their new names
/// (weight, bias) and their old ones (gamma, beta). The head of a masked language model is taken where there is one;
/// pooler and heads of other tasks are ignored.
///
/// @throws Error as make_model (family.h) does. Refused by name, because the numbers would be wrong: unknown
///         activations, positions other than "absolute", decoders and cross-attention.
Model make_bert(const Settings& settings, const Checkpoint& checkpoint);

/// The settings that BERT and RoBERTa share.
Config bert_config(const Settings& settings, const std::string& family);

/// What both add to variances before they divide by their roots.
float bert_epsilon(const Settings& settings);

}  // namespace attn
