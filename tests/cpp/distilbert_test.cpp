// DistilBERT's configurations and checkpoints that must be refused, and its names with and without a prefix.
#include "model/families/distilbert.h"

#include <gtest/gtest.h>

#include "golden.h"
#include "model/transformer.h"
#include "tiny_models.h"

namespace {

using test::TinyModel;
using enum attn::ErrorCode;

TEST(DistilBert, RefusesEveryModelThatItWouldComputeWrongly) {
  const std::string layer = "distilbert.transformer.layer.0.";
  test::expect_refusals(
      "distilbert",
      {
          {"an unknown activation",
           [](TinyModel& m) { m.set("activation", "mish"); },
           {kUnsupported, "activation", "gelu", "mish"}},
          {"no width", [](TinyModel& m) { m.drop_setting("dim"); }, {kBadConfig, "\"dim\"", "integer", "nothing"}},
          {"heads that do not divide the width",
           [](TinyModel& m) { m.set("n_heads", 5); },
           {kBadConfig, "width", "multiple of 5", "48"}},
          {"fewer layers than the weights",
           [](TinyModel& m) { m.set("n_layers", 1); },
           {kBadConfig, "fewer layers", "1 layers", "layer.1"}},
          {"more layers than the weights",
           [](TinyModel& m) { m.set("n_layers", 3); },
           {kBadFile, "layer.2", "", "no tensor"}},
          {"no key weights",
           [&](TinyModel& m) { m.drop_tensor(layer + "attention.k_lin.weight"); },
           {kBadFile, "k_lin", R"(\[48, 48\])", "no tensor"}},
          {"inner weights of another shape",
           [&](TinyModel& m) { m.reshape(layer + "ffn.lin1.weight", {48, 121}); },
           {kBadFile, "lin1", R"(\[121, 48\])", R"(\[48, 121\])"}},
          {"no norm",
           [&](TinyModel& m) { m.drop_tensor(layer + "sa_layer_norm.weight"); },
           {kBadFile, "sa_layer_norm", R"(\[48\])", "no tensor"}},
          {"another number of positions",
           [](TinyModel& m) { m.set("max_position_embeddings", 512); },
           {kBadFile, "position_embeddings", R"(\[512, 48\])", R"(\[48, 48\])"}},
          {"half a head",
           [](TinyModel& m) { m.drop_tensor("vocab_projector.bias"); },
           {kBadFile, "vocab_projector.bias", R"(\[293\])", "no tensor"}},
      });
}

TEST(DistilBert, TakesItsNamesWithAndWithoutThePrefix) {
  const TinyModel good = test::tiny_model("distilbert");
  TinyModel bare = good;
  const std::string prefix = "distilbert.";
  for (const auto& [name, tensor] : good.weights.tensors) {
    if (!name.starts_with(prefix)) continue;
    bare.drop_tensor(name);
    bare.weights.tensors[name.substr(prefix.size())] = tensor;
  }
  const auto run = [](const TinyModel& model) { return attn::forward(test::make_shared(model), {.ids = {3, 1, 4}}); };
  EXPECT_EQ(test::difference(run(good).hidden.back().view(), run(bare).hidden.back().view()), 0.0);
}

TEST(DistilBert, HasNoSegments) {
  test::expect_refusal({kBadRequest, "no segment 0", "below 0", "^0$"}, [] {
    attn::forward(test::make_shared(test::tiny_model("distilbert")), {.ids = {3, 1}, .types = {0, 0}});
  });
}

}  // namespace
