// JSON from outside, parsed strictly: bounded depth, no duplicate keys, valid UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "linalg/error.h"

namespace attn {

inline constexpr std::size_t kDeepestJson = 32;

/// One value. Plainer than nlohmann's, whose code would be a tenth of the WebAssembly file.
struct Json {
  enum class Kind { kNull, kBoolean, kNegative, kNatural, kReal, kText, kList, kObject };

  Kind kind = Kind::kNull;
  std::string key;  ///< Under which it stands in its object.
  std::string text;
  union {
    bool truth;
    std::int64_t negative;
    std::uint64_t natural = 0;
    double real;
  };
  std::vector<Json> items;  ///< Of a list or an object, in the order of the text.

  /// @return null if there is none of that key
  [[nodiscard]] const Json* find(std::string_view wanted) const;

  /// "object", "array", "string", "boolean", "number" or "null"
  [[nodiscard]] const char* kind_name() const;
};

/// @param what  begins the messages: "config.json"
/// @param code  of what is thrown
/// @throws Error with the byte where parsing stopped, the key that stands twice, or the depth
Json parse_json(std::string_view text, const std::string& what, ErrorCode code);

}  // namespace attn
