// A run of a model against what Hugging Face's transformers computed: every number that the reference file holds.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "golden.h"
#include "model/transformer.h"

namespace test {

inline constexpr double kWeights = 2e-5;
inline constexpr double kHidden = 5e-5;
inline constexpr double kScores = 2e-4;
inline constexpr double kLogits = 2e-4;

/// Text `batch` of a reference tensor whose rows belong to that many texts, one after the other.
inline auto text_of(const attn::SharedMatrix& stacked, attn::Index batch, attn::Index n_batches) {
  const attn::Index rows = stacked.rows() / n_batches;
  return stacked.view().middleRows(batch * rows, rows);
}

inline void expect_heads(const attn::Checkpoint& golden, const std::string& name, const attn::MatrixView& found,
                         attn::Index n_heads, attn::Index batch, attn::Index n_batches, double tolerance) {
  const attn::SharedMatrix expected = tensor(golden, name);
  const auto text = text_of(expected, batch, n_batches);
  for (attn::Index head = 0; head < n_heads; ++head) {
    const attn::Index rows = found.rows();
    EXPECT_LE(difference(attn::head_of(found, head, n_heads), text.middleRows(head * rows, rows)), tolerance)
        << name << ", head " << head;
  }
}

/// @param batch  which of the texts in the file, of how many
inline void expect_run(const attn::Model& model, const attn::ForwardTrace& trace, const attn::Checkpoint& golden,
                       attn::Index batch = 0, attn::Index n_batches = 1) {
  double worst_weights = 0.0;
  double worst_logits = 0.0;
  for (attn::Index layer = 0; layer < trace.n_layers(); ++layer) {
    const std::string prefix = "layers." + std::to_string(layer) + ".";
    const attn::LayerTrace& parts = trace.layers[static_cast<std::size_t>(layer)];
    expect_heads(golden, prefix + "query", parts.query.view(), trace.n_heads, batch, n_batches, kHidden);
    expect_heads(golden, prefix + "key", parts.key.view(), trace.n_kv_heads, batch, n_batches, kHidden);
    expect_heads(golden, prefix + "value", parts.value.view(), trace.n_kv_heads, batch, n_batches, kHidden);
    const attn::SharedMatrix weights = tensor(golden, prefix + "weights");
    const attn::SharedMatrix scores = tensor(golden, prefix + "scores");
    const attn::Index n = trace.n_query;
    for (attn::Index head = 0; head < trace.n_heads; ++head) {
      const attn::Matrix found = attn::head_weights(trace, layer, head);
      const attn::Matrix expected = text_of(weights, batch, n_batches).middleRows(head * n, n);
      const double off = difference(found, expected);
      EXPECT_LE(off, kWeights) << "layer " << layer << ", head " << head;
      worst_weights = std::max(worst_weights, off);
      EXPECT_TRUE((found.array() == 0.0F).cwiseEqual(expected.array() == 0.0F).all()) << "masked cells are exactly 0";
      const attn::Matrix found_scores = attn::head_scores(trace, layer, head);
      const attn::Matrix expected_scores = text_of(scores, batch, n_batches).middleRows(head * n, n);
      for (attn::Index i = 0; i < found_scores.size(); ++i) {
        const float want = expected_scores.data()[i];
        if (want == attn::kMasked) {
          ASSERT_EQ(found_scores.data()[i], want);
        } else {
          ASSERT_NEAR(found_scores.data()[i], want, kScores);
        }
      }
    }
  }
  for (attn::Index layer = 0; layer <= trace.n_layers(); ++layer) {
    const std::string name = "hidden." + std::to_string(layer);
    const attn::Matrix expected = text_of(tensor(golden, name), batch, n_batches);
    // The residual stream of these models grows to 40, where a float32's last bit is 4e-6.
    const double tolerance = std::max(kHidden, 4e-6 * static_cast<double>(expected.cwiseAbs().maxCoeff()));
    EXPECT_LE(difference(trace.hidden[static_cast<std::size_t>(layer)].view(), expected), tolerance) << name;
  }
  for (attn::Index t = 0; t < trace.n_query; ++t) {
    if (golden.find("final") != nullptr) {
      EXPECT_LE(
          difference(attn::final_state(model, trace, t), text_of(tensor(golden, "final"), batch, n_batches).row(t)),
          kHidden);
    }
    if (golden.find("logits") == nullptr) continue;
    const auto logits = text_of(tensor(golden, "logits"), batch, n_batches);
    const double off = difference(attn::logits_at(model, trace, t), logits.row(t));
    EXPECT_LE(off, kLogits) << "token " << t;
    worst_logits = std::max(worst_logits, off);
  }
  testing::Test::RecordProperty("weights", std::to_string(worst_weights * 1e6) + "e-6");
  testing::Test::RecordProperty("logits", std::to_string(worst_logits * 1e6) + "e-6");
}

}  // namespace test
