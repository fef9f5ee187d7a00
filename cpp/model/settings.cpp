// Settings of the type that is asked for, or an error that names the key.
#include "model/settings.h"

#include "linalg/error.h"

namespace attn {
namespace {

struct Describe {
  std::string operator()(std::monostate) const { return "nothing"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return number_text(value); }
  std::string operator()(const std::string& value) const {
    constexpr std::size_t kLongest = 60;
    return '"' + (value.size() > kLongest ? value.substr(0, kLongest) + "..." : value) + '"';
  }
  std::string operator()(NestedSetting) const { return "an object or a list"; }
};

const Setting& at(const Settings& settings, const std::string& key) {
  static const Setting kAbsent;
  const auto found = settings.find(key);
  return found == settings.end() ? kAbsent : found->second;
}

[[noreturn]] void refuse(const Settings& settings, const std::string& key, const std::string& expected) {
  const std::string found = std::visit(Describe{}, at(settings, key));
  throw Error(ErrorCode::kBadConfig, "config.json, \"" + key + "\": expected " + expected + ", found " + found + ".",
              expected, found);
}

}  // namespace

bool has(const Settings& settings, const std::string& key) {
  return !std::holds_alternative<std::monostate>(at(settings, key));
}

std::int64_t integer(const Settings& settings, const std::string& key, std::int64_t least, std::int64_t most) {
  const auto* value = std::get_if<std::int64_t>(&at(settings, key));
  if (value == nullptr || *value < least || *value > most) {
    refuse(settings, key, "an integer from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return *value;
}

std::int64_t integer_or(const Settings& settings, const std::string& key, std::int64_t least, std::int64_t most,
                        std::int64_t otherwise) {
  return has(settings, key) ? integer(settings, key, least, most) : otherwise;
}

double number_or(const Settings& settings, const std::string& key, double above, double most, double otherwise) {
  if (!has(settings, key)) return otherwise;
  const Setting& setting = at(settings, key);
  double value = above;
  if (const auto* real = std::get_if<double>(&setting)) value = *real;
  if (const auto* whole = std::get_if<std::int64_t>(&setting)) value = static_cast<double>(*whole);
  if (!(value > above && value <= most)) {
    refuse(settings, key, "a number above " + number_text(above) + " and at most " + number_text(most));
  }
  return value;
}

std::string text(const Settings& settings, const std::string& key) {
  const auto* value = std::get_if<std::string>(&at(settings, key));
  if (value == nullptr) refuse(settings, key, "a text");
  return *value;
}

std::string text_or(const Settings& settings, const std::string& key, const std::string& otherwise) {
  return has(settings, key) ? text(settings, key) : otherwise;
}

bool boolean_or(const Settings& settings, const std::string& key, bool otherwise) {
  if (!has(settings, key)) return otherwise;
  const auto* value = std::get_if<bool>(&at(settings, key));
  if (value == nullptr) refuse(settings, key, "true or false");
  return *value;
}

}  // namespace attn
