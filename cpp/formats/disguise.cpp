// The first bytes of archives, pages, pointers and other models' formats, and what to call them.
#include "formats/disguise.h"

#include <algorithm>
#include <cctype>

#include "linalg/error.h"

namespace attn {
namespace {

constexpr std::size_t kLengthBytes = 8;

struct Disguise {
  std::string_view begins;  ///< In lower case.
  std::string_view found;
  std::string_view advice;
};

// Text kinds may be preceded by white space and written in any case.
constexpr Disguise kTexts[] = {
    {"version https://git-lfs", "a Git LFS pointer", "It only points to the real file: download that one."},
    {"<!doctype", "a web page (HTML)", "Download the file itself, not the page about it."},
    {"<html", "a web page (HTML)", "Download the file itself, not the page about it."},
    {"<?xml", "an XML document", "It may be a server's error message."},
    {"<error", "an XML document", "It may be a server's error message."},
};

constexpr Disguise kBinaries[] = {
    {"PK\x03\x04", "a zip archive (PyTorch's .pt and .bin files are such)", "Save the model as safetensors."},
    {"\x80\x02", "a Python pickle", "Save the model as safetensors; a pickle can run code when it is opened."},
    {"\x80\x03", "a Python pickle", "Save the model as safetensors; a pickle can run code when it is opened."},
    {"\x80\x04", "a Python pickle", "Save the model as safetensors; a pickle can run code when it is opened."},
    {"\x80\x05", "a Python pickle", "Save the model as safetensors; a pickle can run code when it is opened."},
    {"\x1f\x8b", "a gzip archive", "Unpack it first."},
    {"\x89HDF", "an HDF5 file", "Save the model as safetensors."},
    {"\x93NUMPY", "a NumPy array", "Save the model as safetensors."},
    {"%PDF-", "a PDF document", "Choose the model's weights."},
    {"\x89PNG", "a picture", "Choose the model's weights."},
    {"\xff\xd8\xff", "a picture", "Choose the model's weights."},
    {"7z\xbc\xaf", "a 7-Zip archive", "Unpack it first."},
    {"\x28\xb5\x2f\xfd", "a Zstandard archive", "Unpack it first."},
    {"\xfd\x37zXZ", "an xz archive", "Unpack it first."},
    {"BZh", "a bzip2 archive", "Unpack it first."},
    {"tjgg", "a GGML file, the kind before GGUF", "Choose a GGUF or safetensors file of the same model."},
    {"lmgg", "a GGML file, the kind before GGUF", "Choose a GGUF or safetensors file of the same model."},
    {"fmgg", "a GGML file, the kind before GGUF", "Choose a GGUF or safetensors file of the same model."},
};

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return result;
}

[[noreturn]] void refuse(const std::string& what, const Disguise& disguise) {
  fail(ErrorCode::kNotAModel, {what, " is ", disguise.found, ". ", disguise.advice}, {"a model's file"},
       {disguise.found});
}

}  // namespace

void refuse_disguised(std::string_view bytes, const std::string& what) {
  // A safetensors header that happens to be 640 bytes long begins like a pickle; what follows its length tells.
  const bool has_header = bytes.size() > kLengthBytes && (bytes[kLengthBytes] == '{');
  for (const Disguise& disguise : kBinaries) {
    if (!has_header && bytes.starts_with(disguise.begins)) refuse(what, disguise);
  }
  constexpr std::size_t kFarEnough = 64;
  const std::size_t start = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (start == std::string_view::npos) return;
  const std::string beginning = lower_case(bytes.substr(start, kFarEnough));
  for (const Disguise& disguise : kTexts) {
    if (beginning.starts_with(disguise.begins)) refuse(what, disguise);
  }
}

}  // namespace attn
