// JSON values turned into settings one by one; what they mean is for a family to say.
#include "formats/hf_config.h"

#include <limits>
#include <utility>

#include "formats/json.h"

namespace attn {
namespace {

Setting setting_from(Json& value) {
  constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  switch (value.kind) {
    case Json::Kind::kNull:
      return std::monostate{};
    case Json::Kind::kBoolean:
      return value.truth;
    case Json::Kind::kNegative:
      return value.negative;
    case Json::Kind::kNatural:
      if (value.natural > kLargest) return static_cast<double>(value.natural);
      return static_cast<std::int64_t>(value.natural);
    case Json::Kind::kReal:
      return value.real;
    case Json::Kind::kText:
      return std::move(value.text);
    default:
      return NestedSetting{};
  }
}

[[noreturn]] void refuse_size(std::size_t most, const Part& found) {
  fail(ErrorCode::kTooLarge, {"config.json is larger than any configuration."}, {"at most ", most, " bytes"}, {found});
}

/// What `value`, an object or a list, holds, under keys that begin with `prefix`.
/// @param room  how many bytes of keys may still come: a list repeats its own key for every element
void add_settings(const std::string& prefix, Json& value, Settings& settings, std::size_t& room) {
  std::size_t index = 0;
  for (Json& item : value.items) {
    const std::string key = prefix + (value.kind == Json::Kind::kList ? std::to_string(index++) : item.key);
    if (key.size() > room) refuse_size(kMostConfigKeys, "more, with every list's key repeated");
    room -= key.size();
    if (!settings.emplace(key, setting_from(item)).second) {
      fail(ErrorCode::kBadConfig, {"config.json has two settings that read \"", key, "\"."}, {"every key once"}, {key});
    }
    add_settings(key + ".", item, settings, room);
  }
}

}  // namespace

Settings read_config(std::string_view json) {
  if (json.size() > kLargestConfig) refuse_size(kLargestConfig, json.size());
  Json parsed = parse_json(json, "config.json", ErrorCode::kBadConfig);
  if (parsed.kind != Json::Kind::kObject) {
    fail(ErrorCode::kBadConfig, {"config.json must hold an object."}, {"an object"}, {parsed.kind_name()});
  }
  Settings settings;
  std::size_t room = kMostConfigKeys;
  add_settings("", parsed, settings, room);
  return settings;
}

}  // namespace attn
