// What a picture of a whole run needs: its strongest links, how many more there are, small pictures and metrics of all
// heads.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "analysis/metrics.h"
#include "model/stepper.h"
#include "model/trace.h"

namespace attn {

/// Which links are wanted, and which tokens are set apart from them.
struct LinkFilter {
  std::vector<std::uint8_t> apart;  ///< [n_tokens] 1: links from and to this token are left out.
  std::vector<std::uint8_t> heads;  ///< [n_layers * n_heads] 1: this head's links are listed.
  std::size_t budget = 0;           ///< The most links to list.
};

/// One query that looks at another token. A token's link to itself is none, nor is a masked cell.
struct Link {
  std::uint32_t head = 0;  ///< layer * 65536 + head
  std::uint32_t query = 0;
  std::uint32_t key = 0;
  float weight = 0.0F;  ///< Above 0.
};

/// Stronger links first; among equals, lower head, query and key.
bool comes_before(const Link& left, const Link& right);

struct Overview {
  std::vector<Link> links;                  ///< The strongest that pass the filter, in order, at most `budget`.
  std::array<std::uint32_t, 101> counts{};  ///< How many that pass the filter weigh at least p / 100, listed or not.
  Index thumbnail_size = 0;                 ///< min(n_tokens, kThumbnailSize)
  std::vector<std::uint8_t> thumbnails;     ///< [n_layers, n_heads, size, size] 255 * sqrt(weight), largest of a cell.
  std::vector<float> set_apart;             ///< [n_layers, n_heads, n_query] what each row gives to tokens set apart.
  std::vector<std::int32_t> strongest;      ///< [n_layers, n_heads, n_query] the key not set apart (itself included)
                                            ///< with the largest weight, the first among equals; -1 without any.
  std::vector<HeadMetrics> metrics;         ///< [n_layers, n_heads]
};

inline constexpr Index kThumbnailSize = 64;

/// Looks at every row of every head; each piece of work is one block of rows.
///
/// @param trace     must outlive the stepper
/// @param text      must fit the trace
/// @param overview  is filled; must outlive the stepper
/// @throws Error (bad-request) at once if the text or the filter does not fit the trace
/// Cost: that of computing all heads' weights, which nothing keeps.
Stepper overview_of(const ForwardTrace& trace, TextFacts text, LinkFilter filter, Overview& overview);

/// One token's exact row in every head.
struct TokenRow {
  std::vector<float> weights;  ///< [n_layers, n_heads, n_key]
  std::vector<Link> links;     ///< The same as links that pass the filter, as in Overview.
};

/// @throws Error (bad-request) if the filter does not fit the trace or there is no such query
TokenRow token_row(const ForwardTrace& trace, Index query, const LinkFilter& filter);

}  // namespace attn
