// JSON values turned into settings one by one; what they mean is for a family to say.
#include "formats/hf_config.h"

#include <limits>

#include "formats/json.h"

namespace attn {
namespace {

Setting setting_from(const nlohmann::json& value) {
  if (value.is_structured()) return NestedSetting{};
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_string()) return value.get<std::string>();
  constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > kLargest) return value.get<double>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float()) return value.get<double>();
  return std::monostate{};
}

[[noreturn]] void refuse_size(std::size_t most, const std::string& found) {
  throw Error(ErrorCode::kTooLarge, "config.json is larger than any configuration.",
              "at most " + std::to_string(most) + " bytes", found);
}

/// What `value`, an object or a list, holds, under keys that begin with `prefix`.
/// @param room  how many bytes of keys may still come: a list repeats its own key for every element
void add_settings(const std::string& prefix, const nlohmann::json& value, Settings& settings, std::size_t& room) {
  std::size_t index = 0;
  for (const auto& item : value.items()) {
    const std::string key = prefix + (value.is_array() ? std::to_string(index++) : item.key());
    if (key.size() > room) refuse_size(kMostConfigKeys, "more, with every list's key repeated");
    room -= key.size();
    if (!settings.emplace(key, setting_from(item.value())).second) {
      throw Error(ErrorCode::kBadConfig, "config.json has two settings that read \"" + key + "\".", "every key once",
                  key);
    }
    if (item.value().is_structured()) add_settings(key + ".", item.value(), settings, room);
  }
}

}  // namespace

Settings read_config(std::string_view json) {
  if (json.size() > kLargestConfig) refuse_size(kLargestConfig, std::to_string(json.size()));
  const nlohmann::json parsed = parse_json(json, "config.json", ErrorCode::kBadConfig);
  if (!parsed.is_object()) {
    throw Error(ErrorCode::kBadConfig, "config.json must hold an object.", "an object", parsed.type_name());
  }
  Settings settings;
  std::size_t room = kMostConfigKeys;
  add_settings("", parsed, settings, room);
  return settings;
}

}  // namespace attn
