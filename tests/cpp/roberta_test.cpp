// RoBERTa's positions, and its configurations and checkpoints that must be refused.
#include "model/families/roberta.h"

#include <gtest/gtest.h>

#include "golden.h"
#include "model/transformer.h"
#include "tiny_models.h"

namespace {

using test::TinyModel;
using enum attn::ErrorCode;

TEST(Roberta, RefusesEveryModelThatItWouldComputeWrongly) {
  const std::string layer = "roberta.encoder.layer.1.";
  test::expect_refusals(
      "roberta",
      {
          {"an unknown activation",
           [](TinyModel& m) { m.set("hidden_act", "mish"); },
           {kUnsupported, "hidden_act", "gelu", "mish"}},
          {"relative positions",
           [](TinyModel& m) { m.set("position_embedding_type", "relative_key_query"); },
           {kUnsupported, "position_embedding_type", "absolute", "relative_key_query"}},
          {"a decoder", [](TinyModel& m) { m.set("is_decoder", true); }, {kUnsupported, "is_decoder", "false", "true"}},
          {"heads that do not divide the width",
           [](TinyModel& m) { m.set("num_attention_heads", 5); },
           {kBadConfig, "width", "multiple of 5", "56"}},
          {"fewer layers than the weights",
           [](TinyModel& m) { m.set("num_hidden_layers", 2); },
           {kBadConfig, "fewer layers", "2 layers", "layer.2"}},
          {"more layers than the weights",
           [](TinyModel& m) { m.set("num_hidden_layers", 4); },
           {kBadFile, "layer.3", "", "no tensor"}},
          {"a padding beyond the vocabulary",
           [](TinyModel& m) { m.set("pad_token_id", 219); },
           {kBadConfig, "pad_token_id", "from 0 to 218", "219"}},
          {"a padding beyond the positions",
           [](TinyModel& m) { m.set("pad_token_id", 47); },
           {kBadConfig, "No position is left", "above 48", "^48$"}},
          {"another number of positions",
           [](TinyModel& m) { m.set("max_position_embeddings", 50); },
           {kBadFile, "position_embeddings", R"(\[50, 56\])", R"(\[48, 56\])"}},
          {"no query bias",
           [&](TinyModel& m) { m.drop_tensor(layer + "attention.self.query.bias"); },
           {kBadFile, "attention.self.query.bias", R"(\[56\])", "no tensor"}},
          {"inner weights of another shape",
           [&](TinyModel& m) { m.reshape(layer + "intermediate.dense.weight", {56, 79}); },
           {kBadFile, "intermediate.dense", R"(\[79, 56\])", R"(\[56, 79\])"}},
          {"half a head",
           [](TinyModel& m) { m.drop_tensor("lm_head.layer_norm.bias"); },
           {kBadFile, "lm_head.layer_norm", R"(\[56\])", "no tensor"}},
      });
}

TEST(Roberta, CountsPositionsFromBehindThePaddings) {
  const TinyModel model = test::tiny_model("roberta");
  EXPECT_EQ(test::make(model).config.n_ctx, 46);
  const std::vector<std::int32_t> longest(46, 7);
  EXPECT_NO_THROW(attn::forward(test::make_shared(model), {.ids = longest}));
  test::expect_refusal({kTooLong, "47 tokens.*46", "at most 46", "47"},
                       [&] { attn::forward(test::make_shared(model), {.ids = std::vector<std::int32_t>(47, 7)}); });
  // Padding in between takes no position: the token after it stands where it would without.
  const attn::ForwardTrace plain = attn::forward(test::make_shared(model), {.ids = {7, 9}});
  const attn::ForwardTrace padded = attn::forward(test::make_shared(model), {.ids = {7, 1, 9}});
  EXPECT_EQ(test::difference(plain.hidden[0].view().row(1), padded.hidden[0].view().row(2)), 0.0);
}

TEST(Roberta, WithoutItsHeadSaysNothingAboutWords) {
  TinyModel model = test::tiny_model("roberta");
  model.drop_tensor("lm_head.dense.weight");
  const attn::ForwardTrace trace = attn::forward(test::make_shared(model), {.ids = {7, 9}});
  const attn::Model silent = test::make(model);
  test::expect_refusal({kUnsupported, "no output matrix", "language model", "roberta"},
                       [&] { attn::logits_at(silent, trace, 0); });
  EXPECT_EQ(attn::final_state(silent, trace, 1).size(), 56);
}

}  // namespace
