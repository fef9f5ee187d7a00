// Stands in for C's snprintf in the WebAssembly build. Only the JSON parser and the standard library's error texts call
// it, for messages that nobody shows (formats/json.cpp words its own); the real one, with its 128-bit floating point,
// would be a twelfth of the file. CMakeLists.txt redirects the calls here.
#include <cstddef>

extern "C" int __wrap_snprintf(char* text, std::size_t size, const char* /*format*/, ...) {
  if (size > 0) *text = '\0';
  return 0;
}
