// Qwen2's biases and windows.
#include "model/families/qwen2.h"

#include <gtest/gtest.h>

#include "golden.h"
#include "tiny_models.h"

namespace {

using attn::Index;
using attn::Settings;
using test::TinyModel;
using enum attn::ErrorCode;

TEST(Qwen2, RefusesEveryModelThatItWouldComputeWrongly) {
  std::vector<test::SpoiltModel> cases = {
      {"an unknown activation",
       [](TinyModel& m) { m.set("hidden_act", "quick_gelu"); },
       {kUnsupported, "hidden_act", "silu", "quick_gelu"}},
      {"heads that do not divide the width",
       [](TinyModel& m) { m.set("num_attention_heads", 6); },
       {kBadConfig, "width", "multiple of 6", "64"}},
      {"heads that do not divide among key heads",
       [](TinyModel& m) { m.set("num_key_value_heads", 3); },
       {kBadConfig, "Query heads", "multiple of 3", "^4$"}},
      {"fewer layers than the weights",
       [](TinyModel& m) { m.set("num_hidden_layers", 2); },
       {kBadConfig, "fewer layers", "2 layers", "layers.2"}},
      {"more layers than the weights",
       [](TinyModel& m) { m.set("num_hidden_layers", 4); },
       {kBadFile, "layers.3", "", "no tensor"}},
      {"an unknown kind of layer",
       [](TinyModel& m) { m.set("layer_types.1", "linear_attention"); },
       {kUnsupported, "linear_attention", "full_attention", "linear"}},
      {"sliding without a window",
       [](TinyModel& m) { m.set("layer_types.1", "sliding_attention"); },
       {kBadConfig, "slides", "sliding_window", "none"}},
      {"use_sliding_window that is text",
       [](TinyModel& m) { m.set("use_sliding_window", "no"); },
       {kBadConfig, "use_sliding_window", "true or false", "no"}},
      {"a window of 0",
       [](TinyModel& m) {
         m.set("use_sliding_window", true);
         m.set("sliding_window", 0);
       },
       {kBadConfig, "sliding_window", "from 1", "^0$"}},
      {"a negative max_window_layers",
       [](TinyModel& m) { m.set("max_window_layers", -1); },
       {kBadConfig, "max_window_layers", "from 0", "-1"}},
      {"key weights of another shape",
       [](TinyModel& m) { m.reshape("model.layers.0.self_attn.k_proj.weight", {64, 32}); },
       {kBadFile, "k_proj", R"(\[32, 64\])", R"(\[64, 32\])"}},
  };
  for (const char* projection : {"q_proj", "k_proj", "v_proj"}) {
    cases.push_back(
        {"no bias",
         [=](TinyModel& m) { m.drop_tensor(std::string("model.layers.1.self_attn.") + projection + ".bias"); },
         {kBadFile, std::string("layers.1.self_attn.") + projection + ".bias", "", "no tensor"}});
  }
  test::expect_refusals("qwen2", cases);
}

TEST(QwenWindows, SlideFromALayerOnWhereTheyAreTold) {
  using Windows = std::vector<Index>;
  const auto windows = [](Settings settings) {
    settings["num_hidden_layers"] = std::int64_t{4};
    return attn::qwen_windows(settings);
  };
  const attn::Setting two = std::int64_t{2};
  const attn::Setting seven = std::int64_t{7};
  const Windows none{0, 0, 0, 0};
  EXPECT_EQ(windows({}), none);
  EXPECT_EQ(windows({{"sliding_window", seven}, {"max_window_layers", two}}), none) << "only where it is told to";
  EXPECT_EQ(windows({{"use_sliding_window", false}, {"sliding_window", seven}}), none);
  EXPECT_EQ(windows({{"use_sliding_window", true}, {"sliding_window", seven}}), none) << "from layer 28 on";
  EXPECT_EQ(windows({{"use_sliding_window", true}, {"sliding_window", seven}, {"max_window_layers", two}}),
            (Windows{0, 0, 7, 7}));
  EXPECT_EQ(windows({{"use_sliding_window", true}, {"max_window_layers", two}}), (Windows{0, 0, 4096, 4096}));
  EXPECT_EQ(windows({{"use_sliding_window", true}, {"sliding_window", std::monostate{}}, {"max_window_layers", two}}),
            none)
      << "null is none";
  EXPECT_EQ(windows({{"use_sliding_window", true},
                     {"sliding_window", seven},
                     {"max_window_layers", two},
                     {"layer_types.0", std::string("sliding_attention")},
                     {"layer_types.3", std::string("full_attention")}}),
            (Windows{7, 0, 7, 0}));
}

}  // namespace
