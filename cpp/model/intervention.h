// What a reader changes about a forward pass: a plain list, and the only place that says what each change means.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "attn/attention.h"
#include "model/parameters.h"

namespace attn {

enum class InterventionKind : std::uint8_t {
  kHeadOff,       ///< The head's mixed values are 0 before Concat and W^O.
  kHeadMean,      ///< Each position's mixed values become their mean over the text's positions.
  kHeadUniform,   ///< Every visible key of a row gets the same weight.
  kTemperature,   ///< The head's scores are divided by `temperature` before softmax.
  kBlockKey,      ///< Position `key` is masked as a key for all heads.
  kEditWeight,    ///< The weight of (`query`, `key`) becomes `weight`.
  kLayerOff,      ///< The layer's output is its input; its own attention is still there to see.
  kPositionsOff,  ///< Learned positions are not added, queries and keys not turned; masks stay. Of the whole model.
};

/// One change. What its kind does not name is left alone.
struct Intervention {
  InterventionKind kind = InterventionKind::kHeadOff;
  std::optional<Index> layer;  ///< None: every layer.
  Index head = 0;
  float temperature = 1.0F;
  Index query = 0;
  Index key = 0;
  float weight = 0.0F;
  bool renormalise = true;  ///< The rest of the edited row is scaled so that the row adds up to 1.

  bool operator==(const Intervention&) const = default;
};

using Interventions = std::vector<Intervention>;

/// A kind by the name it has outside: "head-off", "block-key". @throws Error (bad-request) for any other
InterventionKind intervention_kind(std::string_view name);

/// Those that change one layer, in their order.
Interventions of_layer(const Interventions& interventions, Index layer);

/// @param rules  [n_layers] what is in force without the interventions
/// @throws Error (bad-request) for a layer, head or position that is not there, a temperature that is not above 0, a
///         weight outside [0, 1], the edit of a cell that is masked, by the model or by another of them, or a layer
///         where the kind is of the whole model
void check_interventions(const Interventions& interventions, const Config& config, const std::vector<ScoreRule>& rules,
                         Index n_tokens);

/// The rule of a layer with its blocked keys masked. @param of_layer  the layer's own
ScoreRule with_blocked_keys(ScoreRule rule, const Interventions& of_layer, Index n_key);

/// The rule of one head: its temperature, and what is done to its weights. Order: temperature, masks, softmax, then
/// uniform weights and edits in the order of the list.
/// @param rule  of the layer, with its blocked keys
ScoreRule rule_of_head(const ScoreRule& rule, const Interventions& of_layer, Index head);

/// Whether the rule of one head differs from its layer's.
bool changes_rule(const Interventions& of_layer, Index head);

/// Whether what a text's beginning did depends on what follows: means are over the whole text.
bool looks_ahead(const Interventions& interventions);

bool is_off(const Interventions& of_layer);

/// Whether tokens are not told where they stand.
bool has_positions_off(const Interventions& interventions);

/// Changes the heads' mixed values before Concat and W^O: off, then mean.
/// @param mixed  [n_tokens, n_heads * d_value] of the whole text where a mean is asked for
void change_mixed(const Interventions& of_layer, Index n_heads, Matrix& mixed);

}  // namespace attn
