#include <fmt/format.h>

#include <string>

#include "report/document.h"
#include "report/svg.h"
#include "report/text.h"

namespace obscura::report {
namespace {

constexpr const char* kStyle = R"(
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2330; --soft: #5a6475; --line: #d9dee7; --band: #f4f6fa;
  --blue: #1f5fbf; --red: #c2410c; --empty: #eef1f6; --ref: #9aa3b2; --warn: #fff4dc; --warnline: #d99a1c; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14181f; --ink: #e4e8ef; --soft: #9ba6b8; --line: #313949; --band: #1b212b; --blue: #5b9bf5;
    --red: #f08a4b; --empty: #1d232d; --ref: #6f7a8c; --warn: #33290f; --warnline: #c08a1e; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1240px; padding: 2rem 1.5rem 4rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .4rem; }
h2 { font-size: 1.2rem; margin: 2.6rem 0 .7rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
.subtitle { color: var(--soft); margin: 0; }
p { max-width: 76ch; margin: .6rem 0; }
ul { max-width: 82ch; padding-left: 1.2rem; }
li { margin: .3rem 0; }
.warning { background: var(--warn); border-left: 4px solid var(--warnline); padding: .5rem .8rem; }
figure { margin: 1.2rem 0; }
figcaption, caption { font-weight: 600; text-align: left; padding: 0 0 .4rem; }
.wide { overflow-x: auto; margin: 1.2rem 0 .3rem; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { padding: .32rem .5rem; text-align: right; vertical-align: top; border-bottom: 1px solid var(--line); }
td { white-space: nowrap; }
td.wrap { white-space: normal; min-width: 14rem; }
th { color: var(--soft); font-weight: 600; vertical-align: bottom; border-bottom: 2px solid var(--line); }
tbody tr:nth-child(even) { background: var(--band); }
th.l, td.l { text-align: left; }
.note { color: var(--soft); font-size: .82rem; margin: .2rem 0; max-width: 105ch; }
pre { background: var(--band); border: 1px solid var(--line); padding: .7rem .9rem; overflow-x: auto; font-size: .82rem; }
.gallery { display: grid; grid-template-columns: repeat(auto-fit, minmax(340px, 1fr)); gap: 1.2rem 1.6rem; }
.gallery figure { margin: 0; min-width: 0; }
.gallery figcaption { font-size: .87rem; }
img { display: block; max-width: 100%; height: auto; }
svg { display: block; width: 100%; height: auto; max-width: 560px; }
figure.broad svg { max-width: 900px; }
svg text { fill: var(--ink); font: 11px system-ui, "Segoe UI", Roboto, Arial, sans-serif; }
svg .num { font-variant-numeric: tabular-nums; } svg .small { font-size: 10px; fill: var(--soft); }
svg .soft { fill: var(--soft); } svg .mid { text-anchor: middle; } svg .end { text-anchor: end; }
svg .on { fill: var(--paper); }
.bar, .cr { fill: var(--blue); } .cw { fill: var(--red); } .c0 { fill: var(--empty); } .ref { fill: var(--ref); }
.grid { stroke: var(--line); fill: none; } .axis { stroke: var(--soft); fill: none; }
.line { stroke: currentColor; fill: none; stroke-width: 2; } .dot { fill: currentColor; }
.span { stroke: currentColor; fill: none; opacity: .55; } .level { stroke: var(--soft); stroke-dasharray: 5 4; }
.s0 { color: var(--blue); } .s1 { color: var(--red); } .s2 { color: #2f9e63; } .s3 { color: #8a5fd0; }
.s4 { color: #b8901c; } .s5 { color: #1d9fb0; } .s6 { color: #c9538f; }
@media print {
  :root { --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --band: #f4f4f4; --blue: #1f5fbf; --red: #c2410c;
    --empty: #f0f0f0; --ref: #9aa3b2; --warn: #fff; }
  @page { size: A4 landscape; margin: 12mm; }
  body { max-width: none; padding: 0; font-size: 11px; } h2 { break-after: avoid; }
  figure, tr, .warning { break-inside: avoid; } .wide { overflow: visible; } table { font-size: 9.5px; }
  .bar, .cr, .cw, .c0, .ref, tbody tr, .warning { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
)";

/// Cells longer than this may be broken into lines.
constexpr std::size_t kWrapFrom = 44;

std::string cell(const char* tag, const std::string& text, bool left) {
  std::string classes = left ? "l" : "";
  if (text.size() > kWrapFrom) classes += classes.empty() ? "wrap" : " wrap";
  const std::string attribute = classes.empty() ? "" : " class=\"" + classes + "\"";
  return fmt::format("<{0}{1}>{2}</{0}>", tag, attribute, escape_html(text));
}

std::string notes_html(const std::vector<std::string>& notes) {
  std::string html;
  for (const auto& line : notes) html += "<p class=\"note\">" + escape_html(line) + "</p>\n";
  return html;
}

struct Writer {
  std::string operator()(const Paragraph& p) const {
    return fmt::format("<p{}>{}</p>\n", p.warning ? " class=\"warning\"" : "", escape_html(p.text));
  }

  std::string operator()(const Bullets& bullets) const {
    std::string html = "<ul>\n";
    for (const auto& item : bullets.items) html += "<li>" + escape_html(item) + "</li>\n";
    return html + "</ul>\n";
  }

  std::string operator()(const Commands& commands) const {
    std::string html = "<pre>";
    for (const auto& line : commands.lines) html += escape_html(line) + "\n";
    return html + "</pre>\n";
  }

  std::string operator()(const Table& table) const {
    std::string html = "<div class=\"wide\"><table>\n";
    if (!table.title.empty()) html += "<caption>" + escape_html(table.title) + "</caption>\n";
    html += "<thead><tr>";
    for (std::size_t c = 0; c < table.headings.size(); ++c) html += cell("th", table.headings[c], table.left(c));
    html += "</tr></thead>\n<tbody>\n";
    for (const auto& row : table.rows) {
      html += "<tr>";
      for (std::size_t c = 0; c < row.size(); ++c) html += cell("td", row[c], table.left(c));
      html += "</tr>\n";
    }
    return html + "</tbody></table></div>\n" + notes_html(table.notes);
  }

  std::string operator()(const Matrices& matrices) const { return gallery(matrices.pictures, matrix_svg); }
  std::string operator()(const Histograms& histograms) const { return gallery(histograms.pictures, histogram_svg); }

  std::string operator()(const Comparison& comparison) const {
    return fmt::format("<figure class=\"broad\"><figcaption>{}</figcaption>{}</figure>\n",
                       escape_html(comparison.title), comparison_svg(comparison));
  }

  std::string operator()(const Bars& bars) const {
    return fmt::format("<figure class=\"broad\"><figcaption>{}</figcaption>{}</figure>\n", escape_html(bars.title),
                       bars_svg(bars));
  }

  std::string operator()(const Plot& plot) const {
    return fmt::format("<figure class=\"broad\"><figcaption>{}</figcaption>{}</figure>\n", escape_html(plot.title),
                       plot_svg(plot));
  }

  std::string operator()(const Picture& picture) const {
    if (picture.png.empty()) return "";
    return fmt::format(
        "<figure><figcaption>{0}</figcaption><img alt=\"{0}\" src=\"data:image/png;base64,{1}\"/></figure>\n",
        escape_html(picture.title), base64(picture.png));
  }

  template <typename Drawn>
  std::string gallery(const std::vector<Drawn>& pictures, std::string (*draw)(const Drawn&)) const {
    std::string html = "<div class=\"gallery\">\n";
    for (const auto& picture : pictures) {
      html +=
          fmt::format("<figure><figcaption>{}</figcaption>{}</figure>\n", escape_html(picture.title), draw(picture));
    }
    return html + "</div>\n";
  }
};

}  // namespace

std::string to_html(const Document& document) {
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n";
  html += fmt::format("<title>{0}</title>\n<style>{1}</style>\n</head>\n<body>\n<h1>{0}</h1>\n",
                      escape_html(document.title), kStyle);
  html += "<p class=\"subtitle\">" + escape_html(document.subtitle) + "</p>\n";
  for (const auto& section : document.sections) {
    html += "<section>\n<h2>" + escape_html(section.title) + "</h2>\n";
    for (const auto& block : section.blocks) html += std::visit(Writer{}, block);
    html += "</section>\n";
  }
  return html + "</body>\n</html>\n";
}

}  // namespace obscura::report
