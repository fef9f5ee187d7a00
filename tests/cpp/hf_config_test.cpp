// config.json as settings: every kind of value, and nothing but a strict JSON object.
#include "formats/hf_config.h"

#include <gtest/gtest.h>

#include "formats/json.h"
#include "golden.h"

namespace {

using attn::ErrorCode;
using attn::Settings;

TEST(ReadConfig, KeepsEveryKindOfValue) {
  const Settings settings = attn::read_config(R"({
    "null": null, "yes": true, "no": false, "whole": 384, "negative": -3, "real": 1e-12, "one": 1.0,
    "text": "\u00e9\n", "empty": "", "list": ["BertModel"], "object": {"a": {"b": 1}},
    "largest": 9223372036854775807, "smallest": -9223372036854775808, "beyond": 18446744073709551615, "": 5})");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(settings.at("null")));
  EXPECT_TRUE(std::get<bool>(settings.at("yes")));
  EXPECT_FALSE(std::get<bool>(settings.at("no")));
  EXPECT_EQ(std::get<std::int64_t>(settings.at("whole")), 384);
  EXPECT_EQ(std::get<std::int64_t>(settings.at("negative")), -3);
  EXPECT_EQ(std::get<double>(settings.at("real")), 1e-12);
  EXPECT_EQ(std::get<double>(settings.at("one")), 1.0);
  EXPECT_EQ(std::get<std::string>(settings.at("text")), "\u00e9\n");
  EXPECT_EQ(std::get<std::string>(settings.at("empty")), "");
  EXPECT_TRUE(std::holds_alternative<attn::NestedSetting>(settings.at("list")));
  EXPECT_TRUE(std::holds_alternative<attn::NestedSetting>(settings.at("object")));
  EXPECT_EQ(std::get<std::int64_t>(settings.at("largest")), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(std::get<std::int64_t>(settings.at("smallest")), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(std::get<double>(settings.at("beyond")), 0x1p64);
  EXPECT_EQ(std::get<std::int64_t>(settings.at("")), 5);
}

TEST(ReadConfig, TakesNoKeysAndWhiteSpace) {
  EXPECT_TRUE(attn::read_config("{}").empty());
  EXPECT_TRUE(attn::read_config(" \r\n\t{ } \n").empty());
}

TEST(ReadConfig, TakesNestingToTheLimitAndNoDeeper) {
  const auto nested = [](std::size_t depth) {
    return R"({"a":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_NO_THROW(attn::read_config(nested(attn::kDeepestJson - 2)));
  test::expect_refusal({ErrorCode::kBadConfig, "nested too deeply", "at most 32 levels", "more"},
                       [&] { attn::read_config(nested(attn::kDeepestJson + 2)); });
  test::expect_refusal({ErrorCode::kBadConfig, "nested too deeply", "at most 32 levels", "more"},
                       [&] { attn::read_config(nested(attn::kLargestConfig / 2 - 10)); });
}

TEST(ReadConfig, RefusesAllThatIsNotStrictJson) {
  const std::pair<const char*, std::string> texts[] = {
      {"a comment", "{} // x"},
      {"a comma at the end", R"({"a":1,})"},
      {"a key without quotes", "{a:1}"},
      {"single quotes", "{'a':1}"},
      {"no value", R"({"a"})"},
      {"not a number", R"({"a":NaN})"},
      {"infinity", R"({"a":Infinity})"},
      {"a zero in front", R"({"a":01})"},
      {"an open text", R"({"a":"b)"},
      {"an open object", R"({"a":1)"},
      {"two objects", "{}{}"},
      {"a control character", "{\"a\":\"\x01\"}"},
      {"bad UTF-8", "{\"a\":\"\xff\"}"},
      {"half a surrogate", R"({"a":"\ud800"})"},
      {"a number out of range", R"({"a":1e999})"},
  };
  for (const auto& [name, text] : texts) {
    SCOPED_TRACE(name);
    test::expect_refusal({ErrorCode::kBadConfig, "config.json is not valid JSON", "JSON in UTF-8", "."},
                         [&, json = text] { attn::read_config(json); });
  }
}

TEST(ReadConfig, RefusesAnythingButAnObject) {
  const std::pair<const char*, const char*> texts[] = {
      {"[]", "array"}, {"3", "number"}, {"\"a\"", "string"}, {"true", "boolean"}, {"null", "null"}};
  for (const auto& [text, type] : texts) {
    test::expect_refusal({ErrorCode::kBadConfig, "config.json must hold an object", "an object", type},
                         [json = text] { attn::read_config(json); });
  }
}

TEST(ReadConfig, RefusesAKeyTwiceAtAnyDepth) {
  for (const char* text : {R"({"a":1,"a":2})", R"({"b":{"a":1,"a":1}})", R"({"b":[{"a":1},{"a":1,"a":2}]})"}) {
    test::expect_refusal({ErrorCode::kBadConfig, "\"a\" twice", "every key once", "^a$"},
                         [&] { attn::read_config(text); });
  }
  EXPECT_NO_THROW(attn::read_config(R"({"a":{"a":1},"b":[{"a":1},{"a":2}]})"));
}

TEST(ReadConfig, RefusesWhatIsTooLarge) {
  std::string text = "{}";
  text.resize(attn::kLargestConfig, ' ');
  EXPECT_NO_THROW(attn::read_config(text));
  text += ' ';
  test::expect_refusal({ErrorCode::kTooLarge, "config.json", "1048576 bytes", "1048577"},
                       [&] { attn::read_config(text); });
}

TEST(ReadConfig, SurvivesAnyChangeOfAnyByte) {
  const std::string good = R"({"model_type":"bert","hidden_size":384,"layer_norm_eps":1e-12,"a":[null,true,"\u00e9"]})";
  test::Random random(191);
  for (int round = 0; round < 5000; ++round) {
    std::string text = good;
    for (attn::Index i = random.index(1, 4); i > 0; --i) {
      text[static_cast<std::size_t>(random.index(0, static_cast<attn::Index>(text.size()) - 1))] =
          static_cast<char>(random.index(0, 255));
    }
    try {
      attn::read_config(text);
    } catch (const attn::Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadConfig);
    }
  }
}

}  // namespace
