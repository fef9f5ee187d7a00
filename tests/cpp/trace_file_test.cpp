// Trace files: what Python saves is read, what is written comes back bit for bit, and everything else is refused.
#include "formats/trace_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "formats/safetensors.h"
#include "golden.h"
#include "mutations.h"

namespace {

using attn::ErrorCode;
using attn::Index;
using attn::Matrix;
using attn::SharedMatrix;

using Metadata = std::map<std::string, std::string>;
using Tensors = std::map<std::string, std::pair<std::vector<Index>, SharedMatrix>>;

constexpr Index kTokens = 3;
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Matrix uniform(Index heads) { return Matrix::Constant(heads * kTokens, kTokens, 1.0F / kTokens); }

Metadata good_metadata() { return {{"format", "attention-trace"}, {"version", "1"}, {"tokens", R"(["a","b","c"])"}}; }

Tensors good_tensors() {
  Tensors tensors;
  for (const char* name : {"layers.0.weights", "layers.1.weights"}) {
    tensors[name] = {{2, kTokens, kTokens}, SharedMatrix(uniform(2))};
  }
  return tensors;
}

attn::TraceFile read(const Metadata& metadata, const Tensors& tensors) {
  const std::string bytes = attn::write_safetensors(metadata, tensors);
  return attn::read_trace(attn::read_safetensors(test::bytes_of(bytes), "run.safetensors"), "run.safetensors");
}

struct Case {
  const char* name;
  std::function<void(Metadata&, Tensors&)> spoil;
  test::Refusal refusal;
};

void put(Tensors& tensors, const std::string& name, std::vector<Index> shape, Matrix numbers) {
  tensors[name] = {std::move(shape), SharedMatrix(std::move(numbers))};
}

void put_parts(Tensors& tensors, Index layer, Index d_head) {
  test::Random random(3);
  for (const char* part : {"query", "key", "value"}) {
    put(tensors, "layers." + std::to_string(layer) + "." + part, {2, kTokens, d_head},
        random.matrix(2 * kTokens, d_head));
  }
}

/// Weights with one number replaced.
Matrix with(float number) {
  Matrix weights = uniform(2);
  weights(4, 1) = number;
  return weights;
}

std::vector<Case> malformed() {
  using enum ErrorCode;
  const auto replace = [](float number) {
    return [number](Metadata&, Tensors& tensors) {
      put(tensors, "layers.1.weights", {2, kTokens, kTokens}, with(number));
    };
  };
  const auto tokens = [](const char* text) {
    return [text](Metadata& metadata, Tensors&) { metadata["tokens"] = text; };
  };
  return {
      {"no format", [](Metadata& m, Tensors&) { m.erase("format"); }, {kBadFile, "format", "attention-trace", "none"}},
      {"another format",
       [](Metadata& m, Tensors&) { m["format"] = "pt"; },
       {kBadFile, "format", "attention-trace", ""}},
      {"no version", [](Metadata& m, Tensors&) { m.erase("version"); }, {kBadFile, "version", "1", "none"}},
      {"a later version", [](Metadata& m, Tensors&) { m["version"] = "2"; }, {kUnsupported, "version", "1", "2"}},
      {"no tokens", [](Metadata& m, Tensors&) { m.erase("tokens"); }, {kBadFile, "tokens", "list", "none"}},
      {"tokens that are no JSON", tokens("a b c"), {kBadFile, "tokens.*JSON", "", ""}},
      {"tokens that are an object", tokens("{}"), {kBadFile, "tokens", "list", "object"}},
      {"tokens that are none", tokens("[]"), {kBadFile, "tokens", "at least one", "empty"}},
      {"a token that is a number", tokens(R"(["a",2,"c"])"), {kBadFile, "tokens", "texts", "number"}},
      {"fewer tokens than rows", tokens(R"(["a","b"])"), {kBadFile, "layers.0.weights", "2 tokens", "\\[2, 3, 3\\]"}},
      {"more tokens than rows",
       tokens(R"(["a","b","c","d"])"),
       {kBadFile, "layers.0.weights", "4 tokens", "\\[2, 3, 3\\]"}},
      {"causal that is neither",
       [](Metadata& m, Tensors&) { m["causal"] = "yes"; },
       {kBadFile, "causal", "true or false", "yes"}},
      {"no layers", [](Metadata&, Tensors& t) { t.clear(); }, {kBadFile, "layers", "layers.0.weights", "no tensor"}},
      {"a gap between layers",
       [](Metadata&, Tensors& t) { t["layers.3.weights"] = t["layers.1.weights"]; },
       {kBadFile, "gaps", "layers.2", "layers.3"}},
      {"layers from one on",
       [](Metadata&, Tensors& t) { t.erase("layers.0.weights"); },
       {kBadFile, "gaps", "layers.0", "layers.1"}},
      {"a layer without a number",
       [](Metadata&, Tensors& t) { t["layers.x.weights"] = t["layers.1.weights"]; },
       {kBadFile, "name", "layers.N", "layers.x"}},
      {"a layer with a zero in front",
       [](Metadata&, Tensors& t) { t["layers.02.weights"] = t["layers.1.weights"]; },
       {kBadFile, "name", "layers.N", "layers.02"}},
      {"two dimensions",
       [](Metadata&, Tensors& t) { t["layers.0.weights"].first = {2 * kTokens, kTokens}; },
       {kBadFile, "layers.0.weights", "heads", "\\[6, 3\\]"}},
      {"no heads",
       [](Metadata&, Tensors& t) { put(t, "layers.0.weights", {0, kTokens, kTokens}, Matrix(0, kTokens)); },
       {kBadFile, "layers.0.weights", "heads", "\\[0, 3, 3\\]"}},
      {"another number of heads in layer 1",
       [](Metadata&, Tensors& t) { put(t, "layers.1.weights", {1, kTokens, kTokens}, uniform(1)); },
       {kBadFile, "layers.1.weights", "2 heads", "1"}},
      {"a weight below 0", replace(-0.1F), {kBadFile, "layers.1.weights", "from 0 to 1", "-0.1"}},
      {"a weight above 1", replace(1.5F), {kBadFile, "layers.1.weights", "from 0 to 1", "1.5"}},
      {"a weight that is infinite",
       replace(std::numeric_limits<float>::infinity()),
       {kBadFile, "layers.1.weights", "finite", ""}},
      {"a weight that is no number",
       replace(std::numeric_limits<float>::quiet_NaN()),
       {kBadFile, "layers.1.weights", "finite", "NaN"}},
      {"a row that does not sum to 1", replace(0.4F), {kBadFile, "head 1, row 1", "sum to 1", "1.06"}},
      {"a query without its key",
       [](Metadata&, Tensors& t) {
         put_parts(t, 0, 4);
         t.erase("layers.0.key");
       },
       {kBadFile, "layer 0", "all of", "2 of them"}},
      {"query and key of different widths",
       [](Metadata&, Tensors& t) {
         put_parts(t, 0, 4);
         put(t, "layers.0.key", {2, kTokens, 5}, Matrix::Zero(6, 5));
       },
       {kBadFile, "layers.0.key", "d_head", "5"}},
      {"weights that query and key do not give",
       [](Metadata&, Tensors& t) { put_parts(t, 0, 4); },
       {kBadFile, "layers.0.weights", "query and key", "difference"}},
      {"too few hidden states",
       [](Metadata&, Tensors& t) { put(t, "hidden.0", {kTokens, 4}, Matrix::Zero(kTokens, 4)); },
       {kBadFile, "hidden", "hidden.2", "1 of them"}},
      {"a hidden state of another length",
       [](Metadata&, Tensors& t) {
         for (const char* n : {"hidden.0", "hidden.1", "hidden.2"}) put(t, n, {2, 4}, Matrix::Zero(2, 4));
       },
       {kBadFile, "hidden.0", "3 tokens", "\\[2, 4\\]"}},
      {"an encoder-decoder's trace",
       [](Metadata&, Tensors& t) { t["encoder.layers.0.weights"] = t["layers.0.weights"]; },
       {kUnsupported, "encoder-decoder", "layers.N", ""}},
  };
}

std::vector<Case> malformed_words() {
  using enum ErrorCode;
  const auto set = [](const char* key, const char* value) {
    return [key, value](Metadata& metadata, Tensors&) { metadata[key] = value; };
  };
  return {
      {"a format in capitals", set("format", "Attention-Trace"), {kBadFile, "format", "attention-trace", ""}},
      {"a format that is empty", set("format", ""), {kBadFile, "format", "attention-trace", ""}},
      {"a format with a space", set("format", "attention-trace "), {kBadFile, "format", "attention-trace", ""}},
      {"a version that is empty", set("version", ""), {kBadFile, "version", "1", "none"}},
      {"version 1.0", set("version", "1.0"), {kUnsupported, "version", "1", "1.0"}},
      {"version 01", set("version", "01"), {kUnsupported, "version", "1", "01"}},
      {"a version in words", set("version", "one"), {kUnsupported, "version", "1", "one"}},
      {"tokens that are empty", set("tokens", ""), {kBadFile, "tokens.*JSON", "JSON", "byte"}},
      {"tokens that are null", set("tokens", "null"), {kBadFile, "tokens", "list", "null"}},
      {"tokens that are a number", set("tokens", "3"), {kBadFile, "tokens", "list", "number"}},
      {"tokens that are one text", set("tokens", "\"abc\""), {kBadFile, "tokens", "list", "string"}},
      {"tokens that are cut off", set("tokens", R"(["a","b","c")"), {kBadFile, "tokens.*JSON", "JSON", "byte"}},
      {"a comma after the last token", set("tokens", R"(["a","b","c",])"), {kBadFile, "tokens.*JSON", "", "byte"}},
      {"something after the tokens", set("tokens", R"(["a","b","c"] x)"), {kBadFile, "tokens.*JSON", "", "byte"}},
      {"half a surrogate in a token", set("tokens", R"(["a","\ud800","c"])"), {kBadFile, "tokens.*JSON", "", "byte"}},
      {"a token that is null", set("tokens", R"(["a",null,"c"])"), {kBadFile, "tokens", "texts", "null"}},
      {"a token that is a list", set("tokens", R"(["a",["b"],"c"])"), {kBadFile, "tokens", "texts", "array"}},
      {"a token that is an object", set("tokens", R"(["a",{},"c"])"), {kBadFile, "tokens", "texts", "object"}},
      {"a key twice in a token", set("tokens", R"([{"a":1,"a":2}])"), {kBadFile, "twice", "once", "a"}},
      {"tokens without an end to their depth",
       [](Metadata& m, Tensors&) { m["tokens"] = std::string(100, '['); },
       {kBadFile, "nested", "32 levels", "more"}},
      {"causal in capitals", set("causal", "True"), {kBadFile, "causal", "true or false", "True"}},
      {"causal as a number", set("causal", "1"), {kBadFile, "causal", "true or false", "1"}},
      {"causal that is empty", set("causal", ""), {kBadFile, "causal", "true or false", ""}},
      {"a decoder's tokens", set("decoder_tokens", "[]"), {kUnsupported, "encoder-decoder", "layers.N", ""}},
      {"a decoder's layers",
       [](Metadata&, Tensors& t) { t["decoder.layers.0.cross.weights"] = t["layers.0.weights"]; },
       {kUnsupported, "encoder-decoder", "layers.N", "decoder"}},
  };
}

std::vector<Case> malformed_tensors() {
  using enum ErrorCode;
  const auto also = [](const char* name) {
    return [name](Metadata&, Tensors& tensors) { tensors[name] = tensors["layers.1.weights"]; };
  };
  const auto instead = [](const char* name, std::vector<Index> shape) {
    return [name, shape](Metadata&, Tensors& tensors) {
      Index count = 1;
      for (const Index length : shape) count *= length;
      put(tensors, name, shape, Matrix::Constant(1, count, 1.0F / kTokens));
    };
  };
  // Query, key and value alone in layer 0, one of them in another shape.
  const auto part = [](const char* name, std::vector<Index> shape) {
    return [name, shape](Metadata&, Tensors& tensors) {
      tensors.clear();
      put_parts(tensors, 0, 4);
      Index count = 1;
      for (const Index length : shape) count *= length;
      put(tensors, std::string("layers.0.") + name, shape, Matrix::Zero(1, count));
    };
  };
  const auto number = [](const char* name, float wrong) {
    return [name, wrong](Metadata&, Tensors& tensors) {
      tensors.clear();
      put_parts(tensors, 0, 4);
      Matrix numbers = tensors[name].second.view();
      numbers(1, 1) = wrong;
      tensors[name].second = SharedMatrix(numbers);
    };
  };
  const auto hidden = [](const char* name, std::vector<Index> shape) {
    return [name, shape](Metadata&, Tensors& tensors) {
      for (const char* each : {"hidden.0", "hidden.1", "hidden.2"}) {
        put(tensors, each, {kTokens, 4}, Matrix::Zero(kTokens, 4));
      }
      Index count = 1;
      for (const Index length : shape) count *= length;
      put(tensors, name, shape, Matrix::Zero(1, count));
    };
  };
  return {
      {"a layer whose number is missing", also("layers..weights"), {kBadFile, "name", "layers.N", "layers\\.\\."}},
      {"a layer below 0", also("layers.-1.weights"), {kBadFile, "name", "layers.N", "-1"}},
      {"a layer with a plus", also("layers.+1.weights"), {kBadFile, "name", "layers.N", "1"}},
      {"a layer with a space", also("layers. 2.weights"), {kBadFile, "name", "layers.N", " 2"}},
      {"a layer in hexadecimal", also("layers.0x2.weights"), {kBadFile, "name", "layers.N", "0x2"}},
      {"a layer past 64 bits", also("layers.99999999999999999999.weights"), {kBadFile, "name", "layers.N", "9999"}},
      {"the last layer of 64 bits", also("layers.9223372036854775807.weights"), {kBadFile, "gaps", "layers.2", "9223"}},
      {"a layer that holds something else", also("layers.2.other"), {kBadFile, "layer 2", "weights", "no tensor"}},
      {"a layer that is a tensor", also("layers.2"), {kBadFile, "layer 2", "weights", "no tensor"}},
      {"one dimension", instead("layers.1.weights", {18}), {kBadFile, "layers.1.weights", "heads", "\\[18\\]"}},
      {"no dimension", instead("layers.1.weights", {}), {kBadFile, "layers.1.weights", "heads", "\\[\\]"}},
      {"four dimensions", instead("layers.1.weights", {1, 2, 3, 3}), {kBadFile, "layers.1", "heads", "1, 2, 3, 3"}},
      {"no keys", instead("layers.1.weights", {2, 3, 0}), {kBadFile, "layers.1.weights", "width", "2, 3, 0"}},
      {"fewer keys than queries", instead("layers.1.weights", {2, 3, 2}), {kBadFile, "layers.1", "2?3, 3", "2, 3, 2"}},
      {"fewer queries than keys",
       instead("layers.1.weights", {2, 2, 3}),
       {kBadFile, "layers.1", "3 tokens", "2, 2, 3"}},
      {"only a value",
       [](Metadata&, Tensors& t) {
         put_parts(t, 0, 4);
         t.erase("layers.0.key");
         t.erase("layers.0.query");
       },
       {kBadFile, "layer 0", "all of", "1 of them"}},
      {"a query of two dimensions", part("query", {6, 4}), {kBadFile, "layers.0.query", "heads", "6, 4"}},
      {"a query of other tokens", part("query", {2, 4, 4}), {kBadFile, "layers.0.query", "3 tokens", "2, 4, 4"}},
      {"a query without a width", part("query", {2, 3, 0}), {kBadFile, "layers.0.query", "width", "2, 3, 0"}},
      {"a key of no heads", part("key", {0, 3, 4}), {kBadFile, "layers.0.key", "heads", "0, 3, 4"}},
      {"a key whose heads do not divide", part("key", {3, 3, 4}), {kBadFile, "layers.0", "heads", "3, 4"}},
      {"a value of other heads", part("value", {1, 3, 4}), {kBadFile, "layers.0.value", "as the key", "1, 3, 4"}},
      {"a value of other tokens", part("value", {2, 2, 4}), {kBadFile, "layers.0.value", "3 tokens", "2, 2, 4"}},
      {"a query that is infinite", number("layers.0.query", kInfinity), {kBadFile, "layers.0.query", "finite", ""}},
      {"a key that is no number", number("layers.0.key", kNan), {kBadFile, "layers.0.key", "finite", "NaN"}},
      {"a value that is -infinite", number("layers.0.value", -kInfinity), {kBadFile, "layers.0.value", "finite", ""}},
      {"a query too large to compute with",
       number("layers.0.query", 2e15F),
       {kBadFile, "layers.0.query", "numbers up to", "[12]"}},
      {"a key near the end of float", number("layers.0.key", -3e38F), {kBadFile, "layers.0.key", "numbers up to", ""}},
      {"other query heads in layer 1",
       [](Metadata&, Tensors& t) {
         t.clear();
         put_parts(t, 0, 4);
         put_parts(t, 1, 4);
         put(t, "layers.1.query", {4, kTokens, 4}, Matrix::Zero(12, 4));
       },
       {kBadFile, "layers.1.query", "2 heads", "4"}},
      {"hidden states from one on",
       [](Metadata&, Tensors& t) { put(t, "hidden.1", {kTokens, 4}, Matrix::Zero(kTokens, 4)); },
       {kBadFile, "gaps", "hidden.0", "hidden.1"}},
      {"a hidden state without a number", hidden("hidden.x", {3, 4}), {kBadFile, "name", "hidden.N", "hidden.x"}},
      {"too many hidden states", hidden("hidden.3", {3, 4}), {kBadFile, "hidden", "hidden.2", "4 of them"}},
      {"hidden states of other widths", hidden("hidden.1", {3, 5}), {kBadFile, "hidden.1", "d_model", "3, 5"}},
      {"hidden states without a width", hidden("hidden.0", {3, 0}), {kBadFile, "hidden.0", "d_model", "3, 0"}},
      {"a hidden state of three dimensions", hidden("hidden.2", {1, 3, 4}), {kBadFile, "hidden.2", "", "1, 3, 4"}},
      {"a hidden state under a longer name",
       [](Metadata&, Tensors& t) {
         for (const char* name : {"hidden.0", "hidden.1.a", "hidden.2"}) {
           put(t, name, {kTokens, 4}, Matrix::Zero(kTokens, 4));
         }
       },
       {kBadFile, "hidden", "hidden.1", "another"}},
      {"a hidden state that is no number",
       [](Metadata&, Tensors& t) {
         for (const char* name : {"hidden.0", "hidden.1", "hidden.2"}) {
           put(t, name, {kTokens, 4}, Matrix::Constant(kTokens, 4, kNan));
         }
       },
       {kBadFile, "hidden.0", "finite", "NaN"}},
  };
}

TEST(ReadTrace, RefusesEveryMalformedFileByName) {
  std::vector<Case> cases = malformed();
  for (const auto& part : {malformed_words(), malformed_tensors()}) cases.insert(cases.end(), part.begin(), part.end());
  EXPECT_GE(cases.size(), 80U);
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    Metadata metadata = good_metadata();
    Tensors tensors = good_tensors();
    each.spoil(metadata, tensors);
    const std::string bytes = attn::write_safetensors(metadata, tensors);
    const attn::FileBytes file = test::bytes_of(bytes);
    test::expect_refusal(each.refusal, [&] { attn::read_trace(attn::read_safetensors(file, "run"), "run"); });
    EXPECT_EQ(std::memcmp(file.data.get(), bytes.data(), bytes.size()), 0) << "the file was changed";
    EXPECT_EQ(file.data.use_count(), 1) << "the file is still held";
  }
}

