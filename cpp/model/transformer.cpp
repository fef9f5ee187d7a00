// The layers as one coroutine, which stops after every tile of a product and every block of a head's rows.
#include "model/transformer.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace attn {
namespace {

/// The most multiply-adds between two stops: a few milliseconds in WebAssembly.
constexpr double kTileOperations = 1e8;

/// Part of a product, some inputs by some outputs: at most kRowBlock inputs, as many outputs as are quick.
class Tile {
 public:
  /// The first of all inputs by all outputs.
  Tile(Index n_inputs, const Linear& map) : n_inputs_(n_inputs), map_(map) { shape(); }

  [[nodiscard]] bool exists() const { return row_ < n_inputs_; }

  void go_on() {
    col_ += cols_;
    if (col_ >= map_.d_out()) {
      col_ = 0;
      row_ += rows_;
    }
    shape();
  }

  /// Multiply-adds, for progress.
  [[nodiscard]] double cost() const {
    return static_cast<double>(rows_) * static_cast<double>(cols_) * static_cast<double>(map_.d_in());
  }

  void apply(const MatrixView& input, MatrixOut output) const {
    linear(input.middleRows(row_, rows_), outputs_of(map_, col_, cols_), output.block(row_, col_, rows_, cols_));
  }

 private:
  void shape() {
    rows_ = std::min(kRowBlock, n_inputs_ - row_);
    // Behind the last tile there are no rows left.
    const double per_output = std::max(1.0, static_cast<double>(rows_) * static_cast<double>(map_.d_in()));
    const Index quick = std::max<Index>(static_cast<Index>(kTileOperations / per_output) / 128 * 128, 128);
    cols_ = std::min(quick, map_.d_out() - col_);
  }

