#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "serve/metrics.h"
#include "serve/service.h"

namespace obscura::serve {

/// What a person sees of a server.
struct StatusFacts {
  LoadFacts load;
  std::vector<ModelFacts> models;
  std::vector<GalleryFacts> galleries;
  bool ready = true;
  std::int64_t now = 0;  ///< Unix seconds
};

/// One page of HTML that needs nothing else: no script, no picture, no font. It asks to be loaded again every ten
/// seconds. All text is escaped.
std::string status_page(const StatusFacts& facts);

/// The plots of the last ten minutes, as SVG within HTML: seconds of requests, their median and 95th percentile; and
/// how many were answered and refused.
std::string latency_plot(const std::vector<LatencySample>& samples, std::int64_t now);
std::string requests_plot(const std::vector<LatencySample>& samples, std::int64_t now);

/// For text and for attributes in quotes. What is not UTF-8 is replaced.
std::string escape_html(std::string_view text);

}  // namespace obscura::serve
