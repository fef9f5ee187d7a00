// Tells whether bytes are text, and makes text of bytes that are not.
#pragma once

#include <string>
#include <string_view>

namespace attn {

/// Whether the bytes are UTF-8: no byte out of place, nothing overlong, no surrogate, nothing beyond U+10FFFF.
bool is_utf8(std::string_view bytes);

/// The same bytes with U+FFFD in place of each that is not part of valid UTF-8.
std::string as_utf8(std::string_view bytes);

}  // namespace attn
