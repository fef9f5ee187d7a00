// config.json as settings: every kind of value, and nothing but a strict JSON object.
#include "formats/hf_config.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "formats/json.h"
#include "golden.h"
#include "model/families/family.h"
#include "mutations.h"
#include "use.h"

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
      {"nothing", ""},
      {"white space alone", " \n"},
      {"a comment", "{} // x"},
      {"a comment in between", R"({/* x */"a":1})"},
      {"a comma at the end", R"({"a":1,})"},
      {"a comma alone", "{,}"},
      {"two commas", R"({"a":1,,"b":2})"},
      {"no comma", R"({"a":1 "b":2})"},
      {"no colon", R"({"a" 1})"},
      {"two colons", R"({"a"::1})"},
      {"a key without quotes", "{a:1}"},
      {"a key that is a number", "{1:1}"},
      {"a key that is null", "{null:1}"},
      {"single quotes", "{'a':1}"},
      {"no value", R"({"a"})"},
      {"no value after the colon", R"({"a":})"},
      {"not a number", R"({"a":NaN})"},
      {"infinity", R"({"a":Infinity})"},
      {"minus infinity", R"({"a":-Infinity})"},
      {"a Python None", R"({"a":None})"},
      {"a Python True", R"({"a":True})"},
      {"undefined", R"({"a":undefined})"},
      {"a zero in front", R"({"a":01})"},
      {"a minus and a zero in front", R"({"a":-01})"},
      {"a plus in front", R"({"a":+1})"},
      {"a minus alone", R"({"a":-})"},
      {"a point in front", R"({"a":.5})"},
      {"a point behind", R"({"a":1.})"},
      {"an exponent without digits", R"({"a":1e})"},
      {"a hexadecimal number", R"({"a":0x1F})"},
      {"digits with underscores", R"({"a":1_000})"},
      {"an open text", R"({"a":"b)"},
      {"an open object", R"({"a":1)"},
      {"an open list", R"({"a":[1)"},
      {"a list closed as an object", R"({"a":[1}})"},
      {"two objects", "{}{}"},
      {"a bracket too many", "{}}"},
      {"a word behind", "{} x"},
      {"a zero behind", std::string("{}\0", 3)},
      {"a zero and more behind", std::string("{}\0{\"a\":1}", 10)},
      {"a zero in a text", std::string("{\"a\":\"\0\"}", 9)},
      {"a control character", "{\"a\":\"\x01\"}"},
      {"a line's end in a text", "{\"a\":\"\n\"}"},
      {"a tab in a key", "{\"\t\":1}"},
      {"an escape that is none", R"({"a":"\x41"})"},
      {"half an escape", R"({"a":"\u12"})"},
      {"bad UTF-8", "{\"a\":\"\xff\"}"},
      {"bad UTF-8 in a key", "{\"\xff\":1}"},
      {"half a character", "{\"a\":\"\xe2\x82\"}"},
      {"an overlong character", "{\"a\":\"\xc0\xaf\"}"},
      {"a surrogate as bytes", "{\"a\":\"\xed\xa0\x80\"}"},
      {"half a surrogate", R"({"a":"\ud800"})"},
      {"surrogates the wrong way round", R"({"a":"\udc00\ud800"})"},
      {"a number out of range", R"({"a":1e999})"},
      {"UTF-16", std::string("\xff\xfe{\0}\0", 6)},
      {"a non-breaking space", "{\xc2\xa0}"},
      {"a form feed", "{\f}"},
      {"a web page", "<!DOCTYPE html>"},
      {"a pickle", std::string("\x80\x04\x95\0", 4)},
  };
  EXPECT_GE(std::size(texts), 55U);
  for (const auto& [name, text] : texts) {
    SCOPED_TRACE(name);
    test::expect_refusal({ErrorCode::kBadConfig, "config.json is not valid JSON", "JSON in UTF-8", "."},
                         [&, json = text] { attn::read_config(json); });
  }
}

/// A configuration of a reference model with one thing changed; the refusal is the model's.
struct Change {
  const char* name;
  const char* family;
  const char* json;  ///< Replaces these keys; null takes one away.
  test::Refusal refusal;
};

