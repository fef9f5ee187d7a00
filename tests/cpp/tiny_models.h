// The tiny models of tests/golden/families, whole or spoilt in one place.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "golden.h"
#include "model/families/family.h"

namespace test {

/// One of them in parts that a test may change.
struct TinyModel {
  attn::Settings settings;
  attn::Checkpoint weights;

  void set(const std::string& key, attn::Setting value) { settings[key] = std::move(value); }
  void set(const std::string& key, const char* value) { settings[key] = std::string(value); }
  void set(const std::string& key, bool value) { settings[key] = value; }
  void set(const std::string& key, int value) { settings[key] = std::int64_t{value}; }
  void drop_setting(const std::string& key) { settings.erase(key); }
  void drop_tensor(const std::string& name) { weights.tensors.erase(name); }

  /// The tensor with its numbers in another shape.
  void reshape(const std::string& name, std::vector<attn::Index> shape) {
    weights.tensors.at(name).shape = std::move(shape);
  }

  /// The tensor under one more name.
  void copy_tensor(const std::string& from, const std::string& to) { weights.tensors[to] = weights.tensors.at(from); }
};

inline attn::Model make(const TinyModel& model) { return attn::make_model(model.settings, model.weights); }

inline std::shared_ptr<const attn::Model> make_shared(const TinyModel& model) {
  return std::make_shared<const attn::Model>(make(model));
}

inline TinyModel tiny_model(const std::string& family, const std::string& config = "config.json") {
  const std::filesystem::path folder = std::filesystem::path(HEADLIGHT_GOLDEN) / "families" / family;
  return {attn::read_config(read_text(folder / config)), golden("families/" + family + "/model.safetensors")};
}

struct SpoiltModel {
  const char* name;
  std::function<void(TinyModel&)> spoil;
  Refusal refusal;
};

/// Every spoilt model is refused as it should be; the good one is not.
inline void expect_refusals(const std::string& family, const std::vector<SpoiltModel>& cases) {
  const TinyModel good = tiny_model(family);
  EXPECT_NO_THROW(make(good));
  for (const SpoiltModel& each : cases) {
    SCOPED_TRACE(each.name);
    TinyModel model = good;
    each.spoil(model);
    expect_refusal(each.refusal, [&] { make(model); });
  }
}

}  // namespace test