TEST(ReadTrace, ReadsWhatPythonSaved) {
  const attn::Checkpoint file = test::golden("trace/python.safetensors");
  ASSERT_TRUE(attn::is_trace(file));
  const attn::TraceFile trace = attn::read_trace(file, "python.safetensors");
  const std::vector<std::string> tokens = {"[CLS]", "the", "old", "man", "the", "boat", ".", "[SEP]"};
  EXPECT_EQ(trace.tokens, tokens);
  ASSERT_EQ(trace.trace.n_layers(), 6);
  for (Index layer = 0; layer < 6; ++layer) {
    const SharedMatrix expected = test::tensor(file, "layers." + std::to_string(layer) + ".weights");
    for (Index head = 0; head < 12; ++head) {
      EXPECT_EQ(test::difference(attn::head_weights(trace.trace, layer, head), expected.view().middleRows(head * 8, 8)),
                0.0);
    }
  }
  EXPECT_FALSE(attn::capabilities_of(trace.trace).scores);
}

TEST(ReadTrace, AcceptsARowOfZerosWhichIsNoDistribution) {
  Tensors tensors = good_tensors();
  Matrix weights = uniform(2);
  weights.row(2).setZero();
  put(tensors, "layers.0.weights", {2, kTokens, kTokens}, weights);
  const attn::TraceFile file = read(good_metadata(), tensors);
  EXPECT_TRUE(attn::head_weights(file.trace, 0, 0).row(2).isZero(0.0F));
}

