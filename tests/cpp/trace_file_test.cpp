// Trace files: what Python saves is read, what is written comes back bit for bit, and everything else is refused.
#include "formats/trace_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "formats/safetensors.h"
#include "golden.h"

namespace {

using attn::ErrorCode;
using attn::Index;
using attn::Matrix;
using attn::SharedMatrix;

using Metadata = std::map<std::string, std::string>;
using Tensors = std::map<std::string, std::pair<std::vector<Index>, SharedMatrix>>;

constexpr Index kTokens = 3;

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

TEST(ReadTrace, RefusesEveryMalformedFileByName) {
  const std::vector<Case> cases = malformed();
  EXPECT_GE(cases.size(), 20U);
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    Metadata metadata = good_metadata();
    Tensors tensors = good_tensors();
    each.spoil(metadata, tensors);
    test::expect_refusal(each.refusal, [&] { read(metadata, tensors); });
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

TEST(ReadTrace, SurvivesAnyChangeOfAnyByte) {
  const std::string good = attn::write_safetensors(good_metadata(), good_tensors());
  test::Random random(11);
  for (int round = 0; round < 5000; ++round) {
    std::string bytes = good;
    for (Index i = random.index(1, 3); i > 0; --i) {
      bytes[static_cast<std::size_t>(random.index(8, static_cast<Index>(bytes.size()) - 1))] =
          static_cast<char>(random.index(0, 255));
    }
    try {
      const attn::TraceFile file = attn::read_trace(attn::read_safetensors(test::bytes_of(bytes), "x"), "x");
      for (Index layer = 0; layer < file.trace.n_layers(); ++layer) {
        EXPECT_TRUE(attn::head_weights(file.trace, layer, 0).allFinite());
      }
    } catch (const attn::Error& error) {
      EXPECT_FALSE(std::string(error.what()).empty());
    }
  }
}

}  // namespace
