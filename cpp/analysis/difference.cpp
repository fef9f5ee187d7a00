// Two runs side by side, row by row; and one run beside its own softmax in float64.
#include "analysis/difference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "linalg/softmax.h"

namespace attn {
namespace {

void check_pairs(const Pairs& pairs, Index n_left, Index n_right) {
  for (const auto& [left, right] : pairs) {
    if (left >= 0 && left < n_left && right >= 0 && right < n_right) continue;
    fail(ErrorCode::kBadRequest, {"A pair names a token that is not there."}, {"below ", n_left, " and ", n_right},
         {left, " and ", right});
  }
}

/// The blocks of a head's rows, each computed once while rows are asked for in rising order.
class Rows {
 public:
  Rows(const ForwardTrace& trace, Index layer, Index head) : trace_(trace), layer_(layer), head_(head) {}

  const float* row(Index query) {
    if (block_.weights.size() == 0 || query < block_.first_query ||
        query >= block_.first_query + block_.weights.rows()) {
      block_ = head_block(trace_, layer_, head_, query);
    }
    return block_.weights.row(query - block_.first_query).data();
  }

 private:
  const ForwardTrace& trace_;
  Index layer_;
  Index head_;
  HeadBlock block_;
};

void check_hidden(const ForwardTrace& trace) {
  if (trace.hidden.empty()) fail(ErrorCode::kUnsupported, {"This trace holds no hidden states."});
}

void check_token(const ForwardTrace& trace, Index token) {
  if (token >= 0 && token < trace.hidden.front().rows()) return;
  fail(ErrorCode::kBadRequest, {"There is no token ", token, "."}, {"0 to ", trace.hidden.front().rows() - 1}, {token});
}

/// None where one has no length.
std::optional<double> cosine(const Vector& left, const Vector& right) {
  double dot = 0.0;
  double left_square = 0.0;
  double right_square = 0.0;
  for (Index i = 0; i < left.size(); ++i) {
    dot += double{left(i)} * double{right(i)};
    left_square += double{left(i)} * double{left(i)};
    right_square += double{right(i)} * double{right(i)};
  }
  const double lengths = std::sqrt(left_square) * std::sqrt(right_square);
  if (lengths > 0.0) return dot / lengths;
  return {};
}

double total_variation(const float* left, const float* right, const Pairs& pairs, Index n_left, Index n_right) {
  double difference = 0.0;
  double rest_left = 0.0;
  double rest_right = 0.0;
  for (Index key = 0; key < n_left; ++key) rest_left += left[key];
  for (Index key = 0; key < n_right; ++key) rest_right += right[key];
  for (const auto& [l, r] : pairs) {
    difference += std::abs(double{left[l]} - double{right[r]});
    rest_left -= left[l];
    rest_right -= right[r];
  }
  const bool all_paired = static_cast<Index>(pairs.size()) == n_left && n_left == n_right;
  return 0.5 * (difference + (all_paired ? 0.0 : std::abs(rest_left - rest_right)));
}

Stepper run_change(const ForwardTrace& left, const ForwardTrace& right, Pairs pairs, std::vector<float>& change) {
  change.clear();
  const auto n_heads = static_cast<double>(left.n_layers() * left.n_heads);
  for (Index layer = 0; layer < left.n_layers(); ++layer) {
    for (Index head = 0; head < left.n_heads; ++head) {
      Rows left_rows(left, layer, head);
      Rows right_rows(right, layer, head);
      double sum = 0.0;
      Index since = 0;
      for (const auto& [t, u] : pairs) {
        sum += total_variation(left_rows.row(t), right_rows.row(u), pairs, left.n_key, right.n_key);
        if (++since % kTraceRows == 0) co_yield static_cast<double>(change.size()) / n_heads;
      }
      change.push_back(static_cast<float>(pairs.empty() ? 0.0 : sum / static_cast<double>(pairs.size())));
      co_yield static_cast<double>(change.size()) / n_heads;
    }
  }
}

/// One row of weights in float64, straight from the definition.
std::vector<double> exact_row(const ScoreRule& rule, const MatrixView& query, const MatrixView& key, Index row,
                              const float* scores) {
  const Index n_key = key.rows();
  std::vector<double> weights(static_cast<std::size_t>(n_key));
  double largest = -std::numeric_limits<double>::infinity();
  for (Index s = 0; s < n_key; ++s) {
    double dot = 0.0;
    for (Index i = 0; i < query.cols(); ++i) dot += double{query(row, i)} * double{key(s, i)};
    double score = dot * rule.scale;
    if (rule.bias.size() != 0) score += rule.bias(row, s);
    score /= rule.temperature;
    if (scores[s] == kMasked) score = -std::numeric_limits<double>::infinity();
    weights[static_cast<std::size_t>(s)] = score;
    largest = std::max(largest, score);
  }
  double sum = 0.0;
  for (double& weight : weights) {
    weight = std::isinf(weight) ? 0.0 : std::exp(weight - largest);
    sum += weight;
  }
  for (double& weight : weights) weight = sum > 0.0 ? weight / sum : 0.0;
  return weights;
}

Stepper run_verify(const ForwardTrace& trace, Verification& verification) {
  verification = {};
  const auto n_rows = static_cast<double>(trace.n_layers() * trace.n_heads * trace.n_query);
  double done = 0.0;
  for (Index l = 0; l < trace.n_layers(); ++l) {
    const LayerTrace& layer = trace.layers[static_cast<std::size_t>(l)];
    for (Index head = 0; head < trace.n_heads; ++head) {
      const ScoreRule rule = rule_of_head(layer.rule, layer.changes, head);
      const MatrixView query = head_of(layer.query.view(), head, trace.n_heads);
      const MatrixView key =
          head_of(layer.key.view(), kv_head_of(head, trace.n_heads, trace.n_kv_heads), trace.n_kv_heads);
      for (Index first = 0; first < trace.n_query; first += kTraceRows) {
        const HeadBlock block = head_block(trace, l, head, first);
        // What a reader set by hand is no softmax.
        for (Index row = 0; rule.changes.empty() && row < block.weights.rows(); ++row) {
          const std::vector<double> exact = exact_row(rule, query, key, first + row, block.scores.row(row).data());
          for (Index s = 0; s < trace.n_key; ++s) {
            const double apart = std::abs(block.weights(row, s) - exact[static_cast<std::size_t>(s)]);
            verification.largest = std::max(verification.largest, apart);
          }
          verification.compared += static_cast<double>(trace.n_key);
          if (row % 8 == 7) co_yield done / n_rows;
        }
        done += static_cast<double>(block.weights.rows());
        co_yield done / (n_rows + 1.0);
      }
    }
  }
}

}  // namespace

Matrix difference(const MatrixView& left, const MatrixView& right, const Pairs& pairs) {
  check_pairs(pairs, std::min(left.rows(), left.cols()), std::min(right.rows(), right.cols()));
  const auto n = static_cast<Index>(pairs.size());
  Matrix result(n, n);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j) {
      const auto& [t, u] = pairs[static_cast<std::size_t>(i)];
      const auto& [s, v] = pairs[static_cast<std::size_t>(j)];
      result(i, j) = left(t, s) - right(u, v);
    }
  }
  return result;
}

