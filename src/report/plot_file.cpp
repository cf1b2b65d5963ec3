#include "report/plot_file.h"

#include "report/svg.h"

namespace obscura::report {
namespace {

constexpr const char* kStyle = R"(<style>
text { fill: #1c2330; font: 11px system-ui, "Segoe UI", Roboto, Arial, sans-serif; }
.small { font-size: 10px; fill: #5a6475; } .soft { fill: #5a6475; } .mid { text-anchor: middle; } .end { text-anchor: end; }
.grid { stroke: #d9dee7; fill: none; } .line { stroke: currentColor; fill: none; stroke-width: 2; } .dot { fill: currentColor; }
.span { stroke: currentColor; fill: none; opacity: .55; } .level { stroke: #5a6475; stroke-dasharray: 5 4; }
.s0 { color: #1f5fbf; } .s1 { color: #c2410c; } .s2 { color: #2f9e63; } .s3 { color: #8a5fd0; } .s4 { color: #b8901c; }
.s5 { color: #1d9fb0; } .s6 { color: #c9538f; }
</style>
<rect width="100%" height="100%" fill="white"/>
)";

}  // namespace

std::string plot_file_svg(const Plot& plot) {
  std::string svg = plot_svg(plot);
  if (svg.empty()) return svg;
  svg.insert(svg.find('>') + 1, kStyle);
  svg.insert(4, " xmlns=\"http://www.w3.org/2000/svg\"");  // behind "<svg"
  return svg + "\n";
}

}  // namespace obscura::report
