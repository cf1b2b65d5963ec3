#include "serve/http/status_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/version.h"
#include "serve/http/target.h"

namespace obscura::serve {

namespace {

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--ink:#1d2430;--quiet:#5d6778;--page:#f6f7f9;--card:#fff;--line:#dfe3ea;
--main:#2563a8;--soft:#9dbfe3;--warn:#c2571a}
@media(prefers-color-scheme:dark){:root{--ink:#e4e8ee;--quiet:#98a2b3;--page:#14181f;--card:#1c222b;--line:#323b48;
--main:#7ab4f0;--soft:#3f6690;--warn:#ef9a62}}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,"Segoe UI",Roboto,sans-serif}
main{max-width:960px;margin:0 auto;padding:28px 20px 48px}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 14px;margin-bottom:20px}
h1{font-size:24px;margin:0;letter-spacing:-.01em}h2{font-size:15px;margin:0 0 10px}
.quiet,th,.axis text{color:var(--quiet);fill:var(--quiet)}
.state{border-radius:99px;padding:1px 11px;font-size:13px;border:1px solid var(--main);color:var(--main)}
.state.off{border-color:var(--warn);color:var(--warn)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin-bottom:12px}
.tile,section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px}
section{margin-bottom:12px;overflow-x:auto}
.tile b{display:block;font-size:22px;font-weight:600;font-variant-numeric:tabular-nums}
.tile span{font-size:13px;color:var(--quiet)}
.bar{height:4px;border-radius:2px;background:var(--line);margin-top:8px;overflow:hidden}
.bar i{display:block;height:100%;background:var(--main)}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th{font-weight:500;font-size:13px;text-align:left;white-space:nowrap}
th,td{padding:6px 14px 6px 0;border-top:1px solid var(--line)}tr:first-child th{border-top:0;padding-top:0}
.n{text-align:right}code{font:13px ui-monospace,Menlo,Consolas,monospace}
svg{width:100%;min-width:520px;height:auto;display:block;font-size:12px}
.axis line{stroke:var(--line)}
.median path,.p95 path{fill:none;stroke:var(--main);stroke-width:2;stroke-linejoin:round}.p95 path{stroke:var(--soft)}
.median circle{fill:var(--main)}.p95 circle{fill:var(--soft)}.answered{fill:var(--main)}.refused{fill:var(--warn)}
.key{white-space:nowrap;font-weight:400;font-size:13px;color:var(--quiet);margin-left:10px}
.key::before{content:"";display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:5px;background:var(--c)}
)";

std::string duration(double seconds) {
  const auto whole = static_cast<long long>(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min", whole / 60);
  if (whole < 86400) return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
  return fmt::format("{} d {} h", whole / 86400, whole / 3600 % 24);
}

std::string bytes_text(std::size_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (value < 1e3) return fmt::format("{} B", bytes);
  if (value < 1e6) return fmt::format("{:.3g} kB", value / 1e3);
  if (value < 999.5e6) return fmt::format("{:.3g} MB", value / 1e6);
  return fmt::format("{:.3g} GB", value / 1e9);
}

std::string tile(const std::string& number, const std::string& words, std::optional<double> share = std::nullopt) {
  std::string html = fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span>", number, words);
  if (share) {
    html += fmt::format("<div class=\"bar\"><i style=\"width:{:.1f}%\"></i></div>", 100 * std::clamp(*share, 0.0, 1.0));
  }
  return html + "</div>";
}

double part_of(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string tiles(const LoadFacts& load) {
  return "<div class=\"tiles\">" +
         tile(fmt::format("{}", load.running), fmt::format("running, of {} workers", load.workers),
              part_of(load.running, load.workers)) +
         tile(fmt::format("{}", load.waiting), fmt::format("waiting, room for {}", load.backlog),
              part_of(load.waiting, load.backlog)) +
         tile(bytes_text(load.key_bytes), fmt::format("of keys in memory, of {}", bytes_text(load.key_budget)),
              part_of(load.key_bytes, load.key_budget)) +
         tile(fmt::format("{}", load.answered), "requests answered") +
         tile(fmt::format("{}", load.refused), "refused") + "</div>";
}

std::string model_rows(const std::vector<ModelFacts>& models) {
  std::string rows =
      "<tr><th>Model<th>Version<th>Network<th class=\"n\">Images a query<th class=\"n\">Query, at most<th "
      "class=\"n\">Keys</tr>";
  for (const ModelFacts& model : models) {
    rows +=
        fmt::format("<tr><td>{}<td><code>{}</code><td>{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}</tr>",
                    escape_html(model.name), escape_html(model.version), escape_html(model.network), model.images,
                    bytes_text(model.max_query_bytes), bytes_text(model.key_bytes));
  }
  return rows;
}

std::string gallery_rows(const std::vector<GalleryFacts>& galleries) {
  std::string rows = "<tr><th>Gallery<th>Modes<th class=\"n\">Version<th class=\"n\">Images</tr>";
  for (const GalleryFacts& gallery : galleries) {
    std::string modes;
    for (const std::string& mode : gallery.modes) modes += (modes.empty() ? "" : ", ") + escape_html(mode);
    if (gallery.max_trusted_bytes != 0) modes += " <strong>(this server sees pictures sent in mode trusted)</strong>";
    rows += fmt::format("<tr><td>{}<td>{}<td class=\"n\">{}<td class=\"n\">{}</tr>", escape_html(gallery.name), modes,
                        gallery.version, gallery.images);
  }
  return rows;
}

std::string section(const std::string& title, const std::string& inside) {
  return "<section><h2>" + title + "</h2>" + inside + "</section>";
}

std::string table(const std::string& title, const std::string& rows, bool any, const char* none) {
  return section(title, any ? "<table>" + rows + "</table>" : std::string("<span class=\"quiet\">") + none + "</span>");
}

std::string key(const char* color, const char* words) {
  return fmt::format("<span class=\"key\" style=\"--c:var(--{})\">{}</span>", color, words);
}

}  // namespace

std::string escape_html(std::string_view text) {
  if (!is_plain_text(text)) {
    // Names come from files; what is no text is shown as far as it is ASCII.
    std::string plain;
    for (const char c : text) plain.push_back(c >= 0x20 && c < 0x7f ? c : '?');
    return escape_html(plain);
  }
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

std::string status_page(const StatusFacts& facts) {
  std::string html =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"10\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>Obscura</title><style>";
  html += kStyle;
  html += fmt::format(
      "</style></head><body><main><header><h1>Obscura</h1><span class=\"quiet\">version {}, up for {}</span>"
      "<span class=\"state{}\">{}</span></header>",
      escape_html(kVersion), duration(facts.load.uptime), facts.ready ? "" : " off",
      facts.ready ? "ready" : "stopping");
  html += tiles(facts.load);
  html += section("Time of a request" + key("main", "median") + key("soft", "95th percentile"),
                  latency_plot(facts.load.latency, facts.now));
  html += section("Requests in five seconds" + key("main", "answered") + key("warn", "refused"),
                  requests_plot(facts.load.latency, facts.now));
  html += table("Models", model_rows(facts.models), !facts.models.empty(), "none");
  html += table("Galleries", gallery_rows(facts.galleries), !facts.galleries.empty(), "none");
  return html + "</main></body></html>\n";
}

}  // namespace obscura::serve
