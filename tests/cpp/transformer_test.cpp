// The forward pass of all-MiniLM-L6-v2 against numbers that PyTorch computed, and how its work is cut into pieces.
#include "model/transformer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "golden.h"

namespace {

using attn::ErrorCode;
using attn::ForwardTrace;
using attn::Index;
using attn::Matrix;
using attn::Stepper;
using test::difference;

constexpr double kWeights = 2e-5;
constexpr double kHidden = 5e-5;
constexpr double kScores = 2e-4;
constexpr double kEmbedding = 1e-6;

std::string layer_name(Index layer, const std::string& part) { return "layers." + std::to_string(layer) + "." + part; }
std::string hidden_name(Index layer, const std::string& part = {}) { return "hidden." + std::to_string(layer) + part; }

/// The rows of one head in a tensor that was [n_heads, n, width].
auto head_rows(const attn::SharedMatrix& stacked, Index head, Index n) {
  return stacked.view().middleRows(head * n, n);
}

/// The sentence's embedding as this model defines it: the mean over all tokens, made one long.
Matrix embedding_of(const ForwardTrace& trace) {
  const Eigen::MatrixXd mean = trace.hidden.back().view().cast<double>().colwise().mean();
  return mean.normalized().cast<float>();
}

bool same_bits(const attn::MatrixView& left, const attn::MatrixView& right) {
  return left.rows() == right.rows() && left.cols() == right.cols() &&
         std::memcmp(left.data(), right.data(), sizeof(float) * static_cast<std::size_t>(left.size())) == 0;
}

void expect_same_bits(const ForwardTrace& left, const ForwardTrace& right) {
  ASSERT_EQ(left.hidden.size(), right.hidden.size());
  ASSERT_EQ(left.layers.size(), right.layers.size());
  for (std::size_t i = 0; i < left.hidden.size(); ++i)
    EXPECT_TRUE(same_bits(left.hidden[i].view(), right.hidden[i].view())) << i;
  for (std::size_t i = 0; i < left.layers.size(); ++i) {
    EXPECT_TRUE(same_bits(left.layers[i].query.view(), right.layers[i].query.view())) << i;
    EXPECT_TRUE(same_bits(left.layers[i].key.view(), right.layers[i].key.view())) << i;
    EXPECT_TRUE(same_bits(left.layers[i].value.view(), right.layers[i].value.view())) << i;
  }
}

class MiniLm : public testing::TestWithParam<const char*> {};

TEST_P(MiniLm, AttendsAsPyTorchDoes) {
  const attn::Checkpoint golden = test::golden(std::string("minilm/") + GetParam() + ".safetensors");
  const ForwardTrace trace = attn::forward(test::minilm(), {.ids = test::ids_of(golden)});
  double weights = 0.0;
  double hidden = 0.0;
  ASSERT_EQ(trace.n_layers(), 6);
  ASSERT_EQ(trace.hidden.size(), 7U);
  for (Index layer = 0; layer < trace.n_layers(); ++layer) {
    const attn::SharedMatrix expected = test::tensor(golden, layer_name(layer, "weights"));
    ASSERT_EQ(expected.rows(), trace.n_heads * trace.n_query);
    for (Index head = 0; head < trace.n_heads; ++head) {
      const double off = difference(attn::head_weights(trace, layer, head), head_rows(expected, head, trace.n_query));
      EXPECT_LE(off, kWeights) << "layer " << layer << ", head " << head;
      weights = std::max(weights, off);
    }
  }
  for (Index layer = 0; layer <= trace.n_layers(); ++layer) {
    const double off = difference(trace.hidden[static_cast<std::size_t>(layer)].view(),
                                  test::tensor(golden, hidden_name(layer)).view());
    EXPECT_LE(off, kHidden) << "hidden state " << layer;
    hidden = std::max(hidden, off);
  }
  const double embedding = difference(embedding_of(trace), test::tensor(golden, "embedding").view());
  EXPECT_LE(embedding, kEmbedding);
  RecordProperty("weights", std::to_string(weights * 1e6) + "e-6");
  RecordProperty("hidden", std::to_string(hidden * 1e6) + "e-6");
  RecordProperty("embedding", std::to_string(embedding * 1e6) + "e-6");
}

INSTANTIATE_TEST_SUITE_P(Sentences, MiniLm,
                         testing::Values("animal", "one_word", "empty", "bank", "scripts", "numbers", "markup",
                                         "long_word", "paragraph"),
                         [](const auto& sentence) { return std::string(sentence.param); });

TEST(MiniLmParts, QueryKeyValueAndScoresAreThoseOfPyTorch) {
  const attn::Checkpoint golden = test::golden("minilm/animal.safetensors");
  const ForwardTrace trace = attn::forward(test::minilm(), {.ids = test::ids_of(golden)});
  double parts = 0.0;
  double scores = 0.0;
  for (Index layer = 0; layer < trace.n_layers(); ++layer) {
    const attn::LayerTrace& found = trace.layers[static_cast<std::size_t>(layer)];
    const std::pair<const char*, attn::MatrixView> kinds[] = {
        {"query", found.query.view()}, {"key", found.key.view()}, {"value", found.value.view()}};
    for (const auto& [kind, matrix] : kinds) {
      const attn::SharedMatrix expected = test::tensor(golden, layer_name(layer, kind));
      for (Index head = 0; head < trace.n_heads; ++head) {
        const double off =
            difference(attn::head_of(matrix, head, trace.n_heads), head_rows(expected, head, trace.n_query));
        EXPECT_LE(off, kHidden) << kind << " of layer " << layer << ", head " << head;
        parts = std::max(parts, off);
      }
    }
    const attn::SharedMatrix expected = test::tensor(golden, layer_name(layer, "scores"));
    for (Index head = 0; head < trace.n_heads; ++head) {
      const double off = difference(attn::head_scores(trace, layer, head), head_rows(expected, head, trace.n_query));
      EXPECT_LE(off, kScores) << "layer " << layer << ", head " << head;
      scores = std::max(scores, off);
    }
  }
  RecordProperty("parts", std::to_string(parts * 1e6) + "e-6");
  RecordProperty("scores", std::to_string(scores * 1e6) + "e-6");
}

/// The longest text: the reference file holds three rows of each head, and statistics of all of them.
TEST(MiniLmAtFullLength, RowsAndStatisticsAreThoseOfPyTorch) {
  const attn::Checkpoint golden = test::golden("minilm/truncated.safetensors");
  const ForwardTrace trace = attn::forward(test::minilm(), {.ids = test::ids_of(golden)});
  constexpr Index kRows[] = {0, 100, 511};
  ASSERT_EQ(trace.n_query, 512);
  double worst_weights = 0.0;
  double worst_hidden = 0.0;
  for (Index layer = 0; layer < trace.n_layers(); ++layer) {
    const attn::SharedMatrix rows = test::tensor(golden, layer_name(layer, "weights.rows"));
    const attn::SharedMatrix column_sums = test::tensor(golden, layer_name(layer, "weights.column_sums"));
    const attn::SharedMatrix row_max = test::tensor(golden, layer_name(layer, "weights.row_max"));
    const attn::SharedMatrix row_entropy = test::tensor(golden, layer_name(layer, "weights.row_entropy"));
    for (Index head = 0; head < trace.n_heads; ++head) {
      SCOPED_TRACE("layer " + std::to_string(layer) + ", head " + std::to_string(head));
      const Matrix weights = attn::head_weights(trace, layer, head);
      for (Index i = 0; i < 3; ++i) {
        const double off = difference(weights.row(kRows[i]), rows.row(head * 3 + i));
        EXPECT_LE(off, kWeights);
        worst_weights = std::max(worst_weights, off);
      }
      const Eigen::MatrixXd exact = weights.cast<double>();
      const auto logarithm = [](double weight) { return weight > 0.0 ? weight * std::log(weight) : 0.0; };
      EXPECT_LE(difference(exact.colwise().sum(), column_sums.row(head)), 1e-3);
      EXPECT_LE(difference(exact.rowwise().maxCoeff().transpose(), row_max.row(head)), kWeights);
      EXPECT_LE(difference(-exact.unaryExpr(logarithm).rowwise().sum().transpose(), row_entropy.row(head)), 1e-4);
    }
  }
  for (Index layer = 0; layer <= trace.n_layers(); ++layer) {
    SCOPED_TRACE("hidden state " + std::to_string(layer));
    const Matrix hidden = trace.hidden[static_cast<std::size_t>(layer)].view();
    const attn::SharedMatrix rows = test::tensor(golden, hidden_name(layer, ".rows"));
    for (Index i = 0; i < 3; ++i) {
      const double off = difference(hidden.row(kRows[i]), rows.row(i));
      EXPECT_LE(off, kHidden);
      worst_hidden = std::max(worst_hidden, off);
    }
    const Eigen::MatrixXd exact = hidden.cast<double>();
    EXPECT_LE(difference(exact.rowwise().mean().transpose(), test::tensor(golden, hidden_name(layer, ".mean")).row(0)),
              kHidden);
    EXPECT_LE(difference(exact.rowwise().norm().transpose(), test::tensor(golden, hidden_name(layer, ".norm")).row(0)),
              kHidden * std::sqrt(384.0));
  }
  EXPECT_LE(difference(embedding_of(trace), test::tensor(golden, "embedding").view()), kEmbedding);
  RecordProperty("weights", std::to_string(worst_weights * 1e6) + "e-6");
  RecordProperty("hidden", std::to_string(worst_hidden * 1e6) + "e-6");
}

TEST(Forward, GivesTheSameBitsHoweverItIsSliced) {
  for (const char* sentence : {"one_word", "animal", "paragraph"}) {
    SCOPED_TRACE(sentence);
    const auto ids = test::ids_of(test::golden(std::string("minilm/") + sentence + ".safetensors"));
    const ForwardTrace whole = attn::forward(test::minilm(), {.ids = ids});
    ForwardTrace sliced;
    Stepper work = attn::forward(test::minilm(), {.ids = ids}, sliced);
    while (!work.done()) work.run_for(0.0);
    expect_same_bits(whole, sliced);
    ForwardTrace mixed;
    Stepper other = attn::forward(test::minilm(), {.ids = ids}, mixed);
    for (int i = 0; i < 5; ++i) other.advance();
    other.run_for(3.0);
    other.finish();
    expect_same_bits(whole, mixed);
  }
}

TEST(Forward, PiecesAreShortAndProgressNeverFalls) {
  using Clock = std::chrono::steady_clock;
  const auto ids = test::ids_of(test::golden("minilm/truncated.safetensors"));
  ForwardTrace trace;
  Stepper work = attn::forward(test::minilm(), {.ids = ids}, trace);
  EXPECT_EQ(work.progress(), 0.0);
  double longest = 0.0;
  while (!work.done()) {
    const double before = work.progress();
    const auto start = Clock::now();
    work.advance();
    longest = std::max(longest, std::chrono::duration<double>(Clock::now() - start).count());
    EXPECT_GE(work.progress(), before);
    EXPECT_LE(work.progress(), 1.0 + 1e-9);
    // What a piece does of the whole depends on no machine; it is what makes cancelling quick.
    EXPECT_LE(work.progress() - before, 0.025);
  }
  EXPECT_EQ(work.progress(), 1.0);
  EXPECT_LE(longest, 2.0) << "seconds";
}

TEST(Forward, CanBeDroppedHalfwayAndBegunAgain) {
  const auto ids = test::ids_of(test::golden("minilm/animal.safetensors"));
  ForwardTrace trace;
  {
    Stepper dropped = attn::forward(test::minilm(), {.ids = ids}, trace);
    for (int i = 0; i < 20; ++i) dropped.advance();
    EXPECT_FALSE(dropped.done());
  }
  attn::forward(test::minilm(), {.ids = ids}, trace).finish();
  expect_same_bits(trace, attn::forward(test::minilm(), {.ids = ids}));
}

/// No family here is causal yet, but the forward pass can be. The text is longer than one block of rows.
TEST(Forward, OfACausalModelIgnoresTheFuture) {
  attn::Model model = *test::minilm();
  model.config.causal = true;
  const auto causal = std::make_shared<const attn::Model>(model);
  auto ids = test::ids_of(test::golden("minilm/truncated.safetensors"));
  ids.resize(200);
  const ForwardTrace whole = attn::forward(causal, {.ids = ids});
  EXPECT_TRUE(whole.causal);
  ids.resize(150);
  const ForwardTrace beginning = attn::forward(causal, {.ids = ids});
  for (std::size_t layer = 0; layer < whole.hidden.size(); ++layer) {
    EXPECT_LE(difference(whole.hidden[layer].view().topRows(150), beginning.hidden[layer].view()), kHidden) << layer;
  }
  // The last token sees all of them: in the first layer, whose input is the same, just as without a mask.
  ids = test::ids_of(test::golden("minilm/truncated.safetensors"));
  ids.resize(200);
  const ForwardTrace open = attn::forward(test::minilm(), {.ids = ids});
  EXPECT_LE(difference(whole.hidden[1].view().row(199), open.hidden[1].view().row(199)), kHidden);
  EXPECT_GT(difference(whole.hidden[1].view().row(0), open.hidden[1].view().row(0)), 0.01);
}

TEST(Forward, RefusesTooManyTokensWithBothCounts) {
  const std::vector<std::int32_t> ids(513, 100);
  ForwardTrace trace;
  test::expect_refusal({ErrorCode::kTooLong, "513 tokens.*512", "at most 512 tokens", "513 tokens"},
                       [&] { attn::forward(test::minilm(), {.ids = ids}, trace); });
  EXPECT_TRUE(trace.layers.empty());
}

TEST(Forward, RefusesIdsThatAreNotInTheVocabulary) {
  ForwardTrace trace;
  trace.n_heads = 7;
  const auto run = [&](const std::vector<std::int32_t>& ids) { attn::forward(test::minilm(), {.ids = ids}, trace); };
  test::expect_refusal({ErrorCode::kBadRequest, "30522.*vocabulary", "0 to 30521", "^30522$"},
                       [&] { run({101, 30522, 102}); });
  test::expect_refusal({ErrorCode::kBadRequest, "-1.*vocabulary", "0 to 30521", "^-1$"}, [&] { run({101, -1, 102}); });
  test::expect_refusal({ErrorCode::kBadRequest, "at least one token", "1 token or more", "none"}, [&] { run({}); });
  EXPECT_EQ(trace.n_heads, 7) << "the last result must stay";
}

TEST(Forward, StillAnswersAfterARefusedFile) {
  const auto model = test::minilm();
  const auto ids = test::ids_of(test::golden("minilm/animal.safetensors"));
  const ForwardTrace before = attn::forward(model, {.ids = ids});
  EXPECT_THROW(attn::read_safetensors(test::bytes_of("version https://git-lfs.github.com/spec/v1\n"), "x"),
               attn::Error);
  EXPECT_THROW(attn::make_model(attn::read_config(R"({"model_type": "bert"})"), {}), attn::Error);
  expect_same_bits(before, attn::forward(model, {.ids = ids}));
}

TEST(Forward, SaysWhenNumbersOverflow) {
  attn::Model model = *test::minilm();
  model.parameters.layers[2].mlp.w_down.bias.setConstant(std::numeric_limits<float>::infinity());
  ForwardTrace trace;
  Stepper work = attn::forward(std::make_shared<const attn::Model>(model), {.ids = {101, 102}}, trace);
  test::expect_refusal({ErrorCode::kBadFile, "overflow in layer 2", "finite", "infinity or NaN"},
                       [&] { work.finish(); });
  EXPECT_TRUE(work.done());
}

}  // namespace
