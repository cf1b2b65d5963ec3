#include "study/demo/result.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/version.h"
#include "ckks/parameters.h"
#include "owner/owner.h"
#include "report/text.h"
#include "study/describe.h"

namespace obscura::study {
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
  return {{"parameters", parameters_json(layout.parameters)},
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

ordered_json batch_json(const DemoResult& result) {
  const DemoBatch& b = result.batch;
  ordered_json json = layout_json(result.batched);
  json["images"] = b.images;
  json["queries"] = b.queries;
  json["encrypted_accuracy"] = share_of(b.right, b.images);
  json["plain_accuracy"] = share_of(b.plain_right, b.images);
  json["agreement"] = share_of(b.agree, b.images);
  json["max_logit_error"] = b.max_logit_error;
  json["seconds"] = seconds_json(b.sum);
  json["images_per_second"] = {{"evaluate", rate_of(b.images, b.sum.evaluate_seconds)},
                               {"all", rate_of(b.images, b.sum.total_seconds())}};
  json["bytes"]["query"] = b.sum.query_bytes;
  json["bytes"]["answer"] = b.sum.answer_bytes;
  return json;
}

}  // namespace

double share_of(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

double rate_of(std::size_t images, double seconds) {
  return seconds > 0 ? static_cast<double>(images) / seconds : 0;
}

void DemoBatch::add(const DemoExchange& e, std::span<const std::int64_t> labels, std::span<const float> plain) {
  sum.encrypt_seconds += e.encrypt_seconds;
  sum.expand_seconds += e.expand_seconds;
  sum.evaluate_seconds += e.evaluate_seconds;
  sum.decrypt_seconds += e.decrypt_seconds;
  sum.query_bytes += e.query_bytes;
  sum.answer_bytes += e.answer_bytes;
  ++queries;
  for (std::size_t i = 0; i < e.logits.size(); ++i) {
    const std::vector<double>& logits = e.logits[i];
    const auto row = plain.subspan(i * logits.size(), logits.size());
    const std::vector<double> wanted(row.begin(), row.end());
    const std::size_t found = best_class(logits), expected = best_class(wanted);
    const auto label = static_cast<std::size_t>(labels[i]);
    right += found == label ? 1 : 0;
    plain_right += expected == label ? 1 : 0;
    agree += found == expected ? 1 : 0;
    for (std::size_t k = 0; k < logits.size(); ++k) {
      max_logit_error = std::max(max_logit_error, std::abs(logits[k] - wanted[k]));
    }
  }
}

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
  json["packed"]["agreement"] = share_of(agree, result.shown.size());
  json["batched"] = result.batch.images == 0 ? ordered_json(nullptr) : batch_json(result);
  json["picture"] = result.picture.string();
  return json;
}

}  // namespace obscura::study
