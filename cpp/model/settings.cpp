// Settings of the type that is asked for, or an error that names the key.
#include "model/settings.h"

#include "linalg/error.h"

namespace attn {
namespace {

const Setting& at(const Settings& settings, const Part& key) {
  static const Setting kAbsent;
  const auto found = settings.find(joined({key}));
  return found == settings.end() ? kAbsent : found->second;
}

std::string described(const Setting& setting) {
  if (const auto* truth = std::get_if<bool>(&setting)) return *truth ? "true" : "false";
  if (const auto* whole = std::get_if<std::int64_t>(&setting)) return joined({*whole});
  if (const auto* real = std::get_if<double>(&setting)) return joined({*real});
  if (const auto* text = std::get_if<std::string>(&setting)) {
    constexpr std::size_t kLongest = 60;
    return joined({"\"", std::string_view(*text).substr(0, kLongest), text->size() > kLongest ? "..." : "", "\""});
  }
  return std::holds_alternative<NestedSetting>(setting) ? "an object or a list" : "nothing";
}

[[noreturn]] void refuse(const Settings& settings, const Part& key, const Parts& expected) {
  const std::string found = described(at(settings, key));
  fail(ErrorCode::kBadConfig, {"config.json, \"", key, "\": expected ", expected, ", found ", found, "."}, expected,
       {found});
}

}  // namespace

bool has(const Settings& settings, const Part& key) {
  return !std::holds_alternative<std::monostate>(at(settings, key));
}

std::int64_t integer(const Settings& settings, const Part& key, std::int64_t least, std::int64_t most) {
  const auto* value = std::get_if<std::int64_t>(&at(settings, key));
  if (value == nullptr || *value < least || *value > most) {
    refuse(settings, key, {"an integer from ", least, " to ", most});
  }
  return *value;
}

std::int64_t integer_or(const Settings& settings, const Part& key, std::int64_t least, std::int64_t most,
                        std::int64_t otherwise) {
  return has(settings, key) ? integer(settings, key, least, most) : otherwise;
}

double number_or(const Settings& settings, const Part& key, double above, double most, double otherwise) {
  if (!has(settings, key)) return otherwise;
  const Setting& setting = at(settings, key);
  double value = above;
  if (const auto* real = std::get_if<double>(&setting)) value = *real;
  if (const auto* whole = std::get_if<std::int64_t>(&setting)) value = static_cast<double>(*whole);
  if (!(value > above && value <= most)) {
    refuse(settings, key, {"a number above ", above, " and at most ", most});
  }
  return value;
}

std::string_view text(const Settings& settings, const Part& key) {
  const auto* value = std::get_if<std::string>(&at(settings, key));
  if (value == nullptr) refuse(settings, key, {"a text"});
  return *value;
}

std::string_view text_or(const Settings& settings, const Part& key, std::string_view otherwise) {
  return has(settings, key) ? text(settings, key) : otherwise;
}

bool boolean_or(const Settings& settings, const Part& key, bool otherwise) {
  if (!has(settings, key)) return otherwise;
  const auto* value = std::get_if<bool>(&at(settings, key));
  if (value == nullptr) refuse(settings, key, {"true or false"});
  return *value;
}

}  // namespace attn
