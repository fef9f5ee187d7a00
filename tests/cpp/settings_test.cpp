// Reading one setting: its type, its range, its default, and the words of a refusal.
#include "model/settings.h"

#include <gtest/gtest.h>

#include "golden.h"

namespace {

using attn::ErrorCode;
using attn::Settings;

Settings settings() {
  return {{"nothing", std::monostate{}},    {"yes", true},
          {"seven", std::int64_t{7}},       {"half", 0.5},
          {"word", std::string("gelu")},    {"long", std::string(500, 'x')},
          {"nested", attn::NestedSetting{}}};
}

void refused(const std::string& key, const std::string& expected, const std::string& found,
             const std::function<void()>& work) {
  test::expect_refusal({ErrorCode::kBadConfig, R"(config.json, ")" + key + R"(".*expected.*found)", expected, found},
                       work);
}

TEST(Settings, ANullIsAsGoodAsAbsent) {
  EXPECT_TRUE(attn::has(settings(), "seven"));
  EXPECT_FALSE(attn::has(settings(), "nothing"));
  EXPECT_FALSE(attn::has(settings(), "absent"));
  for (const char* key : {"nothing", "absent"}) {
    EXPECT_EQ(attn::number_or(settings(), key, 0.0, 1.0, 0.25), 0.25);
    EXPECT_EQ(attn::text_or(settings(), key, "other"), "other");
    EXPECT_TRUE(attn::boolean_or(settings(), key, true));
  }
}

TEST(Settings, ReadsWhatIsThere) {
  EXPECT_EQ(attn::integer(settings(), "seven", 7, 7), 7);
  EXPECT_EQ(attn::number_or(settings(), "half", 0.0, 0.5, 9.0), 0.5);
  EXPECT_EQ(attn::number_or(settings(), "seven", 0.0, 10.0, 9.0), 7.0) << "a whole number is a number";
  EXPECT_EQ(attn::text(settings(), "word"), "gelu");
  EXPECT_EQ(attn::text_or(settings(), "word", "other"), "gelu");
  EXPECT_TRUE(attn::boolean_or(settings(), "yes", false));
}

TEST(Settings, AnIntegerIsNothingElseAndWithinItsRange) {
  const std::pair<const char*, const char*> wrong[] = {{"nothing", "nothing"}, {"absent", "nothing"},
                                                       {"yes", "true"},        {"half", "0.5"},
                                                       {"word", R"("gelu")"},  {"nested", "an object or a list"}};
  for (const auto& [key, found] : wrong) {
    refused(key, "an integer from 1 to 9", found, [&, name = key] { attn::integer(settings(), name, 1, 9); });
  }
  refused("seven", "from 8 to 9", "^7$", [] { attn::integer(settings(), "seven", 8, 9); });
  refused("seven", "from 1 to 6", "^7$", [] { attn::integer(settings(), "seven", 1, 6); });
}

TEST(Settings, ANumberIsNothingElseAndWithinItsRange) {
  for (const char* key : {"yes", "word", "nested"}) {
    refused(key, "a number above 0 and at most 1", "", [&] { attn::number_or(settings(), key, 0.0, 1.0, 0.5); });
  }
  refused("half", "above 0.5", "^0.5$", [] { attn::number_or(settings(), "half", 0.5, 1.0, 0.7); });
  refused("half", "at most 1e-12", "^0.5$", [] { attn::number_or(settings(), "half", 0.0, 1e-12, 1e-13); });
}

TEST(Settings, ATextAndATruthValueAreNothingElse) {
  for (const char* key : {"nothing", "yes", "seven", "half", "nested"}) {
    refused(key, "a text", "", [&] { attn::text(settings(), key); });
  }
  refused("seven", "a text", "7", [] { attn::text_or(settings(), "seven", "x"); });
  refused("seven", "true or false", "7", [] { attn::boolean_or(settings(), "seven", true); });
  refused("word", "true or false", "gelu", [] { attn::boolean_or(settings(), "word", true); });
}

TEST(Settings, ALongTextIsCutInAMessage) {
  refused("long", "an integer", R"(^"x{60}\.\.\."$)", [] { attn::integer(settings(), "long", 0, 1); });
}

TEST(Settings, AnIntegerMayBeAbsentButNotWrong) {
  EXPECT_EQ(attn::integer_or(settings(), "seven", 1, 9, 3), 7);
  for (const char* key : {"nothing", "absent"}) EXPECT_EQ(attn::integer_or(settings(), key, 1, 9, 3), 3);
  EXPECT_EQ(attn::integer_or(settings(), "absent", 1, 9, 0), 0) << "what stands for absence may be out of range";
  refused("seven", "from 1 to 6", "^7$", [] { attn::integer_or(settings(), "seven", 1, 6, 3); });
  for (const char* key : {"yes", "half", "word", "nested"}) {
    refused(key, "an integer from 1 to 9", "", [&] { attn::integer_or(settings(), key, 1, 9, 3); });
  }
}

TEST(Settings, WhatIsInsideAnotherIsReadByItsPath) {
  const Settings nested = {{"rope_parameters", attn::NestedSetting{}},
                           {"rope_parameters.rope_theta", 5e5},
                           {"layer_types", attn::NestedSetting{}},
                           {"layer_types.0", std::string("full_attention")}};
  EXPECT_TRUE(attn::has(nested, "rope_parameters"));
  EXPECT_EQ(attn::number_or(nested, "rope_parameters.rope_theta", 0.0, 1e9, 1.0), 5e5);
  EXPECT_EQ(attn::text(nested, "layer_types.0"), "full_attention");
  EXPECT_FALSE(attn::has(nested, "layer_types.1"));
  refused("rope_parameters", "a text", "an object or a list", [&] { attn::text(nested, "rope_parameters"); });
}

}  // namespace
