// The changes one by one: which layer and head they concern, what they do to rules and to mixed values.
#include "model/intervention.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

namespace attn {
namespace {

constexpr std::array<std::pair<std::string_view, InterventionKind>, 8> kKinds{{
    {"head-off", InterventionKind::kHeadOff},
    {"head-mean", InterventionKind::kHeadMean},
    {"head-uniform", InterventionKind::kHeadUniform},
    {"temperature", InterventionKind::kTemperature},
    {"block-key", InterventionKind::kBlockKey},
    {"edit-weight", InterventionKind::kEditWeight},
    {"layer-off", InterventionKind::kLayerOff},
    {"positions-off", InterventionKind::kPositionsOff},
}};

bool names_head(InterventionKind kind) {
  return kind != InterventionKind::kBlockKey && kind != InterventionKind::kLayerOff &&
         kind != InterventionKind::kPositionsOff;
}

bool names_key(InterventionKind kind) {
  return kind == InterventionKind::kBlockKey || kind == InterventionKind::kEditWeight;
}

void check_index(const char* what, Index index, Index count) {
  if (index >= 0 && index < count) return;
  fail(ErrorCode::kBadRequest, {"An intervention names ", what, " ", index, ", which is not there."},
       {what, " from 0 to ", count - 1}, {index});
}

/// Asks the mask itself, with a row of one query.
bool is_masked(const Mask& mask, Index query, Index key, Index n_tokens) {
  Matrix scores = Matrix::Zero(1, n_tokens);
  apply(mask, query, scores);
  return scores(0, key) == kMasked;
}

}  // namespace

InterventionKind intervention_kind(std::string_view name) {
  for (const auto& [known, kind] : kKinds) {
    if (known == name) return kind;
  }
  fail(ErrorCode::kBadRequest, {"There is no intervention of this kind."},
       {"head-off, head-mean, head-uniform, temperature, block-key, edit-weight, layer-off or positions-off"}, {name});
}

Interventions of_layer(const Interventions& interventions, Index layer) {
  Interventions those;
  for (const Intervention& one : interventions) {
    if (one.layer.value_or(layer) == layer) those.push_back(one);
  }
  return those;
}

void check_interventions(const Interventions& interventions, const Config& config, const std::vector<ScoreRule>& rules,
                         Index n_tokens) {
  for (const Intervention& one : interventions) {
    if (one.layer && one.kind == InterventionKind::kPositionsOff) {
      fail(ErrorCode::kBadRequest, {"Positions are left out of the whole model, not of one layer."}, {"no layer"},
           {*one.layer});
    }
    if (one.layer) check_index("layer", *one.layer, config.n_layers);
    if (names_head(one.kind)) check_index("head", one.head, config.n_heads);
    if (names_key(one.kind)) check_index("key", one.key, n_tokens);
    if (one.kind == InterventionKind::kTemperature && !(std::isfinite(one.temperature) && one.temperature > 0.0F)) {
      fail(ErrorCode::kBadRequest, {"The temperature of a softmax must be above 0."}, {"a number above 0"},
           {one.temperature});
    }
    if (one.kind != InterventionKind::kEditWeight) continue;
    check_index("query", one.query, n_tokens);
    if (!(one.weight >= 0.0F && one.weight <= 1.0F)) {
      fail(ErrorCode::kBadRequest, {"A weight is a share of a row."}, {"0 to 1"}, {one.weight});
    }
    for (Index layer = 0; layer < config.n_layers; ++layer) {
      if (one.layer.value_or(layer) != layer) continue;
      const ScoreRule rule =
          with_blocked_keys(rules[static_cast<std::size_t>(layer)], of_layer(interventions, layer), n_tokens);
      if (!is_masked(rule.mask, one.query, one.key, n_tokens)) continue;
      fail(ErrorCode::kBadRequest,
           {"Query ", one.query, " cannot see key ", one.key, " in layer ", layer, ": its weight cannot be edited."},
           {"a visible key"}, {"a masked one"});
    }
  }
}

ScoreRule with_blocked_keys(ScoreRule rule, const Interventions& of_layer, Index n_key) {
  std::vector<std::uint8_t> blocked;
  for (const Intervention& one : of_layer) {
    if (one.kind != InterventionKind::kBlockKey) continue;
    blocked.resize(static_cast<std::size_t>(n_key));
    blocked[static_cast<std::size_t>(one.key)] = 1;
  }
  if (!blocked.empty()) rule.mask = combine(rule.mask, padding_mask(std::move(blocked)));
  return rule;
}

bool changes_rule(const Interventions& of_layer, Index head) {
  return std::ranges::any_of(of_layer, [&](const Intervention& one) {
    return one.head == head &&
           (one.kind == InterventionKind::kTemperature || one.kind == InterventionKind::kHeadUniform ||
            one.kind == InterventionKind::kEditWeight);
  });
}

ScoreRule rule_of_head(const ScoreRule& rule, const Interventions& of_layer, Index head) {
  ScoreRule changed = rule;
  for (const Intervention& one : of_layer) {
    if (one.head != head) continue;
    if (one.kind == InterventionKind::kTemperature) changed.temperature *= one.temperature;
    if (one.kind == InterventionKind::kHeadUniform) changed.changes.emplace_back(UniformWeights{});
    if (one.kind == InterventionKind::kEditWeight) {
      changed.changes.emplace_back(
          WeightEdit{.query = one.query, .key = one.key, .weight = one.weight, .renormalise = one.renormalise});
    }
  }
  return changed;
}

bool looks_ahead(const Interventions& interventions) {
  return std::ranges::any_of(interventions,
                             [](const Intervention& one) { return one.kind == InterventionKind::kHeadMean; });
}

bool is_off(const Interventions& of_layer) {
  return std::ranges::any_of(of_layer, [](const Intervention& one) { return one.kind == InterventionKind::kLayerOff; });
}

bool has_positions_off(const Interventions& interventions) {
  return std::ranges::any_of(interventions,
                             [](const Intervention& one) { return one.kind == InterventionKind::kPositionsOff; });
}

void change_mixed(const Interventions& of_layer, Index n_heads, Matrix& mixed) {
  for (const InterventionKind kind : {InterventionKind::kHeadOff, InterventionKind::kHeadMean}) {
    for (const Intervention& one : of_layer) {
      if (one.kind != kind) continue;
      MatrixOut values = head_of(mixed, one.head, n_heads);
      for (Index col = 0; col < values.cols(); ++col) {
        double sum = 0.0;
        for (Index row = 0; kind == InterventionKind::kHeadMean && row < values.rows(); ++row) sum += values(row, col);
        const auto mean = static_cast<float>(sum / static_cast<double>(values.rows()));
        for (Index row = 0; row < values.rows(); ++row) values(row, col) = mean;
      }
    }
  }
}

}  // namespace attn
