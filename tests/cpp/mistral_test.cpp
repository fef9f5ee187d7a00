// Mistral's window, in the ways that configurations say it.
#include "model/families/mistral.h"

#include <gtest/gtest.h>

#include "golden.h"
#include "tiny_models.h"

namespace {

using attn::Index;
using test::TinyModel;
using enum attn::ErrorCode;

std::vector<Index> windows(const TinyModel& model) {
  std::vector<Index> found;
  for (const attn::LayerParameters& layer : test::make(model).parameters.layers) found.push_back(layer.window);
  return found;
}

TEST(Mistral, LooksThroughAWindowInEveryLayer) {
  using Windows = std::vector<Index>;
  TinyModel model = test::tiny_model("mistral");
  EXPECT_EQ(windows(model), (Windows{9, 9, 9}));
  model.set("sliding_window", std::monostate{});
  EXPECT_EQ(windows(model), (Windows{0, 0, 0})) << "null is none";
  model.drop_setting("sliding_window");
  EXPECT_EQ(windows(model), (Windows{4096, 4096, 4096})) << "absent is the usual";
  model.set("layer_types.1", "full_attention");
  EXPECT_EQ(windows(model), (Windows{4096, 0, 4096}));
}

TEST(Mistral, RefusesEveryModelThatItWouldComputeWrongly) {
  test::expect_refusals("mistral",
                        {
                            {"a window of 0",
                             [](TinyModel& m) { m.set("sliding_window", 0); },
                             {kBadConfig, "sliding_window", "from 1", "^0$"}},
                            {"a window that is text",
                             [](TinyModel& m) { m.set("sliding_window", "9"); },
                             {kBadConfig, "sliding_window", "integer", "9"}},
                            {"sliding without a window",
                             [](TinyModel& m) {
                               m.set("sliding_window", std::monostate{});
                               m.set("layer_types.2", "sliding_attention");
                             },
                             {kBadConfig, "slides", "sliding_window", "none"}},
                            {"an unknown kind of layer",
                             [](TinyModel& m) { m.set("layer_types.0", "chunked_attention"); },
                             {kUnsupported, "chunked_attention", "full_attention", "chunked"}},
                            {"an unknown activation",
                             [](TinyModel& m) { m.set("hidden_act", "relu6"); },
                             {kUnsupported, "hidden_act", "silu", "relu6"}},
                            {"no layers",
                             [](TinyModel& m) { m.drop_setting("num_hidden_layers"); },
                             {kBadConfig, "num_hidden_layers", "integer", "nothing"}},
                            {"fewer layers than the weights",
                             [](TinyModel& m) { m.set("num_hidden_layers", 2); },
                             {kBadConfig, "fewer layers", "2 layers", "layers.2"}},
                            {"heads that do not divide",
                             [](TinyModel& m) { m.set("num_key_value_heads", 3); },
                             {kBadConfig, "Query heads", "multiple of 3", "^4$"}},
                            {"no output weights",
                             [](TinyModel& m) { m.drop_tensor("model.layers.0.self_attn.o_proj.weight"); },
                             {kBadFile, "o_proj", R"(\[64, 56\])", "no tensor"}},
                            {"output weights of another shape",
                             [](TinyModel& m) { m.reshape("model.layers.0.self_attn.o_proj.weight", {56, 64}); },
                             {kBadFile, "o_proj", R"(\[64, 56\])", R"(\[56, 64\])"}},
                        });
}

}  // namespace
