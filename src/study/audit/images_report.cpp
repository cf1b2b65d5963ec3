#include "study/audit/images_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/version.h"
#include "report/text.h"

namespace obscura::study {
namespace {

using report::fixed_text;
using report::kNothing;

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

std::string p_text(double p) {
  return p >= 0.001 ? fixed_text(p, 3) : "< 0.001";
}

std::string share_text(double share) {
  return fmt::format("{:.4f} %", 100 * share);
}

std::string decibel_text(double psnr) {
  return std::isinf(psnr) ? "exact" : fmt::format("{:.2f} dB", psnr);
}

std::vector<std::string> channel_row(const char* picture, const ChannelFigures& channel) {
  std::vector<std::string> row{picture,
                               channel.name,
                               fixed_text(channel.entropy, 4),
                               fixed_text(channel.uniform_entropy, 4),
                               fixed_text(channel.histogram.chi2, 1),
                               channel.histogram.enough ? p_text(channel.histogram.p) : kNothing};
  for (const auto& n : channel.neighbours) row.push_back(n.r ? fmt::format("{:+.4f}", *n.r) : kNothing);
  row.push_back(fixed_text(channel.neighbours.front().limit(), 4));
  return row;
}

/// The mean of what `of` says; what is not a number does not count.
template <typename Items, typename Of>
double mean(const Items& items, Of&& of) {
  double sum = 0, count = 0;
  for (const auto& item : items) {
    const double value = of(item);
    if (!std::isfinite(value)) continue;
    sum += value, ++count;
  }
  return count > 0 ? sum / count : kUnknown;
}

std::vector<std::string> means_row(const char* name, const std::vector<const ChannelFigures*>& channels) {
  std::vector<std::string> row{name};
  row.push_back(fixed_text(mean(channels, [](const auto* c) { return c->entropy; }), 4));
  row.push_back(fixed_text(mean(channels, [](const auto* c) { return c->uniform_entropy; }), 4));
  row.push_back(fixed_text(mean(channels, [](const auto* c) { return c->histogram.chi2; }), 1));
  for (std::size_t k = 0; k < audit::kNeighbours.size(); ++k) {
    row.push_back(
        fixed_text(mean(channels, [k](const auto* c) { return std::abs(c->neighbours[k].r.value_or(kUnknown)); }), 4));
  }
  return row;
}

/// PSNR and the like, on average over the pairs that have them.
std::string mean_against(const ImageAudit& audit) {
  const auto against = [&](auto&& take) {
    return mean(audit.pairs, [&](const PairAudit& p) { return p.against ? take(*p.against) : kUnknown; });
  };
  const auto pairs = std::ranges::count_if(audit.pairs, [](const PairAudit& p) { return p.against.has_value(); });
  if (pairs == 0) return "";
  return fmt::format(
      "Protected against plain, mean of {} pairs: PSNR {:.2f} dB, SSIM {:.4f}, correlation {:+.4f}, "
      "NPCR {}, UACI {}.",
      pairs, against([](const auto& a) { return a.psnr; }), against([](const auto& a) { return a.ssim; }),
      against([](const auto& a) { return a.correlation; }),
      share_text(against([](const auto& a) { return a.difference.npcr; })),
      share_text(against([](const auto& a) { return a.difference.uaci; })));
}

report::Section pair_section(const PairAudit& pair) {
  report::Section section{pair.plain.file.filename().string() + " and " + pair.guarded.file.filename().string(), {}};
  if (pair.drawn) {
    section.blocks.emplace_back(report::Picture{"Plain and protected: histogram, and a sample against its neighbour",
                                                "", image::encode_png(*pair.drawn)});
  }
  section.blocks.emplace_back(figures_table(pair));
  section.blocks.emplace_back(report::Bullets{comparison_lines(pair)});
  return section;
}

report::Section glance(const ImageAudit& audit) {
  report::Section section{"At a glance", {}};
  section.blocks.emplace_back(report::Paragraph{image_audit_caution(), true});
  section.blocks.emplace_back(checks_table(audit));
  section.blocks.emplace_back(means_table(audit));
  if (const auto line = mean_against(audit); !line.empty()) section.blocks.emplace_back(report::Paragraph{line});
  return section;
}

}  // namespace

report::Table figures_table(const PairAudit& pair) {
  report::Table table{
      "",
      {"picture", "channel", "entropy", "of uniform", "chi2", "p", "horizontal", "vertical", "diagonal", "by chance"},
      "ll",
      {},
      {}};
  for (const auto& channel : pair.plain.channels) table.rows.push_back(channel_row("plain", channel));
  for (const auto& channel : pair.guarded.channels) table.rows.push_back(channel_row("protected", channel));
  const auto samples = static_cast<double>(pair.guarded.width * pair.guarded.height);
  table.notes.push_back(
      fmt::format("Entropy in bits a byte; {} samples a channel of the protected picture have {:.4f} at most, and "
                  "uniform bytes {:.4f} on average. p of chi-squared is of 255 degrees of freedom, from two samples a "
                  "byte on. By chance: the correlation that independent samples pass once in a hundred.",
                  report::count_text(samples), pair.guarded.channels.front().largest_entropy,
                  pair.guarded.channels.front().uniform_entropy));
  return table;
}

std::vector<std::string> comparison_lines(const PairAudit& pair) {
  std::vector<std::string> lines;
  if (pair.against) {
    const auto& a = *pair.against;
    lines.push_back(fmt::format(
        "protected against plain: PSNR {}, SSIM {:.4f}, correlation {:+.4f}; NPCR {}, UACI {}, "
        "which papers print of these two as well and which only say that they differ",
        decibel_text(a.psnr), a.ssim, a.correlation, share_text(a.difference.npcr), share_text(a.difference.uaci)));
  }
  if (pair.changed) {
    const auto& d = pair.changed->difference;
    const auto loose = audit::critical_values(d.samples, 0.05), strict = audit::critical_values(d.samples, 0.01);
    lines.push_back(fmt::format("a changed plain picture: NPCR {} (p {}; critical {} at 0.05, {} at 0.01)",
                                share_text(d.npcr), p_text(d.npcr_p), share_text(loose.npcr), share_text(strict.npcr)));
    lines.push_back(fmt::format("a changed plain picture: UACI {} (p {}; critical {} to {} at 0.05, {} to {} at 0.01)",
                                share_text(d.uaci), p_text(d.uaci_p), share_text(loose.uaci_low),
                                share_text(loose.uaci_high), share_text(strict.uaci_low),
                                share_text(strict.uaci_high)));
  } else {
    lines.emplace_back("NPCR and UACI as they are meant need the protected picture of a changed plain one: --changed");
  }
  for (const auto& line : pair.not_compared) lines.push_back("not compared: " + line);
  return lines;
}

report::Table checks_table(const ImageAudit& audit) {
  report::Table table{"Channels that look like uniform, independent bytes",
                      {"test", "plain", "protected"},
                      "l",
                      {},
                      {fmt::format("Each test on each channel at {:g}: so many in a hundred of truly random pictures "
                                   "fail. NPCR and UACI are of a changed plain picture.",
                                   kImageAuditAlpha)}};
  const auto cell = [&](const std::string& test, bool guarded) {
    const auto found =
        std::ranges::find_if(audit.checks, [&](const ImageCheck& c) { return c.test == test && c.guarded == guarded; });
    return found == audit.checks.end() ? std::string(kNothing) : fmt::format("{} of {}", found->passed, found->of);
  };
  for (const std::string test : {"histogram", "horizontal", "vertical", "diagonal", "npcr", "uaci"}) {
    table.rows.push_back({test, cell(test, false), cell(test, true)});
  }
  return table;
}

report::Table means_table(const ImageAudit& audit) {
  std::vector<const ChannelFigures*> plain, guarded;
  for (const auto& pair : audit.pairs) {
    for (const auto& channel : pair.plain.channels) plain.push_back(&channel);
    for (const auto& channel : pair.guarded.channels) guarded.push_back(&channel);
  }
  return {fmt::format("Means over {} pairs", audit.pairs.size()),
          {"pictures", "entropy", "of uniform", "chi2", "horizontal", "vertical", "diagonal"},
          "l",
          {means_row("plain", plain), means_row("protected", guarded)},
          {"Correlations of neighbours by their size, without their sign."}};
}

report::Document image_audit_document(const ImageAudit& audit, const std::string& command) {
  report::Document document{"Pictures and what protects them",
                            fmt::format("obscura {}, {} pairs", kVersion, audit.pairs.size()),
                            {glance(audit)}};
  for (std::size_t i = 0; i < std::min(audit.pairs.size(), kShownPairs); ++i) {
    document.sections.push_back(pair_section(audit.pairs[i]));
  }
  document.sections.push_back({"How it was measured", {report::Commands{{command}}}});
  return document;
}

}  // namespace obscura::study
