// What the tests compare with, and on what: reference files, the real model, seeded random numbers, expected errors.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "formats/gguf.h"
#include "formats/hf_config.h"
#include "formats/safetensors.h"
#include "linalg/matrix.h"
#include "model/families/family.h"

namespace test {

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot read " + path.string());
  std::string text(std::filesystem::file_size(path), '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  return text;
}

inline attn::FileBytes bytes_of(std::string_view text) {
  attn::FileBytes file = attn::allocate_file(text.size());
  if (!text.empty()) std::memcpy(file.data.get(), text.data(), text.size());
  return file;
}

/// A reference file, by its path inside tests/golden.
inline attn::Checkpoint golden(const std::string& path) {
  return attn::read_safetensors(bytes_of(read_text(std::filesystem::path(HEADLIGHT_GOLDEN) / path)), path);
}

/// A tensor of float32 with all its dimensions but the last one stacked as rows.
inline attn::SharedMatrix tensor(const attn::Checkpoint& file, const std::string& name) {
  const attn::Tensor* found = file.find(name);
  if (found == nullptr) throw std::runtime_error("the reference file has no tensor " + name);
  const attn::Index cols = found->shape.back();
  return attn::numbers_of(name, *found, attn::count_of(*found) / cols, cols);
}

/// A tensor of int32.
inline std::vector<std::int32_t> integers_of(const attn::Checkpoint& file, const std::string& name) {
  const attn::Tensor* found = file.find(name);
  if (found == nullptr) throw std::runtime_error("the reference file has no tensor " + name);
  std::vector<std::int32_t> integers(static_cast<std::size_t>(attn::count_of(*found)));
  std::memcpy(integers.data(), found->data.get(), found->bytes);
  return integers;
}

inline std::vector<std::int32_t> ids_of(const attn::Checkpoint& file) { return integers_of(file, "input_ids"); }

/// all-MiniLM-L6-v2, read once. A test that needs it fails without it: a number nobody compared is not proven.
inline std::shared_ptr<const attn::Model> minilm() {
  static const std::shared_ptr<const attn::Model> kModel = [] {
    const std::filesystem::path folder = std::filesystem::path(HEADLIGHT_MODELS) / "all-minilm-l6-v2";
    if (!std::filesystem::exists(folder / "model.safetensors")) {
      throw std::runtime_error(folder.string() + " holds no model: npm test gets it");
    }
    return std::make_shared<const attn::Model>(attn::make_model(
        attn::read_config(read_text(folder / "config.json")),
        attn::read_safetensors(bytes_of(read_text(folder / "model.safetensors")), "model.safetensors")));
  }();
  return kModel;
}

/// A GGUF file as a model.
inline std::shared_ptr<const attn::Model> gguf_model(const std::filesystem::path& path) {
  const attn::GgufFile file = attn::read_gguf(bytes_of(read_text(path)), path.filename().string());
  return std::make_shared<const attn::Model>(attn::make_model(file.settings, file.checkpoint));
}

/// SmolLM2-135M-Instruct in four bits, read once.
inline std::shared_ptr<const attn::Model> smollm2() {
  static const std::shared_ptr<const attn::Model> kModel = [] {
    const std::filesystem::path path =
        std::filesystem::path(HEADLIGHT_MODELS) / "smollm2-135m-instruct" / "SmolLM2-135M-Instruct.Q4_1.gguf";
    if (!std::filesystem::exists(path)) throw std::runtime_error(path.string() + " is not there: npm test gets it");
    return gguf_model(path);
  }();
  return kModel;
}

/// The largest absolute difference, NaN if there is a NaN.
template <typename Left, typename Right>
double difference(const Left& left, const Right& right) {
  if (left.rows() != right.rows() || left.cols() != right.cols()) return std::numeric_limits<double>::infinity();
  if (left.size() == 0) return 0.0;
  return (left.template cast<double>() - right.template cast<double>())
      .cwiseAbs()
      .template maxCoeff<Eigen::PropagateNaN>();
}

/// The same numbers from the same seed, with every compiler.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  /// From `least` to `most`, both included.
  attn::Index index(attn::Index least, attn::Index most) {
    return least + static_cast<attn::Index>(engine_() % static_cast<std::uint64_t>(most - least + 1));
  }

  /// From -1 to 1.
  float number() { return static_cast<float>(static_cast<double>(engine_() >> 11U) * 0x1p-52 - 1.0); }

  attn::Matrix matrix(attn::Index rows, attn::Index cols, float scale = 1.0F) {
    attn::Matrix result(rows, cols);
    for (attn::Index i = 0; i < result.size(); ++i) result.data()[i] = scale * number();
    return result;
  }

  attn::Vector vector(attn::Index size, float scale = 1.0F) { return matrix(1, size, scale); }

 private:
  std::mt19937_64 engine_;
};

inline bool matches(const std::string& text, const std::string& pattern) {
  return std::regex_search(text, std::regex(pattern, std::regex::ECMAScript | std::regex::icase));
}

/// What an Error must be: its code, and patterns found in its three texts.
struct Refusal {
  attn::ErrorCode code;
  std::string what;
  std::string expected;  ///< Not looked at if empty; so is the next.
  std::string found;
};

inline void expect_refusal(const Refusal& refusal, const std::function<void()>& work) {
  try {
    work();
  } catch (const attn::Error& error) {
    EXPECT_STREQ(attn::name_of(error.code()), attn::name_of(refusal.code)) << error.what();
    EXPECT_TRUE(matches(error.what(), refusal.what)) << error.what() << "\nlacks " << refusal.what;
    EXPECT_TRUE(matches(error.expected(), refusal.expected)) << error.expected() << "\nlacks " << refusal.expected;
    EXPECT_TRUE(matches(error.found(), refusal.found)) << error.found() << "\nlacks " << refusal.found;
    return;
  } catch (const std::exception& other) {
    ADD_FAILURE() << "another exception: " << other.what();
    return;
  }
  ADD_FAILURE() << "it was accepted";
}

}  // namespace test
