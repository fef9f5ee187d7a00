// What the families' files have in common when they read settings: limits, refusals, and words that mean the same.
#pragma once

#include <string>

#include "linalg/activation.h"
#include "model/config.h"
#include "model/families/tensors.h"
#include "model/settings.h"

namespace attn {

// More than any published model has; what lies beyond is a damaged or hostile file.
inline constexpr std::int64_t kMostLayers = 256;
inline constexpr std::int64_t kMostHeads = 256;
inline constexpr std::int64_t kWidest = 65536;
inline constexpr std::int64_t kMostPositions = 1 << 24;
inline constexpr std::int64_t kMostTypes = 256;
inline constexpr std::int64_t kLargestVocabulary = 1 << 24;

/// @throws Error (unsupported) unless the setting, or where it is absent `only`, is `only`
void require_text(const Settings& settings, const Part& key, std::string_view only);

/// @throws Error (unsupported) if the setting is true
void require_false(const Settings& settings, const Part& key);

/// @throws Error (unsupported) for an activation that is not built in, by its name
Activation activation_of(const Settings& settings, const Part& key, std::string_view otherwise);

/// The width of a head where it is the model's divided among them.
/// @throws Error (bad-config) if it cannot be divided
Index divided_width(const Config& config);

/// @throws Error (bad-config) if the weights hold a layer beyond the last
void refuse_more_layers(const Tensors& tensors, const Part& tensor_beyond, const Config& config);

}  // namespace attn