Stepper change_of(const ForwardTrace& left, const ForwardTrace& right, Pairs pairs, std::vector<float>& change) {
  if (left.n_layers() != right.n_layers() || left.n_heads != right.n_heads) {
    fail(ErrorCode::kBadRequest, {"Only runs with the same heads can be compared head by head."},
         {left.n_layers(), " layers of ", left.n_heads}, {right.n_layers(), " layers of ", right.n_heads});
  }
  check_pairs(pairs, std::min(left.n_query, left.n_key), std::min(right.n_query, right.n_key));
  return run_change(left, right, std::move(pairs), change);
}

Vector embedding_of(const ForwardTrace& trace) {
  check_hidden(trace);
  const MatrixView hidden = trace.hidden.back().view();
  Vector mean(hidden.cols());
  for (Index col = 0; col < hidden.cols(); ++col) {
    double sum = 0.0;
    for (Index row = 0; row < hidden.rows(); ++row) sum += hidden(row, col);
    mean(col) = static_cast<float>(sum / static_cast<double>(hidden.rows()));
  }
  return mean;
}

std::vector<float> similarity(const ForwardTrace& left_trace, Index left, const ForwardTrace& right_trace,
                              Index right) {
  check_hidden(left_trace);
  check_hidden(right_trace);
  if (left_trace.hidden.size() != right_trace.hidden.size()) {
    fail(ErrorCode::kBadRequest, {"Only runs with as many layers can be compared layer by layer."},
         {left_trace.n_layers(), " layers"}, {right_trace.n_layers(), " layers"});
  }
  check_token(left_trace, left);
  check_token(right_trace, right);
  std::vector<float> similarity;
  for (std::size_t layer = 0; layer < left_trace.hidden.size(); ++layer) {
    const Vector x = row_of(left_trace.hidden[layer].view(), left);
    const Vector y = row_of(right_trace.hidden[layer].view(), right);
    if (x.size() != y.size()) fail_shapes("hidden states must be of one width", x, y);
    similarity.push_back(static_cast<float>(cosine(x, y).value_or(0.0)));
  }
  return similarity;
}

double cosine_distance(const Vector& left, const Vector& right) {
  if (left.size() != right.size()) fail_shapes("embeddings must be of one width", left, right);
  const std::optional<double> alike = cosine(left, right);
  return alike ? std::max(0.0, 1.0 - *alike) : 0.0;
}

double prediction_distance(const Vector& left, const Vector& right) {
  if (left.size() != right.size()) fail_shapes("predictions must be over one vocabulary", left, right);
  const auto largest = [](const Vector& logits) { return double{*std::ranges::max_element(logits)}; };
  const auto sum = [](const Vector& logits, double most) {
    double total = 0.0;
    for (const float logit : logits) total += std::exp(logit - most);
    return total;
  };
  const double left_most = largest(left);
  const double right_most = largest(right);
  const double left_sum = sum(left, left_most);
  const double right_sum = sum(right, right_most);
  double apart = 0.0;
  for (Index i = 0; i < left.size(); ++i) {
    apart += std::abs(std::exp(left(i) - left_most) / left_sum - std::exp(right(i) - right_most) / right_sum);
  }
  return 0.5 * apart;
}

Stepper verify(const ForwardTrace& trace, Verification& verification) {
  if (!capabilities_of(trace).scores) {
    fail(ErrorCode::kUnsupported, {"This trace holds weights alone: there is nothing to compute them from."});
  }
  return run_verify(trace, verification);
}

}  // namespace attn
