// JSON from outside, parsed strictly: bounded depth, no duplicate keys, valid UTF-8.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "linalg/error.h"

namespace attn {

inline constexpr std::size_t kDeepestJson = 32;

/// @param what  begins the messages: "config.json"
/// @param code  of what is thrown
/// @throws Error with the byte where parsing stopped, the key that stands twice, or the depth
nlohmann::json parse_json(std::string_view text, const std::string& what, ErrorCode code);

}  // namespace attn
