// How configurations say that queries and keys turn: both spellings, every kind, and nothing that would turn wrongly.
#include "model/families/rotary_settings.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "golden.h"

namespace {

using attn::ErrorCode;
using attn::Index;
using attn::Rotary;

Rotary rotary(const std::string& json, Index d_head = 16) { return attn::rotary_from(attn::read_config(json), d_head); }

void expect_frequencies(const Rotary& found, Index d_head, double theta,
                        const std::function<long double(long double)>& change) {
  ASSERT_EQ(found.frequencies.size(), d_head / 2);
  for (Index i = 0; i < d_head / 2; ++i) {
    const long double plain = std::pow(static_cast<long double>(theta), -2.0L * static_cast<long double>(i) / d_head);
    const auto want = static_cast<double>(change(plain));
    EXPECT_NEAR(static_cast<double>(found.frequencies(i)), want, 3e-7 * want) << i;
  }
}

long double unchanged(long double frequency) { return frequency; }

TEST(RotarySettings, ReadTheDefaultInBothSpellings) {
  const std::pair<const char*, double> configs[] = {
      {R"({})", 10000.0},
      {R"({"rope_theta": 500000})", 500000.0},
      {R"({"rope_theta": 5e5, "rope_scaling": null})", 500000.0},
      {R"({"rope_theta": 5e5, "rope_parameters": null})", 500000.0},
      {R"({"rope_theta": null})", 10000.0},
      {R"({"rope_scaling": {"type": "default"}, "rope_theta": 2000.0})", 2000.0},
      {R"({"rope_scaling": {"rope_type": "default"}, "rope_theta": 2000.0})", 2000.0},
      {R"({"rope_scaling": {"rope_type": "default", "type": null}, "rope_theta": 2000.0})", 2000.0},
      {R"({"rope_parameters": {"rope_theta": 8000.0, "rope_type": "default"}})", 8000.0},
      {R"({"rope_parameters": {"rope_theta": 8000.0}})", 8000.0},
      {R"({"rope_parameters": {"rope_theta": null, "rope_type": null}, "rope_theta": 7000.0})", 7000.0},
      {R"({"rope_parameters": {"rope_theta": 8000.0}, "rope_theta": 7000.0})", 8000.0},
      {R"({"rope_parameters": {"rope_theta": 8000.0, "partial_rotary_factor": 1.0}})", 8000.0},
      {R"({"partial_rotary_factor": 1, "rope_theta": 8000.0})", 8000.0},
  };
  for (const auto& [json, theta] : configs) {
    SCOPED_TRACE(json);
    expect_frequencies(rotary(json), 16, theta, unchanged);
  }
  expect_frequencies(rotary("{}", 2), 2, 10000.0, unchanged);
  expect_frequencies(rotary("{}", 128), 128, 10000.0, unchanged);
}

TEST(RotarySettings, LinearDividesAllFrequencies) {
  for (const char* json : {R"({"rope_scaling": {"type": "linear", "factor": 4.0}})",
                           R"({"rope_scaling": {"rope_type": "linear", "factor": 4}})",
                           R"({"rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 10000.0}})"}) {
    SCOPED_TRACE(json);
    expect_frequencies(rotary(json), 16, 10000.0, [](long double frequency) { return frequency / 4.0L; });
  }
}

TEST(RotarySettings, Llama3DividesTheSlowOnes) {
  const std::string numbers =
      R"("factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 512)";
  // By wavelength, as the paper's code says it.
  const auto slowed = [](long double frequency) {
    const long double wavelength = 2.0L * std::numbers::pi_v<long double> / frequency;
    if (wavelength < 512.0L / 4.0L) return frequency;
    if (wavelength > 512.0L / 1.0L) return frequency / 8.0L;
    const long double smooth = (512.0L / wavelength - 1.0L) / (4.0L - 1.0L);
    return (1.0L - smooth) * frequency / 8.0L + smooth * frequency;
  };
  for (const std::string& json :
       {R"({"rope_theta": 500000.0, "rope_scaling": {"rope_type": "llama3", )" + numbers + "}}",
        R"({"rope_theta": 500000.0, "rope_scaling": {"type": "llama3", )" + numbers + "}}",
        R"({"rope_parameters": {"rope_theta": 500000.0, "rope_type": "llama3", )" + numbers + "}}"}) {
    SCOPED_TRACE(json);
    expect_frequencies(rotary(json, 64), 64, 500000.0, slowed);
  }
  // All three kinds of pairs occur.
  const Rotary found =
      rotary(R"({"rope_theta": 500000.0, "rope_scaling": {"rope_type": "llama3", )" + numbers + "}}", 64);
  const Rotary plain = attn::rotary_of(64, 500000.0);
  Index fast = 0;
  Index slow = 0;
  for (Index i = 0; i < 32; ++i) {
    const float share = found.frequencies(i) / plain.frequencies(i);
    fast += share == 1.0F ? 1 : 0;
    slow += std::abs(share - 0.125F) < 1e-6F ? 1 : 0;
  }
  EXPECT_GT(fast, 0);
  EXPECT_GT(slow, 0);
  EXPECT_LT(fast + slow, 32);
}

