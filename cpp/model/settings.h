// A configuration as its file says it, before any family has given the keys a meaning.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "linalg/error.h"

namespace attn {

/// An object or a list inside the configuration. What is in it stands beside it, under its key, a dot and the inner key
/// or index: "rope_parameters.rope_theta", "layer_types.0".
struct NestedSetting {};

using Setting =
    std::variant<std::monostate, bool, std::int64_t, double, std::string, NestedSetting>;  // monostate: null

/// A configuration, flat.
using Settings = std::map<std::string, Setting>;

// Each function reads one key. All throw Error (bad-config) naming the key, what was expected and what was found; a
// null counts as absent.

bool has(const Settings& settings, const Part& key);

/// An integer from `least` to `most`.
std::int64_t integer(const Settings& settings, const Part& key, std::int64_t least, std::int64_t most);

/// A number greater than `above` and at most `most`; `otherwise` where the key is absent.
double number_or(const Settings& settings, const Part& key, double above, double most, double otherwise);

/// The same, or `otherwise` where the key is absent.
std::int64_t integer_or(const Settings& settings, const Part& key, std::int64_t least, std::int64_t most,
                        std::int64_t otherwise);

/// Valid as long as the settings.
std::string_view text(const Settings& settings, const Part& key);
std::string_view text_or(const Settings& settings, const Part& key, std::string_view otherwise);

bool boolean_or(const Settings& settings, const Part& key, bool otherwise);

}  // namespace attn
