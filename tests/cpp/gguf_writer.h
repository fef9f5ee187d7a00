// Writes small GGUF files for the tests, right ones and, on request, wrong ones. Writes what it is told, checks
// nothing.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace test {

template <typename Number>
std::string raw(Number number) {
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

inline std::string raw_text(std::string_view text) { return raw<std::uint64_t>(text.size()) + std::string(text); }

/// The format's numbers for types of values.
enum GgufType : std::uint32_t { kU8, kI8, kU16, kI16, kU32, kI32, kF32, kBool, kText, kList, kU64, kI64, kF64 };

struct GgufTensor {
  std::string name;
  std::vector<std::uint64_t> lengths;  ///< Innermost first, as the format has them.
  std::uint32_t type = 0;              ///< The format's number; 0 is F32.
  std::string data;
  std::optional<std::uint64_t> offset = {};  ///< If not where it belongs.
};

struct Gguf {
  std::string magic = "GGUF";
  std::uint32_t version = 3;
  std::optional<std::uint64_t> n_tensors = {};  ///< If not how many there are; and so the next.
  std::optional<std::uint64_t> n_settings = {};
  std::vector<std::string> settings = {};  ///< Key, type and value of each.
  std::vector<GgufTensor> tensors = {};
  std::size_t alignment = 32;
  bool is_padded = true;  ///< After the last tensor.
  std::string tail = {};

  Gguf& set(std::string_view key, std::uint32_t type, std::string_view value) {
    settings.push_back(raw_text(key) + raw(type) + std::string(value));
    return *this;
  }
  Gguf& text(std::string_view key, std::string_view value) { return set(key, kText, raw_text(value)); }
  Gguf& u32(std::string_view key, std::uint32_t value) { return set(key, kU32, raw(value)); }
  Gguf& f32(std::string_view key, float value) { return set(key, kF32, raw(value)); }
  Gguf& list(std::string_view key, std::uint32_t type, std::uint64_t count, std::string_view elements) {
    return set(key, kList, raw(type) + raw(count) + std::string(elements));
  }
  Gguf& texts(std::string_view key, const std::vector<std::string>& values) {
    std::string elements;
    for (const std::string& value : values) elements += raw_text(value);
    return list(key, kText, values.size(), elements);
  }
  Gguf& add(GgufTensor tensor) {
    tensors.push_back(std::move(tensor));
    return *this;
  }

  [[nodiscard]] std::string bytes() const {
    std::string file =
        magic + raw(version) + raw(n_tensors.value_or(tensors.size())) + raw(n_settings.value_or(settings.size()));
    for (const std::string& setting : settings) file += setting;
    std::string data;
    for (const GgufTensor& tensor : tensors) {
      pad(data);
      file += raw_text(tensor.name) + raw(static_cast<std::uint32_t>(tensor.lengths.size()));
      for (const std::uint64_t length : tensor.lengths) file += raw(length);
      file += raw(tensor.type) + raw<std::uint64_t>(tensor.offset.value_or(data.size()));
      data += tensor.data;
    }
    if (is_padded) pad(data);
    if (!data.empty()) pad(file);
    return file + data + tail;
  }

 private:
  void pad(std::string& text) const { text.append((alignment - text.size() % alignment) % alignment, '\0'); }
};

}  // namespace test