TEST(ReadTrace, ComputesWeightsFromQueryAndKeyWithSharedHeads) {
  test::Random random(5);
  Tensors tensors;
  put(tensors, "layers.0.query", {4, kTokens, 6}, random.matrix(4 * kTokens, 6));
  put(tensors, "layers.0.key", {2, kTokens, 6}, random.matrix(2 * kTokens, 6));
  put(tensors, "layers.0.value", {2, kTokens, 5}, random.matrix(2 * kTokens, 5));
  Metadata metadata = good_metadata();
  metadata["causal"] = "true";
  const attn::TraceFile file = read(metadata, tensors);
  EXPECT_EQ(file.trace.n_heads, 4);
  EXPECT_EQ(file.trace.n_kv_heads, 2);
  const auto query = tensors["layers.0.query"].second.view();
  const auto key = tensors["layers.0.key"].second.view();
  for (Index head = 0; head < 4; ++head) {
    const Matrix weights = attn::head_weights(file.trace, 0, head);
    for (Index t = 0; t < kTokens; ++t) {
      double sum = 0;
      const auto e = [&](Index s) {
        return std::exp(
            query.row(head * kTokens + t).cast<double>().dot(key.row(head / 2 * kTokens + s).cast<double>()) /
            std::sqrt(6.0));
      };
      for (Index s = 0; s <= t; ++s) sum += e(s);
      for (Index s = 0; s < kTokens; ++s) EXPECT_NEAR(weights(t, s), s <= t ? e(s) / sum : 0.0, 1e-6);
    }
  }
}

