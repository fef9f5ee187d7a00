// Hugging Face's config.json: text -> Settings. Knows JSON, knows nothing of models.
#pragma once

#include <string_view>

#include "model/settings.h"

namespace attn {

inline constexpr std::size_t kLargestConfig = std::size_t{1} << 20U;  ///< Bytes.

/// @throws Error (bad-config) for anything but a strict JSON object; (too-large) beyond the limit
Settings read_config(std::string_view json);

}  // namespace attn
