// GPT-2's configurations and checkpoints that must be refused, and its two ways to scale scores by hand.
#include "model/families/gpt2.h"

#include <gtest/gtest.h>

#include <cmath>

#include "golden.h"
#include "model/transformer.h"
#include "reference.h"
#include "tiny_models.h"

namespace {

using attn::Index;
using test::TinyModel;
using enum attn::ErrorCode;

TEST(Gpt2, RefusesEveryModelThatItWouldComputeWrongly) {
  test::expect_refusals(
      "gpt2", {
                  {"an unknown activation",
                   [](TinyModel& m) { m.set("activation_function", "tanh"); },
                   {kUnsupported, "activation_function", "gelu_new", "tanh"}},
                  {"cross-attention",
                   [](TinyModel& m) { m.set("add_cross_attention", true); },
                   {kUnsupported, "add_cross_attention", "false", "true"}},
                  {"heads that do not divide the width",
                   [](TinyModel& m) { m.set("n_head", 5); },
                   {kBadConfig, "width", "multiple of 5", "48"}},
                  {"no heads", [](TinyModel& m) { m.set("n_head", 0); }, {kBadConfig, "n_head", "from 1", "^0$"}},
                  {"fewer layers than the weights",
                   [](TinyModel& m) { m.set("n_layer", 2); },
                   {kBadConfig, "fewer layers", "2 layers", "h.2.attn"}},
                  {"more layers than the weights",
                   [](TinyModel& m) { m.set("n_layer", 4); },
                   {kBadFile, "transformer.h.3", "", "no tensor"}},
                  {"no limit of tokens",
                   [](TinyModel& m) { m.drop_setting("n_positions"); },
                   {kBadConfig, "n_ctx", "integer", "nothing"}},
                  {"more positions than the table",
                   [](TinyModel& m) { m.set("n_positions", 49); },
                   {kBadFile, "wpe", R"(\[49, 48\])", R"(\[48, 48\])"}},
                  {"an inner width of four times the model's",
                   [](TinyModel& m) { m.set("n_inner", std::monostate{}); },
                   {kBadFile, "c_fc", R"(\[48, 192\])", R"(\[48, 61\])"}},
                  {"query, key and value of another shape",
                   [](TinyModel& m) { m.reshape("transformer.h.1.attn.c_attn.weight", {144, 48}); },
                   {kBadFile, "h.1.attn.c_attn", R"(\[48, 144\])", R"(\[144, 48\])"}},
                  {"no bias",
                   [](TinyModel& m) { m.drop_tensor("transformer.h.0.attn.c_attn.bias"); },
                   {kBadFile, "c_attn.bias", R"(\[144\])", "no tensor"}},
                  {"no norm",
                   [](TinyModel& m) { m.drop_tensor("transformer.h.0.ln_2.bias"); },
                   {kBadFile, "ln_2", R"(\[48\])", "no tensor"}},
                  {"no last norm",
                   [](TinyModel& m) { m.drop_tensor("transformer.ln_f.weight"); },
                   {kBadFile, "ln_f", R"(\[48\])", "no tensor"}},
                  {"a scale that is a number",
                   [](TinyModel& m) { m.set("scale_attn_weights", 1); },
                   {kBadConfig, "scale_attn_weights", "true or false", "^1$"}},
                  {"a scale by layer that is text",
                   [](TinyModel& m) { m.set("scale_attn_by_inverse_layer_idx", "yes"); },
                   {kBadConfig, "scale_attn_by_inverse_layer_idx", "true or false", "yes"}},
                  {"an epsilon above 1",
                   [](TinyModel& m) { m.set("layer_norm_epsilon", 2); },
                   {kBadConfig, "layer_norm_epsilon", "at most 1", "2"}},
              });
}

test::Exact exact_rows(const attn::Checkpoint& weights, const std::string& name) {
  return test::tensor(weights, "transformer." + name).view().cast<double>();
}

/// GPT-2 in double precision, number by number, over all layers. @return the weights of every layer's heads
std::vector<std::vector<test::Exact>> slow_gpt2(const TinyModel& model, const std::vector<std::int32_t>& ids,
                                                const std::function<double(int layer)>& scale) {
  const attn::Checkpoint& weights = model.weights;
  const auto n = static_cast<Index>(ids.size());
  const auto norm = [&](const test::Exact& x, const std::string& name) {
    test::Exact result = x.colwise() - x.rowwise().mean();
    for (Index t = 0; t < x.rows(); ++t) {
      result.row(t) /= std::sqrt(result.row(t).squaredNorm() / static_cast<double>(x.cols()) + 1e-5);
    }
    result.array().rowwise() *= exact_rows(weights, name + ".weight").row(0).array();
    result.rowwise() += exact_rows(weights, name + ".bias").row(0);
    return result;
  };
  const auto map = [&](const test::Exact& x, const std::string& name) {
    test::Exact result = x * exact_rows(weights, name + ".weight");
    result.rowwise() += exact_rows(weights, name + ".bias").row(0);
    return result;
  };
  test::Exact x(n, 48);
  const test::Exact tokens = exact_rows(weights, "wte.weight");
  for (Index t = 0; t < n; ++t) x.row(t) = tokens.row(ids[static_cast<std::size_t>(t)]);
  x += exact_rows(weights, "wpe.weight").topRows(n);
  std::vector<std::vector<test::Exact>> all;
  for (int layer = 0; layer < 3; ++layer) {
    const std::string prefix = "h." + std::to_string(layer) + ".";
    const test::Exact all_three = map(norm(x, prefix + "ln_1"), prefix + "attn.c_attn");
    test::Exact mixed(n, 48);
    all.emplace_back();
    for (Index head = 0; head < 3; ++head) {
      // slow_attention divides by the root of the width; what the settings say instead goes into the query.
      const test::Exact query = all_three.middleCols(head * 16, 16) * (scale(layer) * 4.0);
      const test::SlowAttention attended =
          test::slow_attention(query, all_three.middleCols(48 + head * 16, 16),
                               all_three.middleCols(96 + head * 16, 16), {}, [](Index t, Index s) { return s <= t; });
      all.back().push_back(attended.weights);
      mixed.middleCols(head * 16, 16) = attended.output;
    }
    x += map(mixed, prefix + "attn.c_proj");
    const auto bend = [](double u) {
      return u * (1.0 + std::tanh(std::sqrt(2.0 / 3.14159265358979323846) * (u + 0.044715 * u * u * u))) / 2.0;
    };
    x += map(map(norm(x, prefix + "ln_2"), prefix + "mlp.c_fc").unaryExpr(bend), prefix + "mlp.c_proj");
  }
  return all;
}

TEST(Gpt2, ScalesScoresAsItsTwoFlagsSay) {
  const std::vector<std::int32_t> ids = {5, 280, 17, 17, 0, 99, 3};
  for (const bool by_width : {true, false}) {
    for (const bool by_layer : {false, true}) {
      SCOPED_TRACE(testing::Message() << "by width " << by_width << ", by layer " << by_layer);
      TinyModel model = test::tiny_model("gpt2");
      model.set("scale_attn_weights", by_width);
      model.set("scale_attn_by_inverse_layer_idx", by_layer);
      const auto scale = [&](int layer) { return (by_width ? 0.25 : 1.0) / (by_layer ? layer + 1.0 : 1.0); };
      const attn::ForwardTrace trace = attn::forward(test::make_shared(model), {.ids = ids});
      const auto expected = slow_gpt2(model, ids, scale);
      for (Index layer = 0; layer < 3; ++layer) {
        EXPECT_FLOAT_EQ(trace.layers[static_cast<std::size_t>(layer)].rule.scale,
                        static_cast<float>(scale(static_cast<int>(layer))));
        for (Index head = 0; head < 3; ++head) {
          EXPECT_LE(test::difference(attn::head_weights(trace, layer, head),
                                     expected[static_cast<std::size_t>(layer)][static_cast<std::size_t>(head)]),
                    2e-5)
              << layer << ", " << head;
        }
      }
    }
  }
}

TEST(Gpt2, HasAnOutputMatrixOfItsOwnOrTheEmbeddings) {
  TinyModel model = test::tiny_model("gpt2");
  const attn::Model tied = test::make(model);
  EXPECT_EQ(tied.parameters.head.unembed.w.view().data(), tied.parameters.token_embedding.view().data());
  // Another one of the same shape: the embedding's rows the other way round.
  attn::Matrix reversed = test::tensor(model.weights, "transformer.wte.weight").view().colwise().reverse();
  const auto owner = std::make_shared<const attn::Matrix>(reversed);
  attn::Tensor own = model.weights.tensors.at("transformer.wte.weight");
  own.data = std::shared_ptr<const std::byte>(owner, reinterpret_cast<const std::byte*>(owner->data()));
  model.weights.tensors["lm_head.weight"] = own;
  const attn::Model untied = test::make(model);
  const attn::ForwardTrace trace = attn::forward(test::make_shared(model), {.ids = {1, 2, 3}});
  const attn::Vector expected = attn::logits_at(tied, trace, 2).reverse();
  EXPECT_LE(test::difference(attn::logits_at(untied, trace, 2), expected), 1e-5);
}

TEST(Gpt2, TakesTheOldNameOfItsLimit) {
  TinyModel model = test::tiny_model("gpt2");
  model.drop_setting("n_positions");
  model.set("n_ctx", 48);
  EXPECT_EQ(test::make(model).config.n_ctx, 48);
}

}  // namespace
