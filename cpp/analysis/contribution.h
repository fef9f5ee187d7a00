// What heads add: to the residual stream, from each key, and to a prediction. Takes the model beside the trace.
#pragma once

#include <cstdint>
#include <vector>

#include "model/transformer.h"

namespace attn {

/// One head from its query, key and value to what it adds to the stream.
struct HeadSteps {
  Matrix query;     ///< [n_query, d_head]
  Matrix key;       ///< [n_key, d_head]
  Matrix value;     ///< [n_key, d_value]
  Matrix dots;      ///< [n_query, n_key] query * key^T
  Matrix scaled;    ///< [n_query, n_key] (scale * dots + bias) / temperature, before the mask
  Matrix scores;    ///< [n_query, n_key] what softmax sees
  Matrix weights;   ///< [n_query, n_key]
  Matrix output;    ///< [n_query, d_value] weights * value, before interventions on it
  Matrix concat;    ///< [n_query, n_heads * d_value] all heads' outputs, interventions included
  Matrix w_output;  ///< [d_value, d_model] the rows of W^O that this head's output meets; empty without a model
  Matrix added;     ///< [n_query, d_model] this head's columns of concat * w_output; empty without a model
};

/// @param model  null for an opened trace
/// @throws Error (bad-request) if layer or head does not exist; (unsupported) if the trace holds weights alone
/// Cost: that of all heads of the layer.
HeadSteps head_steps(const Model* model, const ForwardTrace& trace, Index layer, Index head);

/// How much of a key's value reaches a query:
///
///     result(t, s) = || weights(t, s) * value_s * W^O_h ||        Euclidean, without the bias
///
/// @return  [n_query, n_key]
/// @throws Error as head_weights does; (unsupported) if the trace holds weights alone
/// Cost: that of the weights, and one product with W^O. Source: Kobayashi et al. 2020, "Attention is Not Only a
/// Weight".
Matrix value_weighted(const Model& model, const ForwardTrace& trace, Index layer, Index head);

/// How much each head of a layer adds to each token's stream:
///
///     result(h, t) = || mixed_h(t) * W^O_h ||        Euclidean, interventions included, without the bias
///
/// In a layer that is skipped nothing is added.
///
/// @return  [n_heads, n_query]
/// @throws Error (bad-request) if the layer does not exist; (unsupported) if the trace holds weights alone
/// Cost: that of all heads of the layer, and products of n_query and of n_heads d_value rows with W^O.
Matrix contributions(const Model& model, const ForwardTrace& trace, Index layer);

/// What each head adds by itself to the logit of a token, the final norm held as it is for this text:
///
///     c    = mixed_h W^O_h                       at `position`, interventions included
///     kRms   effect = (c / rms(x) * gain) . unembed_id
///     kLayer effect = ((c - mean(c)) / sd(x) * gain) . unembed_id        x: the last hidden state
///
/// @return  [n_layers * n_heads]
/// @throws Error (bad-request) if position or id does not exist; (unsupported) without an output matrix, with a
///         transform before it, and where a norm stands between the head and the stream (norm_first is false)
/// Cost: n_layers products of [n_heads, n_heads * d_value] with W^O.
/// Source: nostalgebraist 2020 and Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits".
std::vector<float> direct_effect(const Model& model, const ForwardTrace& trace, Index position, std::int32_t id);

}  // namespace attn
