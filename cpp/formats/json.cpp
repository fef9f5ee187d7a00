// Strict JSON on nlohmann's parser, through a handler of our own that counts levels and keys while it builds.
#include "formats/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace attn {
namespace {

using Kind = Json::Kind;

/// Builds the value. Throws at the first thing that a strict reader must not let pass. The functions are those that
/// nlohmann's parser calls.
class Builder {
 public:
  Builder(const std::string& what, ErrorCode code) : what_(what), code_(code) {}

  Json take() { return std::move(root_); }

  bool null() { return done(add(Kind::kNull)); }
  bool boolean(bool value) { return done(add(Kind::kBoolean).truth = value); }
  bool number_integer(std::int64_t value) { return done(add(Kind::kNegative).negative = value); }
  bool number_unsigned(std::uint64_t value) { return done(add(Kind::kNatural).natural = value); }
  bool number_float(double value, const std::string& /*text*/) { return done(add(Kind::kReal).real = value); }
  bool string(std::string& value) { return done(add(Kind::kText).text = std::move(value)); }
  bool binary(nlohmann::json::binary_t& /*value*/) { return false; }  // Not a thing that text can hold.
  bool start_object(std::size_t /*count*/) { return open(Kind::kObject); }
  bool start_array(std::size_t /*count*/) { return open(Kind::kList); }
  bool end_array() { return close(); }

  bool key(std::string& value) {
    key_ = std::move(value);
    return true;
  }

  bool end_object() {
    // Most readers keep the last of two keys that are alike; which one their writer meant, nobody knows.
    std::set<std::string_view> seen;
    for (const Json& item : open_.back()->items) {
      if (seen.insert(item.key).second) continue;
      const std::string_view shown = std::string_view(item.key).substr(0, 80);
      fail(code_, {what_, " has the key \"", shown, "\" twice."}, {"every key once"}, {shown});
    }
    return close();
  }

  bool parse_error(std::size_t byte, const std::string& /*token*/, const nlohmann::json::exception& failure) {
    constexpr int kOutOfRange = 406;
    if (failure.id == kOutOfRange) refuse({"a number out of range"});
    refuse_byte(byte);
  }

  [[noreturn]] void refuse_byte(std::size_t byte) const { refuse({"a mistake at byte ", byte}); }

 private:
  [[noreturn]] void refuse(const Parts& found) const {
    fail(code_, {what_, " is not valid JSON: ", found, "."}, {"JSON in UTF-8"}, found);
  }

  Json& add(Kind kind) {
    Json& value = open_.empty() ? root_ : open_.back()->items.emplace_back();
    value.kind = kind;
    value.key = std::exchange(key_, {});
    return value;
  }

  template <typename Value>
  static bool done(const Value& /*added*/) {
    return true;
  }

  bool open(Kind kind) {
    if (open_.size() >= kDeepestJson) {
      fail(code_, {what_, " is nested too deeply."}, {"at most ", kDeepestJson, " levels"}, {"more"});
    }
    open_.push_back(&add(kind));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  const std::string& what_;
  ErrorCode code_;
  Json root_;
  std::vector<Json*> open_;  // From the outermost object or list to the one being filled; only the last one grows.
  std::string key_;
};

}  // namespace

const Json* Json::find(std::string_view wanted) const {
  const auto found = std::ranges::find(items, wanted, &Json::key);
  return found == items.end() ? nullptr : &*found;
}

const char* Json::kind_name() const {
  switch (kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBoolean:
      return "boolean";
    case Kind::kText:
      return "string";
    case Kind::kList:
      return "array";
    case Kind::kObject:
      return "object";
    default:
      return "number";
  }
}

Json parse_json(std::string_view text, const std::string& what, ErrorCode code) {
  Builder builder(what, code);
  // The parser takes a zero for the end of the text, and whatever follows would go unseen.
  const std::size_t zero = text.find('\0');
  if (zero != std::string_view::npos) builder.refuse_byte(zero + 1);
  nlohmann::json::sax_parse(text, &builder);
  return builder.take();
}

}  // namespace attn
