// The layers as one coroutine, which stops after every tile of a product and every block of a head's rows.
#include "model/transformer.h"

#include <algorithm>
#include <string>
#include <utility>

namespace attn {
namespace {

/// The most multiply-adds between two stops: a few milliseconds in WebAssembly.
constexpr double kTileOperations = 1e8;

/// Part of a product: some inputs, some outputs.
struct Tile {
  Index row = 0;
  Index rows = 0;
  Index col = 0;
  Index cols = 0;
};

/// All inputs by all outputs, cut so that each tile is quick; at most kRowBlock inputs, as many outputs as go.
std::vector<Tile> tiles_of(Index n_inputs, const Linear& map) {
  std::vector<Tile> tiles;
  for (Index row = 0; row < n_inputs; row += kRowBlock) {
    const Index rows = std::min(kRowBlock, n_inputs - row);
    const double per_output = static_cast<double>(rows) * static_cast<double>(map.d_in());
    const Index cols = std::max<Index>(static_cast<Index>(kTileOperations / per_output) / 128 * 128, 128);
    for (Index col = 0; col < map.d_out(); col += cols) {
      tiles.push_back({.row = row, .rows = rows, .col = col, .cols = std::min(cols, map.d_out() - col)});
    }
  }
  return tiles;
}

void apply(const Tile& tile, const MatrixView& input, const Linear& map, MatrixOut output) {
  linear(input.middleRows(tile.row, tile.rows), outputs_of(map, tile.col, tile.cols),
         output.block(tile.row, tile.col, tile.rows, tile.cols));
}

/// Multiply-adds of a map, for progress.
double cost_of(Index n_inputs, const Linear& map) {
  return static_cast<double>(n_inputs) * static_cast<double>(map.d_in()) * static_cast<double>(map.d_out());
}

double cost_of(const Tile& tile, const Linear& map) {
  return static_cast<double>(tile.rows) * static_cast<double>(tile.cols) * static_cast<double>(map.d_in());
}

double cost_of(Index n_queries, Index n_keys, const Config& config) {
  return 2.0 * static_cast<double>(n_queries) * static_cast<double>(n_keys) * static_cast<double>(config.d_head);
}

/// Which row of the position table each token takes.
std::vector<Index> positions_of(const Parameters& parameters, const std::vector<std::int32_t>& ids) {
  std::vector<Index> positions;
  Index next = parameters.padding_id ? *parameters.padding_id + 1 : 0;
  for (const std::int32_t id : ids) {
    const bool is_padding = parameters.padding_id == id;
    positions.push_back(is_padding ? *parameters.padding_id : next);
    if (!is_padding) ++next;
  }
  return positions;
}

/// The embeddings of the tokens from `first` on.
void embed(const Model& model, const Tokens& tokens, Index first, MatrixOut hidden) {
  const Parameters& parameters = model.parameters;
  const std::vector<Index> positions = positions_of(parameters, tokens.ids);
  for (Index row = 0; row < hidden.rows(); ++row) {
    const auto t = static_cast<std::size_t>(first + row);
    hidden.row(row) = parameters.token_embedding.row(tokens.ids[t]);
    if (!parameters.type_embedding.empty()) {
      hidden.row(row) += parameters.type_embedding.row(tokens.types.empty() ? 0 : tokens.types[t]);
    }
    if (!parameters.position_embedding.empty()) {
      add_learned_positions(parameters.position_embedding, positions[t], hidden.row(row));
    }
  }
  normalise(parameters.embedding_norm, hidden);
}

/// A model may hold numbers so large that their products overflow. What follows from them would be no picture of
/// attention.
void check_finite(const MatrixView& hidden, Index layer) {
  if (hidden.allFinite()) return;
  throw Error(ErrorCode::kBadFile, "The model's numbers overflow in layer " + std::to_string(layer) + ".",
              "finite numbers", "infinity or NaN");
}

/// Every head's rows on their own.
void normalise_heads(const NormParameters& norm, Index n_heads, MatrixOut projected) {
  if (norm.empty()) return;
  const Index width = projected.cols() / n_heads;
  for (Index head = 0; head < n_heads; ++head) normalise(norm, projected.middleCols(head * width, width));
}

ScoreRule rule_of(const Config& config, const LayerParameters& parameters, const Tokens& tokens) {
  Mask mask;
  if (config.causal) mask = parameters.window > 0 ? sliding_mask(parameters.window) : causal_mask();
  if (!tokens.padding.empty()) mask = combine(mask, padding_mask(tokens.padding));
  return {.scale = parameters.scale, .bias = {}, .mask = std::move(mask)};
}

ForwardTrace empty_trace(const Config& config) {
  ForwardTrace trace;
  trace.n_heads = config.n_heads;
  trace.n_kv_heads = config.n_kv_heads;
  trace.causal = config.causal;
  trace.layers.resize(static_cast<std::size_t>(config.n_layers));
  trace.hidden.resize(static_cast<std::size_t>(config.n_layers) + 1);
  return trace;
}

Stepper run(std::shared_ptr<const Model> model, Tokens tokens, ForwardTrace& trace, ForwardTrace beginning) {
  const Config& config = model->config;
  const bool norm_first = model->parameters.norm_first;
  const auto n = static_cast<Index>(tokens.ids.size());
  const Index known = beginning.n_query;
  const Index n_new = n - known;
  trace = beginning.layers.empty() ? empty_trace(config) : std::move(beginning);
  trace.n_query = trace.n_key = n;
  if (n_new == 0) co_return;
  embed(*model, tokens, known, trace.hidden[0].append(n_new, config.d_model));
  check_finite(trace.hidden[0].view(), 0);

  // Progress counts multiply-adds, which are nearly all there is.
  double total = 0.0;
  for (const LayerParameters& layer : model->parameters.layers) {
    const MultiHeadParameters& attention = layer.attention;
    for (const Linear* map : {&attention.w_query, &attention.w_key, &attention.w_value, &attention.w_output,
                              &layer.mlp.w_gate, &layer.mlp.w_up, &layer.mlp.w_down}) {
      total += cost_of(n_new, *map);
    }
    total += static_cast<double>(config.n_heads) * cost_of(n_new, n, config);
  }
  double done = 0.0;

  for (Index l = 0; l < config.n_layers; ++l) {
    const LayerParameters& parameters = model->parameters.layers[static_cast<std::size_t>(l)];
    const MultiHeadParameters& attention = parameters.attention;
    LayerTrace& layer = trace.layers[static_cast<std::size_t>(l)];
    layer.rule = rule_of(config, parameters, tokens);
    Matrix hidden = trace.hidden[static_cast<std::size_t>(l)].view().bottomRows(n_new);
    Matrix input = hidden;
    if (norm_first) normalise(parameters.attention_norm, input);

    struct Projection {
      const Linear& map;
      GrowingMatrix& rows;
      const NormParameters& norm;
      Index n_heads;
    };
    const NormParameters none;
    for (const Projection& to : {Projection{attention.w_query, layer.query, parameters.query_norm, config.n_heads},
                                 Projection{attention.w_key, layer.key, parameters.key_norm, config.n_kv_heads},
                                 Projection{attention.w_value, layer.value, none, config.n_kv_heads}}) {
      MatrixOut rows = to.rows.append(n_new, to.map.d_out());
      for (const Tile& tile : tiles_of(n_new, to.map)) {
        apply(tile, input, to.map, rows);
        co_yield (done += cost_of(tile, to.map)) / total;
      }
      normalise_heads(to.norm, to.n_heads, rows);
      if (&to.rows != &layer.value) rotate(model->parameters.rotary, known, to.n_heads, rows);
    }

    Matrix mixed(n_new, attention.w_output.d_in());
    const MatrixView key = layer.key.view();
    const MatrixView value = layer.value.view();
    for (Index head = 0; head < config.n_heads; ++head) {
      const Index kv_head = kv_head_of(head, config.n_heads, config.n_kv_heads);
      for (Index first = 0; first < n_new; first += kRowBlock) {
        const Index rows = std::min(kRowBlock, n_new - first);
        // What a causal model hides from all of these rows need not be computed.
        const Index n_keys = config.causal && tokens.padding.empty() ? known + first + rows : n;
        head_of(mixed, head, config.n_heads).middleRows(first, rows) =
            scaled_dot_product_attention(
                head_of(layer.query.view(), head, config.n_heads).middleRows(known + first, rows),
                head_of(key, kv_head, config.n_kv_heads).topRows(n_keys),
                head_of(value, kv_head, config.n_kv_heads).topRows(n_keys), layer.rule, known + first)
                .output;
        co_yield (done += cost_of(rows, n, config)) / total;
      }
    }

    Matrix change(n_new, config.d_model);
    for (const Tile& tile : tiles_of(n_new, attention.w_output)) {
      apply(tile, mixed, attention.w_output, change);
      co_yield (done += cost_of(tile, attention.w_output)) / total;
    }
    hidden += change;
    if (!norm_first) normalise(parameters.attention_norm, hidden);

    const MlpParameters& mlp = parameters.mlp;
    for (Index first = 0; first < n_new; first += kRowBlock) {
      const Index rows = std::min(kRowBlock, n_new - first);
      Matrix block = hidden.middleRows(first, rows);
      if (norm_first) normalise(parameters.mlp_norm, block);
      Matrix gate(mlp.has_gate() ? rows : 0, mlp.has_gate() ? config.d_mlp : 0);
      Matrix inner(rows, config.d_mlp);
      if (mlp.has_gate()) {
        for (const Tile& tile : tiles_of(rows, mlp.w_gate)) {
          apply(tile, block, mlp.w_gate, gate);
          co_yield (done += cost_of(tile, mlp.w_gate)) / total;
        }
      }
      for (const Tile& tile : tiles_of(rows, mlp.w_up)) {
        apply(tile, block, mlp.w_up, inner);
        co_yield (done += cost_of(tile, mlp.w_up)) / total;
      }
      bend(mlp, gate, inner);
      for (const Tile& tile : tiles_of(rows, mlp.w_down)) {
        apply(tile, inner, mlp.w_down, change.topRows(rows));
        co_yield (done += cost_of(tile, mlp.w_down)) / total;
      }
      hidden.middleRows(first, rows) += change.topRows(rows);
    }
    if (!norm_first) normalise(parameters.mlp_norm, hidden);
    check_finite(hidden, l);
    trace.hidden[static_cast<std::size_t>(l) + 1].append(n_new, config.d_model) = hidden;
  }
}

void check_beginning(const Config& config, const Tokens& tokens, const ForwardTrace& beginning) {
  if (beginning.layers.empty()) return;
  const auto n = static_cast<Index>(tokens.ids.size());
  const auto n_hidden = static_cast<Index>(beginning.hidden.size());
  if (config.causal && beginning.n_layers() == config.n_layers && n_hidden == config.n_layers + 1 &&
      beginning.n_query <= n) {
    return;
  }
  throw Error(
      ErrorCode::kBadRequest, "What was computed before is no beginning of this.",
      "a causal run of at most " + std::to_string(n) + " tokens and " + std::to_string(config.n_layers) + " layers",
      std::to_string(beginning.n_query) + " tokens and " + std::to_string(beginning.n_layers()) + " layers");
}

void check_one_each(const char* what, std::size_t found, std::size_t expected) {
  if (found == 0 || found == expected) return;
  throw Error(ErrorCode::kBadRequest, std::string(what) + " must have one entry a token.", std::to_string(expected),
              std::to_string(found));
}

}  // namespace

void check_tokens(const Config& config, const Tokens& tokens) {
  const auto n = static_cast<Index>(tokens.ids.size());
  if (n == 0) throw Error(ErrorCode::kBadRequest, "A text needs at least one token.", "1 token or more", "none");
  if (n > config.n_ctx) {
    throw Error(ErrorCode::kTooLong,
                "The text has " + std::to_string(n) + " tokens; the model takes " + std::to_string(config.n_ctx) + ".",
                "at most " + std::to_string(config.n_ctx) + " tokens", std::to_string(n) + " tokens");
  }
  for (const std::int32_t id : tokens.ids) {
    if (id < 0 || id >= config.n_vocab) {
      throw Error(ErrorCode::kBadRequest, "Token id " + std::to_string(id) + " is not in the model's vocabulary.",
                  "an id from 0 to " + std::to_string(config.n_vocab - 1), std::to_string(id));
    }
  }
  check_one_each("Segments", tokens.types.size(), tokens.ids.size());
  check_one_each("Padding", tokens.padding.size(), tokens.ids.size());
  for (const std::uint8_t type : tokens.types) {
    if (type >= config.n_token_types) {
      throw Error(ErrorCode::kBadRequest, "There is no segment " + std::to_string(type) + ".",
                  "a segment below " + std::to_string(config.n_token_types), std::to_string(type));
    }
  }
}

Stepper forward(std::shared_ptr<const Model> model, Tokens tokens, ForwardTrace& trace, ForwardTrace beginning) {
  check_tokens(model->config, tokens);
  check_beginning(model->config, tokens, beginning);
  return run(std::move(model), std::move(tokens), trace, std::move(beginning));
}

ForwardTrace forward(const std::shared_ptr<const Model>& model, Tokens tokens) {
  ForwardTrace trace;
  forward(model, std::move(tokens), trace).finish();
  return trace;
}

Vector final_state(const Model& model, const ForwardTrace& trace, Index position) {
  if (position < 0 || position >= trace.n_query) {
    throw Error(ErrorCode::kBadRequest, "There is no token " + std::to_string(position) + ".",
                "0 to " + std::to_string(trace.n_query - 1), std::to_string(position));
  }
  Vector state = trace.hidden.back().view().row(position);
  normalise(model.parameters.final_norm, state);
  return state;
}

Vector logits_at(const Model& model, const ForwardTrace& trace, Index position) {
  const OutputHead& head = model.parameters.head;
  if (head.empty()) {
    throw Error(ErrorCode::kUnsupported, "This checkpoint has no output matrix: it says nothing about words.",
                "a language model", model.config.family + " without its head");
  }
  Matrix state = final_state(model, trace, position);
  if (!head.transform.w.empty()) {
    state = linear(state, head.transform);
    activate(head.activation, state);
    normalise(head.norm, state);
  }
  return linear(state, head.unembed).row(0);
}

Index shared_beginning(const std::vector<std::int32_t>& left, const std::vector<std::int32_t>& right) {
  return std::ranges::mismatch(left, right).in1 - left.begin();
}

}  // namespace attn
