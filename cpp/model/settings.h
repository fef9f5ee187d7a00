// A configuration as its file says it, before any family has given the keys a meaning.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>

namespace attn {

/// An object or array inside the configuration. No family needs to look inside one yet.
struct NestedSetting {};

using Setting =
    std::variant<std::monostate, bool, std::int64_t, double, std::string, NestedSetting>;  // monostate: null

/// The top level of a configuration.
using Settings = std::map<std::string, Setting>;

// Each function reads one key. All throw Error (bad-config) naming the key, what was expected and what was found; a
// null counts as absent.

bool has(const Settings& settings, const std::string& key);

/// An integer from `least` to `most`.
std::int64_t integer(const Settings& settings, const std::string& key, std::int64_t least, std::int64_t most);

/// A number greater than `above` and at most `most`; `otherwise` where the key is absent.
double number_or(const Settings& settings, const std::string& key, double above, double most, double otherwise);

std::string text(const Settings& settings, const std::string& key);
std::string text_or(const Settings& settings, const std::string& key, const std::string& otherwise);

bool boolean_or(const Settings& settings, const std::string& key, bool otherwise);

}  // namespace attn
