// Hugging Face's config.json: text -> Settings. Knows JSON, knows nothing of models.
#pragma once

#include <string_view>

#include "model/settings.h"

namespace attn {

inline constexpr std::size_t kLargestConfig = std::size_t{1} << 20U;    ///< Bytes.
inline constexpr std::size_t kMostConfigKeys = std::size_t{16} << 20U;  ///< Bytes of all keys, inner ones in full.

/// @throws Error (bad-config) for anything but a strict JSON object; (too-large) beyond the limits
Settings read_config(std::string_view json);

}  // namespace attn
