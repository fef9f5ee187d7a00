// The forward pass of all-MiniLM-L6-v2 against numbers that PyTorch computed, how its work is cut into pieces, and how
// one run takes up another.
#include "model/transformer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "golden.h"
#include "tiny_models.h"

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

/// An encoder made causal. The text is longer than one block of rows.
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

TEST(CheckTokens, RefusesEveryTextThatDoesNotFit) {
  const attn::Config encoder = test::minilm()->config;
  const auto refused = [](const attn::Config& config, const attn::Tokens& tokens, const char* what,
                          const char* expected, const char* found) {
    SCOPED_TRACE(what);
    test::expect_refusal({ErrorCode::kBadRequest, what, expected, found}, [&] { attn::check_tokens(config, tokens); });
  };
  EXPECT_NO_THROW(attn::check_tokens(encoder, {.ids = {1, 2, 3}, .types = {0, 1, 1}, .padding = {0, 0, 1}}));
  EXPECT_NO_THROW(attn::check_tokens(encoder, {.ids = std::vector<std::int32_t>(512, 30521)}));
  refused(encoder, {}, "at least one token", "1 token", "none");
  refused(encoder, {.ids = {1, 30522}}, "30522", "0 to 30521", "30522");
  refused(encoder, {.ids = {-1}}, "-1", "0 to 30521", "-1");
  refused(encoder, {.ids = {1, 2, 3}, .types = {0, 1}}, "Segments", "^3$", "^2$");
  refused(encoder, {.ids = {1, 2, 3}, .types = {0, 1, 1, 1}}, "Segments", "^3$", "^4$");
  refused(encoder, {.ids = {1, 2}, .types = {0, 2}}, "no segment 2", "below 2", "^2$");
  refused(encoder, {.ids = {1, 2, 3}, .padding = {0}}, "Padding", "^3$", "^1$");
  refused(encoder, {.ids = {1}, .padding = {0, 1}}, "Padding", "^1$", "^2$");
  attn::Config without_segments = encoder;
  without_segments.n_token_types = 0;
  refused(without_segments, {.ids = {1, 2}, .types = {0, 0}}, "no segment 0", "below 0", "^0$");
  test::expect_refusal({ErrorCode::kTooLong, "513 tokens.*512", "at most 512", "513"},
                       [&] { attn::check_tokens(encoder, {.ids = std::vector<std::int32_t>(513, 1)}); });
}

/// Every causal family: with windows, without, with learned positions and with rotation.
class Continuations : public testing::TestWithParam<const char*> {
 protected:
  std::shared_ptr<const attn::Model> model_ = test::make_shared(test::tiny_model(GetParam()));

  [[nodiscard]] std::vector<std::int32_t> random_ids(std::uint64_t seed, Index n) const {
    test::Random random(seed);
    std::vector<std::int32_t> ids;
    for (Index i = 0; i < n; ++i) ids.push_back(static_cast<std::int32_t>(random.index(0, model_->config.n_vocab - 1)));
    return ids;
  }

  /// The first text, with the last tokens of the second.
  static std::vector<std::int32_t> continued(std::vector<std::int32_t> ids, const std::vector<std::int32_t>& by) {
    ids.insert(ids.end(), by.begin(), by.end());
    return ids;
  }

  [[nodiscard]] ForwardTrace go_on(const std::vector<std::int32_t>& ids, const ForwardTrace& from, Index known) const {
    ForwardTrace trace;
    attn::forward(model_, {.ids = ids}, trace, attn::beginning_of(from, known)).finish();
    return trace;
  }
};

/// The same numbers in memory of their own, as nothing else can change them.
ForwardTrace copied(const ForwardTrace& trace) {
  ForwardTrace copy = trace;
  const auto own = [](attn::GrowingMatrix& matrix) { matrix = attn::GrowingMatrix(Matrix(matrix.view())); };
  for (attn::LayerTrace& layer : copy.layers) {
    own(layer.query);
    own(layer.key);
    own(layer.value);
  }
  for (attn::GrowingMatrix& hidden : copy.hidden) own(hidden);
  return copy;
}

