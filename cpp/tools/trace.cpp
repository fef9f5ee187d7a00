// headlight-trace: runs a model on texts that are tokenised already and writes what its heads look at as trace files.
//
//     headlight-trace MODEL OUTPUT_FOLDER < texts.json
//
// MODEL is a folder with config.json and weights, model.safetensors or the parts that model.safetensors.index.json
// names; or a GGUF file. texts.json is a list of
// {"file": "animal.safetensors", "name": "...", "text": "...", "ids": [101, ...], "tokens": ["[CLS]", ...]}; each gives
// one file of float32 weights, and with "vectors": true also query, key and value. Tokenising is not the core's
// business, so ids and tokens come from outside.
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "formats/gguf.h"
#include "formats/hf_config.h"
#include "formats/safetensors.h"
#include "formats/trace_file.h"
#include "model/families/family.h"
#include "model/transformer.h"

namespace {

namespace fs = std::filesystem;

attn::FileBytes read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw attn::Error(attn::ErrorCode::kBadFile, "Cannot read " + path.string() + ".", "a file", "none");
  attn::FileBytes file = attn::allocate_file(fs::file_size(path));
  stream.read(reinterpret_cast<char*>(file.data.get()), static_cast<std::streamsize>(file.size));
  return file;
}

std::string read_text(const fs::path& path) {
  const attn::FileBytes file = read_file(path);
  return {reinterpret_cast<const char*>(file.data.get()), file.size};
}

void write_file(const fs::path& path, const std::string& bytes) {
  std::ofstream stream(path, std::ios::binary);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  stream.close();
  if (!stream) throw attn::Error(attn::ErrorCode::kBadFile, "Cannot write " + path.string() + ".");
}

/// The files of a folder that hold its weights.
std::set<std::string> weight_files(const fs::path& folder) {
  const fs::path index = folder / "model.safetensors.index.json";
  if (fs::exists(folder / "model.safetensors") || !fs::exists(index)) return {"model.safetensors"};
  std::set<std::string> names;
  const auto parsed = nlohmann::json::parse(read_text(index));
  for (const auto& name : parsed.at("weight_map")) names.insert(name.get<std::string>());
  return names;
}

attn::Model read_model(const fs::path& path) {
  if (!fs::is_directory(path)) {
    const attn::GgufFile gguf = attn::read_gguf(read_file(path), path.filename().string());
    return attn::make_model(gguf.settings, gguf.checkpoint);
  }
  std::vector<attn::Checkpoint> shards;
  for (const std::string& name : weight_files(path)) {
    shards.push_back(attn::read_safetensors(read_file(path / name), name));
  }
  return attn::make_model(attn::read_config(read_text(path / "config.json")), attn::merge_shards(std::move(shards)));
}

void run(const fs::path& model_path, const fs::path& output_folder) {
  const auto model = std::make_shared<const attn::Model>(read_model(model_path));
  const std::string input(std::istreambuf_iterator<char>(std::cin), {});
  for (const auto& text : nlohmann::json::parse(input)) {
    attn::TraceFile trace;
    trace.name = text.at("name").get<std::string>();
    trace.text = text.at("text").get<std::string>();
    trace.tokens = text.at("tokens").get<std::vector<std::string>>();
    trace.causal = model->config.causal;
    trace.trace = attn::forward(model, {.ids = text.at("ids").get<std::vector<std::int32_t>>()});
    const auto file = text.at("file").get<std::string>();
    const bool has_vectors = text.value("vectors", false);
    write_file(output_folder / file, has_vectors ? attn::write_vectors(trace) : attn::write_weights(trace));
    std::cout << file << ": " << trace.tokens.size() << " tokens\n";
  }
}

}  // namespace

int main(int count, char** arguments) {
  try {
    if (count != 3) {
      throw attn::Error(attn::ErrorCode::kBadRequest, "usage: headlight-trace MODEL OUTPUT_FOLDER < texts.json");
    }
    run(arguments[1], arguments[2]);
    return 0;
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
  }
}
