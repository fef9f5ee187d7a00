// Heads put alone into Concat, and what W^O makes of them.
#include "analysis/contribution.h"

#include <cmath>
#include <utility>

#include "linalg/products.h"

namespace attn {
namespace {

const LayerTrace& layer_of(const ForwardTrace& trace, Index layer, Index head) {
  // The one message for a layer or head that is not there.
  static_cast<void>(head_block(trace, layer, head, 0));
  const LayerTrace& from = trace.layers[static_cast<std::size_t>(layer)];
  if (from.query.size() == 0) {
    fail(ErrorCode::kUnsupported, {"This trace holds weights alone: what heads add is not known."});
  }
  return from;
}

const Linear& w_output_of(const Model& model, Index layer) {
  return model.parameters.layers[static_cast<std::size_t>(layer)].attention.w_output;
}

/// W^O without its bias.
Matrix through_output(const Linear& w_output, const MatrixView& mixed) {
  Linear map = w_output;
  map.bias = {};
  return linear(mixed, map);
}

/// Rows of one head put into its columns of Concat, all others 0.
Matrix alone(const MatrixView& rows, Index head, Index n_heads) {
  Matrix concat = Matrix::Zero(rows.rows(), rows.cols() * n_heads);
  copy(rows, head_of(concat, head, n_heads));
  return concat;
}

/// The Euclidean norm of one row.
float length_of(const MatrixView& matrix, Index row) {
  double squares = 0.0;
  for (Index i = 0; i < matrix.cols(); ++i) squares += double{matrix(row, i)} * double{matrix(row, i)};
  return static_cast<float>(std::sqrt(squares));
}

Matrix outputs_of_head(const ForwardTrace& trace, Index layer, Index head) {
  Matrix outputs;
  for (Index first = 0; first < trace.n_query; first += kTraceRows) {
    const HeadBlock block = head_block(trace, layer, head, first);
    if (first == 0) outputs.resize(trace.n_query, block.output.cols());
    copy(block.output, outputs.middleRows(first, block.output.rows()));
  }
  return outputs;
}

/// All heads' outputs side by side, off and mean included.
Matrix concat_of(const ForwardTrace& trace, Index layer) {
  Matrix concat;
  for (Index head = 0; head < trace.n_heads; ++head) {
    const Matrix outputs = outputs_of_head(trace, layer, head);
    if (head == 0) concat.resize(outputs.rows(), outputs.cols() * trace.n_heads);
    copy(outputs, head_of(concat, head, trace.n_heads));
  }
  change_mixed(trace.layers[static_cast<std::size_t>(layer)].changes, trace.n_heads, concat);
  return concat;
}

bool changes_mixed(const Interventions& of_layer) {
  for (const Intervention& one : of_layer) {
    if (one.kind == InterventionKind::kHeadOff || one.kind == InterventionKind::kHeadMean) return true;
  }
  return false;
}

/// The row of Concat at one position.
Vector concat_row(const ForwardTrace& trace, Index layer, Index position) {
  // A mean is over the whole text.
  if (changes_mixed(trace.layers[static_cast<std::size_t>(layer)].changes)) {
    return row_of(concat_of(trace, layer), position);
  }
  Vector concat;
  for (Index head = 0; head < trace.n_heads; ++head) {
    const HeadBlock block = head_block(trace, layer, head, position);
    const Index width = block.output.cols();
    if (head == 0) concat.resize(width * trace.n_heads);
    for (Index i = 0; i < width; ++i) concat(head * width + i) = block.output(position - block.first_query, i);
  }
  return concat;
}

/// What multiplies a contribution, coordinate by coordinate, on its way through the final norm, times the unembedding.
struct Readout {
  Vector weights;  ///< [d_model]
  bool centred;    ///< Whether the mean is taken off first.
};

Readout readout_of(const Model& model, const ForwardTrace& trace, Index position, std::int32_t id) {
  const NormParameters& norm = model.parameters.final_norm;
  Readout readout{model.parameters.head.unembed.w.row(id), !norm.empty() && norm.kind == NormKind::kLayer};
  if (norm.empty()) return readout;
  const Vector state = row_of(trace.hidden.back().view(), position);
  double sum = 0.0;
  for (const float x : state) sum += x;
  const double mean = readout.centred ? sum / static_cast<double>(state.size()) : 0.0;
  double squares = 0.0;
  for (const float x : state) squares += (x - mean) * (x - mean);
  const double size = std::sqrt(squares / static_cast<double>(state.size()) + norm.epsilon);
  for (Index i = 0; i < state.size(); ++i) {
    readout.weights(i) = static_cast<float>(readout.weights(i) * norm.gain(i) / size);
  }
  return readout;
}

float read(const Readout& readout, const MatrixView& contribution, Index row) {
  double sum = 0.0;
  for (Index i = 0; i < contribution.cols(); ++i) sum += contribution(row, i);
  const double mean = readout.centred ? sum / static_cast<double>(contribution.cols()) : 0.0;
  double effect = 0.0;
  for (Index i = 0; i < contribution.cols(); ++i) effect += (contribution(row, i) - mean) * readout.weights(i);
  return static_cast<float>(effect);
}

}  // namespace

HeadSteps head_steps(const Model* model, const ForwardTrace& trace, Index layer, Index head) {
  const LayerTrace& from = layer_of(trace, layer, head);
  const Index kv_head = kv_head_of(head, trace.n_heads, trace.n_kv_heads);
  const ScoreRule rule = rule_of_head(from.rule, from.changes, head);
  HeadSteps steps;
  steps.query = copy_of(head_of(from.query.view(), head, trace.n_heads));
  steps.key = copy_of(head_of(from.key.view(), kv_head, trace.n_kv_heads));
  steps.value = copy_of(head_of(from.value.view(), kv_head, trace.n_kv_heads));
  steps.dots.resize(trace.n_query, trace.n_key);
  product_transposed(steps.query, steps.key, steps.dots);
  steps.scaled = copy_of(steps.dots);
  for (Index i = 0; i < steps.scaled.size(); ++i) {
    float& score = steps.scaled.data()[i];
    score *= rule.scale;
    if (rule.bias.size() != 0) score += rule.bias.data()[i];
    score /= rule.temperature;
  }
  steps.scores = head_scores(trace, layer, head);
  steps.weights = head_weights(trace, layer, head);
  steps.output = outputs_of_head(trace, layer, head);
  steps.concat = concat_of(trace, layer);
  if (model == nullptr) return steps;
  const Linear& w_output = w_output_of(*model, layer);
  const Index width = steps.output.cols();
  steps.w_output = through_output(w_output, alone(Matrix(Matrix::Identity(width, width)), head, trace.n_heads));
  steps.added = through_output(
      w_output, alone(copy_of(head_of(MatrixView(steps.concat), head, trace.n_heads)), head, trace.n_heads));
  return steps;
}

Matrix value_weighted(const Model& model, const ForwardTrace& trace, Index layer, Index head) {
  const LayerTrace& from = layer_of(trace, layer, head);
  const Index kv_head = kv_head_of(head, trace.n_heads, trace.n_kv_heads);
  const Matrix value = copy_of(head_of(from.value.view(), kv_head, trace.n_kv_heads));
  const Matrix moved = through_output(w_output_of(model, layer), alone(value, head, trace.n_heads));
  Matrix result = head_weights(trace, layer, head);
  for (Index key = 0; key < result.cols(); ++key) {
    const float norm = length_of(moved, key);
    for (Index query = 0; query < result.rows(); ++query) result(query, key) *= norm;
  }
  return result;
}

Matrix contributions(const Model& model, const ForwardTrace& trace, Index layer) {
  const LayerTrace& from = layer_of(trace, layer, 0);
  Matrix result = Matrix::Zero(trace.n_heads, trace.n_query);
  if (is_off(from.changes)) return result;
  const Matrix concat = concat_of(trace, layer);
  // W^O as [n_heads * d_value, d_model]: a head's rows of it meet that head's columns of Concat.
  const Matrix w_output =
      through_output(w_output_of(model, layer), Matrix(Matrix::Identity(concat.cols(), concat.cols())));
  const Index width = concat.cols() / trace.n_heads;
  Matrix added(trace.n_query, w_output.cols());
  for (Index head = 0; head < trace.n_heads; ++head) {
    product(concat.middleCols(head * width, width), w_output.middleRows(head * width, width), added);
    for (Index query = 0; query < trace.n_query; ++query) result(head, query) = length_of(added, query);
  }
  return result;
}

std::vector<float> direct_effect(const Model& model, const ForwardTrace& trace, Index position, std::int32_t id) {
  const OutputHead& out = model.parameters.head;
  if (out.empty() || !out.transform.w.empty() || !model.parameters.norm_first) {
    fail(ErrorCode::kUnsupported, {"This model's heads have no direct way to a prediction."},
         {"an output matrix right after the stream"}, {model.config.family});
  }
  if (position < 0 || position >= trace.n_query) {
    fail(ErrorCode::kBadRequest, {"There is no token ", position, "."}, {"0 to ", trace.n_query - 1}, {position});
  }
  if (id < 0 || id >= model.config.n_vocab) {
    fail(ErrorCode::kBadRequest, {"Token id ", id, " is not in the model's vocabulary."},
         {"an id from 0 to ", model.config.n_vocab - 1}, {id});
  }
  const Readout readout = readout_of(model, trace, position, id);
  std::vector<float> effects;
  for (Index layer = 0; layer < trace.n_layers(); ++layer) {
    const Vector concat = concat_row(trace, layer, position);
    // Every head in a row of its own.
    Matrix heads = Matrix::Zero(trace.n_heads, concat.size());
    const Index width = concat.size() / trace.n_heads;
    for (Index head = 0; head < trace.n_heads; ++head) {
      for (Index i = head * width; i < (head + 1) * width; ++i) heads(head, i) = concat(i);
    }
    const bool is_skipped = is_off(trace.layers[static_cast<std::size_t>(layer)].changes);
    const Matrix added = through_output(w_output_of(model, layer), heads);
    for (Index head = 0; head < trace.n_heads; ++head) {
      effects.push_back(is_skipped ? 0.0F : read(readout, added, head));
    }
  }
  return effects;
}

}  // namespace attn
