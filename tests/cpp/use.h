// Uses what a reader let pass as the page would, so that whatever trusts a header is put to the test too.
#pragma once

#include <cstdint>
#include <memory>

#include "linalg/error.h"
#include "model/checkpoint.h"
#include "model/families/family.h"
#include "model/transformer.h"

namespace test {

/// Reads every number of every tensor. Those of a type that is not computed with must say so; nothing else may happen.
inline void expand_all(const attn::Checkpoint& checkpoint) {
  for (const auto& [name, tensor] : checkpoint.tensors) {
    const attn::Index count = attn::count_of(tensor);
    const attn::Index cols = tensor.shape.empty() ? 1 : tensor.shape.back();
    if (tensor.dtype == attn::Dtype::kOther) {
      try {
        attn::numbers_of(name, tensor, 1, count);
      } catch (const attn::Error& error) {
        if (error.code() == attn::ErrorCode::kUnsupported) continue;
        throw;
      }
    }
    const attn::SharedMatrix numbers = attn::numbers_of(name, tensor, cols == 0 ? 0 : count / cols, cols);
    volatile float sum = 0.0F;
    for (attn::Index i = 0; i < numbers.view().size(); ++i) sum = sum + numbers.view().data()[i];
  }
}

/// Makes a model and runs two tokens through it.
/// @throws attn::Error if no model comes of it, or its numbers overflow
inline void run_all(const attn::Settings& settings, const attn::Checkpoint& checkpoint) {
  const auto model = std::make_shared<const attn::Model>(attn::make_model(settings, checkpoint));
  const auto last = static_cast<std::int32_t>(model->config.n_vocab - 1);
  const attn::ForwardTrace trace = attn::forward(model, {.ids = {0, last}, .types = {}, .padding = {}});
  volatile float sum = 0.0F;
  for (attn::Index layer = 0; layer < trace.n_layers(); ++layer) {
    for (attn::Index head = 0; head < trace.n_heads; ++head) sum = sum + attn::head_weights(trace, layer, head).sum();
  }
  if (!model->parameters.head.empty()) sum = sum + attn::logits_at(*model, trace, 1).sum();
}

}  // namespace test
