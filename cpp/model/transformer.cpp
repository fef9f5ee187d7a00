// The encoder's layers as one coroutine, which stops after every block of rows.
#include "model/transformer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "attn/position.h"

namespace attn {
namespace {

/// Rows from `first` on, at most kRowBlock of them.
auto block_of(Matrix& matrix, Index first) {
  return matrix.middleRows(first, std::min(kRowBlock, matrix.rows() - first));
}

Matrix embed(const Model& model, const std::vector<std::int32_t>& ids) {
  const Parameters& parameters = model.parameters;
  Matrix hidden(static_cast<Index>(ids.size()), model.config.d_model);
  for (std::size_t t = 0; t < ids.size(); ++t) {
    hidden.row(static_cast<Index>(t)) = parameters.token_embedding.row(ids[t]) + parameters.type_embedding.row(0);
  }
  add_learned_positions(parameters.position_embedding, hidden);
  layer_norm(parameters.embedding_norm, hidden);
  return hidden;
}

/// A model may hold numbers so large that their products overflow. What follows from them would be no picture of
/// attention.
void check_finite(const Matrix& hidden, Index layer) {
  if (hidden.allFinite()) return;
  throw Error(ErrorCode::kBadFile, "The model's numbers overflow in layer " + std::to_string(layer) + ".",
              "finite numbers", "infinity or NaN");
}

Stepper run(std::shared_ptr<const Model> model, std::vector<std::int32_t> ids, ForwardTrace& trace) {
  const Config& config = model->config;
  const auto n = static_cast<Index>(ids.size());
  trace = ForwardTrace{.n_heads = config.n_heads,
                       .n_kv_heads = config.n_kv_heads,
                       .n_query = n,
                       .n_key = n,
                       .causal = config.causal,
                       .layers = {},
                       .hidden = {}};
  trace.hidden.push_back(embed(*model, ids));
  check_finite(trace.hidden.back(), 0);

  // Progress counts the products' operations, which is nearly all there is.
  const double per_row = static_cast<double>(config.d_model) * static_cast<double>(config.d_model);
  const double per_row_mlp = 2.0 * static_cast<double>(config.d_model) * static_cast<double>(config.d_mlp);
  const double per_head = 2.0 * static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(config.d_head);
  const double layer_cost =
      static_cast<double>(n) * (4.0 * per_row + per_row_mlp) + static_cast<double>(config.n_heads) * per_head;
  const double total = layer_cost * static_cast<double>(config.n_layers);
  double done = 0.0;

  for (Index l = 0; l < config.n_layers; ++l) {
    const LayerParameters& parameters = model->parameters.layers[static_cast<std::size_t>(l)];
    const MultiHeadParameters& attention = parameters.attention;
    Matrix hidden = trace.hidden.back();
    LayerTrace layer;
    layer.rule = scaled_by_width(config.d_head, config.causal ? causal_mask() : Mask{});

    layer.query.resize(n, attention.w_query.w.rows());
    layer.key.resize(n, attention.w_key.w.rows());
    layer.value.resize(n, attention.w_value.w.rows());
    for (Index first = 0; first < n; first += kRowBlock) {
      const auto rows = block_of(hidden, first);
      linear(rows, attention.w_query, block_of(layer.query, first));
      linear(rows, attention.w_key, block_of(layer.key, first));
      linear(rows, attention.w_value, block_of(layer.value, first));
      co_yield (done += 3.0 * per_row * static_cast<double>(rows.rows())) / total;
    }

    Matrix mixed(n, attention.w_output.w.cols());
    for (Index head = 0; head < config.n_heads; ++head) {
      const Index kv_head = kv_head_of(head, config.n_heads, config.n_kv_heads);
      for (Index first = 0; first < n; first += kRowBlock) {
        const Index rows = std::min(kRowBlock, n - first);
        head_of(mixed, head, config.n_heads).middleRows(first, rows) =
            scaled_dot_product_attention(head_of(layer.query, head, config.n_heads).middleRows(first, rows),
                                         head_of(layer.key, kv_head, config.n_kv_heads),
                                         head_of(layer.value, kv_head, config.n_kv_heads), layer.rule, first)
                .output;
        co_yield (done += per_head * static_cast<double>(rows) / static_cast<double>(n)) / total;
      }
    }

    for (Index first = 0; first < n; first += kRowBlock) {
      auto rows = block_of(hidden, first);
      Matrix change(rows.rows(), rows.cols());
      linear(block_of(mixed, first), attention.w_output, change);
      rows += change;
      layer_norm(parameters.attention_norm, rows);
      co_yield (done += per_row * static_cast<double>(rows.rows())) / total;
      mlp(rows, parameters.mlp, change);
      rows += change;
      layer_norm(parameters.mlp_norm, rows);
      co_yield (done += per_row_mlp * static_cast<double>(rows.rows())) / total;
    }
    check_finite(hidden, l);
    trace.layers.push_back(std::move(layer));
    trace.hidden.push_back(std::move(hidden));
  }
}

}  // namespace

void check_ids(const Config& config, const std::vector<std::int32_t>& ids) {
  const auto n = static_cast<Index>(ids.size());
  if (n == 0) throw Error(ErrorCode::kBadRequest, "A text needs at least one token.", "1 token or more", "none");
  if (n > config.n_ctx) {
    throw Error(ErrorCode::kTooLong,
                "The text has " + std::to_string(n) + " tokens; the model takes " + std::to_string(config.n_ctx) + ".",
                "at most " + std::to_string(config.n_ctx) + " tokens", std::to_string(n) + " tokens");
  }
  for (const std::int32_t id : ids) {
    if (id < 0 || id >= config.n_vocab) {
      throw Error(ErrorCode::kBadRequest, "Token id " + std::to_string(id) + " is not in the model's vocabulary.",
                  "an id from 0 to " + std::to_string(config.n_vocab - 1), std::to_string(id));
    }
  }
}

Stepper forward(std::shared_ptr<const Model> model, std::vector<std::int32_t> ids, ForwardTrace& trace) {
  check_ids(model->config, ids);
  return run(std::move(model), std::move(ids), trace);
}

ForwardTrace forward(std::shared_ptr<const Model> model, std::vector<std::int32_t> ids) {
  ForwardTrace trace;
  forward(std::move(model), std::move(ids), trace).finish();
  return trace;
}

}  // namespace attn
