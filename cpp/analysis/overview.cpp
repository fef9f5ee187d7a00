// One pass over all heads, a block of rows at a time, that collects links, counts, thumbnails and metrics together.
#include "analysis/overview.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>
#include <utility>

namespace attn {
namespace {

/// Keeps the strongest links of all that are added: a heap with the weakest of them on top.
class StrongestLinks {
 public:
  explicit StrongestLinks(std::size_t budget) : budget_(budget) {}

  void add(const Link& link) {
    if (links_.size() == budget_) {
      if (budget_ == 0 || !comes_before(link, links_.front())) return;
      std::ranges::pop_heap(links_, comes_before);
      links_.pop_back();
    }
    links_.push_back(link);
    std::ranges::push_heap(links_, comes_before);
  }

  std::vector<Link> take() {
    std::ranges::sort_heap(links_, comes_before);
    return std::move(links_);
  }

 private:
  std::size_t budget_;
  std::vector<Link> links_;
};

/// The largest whole p for which weight >= p / 100.
std::size_t percent_of(float weight) {
  const double exact = weight;
  auto percent = static_cast<int>(exact * 100.0);
  // The product is rounded; the definition is the comparison.
  if (exact < percent / 100.0) --percent;
  if (exact >= (percent + 1) / 100.0) ++percent;
  return static_cast<std::size_t>(std::clamp(percent, 0, 100));
}

void require(const char* what, std::size_t found, Index expected) {
  if (found == static_cast<std::size_t>(expected)) return;
  fail(ErrorCode::kBadRequest, {"The list of ", what, " must fit the run."}, {expected}, {found});
}

void check(const ForwardTrace& trace, const LinkFilter& filter) {
  require("tokens set apart", filter.apart.size(), trace.n_key);
  require("heads", filter.heads.size(), trace.n_layers() * trace.n_heads);
}

/// Calls `use(link)` for every link of one row that passes the filter.
template <typename Use>
void for_each_link(const LinkFilter& filter, Index layer, Index head, Index query, const float* weights, Index n_key,
                   const Use& use) {
  if (filter.apart[static_cast<std::size_t>(query)] != 0) return;
  const auto packed = static_cast<std::uint32_t>(layer * 65536 + head);
  for (Index key = 0; key < n_key; ++key) {
    if (key == query || filter.apart[static_cast<std::size_t>(key)] != 0 || !(weights[key] > 0.0F)) continue;
    use(Link{packed, static_cast<std::uint32_t>(query), static_cast<std::uint32_t>(key), weights[key]});
  }
}

/// The share that goes to tokens set apart, and the strongest key of the others.
std::pair<float, std::int32_t> split_row(const LinkFilter& filter, const float* weights, Index n_key) {
  float apart = 0.0F;
  float largest = 0.0F;
  std::int32_t strongest = -1;
  for (Index key = 0; key < n_key; ++key) {
    if (filter.apart[static_cast<std::size_t>(key)] != 0) {
      apart += weights[key];
    } else if (weights[key] > largest) {
      largest = weights[key];
      strongest = static_cast<std::int32_t>(key);
    }
  }
  return {apart, strongest};
}

Stepper run(const ForwardTrace& trace, TextFacts text, LinkFilter filter, Overview& overview) {
  const auto n_rows = static_cast<std::size_t>(trace.n_layers() * trace.n_heads * trace.n_query);
  const Index size = std::min(trace.n_key, kThumbnailSize);
  overview = Overview{};
  overview.thumbnail_size = size;
  overview.thumbnails.resize(static_cast<std::size_t>(trace.n_layers() * trace.n_heads * size * size));
  overview.set_apart.reserve(n_rows);
  overview.strongest.reserve(n_rows);
  StrongestLinks strongest(filter.budget);
  std::array<std::uint32_t, 101> exactly{};  // Links of p percent and less than p + 1.

  // The thumbnail column that a key falls into; rows likewise.
  std::vector<Index> cell_of(static_cast<std::size_t>(trace.n_key));
  for (Index key = 0; key < trace.n_key; ++key) cell_of[static_cast<std::size_t>(key)] = key * size / trace.n_key;

  std::vector<std::uint8_t> visible;
  for (Index layer = 0; layer < trace.n_layers(); ++layer) {
    for (Index head = 0; head < trace.n_heads; ++head) {
      const Index index = layer * trace.n_heads + head;
      const bool is_listed = filter.heads[static_cast<std::size_t>(index)] != 0;
      std::vector<float> largest(static_cast<std::size_t>(size * size));
      MetricSums metrics(text);
      for (Index first = 0; first < trace.n_query; first += kTraceRows) {
        const HeadBlock block = head_block(trace, layer, head, first);
        for (Index row = 0; row < block.weights.rows(); ++row) {
          const Index query = first + row;
          const float* weights = block.weights.row(row).data();
          const auto [apart, key] = split_row(filter, weights, trace.n_key);
          overview.set_apart.push_back(apart);
          overview.strongest.push_back(key);
          find_visible(trace, query, block.scores.size() == 0 ? nullptr : block.scores.row(row).data(), visible);
          metrics.add(query, weights, visible);
          if (is_listed) {
            for_each_link(filter, layer, head, query, weights, trace.n_key, [&](const Link& link) {
              ++exactly[percent_of(link.weight)];
              strongest.add(link);
            });
          }
          float* cells = largest.data() + cell_of[static_cast<std::size_t>(query)] * size;
          for (Index s = 0; s < trace.n_key; ++s) {
            float& cell = cells[cell_of[static_cast<std::size_t>(s)]];
            cell = std::max(cell, weights[s]);
          }
        }
        const auto done = static_cast<double>(overview.set_apart.size());
        co_yield done / static_cast<double>(n_rows + 1);
      }
      overview.metrics.push_back(metrics.metrics());
      std::uint8_t* pixels = overview.thumbnails.data() + index * size * size;
      std::ranges::transform(largest, pixels, [](float weight) {
        return static_cast<std::uint8_t>(std::lround(255.0F * std::sqrt(std::min(weight, 1.0F))));
      });
    }
  }
  std::uint32_t sum = 0;
  for (std::size_t percent = exactly.size(); percent-- > 0;) overview.counts[percent] = sum += exactly[percent];
  overview.links = strongest.take();
}

}  // namespace

bool comes_before(const Link& left, const Link& right) {
  if (left.weight != right.weight) return left.weight > right.weight;
  return std::tie(left.head, left.query, left.key) < std::tie(right.head, right.query, right.key);
}

Stepper overview_of(const ForwardTrace& trace, TextFacts text, LinkFilter filter, Overview& overview) {
  check(trace, filter);
  require("ids", text.ids.size(), trace.n_key);
  require("special tokens", text.special.size(), trace.n_key);
  return run(trace, std::move(text), std::move(filter), overview);
}

TokenRow token_row(const ForwardTrace& trace, Index query, const LinkFilter& filter) {
  check(trace, filter);
  TokenRow result;
  StrongestLinks strongest(filter.budget);
  for (Index layer = 0; layer < trace.n_layers(); ++layer) {
    for (Index head = 0; head < trace.n_heads; ++head) {
      const HeadBlock block = head_block(trace, layer, head, query);
      const auto row = block.weights.row(query - block.first_query);
      result.weights.insert(result.weights.end(), row.data(), row.data() + row.size());
      if (filter.heads[static_cast<std::size_t>(layer * trace.n_heads + head)] == 0) continue;
      for_each_link(filter, layer, head, query, row.data(), trace.n_key,
                    [&](const Link& link) { strongest.add(link); });
    }
  }
  result.links = strongest.take();
  return result;
}

}  // namespace attn