TEST_P(Continuations, NeverChangeTheRunTheyBeganWith) {
  const std::vector<std::int32_t> ids = random_ids(1, 20);
  const ForwardTrace first = attn::forward(model_, {.ids = ids});
  const ForwardTrace before = copied(first);
  // Once to make room, then in place, then from the middle, then not at all.
  const ForwardTrace second = go_on(continued(ids, {1}), first, 20);
  expect_same_bits(first, before);
  const ForwardTrace second_before = copied(second);
  const ForwardTrace third = go_on(continued(continued(ids, {1}), random_ids(2, 5)), second, 21);
  const ForwardTrace fourth = go_on(continued(ids, random_ids(3, 9)), third, 20);
  const ForwardTrace fifth = go_on(continued({ids.begin(), ids.begin() + 7}, random_ids(4, 3)), second, 7);
  const ForwardTrace sixth = go_on({ids.begin(), ids.begin() + 13}, third, 13);
  expect_same_bits(first, before);
  expect_same_bits(second, second_before);
  EXPECT_EQ(third.n_query, 26);
  EXPECT_EQ(fourth.n_query, 29);
  EXPECT_EQ(fifth.n_query, 10);
  EXPECT_EQ(sixth.n_query, 13);
  expect_same_bits(sixth, attn::beginning_of(first, 13));
  // And they are right.
  const ForwardTrace alone = attn::forward(model_, {.ids = continued(ids, random_ids(3, 9))});
  for (std::size_t l = 0; l < alone.hidden.size(); ++l) {
    const double size = std::max(1.0F, alone.hidden[l].view().cwiseAbs().maxCoeff());
    EXPECT_LE(difference(fourth.hidden[l].view(), alone.hidden[l].view()), 1e-5 * size) << l;
  }
}

TEST_P(Continuations, OfOneRunDoNotDisturbEachOther) {
  const std::vector<std::int32_t> ids = random_ids(5, 12);
  const ForwardTrace first = go_on(ids, attn::forward(model_, {.ids = {ids.begin(), ids.begin() + 6}}), 6);
  const ForwardTrace before = copied(first);
  const std::vector<std::int32_t> left_ids = continued(ids, random_ids(6, 8));
  const std::vector<std::int32_t> right_ids = continued(ids, random_ids(7, 4));
  const ForwardTrace left_alone = copied(go_on(left_ids, before, 12));
  const ForwardTrace right_alone = copied(go_on(right_ids, before, 12));
  // Both at once, step by step in turn: each wants the room behind the same rows.
  ForwardTrace left;
  ForwardTrace right;
  Stepper left_work = attn::forward(model_, {.ids = left_ids}, left, attn::beginning_of(first, 12));
  Stepper right_work = attn::forward(model_, {.ids = right_ids}, right, attn::beginning_of(first, 12));
  while (!left_work.done() || !right_work.done()) {
    if (!left_work.done()) left_work.advance();
    if (!right_work.done()) right_work.advance();
  }
  expect_same_bits(left, left_alone);
  expect_same_bits(right, right_alone);
  expect_same_bits(first, before);
}

TEST_P(Continuations, DroppedHalfwayLeaveTheRunWhole) {
  const std::vector<std::int32_t> ids = random_ids(8, 15);
  const ForwardTrace first = go_on(ids, attn::forward(model_, {.ids = {ids.begin(), ids.begin() + 14}}), 14);
  const ForwardTrace before = copied(first);
  const std::vector<std::int32_t> longer = continued(ids, random_ids(9, 6));
  const ForwardTrace expected = copied(go_on(longer, before, 15));
  for (int steps = 0; steps < 40; steps += 3) {
    {
      ForwardTrace half;
      Stepper dropped = attn::forward(model_, {.ids = longer}, half, attn::beginning_of(first, 15));
      for (int i = 0; i < steps && !dropped.done(); ++i) dropped.advance();
    }
    expect_same_bits(first, before);
    expect_same_bits(go_on(longer, first, 15), expected);
  }
}

TEST_P(Continuations, GiveTheSameBitsHoweverTheyAreSliced) {
  const std::vector<std::int32_t> ids = random_ids(10, 30);
  const ForwardTrace first = attn::forward(model_, {.ids = {ids.begin(), ids.begin() + 11}});
  const ForwardTrace whole = go_on(ids, first, 11);
  ForwardTrace sliced;
  Stepper work = attn::forward(model_, {.ids = ids}, sliced, attn::beginning_of(first, 11));
  int steps = 0;
  for (; !work.done(); ++steps) work.advance();
  EXPECT_GE(steps, 8 * model_->config.n_layers);
  expect_same_bits(sliced, whole);
}

INSTANTIATE_TEST_SUITE_P(Causal, Continuations, testing::Values("gpt2", "llama", "mistral", "qwen3"),
                         [](const auto& family) { return std::string(family.param); });

