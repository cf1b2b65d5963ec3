#include "cli/demo/demo_result.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/version.h"
#include "ckks/parameters.h"
#include "owner/owner.h"
#include "report/text.h"
#include "study/describe.h"

namespace obscura::cli {
namespace {

using nlohmann::ordered_json;

ordered_json seconds_json(const DemoExchange& e) {
  return {{"encrypt", e.encrypt_seconds},
          {"expand", e.expand_seconds},
          {"evaluate", e.evaluate_seconds},
          {"decrypt", e.decrypt_seconds},
          {"total", e.total_seconds()}};
}

ordered_json layout_json(const DemoLayout& layout) {
  return {{"parameters", study::parameters_json(layout.parameters)},
          {"setup_seconds",
           {{"compile", layout.setup.compile_seconds},
            {"keygen", layout.setup.keygen_seconds},
            {"server", layout.setup.server_seconds}}},
          {"bytes", {{"evaluation_keys", layout.setup.key_bytes}}}};
}

ordered_json shown_json(const DemoShown& shown, const std::vector<std::string>& classes) {
  ordered_json top = ordered_json::array();
  for (const auto& [label, share] : shown.top) top.push_back({{"class", classes[label]}, {"confidence", share}});
  return {{"label", classes[shown.digit.label]},
          {"top", top},
          {"plain", classes[shown.plain]},
          {"agrees", shown.agrees()},
          {"seconds", seconds_json(shown.exchange)},
          {"bytes", {{"query", shown.exchange.query_bytes}, {"answer", shown.exchange.answer_bytes}}}};
}

double share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

double rate(std::size_t images, double seconds) {
  return seconds > 0 ? static_cast<double>(images) / seconds : 0;
}

ordered_json batch_json(const DemoResult& result) {
  const DemoBatch& b = result.batch;
  ordered_json json = layout_json(result.batched);
  json["images"] = b.images;
  json["queries"] = b.queries;
  json["encrypted_accuracy"] = share(b.right, b.images);
  json["plain_accuracy"] = share(b.plain_right, b.images);
  json["agreement"] = share(b.agree, b.images);
  json["max_logit_error"] = b.max_logit_error;
  json["seconds"] = seconds_json(b.sum);
  json["images_per_second"] = {{"evaluate", rate(b.images, b.sum.evaluate_seconds)},
                               {"all", rate(b.images, b.sum.total_seconds())}};
  json["bytes"]["query"] = b.sum.query_bytes;
  json["bytes"]["answer"] = b.sum.answer_bytes;
  return json;
}

/// What stands at the right of the pictures, a line each.
std::vector<std::string> answer_lines(const DemoShown& shown, const std::vector<std::string>& classes, Glyphs glyphs) {
  std::vector<std::string> lines;
  for (const auto& [label, confidence] : shown.top) {
    lines.push_back(fmt::format("{:<2.2} {:6.2f} % {}", classes[label], 100 * confidence, bar(confidence, 8, glyphs)));
  }
  const DemoExchange& e = shown.exchange;
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

std::size_t best_class(std::span<const double> logits) {
  return static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

std::vector<std::pair<std::size_t, double>> best_three(std::span<const double> logits) {
  const std::vector<double> shares = owner::softmax(logits);
  std::vector<std::pair<std::size_t, double>> all;
  for (std::size_t i = 0; i < shares.size(); ++i) all.emplace_back(i, shares[i]);
  // By logit, not by share: shares that round to zero are still in an order.
  std::stable_sort(all.begin(), all.end(),
                   [&](const auto& a, const auto& b) { return logits[a.first] > logits[b.first]; });
  all.resize(std::min<std::size_t>(all.size(), 3));
  return all;
}

image::Image seen_picture(const DemoShown& shown) {
  const image::Image& picture = shown.digit.picture;
  return image::from_planar(shown.exchange.seen, 1, picture.height, picture.width);
}

std::string shown_text(const DemoShown& shown, const std::vector<std::string>& classes, Glyphs glyphs) {
  const auto left = picture_lines(shown.digit.picture, glyphs);
  const auto middle = picture_lines(seen_picture(shown), glyphs);
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

std::string batch_text(const DemoResult& result) {
  const DemoBatch& b = result.batch;
  const auto of_all = [&](std::size_t part) {
    return fmt::format("{:.2f} % ({} of {})", 100 * share(part, b.images), grouped(part), grouped(b.images));
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
  const auto speed = [&](double seconds) { return grouped(static_cast<std::size_t>(rate(b.images, seconds))); };
  line("Speed", fmt::format("{} images/s evaluating, {} images/s with everything", speed(b.sum.evaluate_seconds),
                            speed(b.sum.total_seconds())));
  line("Right",
       fmt::format("{} encrypted; {:.2f} % in the clear", of_all(b.right), 100 * share(b.plain_right, b.images)));
  line("Agreement", fmt::format("{}; largest difference of a logit {:.2g}", of_all(b.agree), b.max_logit_error));
  return text;
}

image::Board board_of(const DemoResult& result) {
  image::Board board;
  board.title = "Images classified by a server that could not see them";
  const ckks::Parameters& p = result.packed.parameters;
  const double log_qp = ckks::log2_product(p.q) + ckks::log2_product(p.p);
  board.subtitle = fmt::format("{} on CKKS ciphertexts: N = 2^{}, log QP = {:.0f}, {} bits of security", result.network,
                               p.log_degree, log_qp, ckks::estimate_security_bits(p.log_degree, log_qp));
  board.headings = {"the picture", "what the server saw", "the answer that only the owner can read"};
  board.arrows = {std::pair{"", "encrypted"}, {"classified,", "decrypted"}};
  for (const DemoShown& s : result.shown) {
    image::Board::Row row;
    row.picture = s.digit.picture;
    row.seen = seen_picture(s);
    for (const auto& [label, confidence] : s.top) row.bars.emplace_back(result.classes[label], confidence);
    row.good = s.right() && s.agrees();
    row.verdict = fmt::format("{} it is a {}; the same network in the clear says {}",
                              s.right() ? "Right:" : "Wrong:", result.classes[s.digit.label], result.classes[s.plain]);
    row.note = fmt::format("{} up, {} back", report::bytes_text(s.exchange.query_bytes),
                           report::bytes_text(s.exchange.answer_bytes));
    board.rows.push_back(std::move(row));
  }
  board.footer =
      "What the server saw: as many bytes of the ciphertext as the picture has pixels, a byte a pixel. "
      "Made by obscura demo.";
  return board;
}

ordered_json json_of(const DemoResult& result) {
  ordered_json json = {{"version", kVersion}, {"network", result.network}, {"threads", result.threads}};
  json["packed"] = layout_json(result.packed);
  json["packed"]["images"] = ordered_json::array();
  std::size_t agree = 0;
  for (const DemoShown& s : result.shown) {
    json["packed"]["images"].push_back(shown_json(s, result.classes));
    agree += s.agrees() ? 1 : 0;
  }
  json["packed"]["agreement"] = share(agree, result.shown.size());
  json["batched"] = result.batch.images == 0 ? ordered_json(nullptr) : batch_json(result);
  json["picture"] = result.picture.string();
  return json;
}

}  // namespace obscura::cli