TEST(ReadConfig, GivesNoModelFromWhatContradictsTheWeightsOrIsNotBuiltIn) {
  using enum ErrorCode;
  const Change changes[] = {
      {"no type of model", "bert", R"({"model_type":null})", {kBadConfig, "model_type", "text", "nothing"}},
      {"a type that is a number", "bert", R"({"model_type":1})", {kBadConfig, "model_type", "text", "1"}},
      {"a type that is a list", "bert", R"({"model_type":["bert"]})", {kBadConfig, "model_type", "text", "list"}},
      {"an unknown type", "bert", R"({"model_type":"mamba"})", {kUnsupported, "mamba", "bert", "mamba"}},
      {"a type in capitals", "bert", R"({"model_type":"BERT"})", {kUnsupported, "BERT", "bert", "BERT"}},
      {"no width", "bert", R"({"hidden_size":null})", {kBadConfig, "hidden_size", "integer", "nothing"}},
      {"a width of 0", "bert", R"({"hidden_size":0})", {kBadConfig, "hidden_size", "from 1", "0"}},
      {"a negative width", "bert", R"({"hidden_size":-64})", {kBadConfig, "hidden_size", "from 1", "-64"}},
      {"half a width", "bert", R"({"hidden_size":64.5})", {kBadConfig, "hidden_size", "integer", "64.5"}},
      {"a width that is text", "bert", R"({"hidden_size":"64"})", {kBadConfig, "hidden_size", "integer", "\"64\""}},
      {"a width that is true", "bert", R"({"hidden_size":true})", {kBadConfig, "hidden_size", "integer", "true"}},
      {"a width past its limit", "bert", R"({"hidden_size":65537})", {kBadConfig, "hidden_size", "65536", "65537"}},
      {"a width past 64 bits",
       "bert",
       R"({"hidden_size":99999999999999999999})",
       {kBadConfig, "hidden_size", "integer", "1e20"}},
      {"another width than the weights'", "bert", R"({"hidden_size":32})", {kBadFile, "word_embeddings", "32", "64"}},
      {"no layers", "bert", R"({"num_hidden_layers":0})", {kBadConfig, "num_hidden_layers", "from 1", "0"}},
      {"too many layers", "bert", R"({"num_hidden_layers":257})", {kBadConfig, "num_hidden_layers", "256", "257"}},
      {"more layers than the weights", "bert", R"({"num_hidden_layers":3})", {kBadFile, "layer.2", "", ""}},
      {"fewer layers than the weights", "bert", R"({"num_hidden_layers":1})", {kBadConfig, "fewer layers", "1", ""}},
      {"no heads", "bert", R"({"num_attention_heads":0})", {kBadConfig, "num_attention_heads", "from 1", "0"}},
      {"too many heads", "bert", R"({"num_attention_heads":512})", {kBadConfig, "num_attention_heads", "256", "512"}},
      {"heads that do not divide", "bert", R"({"num_attention_heads":3})", {kBadConfig, "multiple", "of 3", "64"}},
      {"another inner width", "bert", R"({"intermediate_size":112})", {kBadFile, "intermediate", "112", "113"}},
      {"another vocabulary", "bert", R"({"vocab_size":147})", {kBadFile, "word_embeddings", "147", "146"}},
      {"a negative vocabulary", "bert", R"({"vocab_size":-1})", {kBadConfig, "vocab_size", "from 1", "-1"}},
      {"other positions", "bert", R"({"max_position_embeddings":49})", {kBadFile, "position_embeddings", "49", "48"}},
      {"no segments", "bert", R"({"type_vocab_size":0})", {kBadConfig, "type_vocab_size", "from 1", "0"}},
      {"an unknown activation", "bert", R"({"hidden_act":"mish"})", {kUnsupported, "mish", "gelu", "mish"}},
      {"an activation that is a number", "bert", R"({"hidden_act":1})", {kBadConfig, "hidden_act", "text", "1"}},
      {"a negative epsilon", "bert", R"({"layer_norm_eps":-1e-12})", {kBadConfig, "layer_norm_eps", "above 0", "-"}},
      {"an epsilon that is text", "bert", R"({"layer_norm_eps":"x"})", {kBadConfig, "layer_norm_eps", "number", "x"}},
      {"relative positions",
       "bert",
       R"({"position_embedding_type":"relative_key"})",
       {kUnsupported, "position_embedding_type", "absolute", "relative_key"}},
      {"a decoder", "bert", R"({"is_decoder":true})", {kUnsupported, "is_decoder", "false", "true"}},
      {"a decoder that is text", "bert", R"({"is_decoder":"no"})", {kBadConfig, "is_decoder", "true or false", "no"}},
      {"key heads that do not divide", "llama", R"({"num_key_value_heads":2})", {kBadConfig, "evenly", "of 2", "3"}},
      {"more key heads than heads", "llama", R"({"num_key_value_heads":6})", {kBadConfig, "key_value", "to 3", "6"}},
      {"no key heads", "llama", R"({"num_key_value_heads":0})", {kBadConfig, "key_value", "from 1", "0"}},
      {"an odd head width", "llama", R"({"head_dim":17})", {kBadConfig, "even", "even", "17"}},
      {"another head width", "llama", R"({"head_dim":16})", {kBadFile, "q_proj", "48", "54"}},
      {"a base of 0", "llama", R"({"rope_theta":0})", {kBadConfig, "rope_theta", "above 0", "0"}},
      {"a base that is text", "llama", R"({"rope_theta":"10000"})", {kBadConfig, "rope_theta", "number", "10000"}},
      {"an unknown rotation",
       "llama",
       R"({"rope_scaling":{"rope_type":"yarn","factor":2.0}})",
       {kUnsupported, "yarn", "llama3", "yarn"}},
      {"a rotation without its factor",
       "llama",
       R"({"rope_scaling":{"type":"linear"}})",
       {kBadConfig, "factor", "above 0", "nothing"}},
      {"a rotation of a part", "llama", R"({"partial_rotary_factor":0.5})", {kUnsupported, "part", "1", "0.5"}},
      {"a rotation that is turned inside out",
       "llama",
       R"({"rope_scaling":{"rope_type":"llama3","factor":8,"low_freq_factor":4,"high_freq_factor":1,
           "original_max_position_embeddings":32}})",
       {kBadConfig, "high_freq_factor", "above 4", "1"}},
      {"an inner activation that is unknown",
       "llama",
       R"({"hidden_act":"xielu"})",
       {kUnsupported, "xielu", "silu", ""}},
  };
  for (const Change& change : changes) {
    SCOPED_TRACE(change.name);
    const std::string folder = std::string("families/") + change.family;
    const std::filesystem::path golden = std::filesystem::path(HEADLIGHT_GOLDEN) / folder;
    const std::string file = std::string(change.family) == "llama" ? "config_v4.json" : "config.json";
    nlohmann::json config = nlohmann::json::parse(test::read_text(golden / file));
    const attn::Checkpoint weights = test::golden(folder + "/model.safetensors");
    ASSERT_NO_THROW(attn::make_model(attn::read_config(config.dump()), weights)) << "without the change it is a model";
    config.merge_patch(nlohmann::json::parse(change.json));
    test::expect_refusal(change.refusal, [&] { attn::make_model(attn::read_config(config.dump()), weights); });
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

TEST(ReadConfig, RefusesKeysThatWouldFillTheMemory) {
  std::string list = "[1";
  for (int i = 0; i < 200000; ++i) list += ",1";
  EXPECT_NO_THROW(attn::read_config(R"({"a":)" + list + "]}"));
  test::expect_refusal({ErrorCode::kTooLarge, "config.json", "16777216 bytes", "repeated"},
                       [&] { attn::read_config("{\"" + std::string(500000, 'k') + "\":" + list + "]}"); });
}

TEST(ReadConfig, SurvivesMutations) {
  const std::filesystem::path families = std::filesystem::path(HEADLIGHT_GOLDEN) / "families";
  const std::vector<std::string> seeds = {
      R"({"model_type":"bert","hidden_size":384,"layer_norm_eps":1e-12,"a":[null,true,"\u00e9"]})",
      test::read_text(families / "llama" / "config_v4.json"),
      test::read_text(families / "llama3" / "config.json"),
  };
  test::survive_mutations(seeds, 191, [](const std::string& text) { attn::read_config(text); });
}

TEST(ReadConfig, SurvivesMutationsBesideWeights) {
  const std::filesystem::path folder = std::filesystem::path(HEADLIGHT_GOLDEN) / "families" / "llama";
  const attn::Checkpoint weights = test::golden("families/llama/model.safetensors");
  test::survive_mutations({test::read_text(folder / "config_v4.json")}, 192,
                          [&](const std::string& text) { test::run_all(attn::read_config(text), weights); });
}

TEST(ReadConfig, PutsWhatIsInsideBesideIt) {
  const Settings settings = attn::read_config(R"({
    "rope": {"theta": 5.5, "type": null, "inner": {"deep": true}, "none": {}},
    "kinds": ["full", "sliding", 3, [false], {"a": "b"}], "nothing": []})");
  const auto is_nested = [&](const char* key) { return std::holds_alternative<attn::NestedSetting>(settings.at(key)); };
  for (const char* key : {"rope", "rope.inner", "rope.none", "kinds", "kinds.3", "kinds.4", "nothing"}) {
    EXPECT_TRUE(is_nested(key)) << key;
  }
  EXPECT_EQ(std::get<double>(settings.at("rope.theta")), 5.5);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(settings.at("rope.type")));
  EXPECT_TRUE(std::get<bool>(settings.at("rope.inner.deep")));
  EXPECT_EQ(std::get<std::string>(settings.at("kinds.0")), "full");
  EXPECT_EQ(std::get<std::string>(settings.at("kinds.1")), "sliding");
  EXPECT_EQ(std::get<std::int64_t>(settings.at("kinds.2")), 3);
  EXPECT_FALSE(std::get<bool>(settings.at("kinds.3.0")));
  EXPECT_EQ(std::get<std::string>(settings.at("kinds.4.a")), "b");
  EXPECT_EQ(settings.size(), 15U) << "and nothing else";
}

TEST(ReadConfig, RefusesTwoSettingsThatReadTheSame) {
  const std::pair<const char*, const char*> texts[] = {
      {R"({"a.b":{"c":1},"a":{"b":{}}})", "a.b"},  {R"({"a.b":1,"a":{"b":2}})", "a.b"},
      {R"({"a":{"b":2},"a.b":1})", "a.b"},         {R"({"a":[7],"a.0":1})", "a.0"},
      {R"({"a":{"b.c":1,"b":{"c":2}}})", "a.b.c"}, {R"({"":{"":1},".":2})", "."},
  };
  for (const auto& [text, key] : texts) {
    test::expect_refusal({ErrorCode::kBadConfig, std::string("two settings.*\"") + key, "every key once", ""},
                         [json = text] { attn::read_config(json); });
  }
  EXPECT_NO_THROW(attn::read_config(R"({"a.b":1,"a":{"c":2},"a.b.c":3})"));
}

}  // namespace