TEST(RotarySettings, RefuseWhatIsNotBuiltInByName) {
  using enum ErrorCode;
  for (const char* kind : {"dynamic", "yarn", "longrope", "su", "mrope", "Linear", ""}) {
    for (const char* group : {"rope_scaling", "rope_parameters"}) {
      for (const char* key : {"type", "rope_type"}) {
        const std::string json =
            std::string("{\"") + group + "\": {\"" + key + "\": \"" + kind + "\", \"factor\": 2.0}}";
        SCOPED_TRACE(json);
        test::expect_refusal({kUnsupported, std::string("kind \"") + kind + '"', "default, linear or llama3",
                              std::string("^\"") + kind + "\"$"},
                             [&] { rotary(json); });
      }
    }
  }
  for (const char* json :
       {R"({"partial_rotary_factor": 0.5})", R"({"rope_parameters": {"partial_rotary_factor": 0.5}})",
        R"({"rope_scaling": {"partial_rotary_factor": 0.5}})"}) {
    test::expect_refusal({kUnsupported, "part of the width", "partial_rotary_factor 1", "^0.5$"},
                         [&] { rotary(json); });
  }
  for (const char* layers : {"full_attention", "sliding_attention"}) {
    const std::string json = std::string(R"({"rope_parameters": {")") + layers + R"(": {"rope_theta": 10000.0}}})";
    test::expect_refusal({kUnsupported, "from layer to layer", "one kind", layers}, [&] { rotary(json); });
  }
}

TEST(RotarySettings, RefuseNumbersThatMakeNoSense) {
  struct Case {
    std::string json;
    const char* key;
    const char* expected;
    const char* found;
  };
  const auto llama3 = [](const std::string& factor, const std::string& low, const std::string& high,
                         const std::string& context) {
    return R"({"rope_scaling": {"rope_type": "llama3", "factor": )" + factor + R"(, "low_freq_factor": )" + low +
           R"(, "high_freq_factor": )" + high + R"(, "original_max_position_embeddings": )" + context + "}}";
  };
  EXPECT_NO_THROW(rotary(llama3("8", "1", "4", "8192")));
  const Case cases[] = {
      {R"({"rope_theta": 0})", "rope_theta", "above 0", "^0$"},
      {R"({"rope_theta": -1})", "rope_theta", "above 0", "^-1$"},
      {R"({"rope_theta": 1e300})", "rope_theta", "at most 1000000000000", ""},
      {R"({"rope_theta": "10000"})", "rope_theta", "a number", "10000"},
      {R"({"rope_parameters": {"rope_theta": true}})", "rope_parameters.rope_theta", "a number", "true"},
      {R"({"rope_scaling": {"rope_type": 3}})", "rope_scaling.rope_type", "a text", "3"},
      {R"({"rope_scaling": {"type": "linear"}})", "rope_scaling.factor", "above 0", "nothing"},
      {R"({"rope_scaling": {"type": "linear", "factor": null}})", "rope_scaling.factor", "above 0", "nothing"},
      {R"({"rope_scaling": {"type": "linear", "factor": 0}})", "rope_scaling.factor", "above 0", "^0$"},
      {R"({"rope_scaling": {"type": "linear", "factor": -2}})", "rope_scaling.factor", "above 0", "^-2$"},
      {R"({"rope_scaling": {"type": "linear", "factor": "2"}})", "rope_scaling.factor", "a number", "2"},
      {R"({"rope_parameters": {"rope_type": "linear"}, "rope_scaling": {"factor": 2}})", "rope_parameters.factor",
       "above 0", "nothing"},
      {R"({"rope_scaling": {"rope_type": "llama3", "factor": 8}})", "rope_scaling.low_freq_factor", "above 0",
       "nothing"},
      {llama3("0", "1", "4", "8192"), "rope_scaling.factor", "above 0", "^0$"},
      {llama3("8", "null", "4", "8192"), "low_freq_factor", "above 0", "nothing"},
      {llama3("8", "1", "null", "8192"), "high_freq_factor", "above 0", "nothing"},
      {llama3("8", "1", "4", "null"), "original_max_position_embeddings", "above 0", "nothing"},
      {llama3("8", "1", "4", "-1"), "original_max_position_embeddings", "above 0", "-1"},
      {llama3("8", "4", "4", "8192"), "high_freq_factor", "above 4", "^4$"},
      {llama3("8", "4", "1", "8192"), "high_freq_factor", "above 4", "^1$"},
      {R"({"partial_rotary_factor": 1.5})", "partial_rotary_factor", "at most 1", "1.5"},
      {R"({"partial_rotary_factor": 0})", "partial_rotary_factor", "above 0", "0"},
      {R"({"rope_scaling": 2.0})", "rope_scaling", "an object or null", ""},
      {R"({"rope_scaling": "linear"})", "rope_scaling", "an object or null", ""},
      {R"({"rope_parameters": true})", "rope_parameters", "an object or null", ""},
  };
  for (const auto& [json, key, expected, found] : cases) {
    SCOPED_TRACE(json);
    test::expect_refusal({ErrorCode::kBadConfig, key, expected, found}, [&, text = json] { rotary(text); });
  }
  test::expect_refusal({ErrorCode::kBadConfig, "even width", "even", "^7$"}, [] { rotary("{}", 7); });
}

}  // namespace
