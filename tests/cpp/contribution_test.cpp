// What heads add: steps against the trace and W^O, value-weighted attention by its definition, and direct effects that
// add up to the logit together with everything else that is in the stream.
#include "analysis/contribution.h"

#include <gtest/gtest.h>

#include <cmath>

#include "random_runs.h"
#include "tiny_models.h"

namespace {

using attn::ErrorCode;
using attn::ForwardTrace;
using attn::Index;
using attn::Matrix;
using Exact = Eigen::MatrixXd;

const std::vector<std::int32_t> kIds{5, 9, 5, 7, 3, 9, 4, 8, 11, 2};

Matrix expanded(const attn::Linear& map) {
  Matrix w(map.w.rows(), map.w.cols());
  map.w.expand_rows(0, w);
  // As [d_in, d_out], whichever way it is stored.
  return map.input_major ? w : Matrix(w.transpose());
}

/// W^O's rows of one head, in float64.
Exact w_output_of(const attn::Model& model, Index layer, Index head) {
  const Matrix w = expanded(model.parameters.layers[static_cast<std::size_t>(layer)].attention.w_output);
  const Index width = w.rows() / model.config.n_heads;
  return w.middleRows(head * width, width).cast<double>();
}

class Contributions : public testing::TestWithParam<const char*> {
 protected:
  std::shared_ptr<const attn::Model> model = test::make_shared(test::tiny_model(GetParam()));
};

TEST_P(Contributions, StepsFollowFromEachOther) {
  const ForwardTrace trace = attn::forward(model, {.ids = kIds});
  const Index layer = trace.n_layers() - 1;
  for (Index head = 0; head < trace.n_heads; ++head) {
    const attn::HeadSteps steps = attn::head_steps(model.get(), trace, layer, head);
    const Exact dots = steps.query.cast<double>() * steps.key.cast<double>().transpose();
    EXPECT_LE(test::difference(steps.dots, dots), 1e-5);
    EXPECT_LE(test::difference(steps.scaled, dots * trace.layers[static_cast<std::size_t>(layer)].rule.scale), 1e-5);
    for (Index i = 0; i < steps.scores.size(); ++i) {
      const float score = steps.scores.data()[i];
      EXPECT_TRUE(score == attn::kMasked || std::abs(score - steps.scaled.data()[i]) <= 1e-5F);
    }
    EXPECT_EQ(test::difference(steps.weights, attn::head_weights(trace, layer, head)), 0.0);
    EXPECT_LE(test::difference(steps.output, steps.weights.cast<double>() * steps.value.cast<double>()), 1e-5);
    EXPECT_EQ(
        test::difference(Matrix(attn::head_of(attn::MatrixView(steps.concat), head, trace.n_heads)), steps.output),
        0.0);
    EXPECT_LE(test::difference(steps.w_output, w_output_of(*model, layer, head)), 1e-7);
    EXPECT_LE(test::difference(steps.added, steps.output.cast<double>() * w_output_of(*model, layer, head)), 1e-5);
  }
}

TEST_P(Contributions, ValueWeightedAttentionIsItsDefinition) {
  const ForwardTrace trace = attn::forward(model, {.ids = kIds});
  for (Index head = 0; head < trace.n_heads; ++head) {
    const attn::HeadSteps steps = attn::head_steps(model.get(), trace, 0, head);
    const Exact moved = steps.value.cast<double>() * w_output_of(*model, 0, head);
    const Matrix found = attn::value_weighted(*model, trace, 0, head);
    for (Index t = 0; t < found.rows(); ++t) {
      for (Index s = 0; s < found.cols(); ++s) {
        EXPECT_NEAR(found(t, s), (steps.weights(t, s) * moved.row(s)).norm(), 1e-5);
      }
    }
  }
}

TEST_P(Contributions, AreAsLongAsWhatAHeadAdds) {
  const Index layer = model->config.n_layers - 1;
  const attn::Interventions changes{{.kind = attn::InterventionKind::kHeadMean, .layer = layer, .head = 0},
                                    {.kind = attn::InterventionKind::kHeadOff, .layer = layer, .head = 1},
                                    {.kind = attn::InterventionKind::kTemperature, .head = 2, .temperature = 0.5F}};
  for (const attn::Interventions& some : {attn::Interventions{}, changes}) {
    const ForwardTrace trace = attn::forward(model, {.ids = kIds}, some);
    const Matrix found = attn::contributions(*model, trace, layer);
    ASSERT_EQ(found.rows(), trace.n_heads);
    ASSERT_EQ(found.cols(), trace.n_query);
    for (Index head = 0; head < trace.n_heads; ++head) {
      const attn::HeadSteps steps = attn::head_steps(model.get(), trace, layer, head);
      const Exact w_output = w_output_of(*model, layer, head);
      const Index width = w_output.rows();
      for (Index t = 0; t < trace.n_query; ++t) {
        EXPECT_NEAR(found(head, t), steps.added.row(t).norm(), 1e-5);
        double squares = 0.0;
        for (Index column = 0; column < w_output.cols(); ++column) {
          double sum = 0.0;
          for (Index i = 0; i < width; ++i) sum += steps.concat(t, head * width + i) * w_output(i, column);
          squares += sum * sum;
        }
        EXPECT_NEAR(found(head, t), std::sqrt(squares), 1e-5);
      }
    }
    EXPECT_EQ(found.row(1).cwiseAbs().maxCoeff() == 0.0F, !some.empty());
    EXPECT_GT(found.row(2).minCoeff(), 0.0F);
  }
}

INSTANTIATE_TEST_SUITE_P(Families, Contributions,
                         testing::Values("bert", "distilbert", "gpt2", "llama", "llama_bias", "qwen3", "mistral"),
                         [](const auto& family) { return std::string(family.param); });

class DirectEffects : public Contributions {};

/// In a model whose layers add to the stream, the logit is linear in what was added while the final norm is held: the
/// heads' effects and those of everything else, read out in the same way, add up to it.
TEST_P(DirectEffects, AddUpToTheLogitTogetherWithEverythingElse) {
  const ForwardTrace trace = attn::forward(model, {.ids = kIds});
  const Index position = 6;
  const std::int32_t id = 17;
  const std::vector<float> effects = attn::direct_effect(*model, trace, position, id);
  ASSERT_EQ(static_cast<Index>(effects.size()), trace.n_layers() * trace.n_heads);

  const attn::NormParameters& norm = model->parameters.final_norm;
  const Exact last = Matrix(trace.hidden.back().view()).row(position).cast<double>();
  const bool centred = norm.kind == attn::NormKind::kLayer;
  const double mean = centred ? last.mean() : 0.0;
  const double size = std::sqrt((last.array() - mean).square().mean() + norm.epsilon);
  const Exact unembed = model->parameters.head.unembed.w.row(id).cast<double>();
  const auto read = [&](const Exact& row) {
    const double own_mean = centred ? row.mean() : 0.0;
    double sum = 0.0;
    for (Index i = 0; i < row.size(); ++i) sum += (row(i) - own_mean) / size * norm.gain(i) * unembed(i);
    return sum;
  };
  double heads = 0.0;
  Exact rest = last;
  for (Index layer = 0; layer < trace.n_layers(); ++layer) {
    for (Index head = 0; head < trace.n_heads; ++head) {
      const Exact added = attn::head_steps(model.get(), trace, layer, head).added.row(position).cast<double>();
      const double effect = effects[static_cast<std::size_t>(layer * trace.n_heads + head)];
      EXPECT_NEAR(effect, read(added), 1e-4) << layer << "." << head;
      heads += effect;
      rest -= added;
    }
  }
  double bias = 0.0;
  for (Index i = 0; i < norm.bias.size(); ++i) bias += double{norm.bias(i)} * unembed(i);
  if (model->parameters.head.unembed.bias.size() != 0) bias += model->parameters.head.unembed.bias(id);
  EXPECT_NEAR(heads + read(rest) + bias, attn::logits_at(*model, trace, position)(id), 1e-3);
  EXPECT_GT(std::abs(heads), 1e-3);
}

INSTANTIATE_TEST_SUITE_P(Causal, DirectEffects, testing::Values("gpt2", "llama", "qwen2", "qwen3", "mistral"),
                         [](const auto& family) { return std::string(family.param); });

TEST(Contribution, OfAHeadThatIsSwitchedOffIsNothing) {
  const auto model = test::make_shared(test::tiny_model("llama"));
  const attn::Interventions off{{.kind = attn::InterventionKind::kHeadOff, .layer = 1, .head = 0}};
  const ForwardTrace trace = attn::forward(model, {.ids = kIds}, off);
  EXPECT_EQ(attn::direct_effect(*model, trace, 4, 3)[static_cast<std::size_t>(trace.n_heads)], 0.0F);
  const attn::HeadSteps steps = attn::head_steps(model.get(), trace, 1, 0);
  EXPECT_EQ(steps.added.cwiseAbs().maxCoeff(), 0.0F);
  EXPECT_GT(steps.output.cwiseAbs().maxCoeff(), 0.0F) << "its own weights and values are still there to see";
}

TEST(Contribution, OfASkippedLayerIsNothing) {
  const auto model = test::make_shared(test::tiny_model("llama"));
  const ForwardTrace trace =
      attn::forward(model, {.ids = kIds}, {{.kind = attn::InterventionKind::kLayerOff, .layer = 1}});
  EXPECT_EQ(attn::contributions(*model, trace, 1).cwiseAbs().maxCoeff(), 0.0F);
  EXPECT_GT(attn::contributions(*model, trace, 0).minCoeff(), 0.0F);
}

TEST(Contribution, IsRefusedWhereItIsNotKnown) {
  const auto bert = test::make_shared(test::tiny_model("bert"));
  const ForwardTrace trace = attn::forward(bert, {.ids = {2, 5, 3}});
  test::expect_refusal({ErrorCode::kUnsupported, "no direct way"}, [&] { attn::direct_effect(*bert, trace, 0, 0); });
  const auto llama = test::make_shared(test::tiny_model("llama"));
  const ForwardTrace causal = attn::forward(llama, {.ids = kIds});
  test::expect_refusal({ErrorCode::kBadRequest, "no token 10"}, [&] { attn::direct_effect(*llama, causal, 10, 0); });
  test::expect_refusal({ErrorCode::kBadRequest, "not in the model's vocabulary"},
                       [&] { attn::direct_effect(*llama, causal, 0, -1); });
  test::expect_refusal({ErrorCode::kBadRequest, "no layer 99"}, [&] { attn::contributions(*llama, causal, 99); });
  ForwardTrace weights_alone = test::random_run(1, 2, 2, 3, false, 1);
  weights_alone.layers[0].query = {};
  weights_alone.layers[0].weights = attn::SharedMatrix(Matrix::Constant(6, 3, 1.0F / 3.0F));
  test::expect_refusal({ErrorCode::kUnsupported, "weights alone"},
                       [&] { attn::head_steps(nullptr, weights_alone, 0, 0); });
  test::expect_refusal({ErrorCode::kUnsupported, "weights alone"},
                       [&] { attn::contributions(*llama, weights_alone, 0); });
  test::expect_refusal({ErrorCode::kBadRequest, "no head 2"}, [&] { attn::head_steps(nullptr, weights_alone, 0, 2); });
}

TEST(Contribution, StepsOfATraceEndBeforeWOutput) {
  const attn::HeadSteps steps = attn::head_steps(nullptr, test::random_run(1, 4, 2, 70, true, 1), 0, 3);
  EXPECT_EQ(steps.w_output.size(), 0);
  EXPECT_EQ(steps.added.size(), 0);
  EXPECT_EQ(steps.concat.cols(), 16);
  EXPECT_EQ(steps.concat.rows(), 70);
}

}  // namespace
