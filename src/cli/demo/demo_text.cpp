#include "cli/demo/demo_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "report/text.h"

namespace obscura::cli {
namespace {

/// What stands at the right of the pictures, a line each.
std::vector<std::string> answer_lines(const study::DemoShown& shown, const std::vector<std::string>& classes,
                                      Glyphs glyphs) {
  std::vector<std::string> lines;
  for (const auto& [label, confidence] : shown.top) {
    lines.push_back(fmt::format("{:<2.2} {:6.2f} % {}", classes[label], 100 * confidence, bar(confidence, 8, glyphs)));
  }
  const study::DemoExchange& e = shown.exchange;
  lines.push_back("");
  lines.push_back(fmt::format("it is {}: {}", classes[shown.digit.label], shown.right() ? "right" : "WRONG"));
  lines.push_back(fmt::format("in the clear: {}", classes[shown.plain]));
  lines.push_back("");
  for (const auto& [step, seconds] : {std::pair{"encrypt", e.encrypt_seconds},
                                      {"expand", e.expand_seconds},
                                      {"evaluate", e.evaluate_seconds},
                                      {"decrypt", e.decrypt_seconds}}) {
    lines.push_back(fmt::format("{:<9}{:>9}", step, report::duration_text(seconds)));
  }
  lines.push_back("");
  lines.push_back(fmt::format("{:<9}{:>9}", "query", report::bytes_text(e.query_bytes)));
  lines.push_back(fmt::format("{:<9}{:>9}", "answer", report::bytes_text(e.answer_bytes)));
  return lines;
}

}  // namespace

std::string shown_text(const study::DemoShown& shown, const std::vector<std::string>& classes, Glyphs glyphs) {
  const auto left = picture_lines(shown.digit.picture, glyphs);
  const auto middle = picture_lines(study::seen_picture(shown), glyphs);
  const auto right = answer_lines(shown, classes, glyphs);
  std::string text;
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const std::string blank(shown.digit.picture.width, ' ');
    std::string line = fmt::format("{}  {}  {}", i < left.size() ? left[i] : blank,
                                   i < middle.size() ? middle[i] : blank, i < right.size() ? right[i] : "");
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string batch_text(const study::DemoResult& result) {
  const study::DemoBatch& b = result.batch;
  const auto of_all = [&](std::size_t part) {
    return fmt::format("{:.2f} % ({} of {})", 100 * study::share_of(part, b.images), grouped(part), grouped(b.images));
  };
  std::string text;
  const auto line = [&](const char* name, const std::string& value) { text += fmt::format("{:<12}{}\n", name, value); };
  line("Parameters", ckks::describe(result.batched.parameters));
  line("Sent once", "evaluation keys, " + report::bytes_text(result.batched.setup.key_bytes));
  line("Travelled",
       fmt::format("{} up, {} back ({} and {} an image)", report::bytes_text(b.sum.query_bytes),
                   report::bytes_text(b.sum.answer_bytes), report::bytes_text(b.sum.query_bytes / b.images),
                   report::bytes_text(b.sum.answer_bytes / b.images)));
  line("Time",
       fmt::format("encrypt {}, expand {}, evaluate {}, decrypt {}", report::duration_text(b.sum.encrypt_seconds),
                   report::duration_text(b.sum.expand_seconds), report::duration_text(b.sum.evaluate_seconds),
                   report::duration_text(b.sum.decrypt_seconds)));
  const auto speed = [&](double seconds) {
    return grouped(static_cast<std::size_t>(study::rate_of(b.images, seconds)));
  };
  line("Speed", fmt::format("{} images/s evaluating, {} images/s with everything", speed(b.sum.evaluate_seconds),
                            speed(b.sum.total_seconds())));
  line("Right", fmt::format("{} encrypted; {:.2f} % in the clear", of_all(b.right),
                            100 * study::share_of(b.plain_right, b.images)));
  line("Agreement", fmt::format("{}; largest difference of a logit {:.2g}", of_all(b.agree), b.max_logit_error));
  return text;
}

}  // namespace obscura::cli