/// The same file with its numbers in two bytes each, of the type that is named.
std::string in_half_width(const std::string& dtype, const std::vector<std::uint16_t>& numbers, Index n_tokens) {
  const std::string n = std::to_string(n_tokens);
  std::string header = R"({"__metadata__":{"format":"attention-trace","version":"1","tokens":"[\"a\",\"b\"]"},)";
  header += R"("layers.0.weights":{"dtype":")" + dtype + R"(","shape":[1,)" + n + "," + n + R"(],"data_offsets":[0,)" +
            std::to_string(2 * numbers.size()) + "]}}";
  const std::uint64_t length = header.size();
  std::string bytes(sizeof length + header.size() + 2 * numbers.size(), '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  std::memcpy(bytes.data() + sizeof length, header.data(), header.size());
  std::memcpy(bytes.data() + sizeof length + header.size(), numbers.data(), 2 * numbers.size());
  return bytes;
}

attn::TraceFile read_bytes(const std::string& bytes) {
  return attn::read_trace(attn::read_safetensors(test::bytes_of(bytes), "run.safetensors"), "run.safetensors");
}

TEST(ReadTrace, TakesHalfWidthFloatsWhoseRowsSumLessExactly) {
  constexpr std::uint16_t kHalf = 0x3800;
  constexpr std::uint16_t kAlmostHalf = 0x37F0;  // 0.4961: the row's sum is off by 4e-3.
  constexpr std::uint16_t kQuarter = 0x3400;
  const attn::TraceFile file = read_bytes(in_half_width("F16", {kHalf, kAlmostHalf, kHalf, kHalf}, 2));
  EXPECT_EQ(attn::head_weights(file.trace, 0, 0)(0, 1), 0.49609375F);
  test::expect_refusal({ErrorCode::kBadFile, "row 1", "sum to 1", "0.75"},
                       [&] { read_bytes(in_half_width("F16", {kHalf, kHalf, kHalf, kQuarter}, 2)); });
}

TEST(ReadTrace, RefusesTypesThatAreNotComputedWith) {
  test::expect_refusal({ErrorCode::kUnsupported, "layers.0.weights.*I16", "F32, F16", "I16"},
                       [&] { read_bytes(in_half_width("I16", {0, 0, 0, 0}, 2)); });
}

TEST(ReadTrace, RefusesMoreThanItsLimits) {
  Tensors layers;
  for (int layer = 0; layer <= 256; ++layer) {
    put(layers, "layers." + std::to_string(layer) + ".weights", {1, kTokens, kTokens}, uniform(1));
  }
  test::expect_refusal({ErrorCode::kTooLarge, "too many layers", "at most 256", "257"},
                       [&] { read(good_metadata(), layers); });
  Tensors heads;
  put(heads, "layers.0.weights", {257, kTokens, kTokens}, uniform(257));
  test::expect_refusal({ErrorCode::kTooLarge, "too many heads", "at most 256", "257"},
                       [&] { read(good_metadata(), heads); });
  Metadata long_text = good_metadata();
  std::string tokens = "[\"a\"";
  for (int i = 0; i < 65536; ++i) tokens += ",\"a\"";
  long_text["tokens"] = tokens + "]";
  test::expect_refusal({ErrorCode::kTooLarge, "too many tokens", "at most 65536", "65537"},
                       [&] { read(long_text, good_tensors()); });
}

TEST(ReadTrace, KeepsHiddenStatesAndIgnoresOtherTensors) {
  test::Random random(9);
  Tensors tensors = good_tensors();
  for (const char* name : {"hidden.0", "hidden.1", "hidden.2"})
    put(tensors, name, {kTokens, 4}, random.matrix(kTokens, 4));
  put(tensors, "logits", {7}, Matrix::Zero(1, 7));
  const attn::TraceFile file = read(good_metadata(), tensors);
  ASSERT_EQ(file.trace.hidden.size(), 3U);
  EXPECT_EQ(file.trace.hidden[2].view(), tensors["hidden.2"].second.view());
  EXPECT_TRUE(attn::capabilities_of(file.trace).hidden);
}

TEST(WriteWeights, ComesBackBitForBit) {
  Tensors tensors;
  put_parts(tensors, 0, 4);
  Metadata metadata = good_metadata();
  metadata["name"] = "a model";
  metadata["text"] = "a b c";
  metadata["causal"] = "false";
  const attn::TraceFile file = read(metadata, tensors);
  const std::string bytes = attn::write_weights(file);
  const attn::TraceFile back = attn::read_trace(attn::read_safetensors(test::bytes_of(bytes), "x"), "x");
  EXPECT_EQ(back.tokens, file.tokens);
  EXPECT_EQ(back.name, file.name);
  EXPECT_EQ(back.text, file.text);
  EXPECT_EQ(back.causal, file.causal);
  for (Index head = 0; head < 2; ++head) {
    EXPECT_EQ(test::difference(attn::head_weights(back.trace, 0, head), attn::head_weights(file.trace, 0, head)), 0.0);
  }
  EXPECT_EQ(bytes, attn::write_weights(back));
}

TEST(WriteVectors, ComesBackBitForBit) {
  Tensors tensors;
  put_parts(tensors, 0, 4);
  Metadata metadata = good_metadata();
  metadata["causal"] = "true";
  const attn::TraceFile file = read(metadata, tensors);
  const attn::TraceFile back =
      attn::read_trace(attn::read_safetensors(test::bytes_of(attn::write_vectors(file)), "x"), "x");
  EXPECT_TRUE(attn::capabilities_of(back.trace).scores);
  EXPECT_EQ(back.trace.n_heads, file.trace.n_heads);
  EXPECT_EQ(back.trace.n_kv_heads, file.trace.n_kv_heads);
  const attn::LayerTrace& expected = file.trace.layers[0];
  const attn::LayerTrace& found = back.trace.layers[0];
  EXPECT_EQ(found.query.view(), expected.query.view());
  EXPECT_EQ(found.key.view(), expected.key.view());
  EXPECT_EQ(found.value.view(), expected.value.view());
  for (Index head = 0; head < 2; ++head) {
    EXPECT_EQ(test::difference(attn::head_weights(back.trace, 0, head), attn::head_weights(file.trace, 0, head)), 0.0);
  }
}

TEST(WriteVectors, RefusesWhatPlainScalingDoesNotExplain) {
  Tensors tensors;
  put_parts(tensors, 0, 4);
  const attn::TraceFile good = read(good_metadata(), tensors);
  const auto refuses = [&](const char* expected, const char* found, const auto& spoil) {
    attn::TraceFile file = good;
    spoil(file.trace.layers[0]);
    test::expect_refusal({ErrorCode::kUnsupported, "Layer 0", expected, found}, [&] { attn::write_vectors(file); });
  };
  using attn::LayerTrace;
  refuses("sliding window", "2", [](LayerTrace& layer) { layer.rule.mask = attn::sliding_mask(kTokens - 1); });
  refuses("causal", "another", [](LayerTrace& layer) { layer.rule.mask = attn::causal_mask(); });
  refuses("no padding", "padding", [](LayerTrace& layer) { layer.rule.mask.padding.assign(kTokens, 0); });
  refuses("a scale of 0.5", "1", [](LayerTrace& layer) { layer.rule.scale = 1.0F; });
  refuses("no bias", "a bias", [](LayerTrace& layer) { layer.rule.bias = Matrix::Ones(kTokens, kTokens); });
  refuses("query, key and value", "weights alone", [](LayerTrace& layer) { layer.query = {}; });
}

TEST(ReadTrace, SurvivesMutations) {
  Tensors parts;
  put_parts(parts, 0, 4);
  test::Random random(11);
  for (const char* name : {"hidden.0", "hidden.1"}) put(parts, name, {kTokens, 4}, random.matrix(kTokens, 4));
  const std::vector<std::string> seeds = {
      attn::write_safetensors(good_metadata(), good_tensors()),
      attn::write_safetensors(good_metadata(), parts),
      in_half_width("F16", {0x3800, 0x3800, 0x3800, 0x3800}, 2),
  };
  test::survive_mutations(seeds, 11, [](const std::string& bytes) {
    const attn::TraceFile file = read_bytes(bytes);
    for (Index layer = 0; layer < file.trace.n_layers(); ++layer) {
      for (Index head = 0; head < file.trace.n_heads; ++head) {
        EXPECT_FALSE(attn::head_weights(file.trace, layer, head).hasNaN());
      }
    }
    EXPECT_NO_THROW(attn::write_weights(file));
  });
}

}  // namespace
