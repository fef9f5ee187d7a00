// Strict JSON on nlohmann's parser, through a handler of our own that counts levels and keys while it builds.
#include "formats/json.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace attn {
namespace {

using nlohmann::json;

/// Builds the value. Throws at the first thing that a strict reader must not let pass.
class Builder final : public nlohmann::json_sax<json> {
 public:
  Builder(const std::string& what, ErrorCode code) : what_(what), code_(code) {}

  json take() { return std::move(root_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(std::int64_t value) override { return add(value); }
  bool number_unsigned(std::uint64_t value) override { return add(value); }
  bool number_float(double value, const std::string& /*text*/) override { return add(value); }
  bool string(std::string& value) override { return add(std::move(value)); }
  bool binary(json::binary_t& /*value*/) override { return false; }  // Not a thing that text can hold.
  bool start_object(std::size_t /*count*/) override { return open(json::object()); }
  bool start_array(std::size_t /*count*/) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& value) override {
    // The parser would keep the last of two silently; which one its writer meant, nobody knows.
    if (open_.back()->contains(value)) {
      const std::string shown = value.substr(0, 80);
      throw Error(code_, what_ + " has the key \"" + shown + "\" twice.", "every key once", shown);
    }
    key_ = std::move(value);
    return true;
  }

  bool parse_error(std::size_t byte, const std::string& /*token*/, const json::exception& failure) override {
    constexpr int kOutOfRange = 406;
    refuse(failure.id == kOutOfRange ? "a number out of range" : "a mistake at byte " + std::to_string(byte));
  }

  [[noreturn]] void refuse(const std::string& found) const {
    throw Error(code_, what_ + " is not valid JSON: " + found + ".", "JSON in UTF-8", found);
  }

 private:
  bool add(json value) {
    place(std::move(value));
    return true;
  }

  bool open(json value) {
    if (open_.size() >= kDeepestJson) {
      throw Error(code_, what_ + " is nested too deeply.", "at most " + std::to_string(kDeepestJson) + " levels",
                  "more");
    }
    open_.push_back(place(std::move(value)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  json* place(json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    json& parent = *open_.back();
    if (parent.is_object()) return &(parent[key_] = std::move(value));
    parent.push_back(std::move(value));
    return &parent.back();
  }

  const std::string& what_;
  ErrorCode code_;
  json root_;
  std::vector<json*> open_;  // From the outermost object or list to the one being filled; only the last one grows.
  std::string key_;
};

}  // namespace

json parse_json(std::string_view text, const std::string& what, ErrorCode code) {
  Builder builder(what, code);
  // The parser takes a zero for the end of the text, and whatever follows would go unseen.
  const std::size_t zero = text.find('\0');
  if (zero != std::string_view::npos) builder.refuse("a mistake at byte " + std::to_string(zero + 1));
  json::sax_parse(text, &builder);
  return builder.take();
}

}  // namespace attn