TEST(Forward, RefusesTheBeginningOfSomethingElse) {
  const auto llama = test::make_shared(test::tiny_model("llama"));
  const std::vector<std::int32_t> ids = {1, 2, 3, 4};
  const ForwardTrace run = attn::forward(llama, {.ids = ids});
  const auto refused = [&](const std::shared_ptr<const attn::Model>& model, const std::vector<std::int32_t>& text,
                           const ForwardTrace& beginning, const char* expected, const char* found) {
    ForwardTrace trace;
    trace.n_heads = 7;
    test::expect_refusal({ErrorCode::kBadRequest, "no beginning", expected, found},
                         [&] { attn::forward(model, {.ids = text}, trace, beginning); });
    EXPECT_EQ(trace.n_heads, 7) << "the last result must stay";
  };
  refused(llama, {1, 2, 3}, run, "at most 3 tokens", "4 tokens");
  refused(test::make_shared(test::tiny_model("qwen2")), ids, run, "3 layers", "2 layers");
  refused(test::minilm(), ids, attn::forward(test::minilm(), {.ids = ids}), "causal", "4 tokens");
  ForwardTrace from_a_file = run;
  from_a_file.hidden.clear();
  refused(llama, ids, from_a_file, "causal run", "4 tokens");
}

TEST(Logits, AreRefusedWhereThereAreNone) {
  const auto llama = test::make_shared(test::tiny_model("llama"));
  const ForwardTrace run = attn::forward(llama, {.ids = {1, 2, 3}});
  for (const Index position : {-1, 3, 1000}) {
    const std::string found = "^" + std::to_string(position) + "$";
    test::expect_refusal({ErrorCode::kBadRequest, "no token", "0 to 2", found},
                         [&] { attn::logits_at(*llama, run, position); });
    test::expect_refusal({ErrorCode::kBadRequest, "no token", "0 to 2", found},
                         [&] { attn::final_state(*llama, run, position); });
  }
  EXPECT_EQ(attn::logits_at(*llama, run, 2).size(), 206);
  EXPECT_EQ(attn::final_state(*llama, run, 2).size(), 48);
  const ForwardTrace encoded = attn::forward(test::minilm(), {.ids = {101, 102}});
  test::expect_refusal({ErrorCode::kUnsupported, "no output matrix", "language model", "bert"},
                       [&] { attn::logits_at(*test::minilm(), encoded, 0); });
  EXPECT_EQ(Matrix(attn::final_state(*test::minilm(), encoded, 1)), Matrix(encoded.hidden.back().view().row(1)))
      << "without a norm at the end it is the last hidden state";
}

/// What makes cancelling quick at any size of a model, on any machine: how much one piece of work computes.
TEST(Forward, PiecesOfALargerModelAreNoLarger) {
  attn::Model model = *test::smollm2();
  model.config.n_layers = 1;
  model.parameters.layers.resize(1);
  const attn::Config& config = model.config;
  constexpr Index kTokens = 300;
  const Index per_token = config.d_model * (2 * config.n_heads + 2 * config.n_kv_heads) * config.d_head +
                          3 * config.d_model * config.d_mlp + 2 * config.n_heads * kTokens * config.d_head;
  const double total = static_cast<double>(kTokens) * static_cast<double>(per_token);
  ForwardTrace trace;
  Stepper work = attn::forward(std::make_shared<const attn::Model>(model),
                               {.ids = std::vector<std::int32_t>(kTokens, 504)}, trace);
  double largest = 0.0;
  int steps = 0;
  double before = 0.0;
  for (; !work.done(); ++steps) {
    work.advance();
    largest = std::max(largest, (work.progress() - before) * total);
    before = work.progress();
  }
  EXPECT_LE(largest, 1e8 * (1.0 + 1e-6)) << "multiply-adds";
  EXPECT_GE(largest, 1e7) << "and not so small that the pieces are all there is";
  EXPECT_LE(steps, 200);
  EXPECT_EQ(trace.hidden.back().rows(), kTokens);
}

TEST(SharedBeginning, CountsEqualTokensFromTheFirstOn) {
  using Ids = std::vector<std::int32_t>;
  EXPECT_EQ(attn::shared_beginning({}, {}), 0);
  EXPECT_EQ(attn::shared_beginning(Ids{1, 2, 3}, {}), 0);
  EXPECT_EQ(attn::shared_beginning(Ids{1, 2, 3}, Ids{1, 2, 3}), 3);
  EXPECT_EQ(attn::shared_beginning(Ids{1, 2, 3}, Ids{1, 2}), 2);
  EXPECT_EQ(attn::shared_beginning(Ids{1, 2}, Ids{1, 2, 3}), 2);
  EXPECT_EQ(attn::shared_beginning(Ids{1, 2, 3}, Ids{1, 9, 3}), 1);
  EXPECT_EQ(attn::shared_beginning(Ids{5, 2, 3}, Ids{1, 2, 3}), 0);
}

}  // namespace