  Index n_inputs_;
  const Linear& map_;
  Index row_ = 0;
  Index rows_ = 0;
  Index col_ = 0;
  Index cols_ = 0;
};

/// Multiply-adds of a map, for progress.
double cost_of(Index n_inputs, const Linear& map) {
  return static_cast<double>(n_inputs) * static_cast<double>(map.d_in()) * static_cast<double>(map.d_out());
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

/// The embeddings of the tokens from `first` on, with or without those of their positions.
void embed(const Model& model, const Tokens& tokens, Index first, bool with_positions, MatrixOut hidden) {
  const Parameters& parameters = model.parameters;
  const std::vector<Index> positions = positions_of(parameters, tokens.ids);
  for (Index row = 0; row < hidden.rows(); ++row) {
    const auto t = static_cast<std::size_t>(first + row);
    parameters.token_embedding.expand_rows(tokens.ids[t], hidden.row(row));
    if (!parameters.type_embedding.empty()) {
      add(parameters.type_embedding.row(tokens.types.empty() ? 0 : tokens.types[t]), hidden.row(row));
    }
    if (with_positions && !parameters.position_embedding.empty()) {
      add_learned_positions(parameters.position_embedding, positions[t], hidden.row(row));
    }
  }
  normalise(parameters.embedding_norm, hidden);
}

/// A model may hold numbers so large that their products overflow. What follows from them would be no picture of
/// attention.
void check_finite(const MatrixView& hidden, Index layer) {
  if (std::isfinite(largest_size(hidden))) return;
  fail(ErrorCode::kBadFile, {"The model's numbers overflow in layer ", layer, "."}, {"finite numbers"},
       {"infinity or NaN"});
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
  ScoreRule rule;
  rule.scale = parameters.scale;
  rule.mask = std::move(mask);
  return rule;
}

void check_changes(const Model& model, const Tokens& tokens, const Interventions& interventions) {
  if (interventions.empty()) return;
  std::vector<ScoreRule> rules;
  rules.reserve(model.parameters.layers.size());
  for (const LayerParameters& layer : model.parameters.layers) rules.push_back(rule_of(model.config, layer, tokens));
  check_interventions(interventions, model.config, rules, static_cast<Index>(tokens.ids.size()));
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

/// Progress counts multiply-adds, which are nearly all there is.
double cost_of(const Model& model, Index n_new, Index n) {
  double total = 0.0;
  for (const LayerParameters& layer : model.parameters.layers) {
    const MultiHeadParameters& attention = layer.attention;
    for (const Linear* map : {&attention.w_query, &attention.w_key, &attention.w_value, &attention.w_output,
                              &layer.mlp.w_gate, &layer.mlp.w_up, &layer.mlp.w_down}) {
      total += cost_of(n_new, *map);
    }
    total += static_cast<double>(model.config.n_heads) * cost_of(n_new, n, model.config);
  }
  return total;
}

/// Where a layer's projection goes, and what is done to it there.
struct Projection {
  const Linear& map;
  GrowingMatrix& rows;
  const NormParameters* norm;
  bool turns;
  Index n_heads;
};

/// One head's output for some of the new rows.
/// @param known  how many rows came before the new ones
/// @param mixed  [new rows, n_heads * d_value]
void attend(const Config& config, const LayerTrace& layer, Index known, Index head, Index first, Index rows,
            Matrix& mixed) {
  const Index kv_head = kv_head_of(head, config.n_heads, config.n_kv_heads);
  const Index begin = known + first;
  // What a causal model hides from all of these rows need not be computed.
  const Index n_keys = config.causal && layer.rule.mask.padding.empty() ? begin + rows : layer.key.rows();
  const HeadTrace attended = scaled_dot_product_attention(
      head_of(layer.query.view(), head, config.n_heads).middleRows(begin, rows),
      head_of(layer.key.view(), kv_head, config.n_kv_heads).topRows(n_keys),
      head_of(layer.value.view(), kv_head, config.n_kv_heads).topRows(n_keys),
      changes_rule(layer.changes, head) ? rule_of_head(layer.rule, layer.changes, head) : layer.rule, begin);
  copy(attended.output, head_of(mixed, head, config.n_heads).middleRows(first, rows));
}

/// What a layer works on.
struct Workspace {
  Matrix hidden;  ///< [new rows, d_model] the residual stream.
  Matrix input;   ///< [new rows, d_model] what attention sees of it.
  Matrix mixed;   ///< [new rows, n_heads * d_value]
  Matrix change;  ///< [new rows, d_model] what is added to the stream.
  Matrix block;   ///< [at most kRowBlock, d_model] what the feed-forward block sees.
  Matrix gate;    ///< [at most kRowBlock, d_mlp], or empty without a gate.
  Matrix inner;   ///< [at most kRowBlock, d_mlp]
};

/// @param trace  has all layers, with the first `known` rows
Stepper run(std::shared_ptr<const Model> model, Tokens tokens, ForwardTrace& trace, Index known) {
  const Config& config = model->config;
  const bool norm_first = model->parameters.norm_first;
  const auto n = static_cast<Index>(tokens.ids.size());
  const Index n_new = n - known;
  if (n_new == 0) co_return;
  const bool with_positions = !has_positions_off(trace.interventions);
  embed(*model, tokens, known, with_positions, trace.hidden[0].append(n_new, config.d_model));
  check_finite(trace.hidden[0].view(), 0);
  const double total = cost_of(*model, n_new, n);
  double done = 0.0;
  Workspace work;
  work.input.resize(n_new, config.d_model);
  work.change.resize(n_new, config.d_model);

  for (Index l = 0; l < config.n_layers; ++l) {
    const LayerParameters& parameters = model->parameters.layers[static_cast<std::size_t>(l)];
    const MultiHeadParameters& attention = parameters.attention;
    LayerTrace& layer = trace.layers[static_cast<std::size_t>(l)];
    layer.changes = of_layer(trace.interventions, l);
    layer.rule = with_blocked_keys(rule_of(config, parameters, tokens), layer.changes, n);
    work.hidden = copy_of(trace.hidden[static_cast<std::size_t>(l)].view().bottomRows(n_new));
    copy(work.hidden, work.input);
    if (norm_first) normalise(parameters.attention_norm, work.input);

    for (const Projection& to :
         {Projection{attention.w_query, layer.query, &parameters.query_norm, with_positions, config.n_heads},
          Projection{attention.w_key, layer.key, &parameters.key_norm, with_positions, config.n_kv_heads},
          Projection{attention.w_value, layer.value, nullptr, false, config.n_kv_heads}}) {
      const MatrixOut rows = to.rows.append(n_new, to.map.d_out());
      for (Tile tile(n_new, to.map); tile.exists(); tile.go_on()) {
        tile.apply(work.input, rows);
        co_yield (done += tile.cost()) / total;
      }
      if (to.norm != nullptr) normalise_heads(*to.norm, to.n_heads, rows);
      if (to.turns) rotate(model->parameters.rotary, known, to.n_heads, rows);
    }

    if (is_off(layer.changes)) {
      copy(work.hidden, trace.hidden[static_cast<std::size_t>(l) + 1].append(n_new, config.d_model));
      continue;
    }

    work.mixed.resize(n_new, attention.w_output.d_in());
    for (Index head = 0; head < config.n_heads; ++head) {
      for (Index first = 0; first < n_new; first += kRowBlock) {
        const Index rows = std::min(kRowBlock, n_new - first);
        attend(config, layer, known, head, first, rows, work.mixed);
        co_yield (done += cost_of(rows, n, config)) / total;
      }
    }

    change_mixed(layer.changes, config.n_heads, work.mixed);

    for (Tile tile(n_new, attention.w_output); tile.exists(); tile.go_on()) {
      tile.apply(work.mixed, work.change);
      co_yield (done += tile.cost()) / total;
    }
    add(work.change, work.hidden);
    if (!norm_first) normalise(parameters.attention_norm, work.hidden);

    const MlpParameters& mlp = parameters.mlp;
    for (Index first = 0; first < n_new; first += kRowBlock) {
      const Index rows = std::min(kRowBlock, n_new - first);
      work.block = copy_of(work.hidden.middleRows(first, rows));
      if (norm_first) normalise(parameters.mlp_norm, work.block);
      work.inner.resize(rows, config.d_mlp);
      if (mlp.has_gate()) {
        work.gate.resize(rows, config.d_mlp);
        for (Tile tile(rows, mlp.w_gate); tile.exists(); tile.go_on()) {
          tile.apply(work.block, work.gate);
          co_yield (done += tile.cost()) / total;
        }
      }
      for (Tile tile(rows, mlp.w_up); tile.exists(); tile.go_on()) {
        tile.apply(work.block, work.inner);
        co_yield (done += tile.cost()) / total;
      }
      bend(mlp, work.gate, work.inner);
      for (Tile tile(rows, mlp.w_down); tile.exists(); tile.go_on()) {
        tile.apply(work.inner, work.change.topRows(rows));
        co_yield (done += tile.cost()) / total;
      }
      add(work.change.topRows(rows), work.hidden.middleRows(first, rows));
    }
    if (!norm_first) normalise(parameters.mlp_norm, work.hidden);
    check_finite(work.hidden, l);
    copy(work.hidden, trace.hidden[static_cast<std::size_t>(l) + 1].append(n_new, config.d_model));
  }
}

void check_beginning(const Config& config, const Tokens& tokens, const ForwardTrace& beginning,
                     const Interventions& interventions) {
  if (beginning.layers.empty()) return;
  const auto n = static_cast<Index>(tokens.ids.size());
  const auto n_hidden = static_cast<Index>(beginning.hidden.size());
  if (config.causal && beginning.n_layers() == config.n_layers && n_hidden == config.n_layers + 1 &&
      beginning.n_query <= n && beginning.interventions == interventions && !looks_ahead(interventions)) {
    return;
  }
  fail(ErrorCode::kBadRequest, {"What was computed before is no beginning of this."},
       {"a causal run of at most ", n, " tokens and ", config.n_layers, " layers"},
       {beginning.n_query, " tokens and ", beginning.n_layers(), " layers"});
}

void check_one_each(const char* what, std::size_t found, std::size_t expected) {
  if (found == 0 || found == expected) return;
  fail(ErrorCode::kBadRequest, {what, " must have one entry a token."}, {expected}, {found});
}

}  // namespace

void check_tokens(const Config& config, const Tokens& tokens) {
  const auto n = static_cast<Index>(tokens.ids.size());
  if (n == 0) fail(ErrorCode::kBadRequest, {"A text needs at least one token."}, {"1 token or more"}, {"none"});
  if (n > config.n_ctx) {
    fail(ErrorCode::kTooLong, {"The text has ", n, " tokens; the model takes ", config.n_ctx, "."},
         {"at most ", config.n_ctx, " tokens"}, {n, " tokens"});
  }
  for (const std::int32_t id : tokens.ids) {
    if (id < 0 || id >= config.n_vocab) {
      fail(ErrorCode::kBadRequest, {"Token id ", id, " is not in the model's vocabulary."},
           {"an id from 0 to ", config.n_vocab - 1}, {id});
    }
  }
  check_one_each("Segments", tokens.types.size(), tokens.ids.size());
  check_one_each("Padding", tokens.padding.size(), tokens.ids.size());
  for (const std::uint8_t type : tokens.types) {
    if (type >= config.n_token_types) {
      fail(ErrorCode::kBadRequest, {"There is no segment ", type, "."}, {"a segment below ", config.n_token_types},
           {type});
    }
  }
}

Stepper forward(std::shared_ptr<const Model> model, Tokens tokens, ForwardTrace& trace, ForwardTrace beginning,
                Interventions interventions) {
  check_tokens(model->config, tokens);
  check_changes(*model, tokens, interventions);
  check_beginning(model->config, tokens, beginning, interventions);
  const Index known = beginning.n_query;
  trace = beginning.layers.empty() ? empty_trace(model->config) : std::move(beginning);
  trace.n_query = trace.n_key = static_cast<Index>(tokens.ids.size());
  trace.interventions = std::move(interventions);
  return run(std::move(model), std::move(tokens), trace, known);
}

ForwardTrace forward(const std::shared_ptr<const Model>& model, Tokens tokens, Interventions interventions) {
  ForwardTrace trace;
  forward(model, std::move(tokens), trace, {}, std::move(interventions)).finish();
  return trace;
}

Vector final_state(const Model& model, const ForwardTrace& trace, Index position) {
  if (position < 0 || position >= trace.n_query) {
    fail(ErrorCode::kBadRequest, {"There is no token ", position, "."}, {"0 to ", trace.n_query - 1}, {position});
  }
  Vector state = row_of(trace.hidden.back().view(), position);
  normalise(model.parameters.final_norm, state);
  return state;
}

Vector logits_at(const Model& model, const ForwardTrace& trace, Index position) {
  const OutputHead& head = model.parameters.head;
  if (head.empty()) {
    fail(ErrorCode::kUnsupported, {"This checkpoint has no output matrix: it says nothing about words."},
         {"a language model"}, {model.config.family, " without its head"});
  }
  Matrix state = final_state(model, trace, position);
  if (!head.transform.w.empty()) {
    state = linear(state, head.transform);
    activate(head.activation, state);
    normalise(head.norm, state);
  }
  return row_of(linear(state, head.unembed), 0);
}

Index shared_beginning(const std::vector<std::int32_t>& left, const std::vector<std::int32_t>& right) {
  return std::ranges::mismatch(left, right).in1 - left.begin();
}

}  // namespace attn
