// headlight-trace: runs a model on texts that are tokenised already and writes what its heads look at as trace files.
//
//     headlight-trace MODEL_FOLDER OUTPUT_FOLDER < texts.json
//
// MODEL_FOLDER holds config.json and model.safetensors. texts.json is a list of
// {"file": "animal.safetensors", "name": "...", "text": "...", "ids": [101, ...], "tokens": ["[CLS]", ...]}; each gives
// one file of float32 weights. Tokenising is not the core's business, so ids and tokens come from outside.
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include "formats/hf_config.h"
#include "formats/json.h"
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

void run(const fs::path& model_folder, const fs::path& output_folder) {
  const auto model = std::make_shared<const attn::Model>(
      attn::make_model(attn::read_config(read_text(model_folder / "config.json")),
                       attn::read_safetensors(read_file(model_folder / "model.safetensors"), "model.safetensors")));
  const std::string input(std::istreambuf_iterator<char>(std::cin), {});
  for (const auto& text : attn::parse_json(input, "The list of texts", attn::ErrorCode::kBadRequest)) {
    attn::TraceFile trace;
    trace.name = text.at("name").get<std::string>();
    trace.text = text.at("text").get<std::string>();
    trace.tokens = text.at("tokens").get<std::vector<std::string>>();
    trace.causal = model->config.causal;
    trace.trace = attn::forward(model, {.ids = text.at("ids").get<std::vector<std::int32_t>>()});
    const auto file = text.at("file").get<std::string>();
    write_file(output_folder / file, attn::write_weights(trace));
    std::cout << file << ": " << trace.tokens.size() << " tokens\n";
  }
}

}  // namespace

int main(int count, char** arguments) {
  try {
    if (count != 3) {
      throw attn::Error(attn::ErrorCode::kBadRequest, "usage: headlight-trace MODEL_FOLDER OUTPUT_FOLDER < texts.json");
    }
    run(arguments[1], arguments[2]);
    return 0;
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
  }
}
