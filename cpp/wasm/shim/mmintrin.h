// Stands in for the MMX header, which WebAssembly has not. Eigen asks for it by name when it builds its SSE path; that
// path itself uses SSE alone, and Emscripten maps SSE to WebAssembly's 128-bit vectors. For Eigen 3.4 and
// Emscripten 3.1.
#pragma once

#include <emmintrin.h>
#include <xmmintrin.h>
