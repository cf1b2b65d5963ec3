#include "study/search/trusted.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "ckks/wire.h"
#include "report/text.h"
#include "search/owner/trusted_party.h"
#include "study/search/timed.h"

namespace obscura::study {
TrustedSearch::TrustedSearch() : context_(ckks::Context::create(search::trusted_parameters())) {
  double spent = 0;
  server_ = timed(spent, [&] { return std::make_unique<search::TrustedParty>(context_); });
  seconds_.prepare += spent;
  add("server", "makes a key pair", "nobody has anything yet; the server has the key to all that will be sent", spent);
  const std::size_t key_bytes = ckks::write_public_key(*context_, server_->published()).size();
  add("server", fmt::format("sends its public key, {}", report::bytes_text(key_bytes)), "nothing", 0);
  spent = 0;
  client_ = timed(spent, [&] { return std::make_unique<search::TrustedParty>(context_); });
  seconds_.prepare += spent;
  add("client", fmt::format("makes a key pair of its own and sends the public key, {}", report::bytes_text(key_bytes)),
      "nothing", spent);
  bytes_.keys = 2 * key_bytes;
}

TrustedSearch::~TrustedSearch() = default;

void TrustedSearch::add(const char* side, std::string what, std::string readable, double seconds) {
  steps_.push_back({side, std::move(what), std::move(readable), seconds});
}

std::vector<float> TrustedSearch::send(std::span<const float> values) {
  double spent = 0;
  const std::vector<double> numbers(values.begin(), values.end());
  const auto query = timed(
      spent, [&] { return ckks::write_ciphertexts(*context_, client_->encrypt_for(server_->published(), numbers)); });
  seconds_.client += spent;
  bytes_.query = query.size();
  add("client", "encrypts the picture under the server's public key", "the picture: the client", spent);
  add("client", fmt::format("sends it, {}", report::bytes_text(query.size())),
      "the picture: the client, and whoever has the server's key; nobody else on the way", 0);
  spent = 0;
  const auto opened = timed(
      spent, [&] { return server_->open(ckks::read_ciphertexts(*context_, query, "the picture"), values.size()); });
  seconds_.server += spent;
  add("server", "decrypts it", "THE PICTURE: THE CLIENT AND THE SERVER", spent);
  return {opened.begin(), opened.end()};
}

void TrustedSearch::searched(double seconds_of_network, double seconds_of_comparing) {
  seconds_.server += seconds_of_network + seconds_of_comparing;
  add("server", "runs the network on it", "the picture, its features and its class: the server", seconds_of_network);
  add("server", "compares the features with those of its gallery", "which pictures are found: the server",
      seconds_of_comparing);
}

std::vector<std::vector<std::uint8_t>> TrustedSearch::give(std::span<const std::vector<std::uint8_t>> records) {
  std::vector<ckks::Bytes> sent;
  double spent = 0, opening = 0;
  for (const auto& record : records) {
    const std::vector<double> values(record.begin(), record.end());
    sent.push_back(timed(
        spent, [&] { return ckks::write_ciphertexts(*context_, server_->encrypt_for(client_->published(), values)); }));
    bytes_.fetch += sent.back().size();
  }
  seconds_.server += spent;
  add("server", "encrypts the pictures that it found under the client's public key",
      "the picture and what was found: the server", spent);
  add("server", fmt::format("sends them, {}", report::bytes_text(bytes_.fetch)),
      "what was found: the server, and who has the client's key; nobody else on the way", 0);
  std::vector<std::vector<std::uint8_t>> read;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    read.push_back(timed(opening, [&] {
      return client_->open_bytes(ckks::read_ciphertexts(*context_, sent[i], "what was found"), records[i].size());
    }));
  }
  seconds_.client += opening;
  add("client", "decrypts them", "what was found: the client and the server", opening);
  add("client", "looks at them", "the picture and what was found: the client AND THE SERVER", 0);
  return read;
}

image::Image picture_of_values(std::span<const float> values, const Shape& shape, const Preprocessing& how) {
  image::Image picture(shape.channels == 1 ? 1 : 3, shape.height, shape.width);
  const bool reversed = how.colour == "bgr";
  const float low = how.range[0], wide = how.range[1] - how.range[0];
  const auto of = [](const std::vector<float>& all, std::size_t c, float otherwise) {
    return all.empty() ? otherwise : all[std::min(c, all.size() - 1)];
  };
  for (std::size_t c = 0; c < picture.channels; ++c) {
    for (std::size_t y = 0; y < shape.height; ++y) {
      for (std::size_t x = 0; x < shape.width; ++x) {
        const float value = values[(c * shape.height + y) * shape.width + x] * of(how.std, c, 1) + of(how.mean, c, 0);
        const float level = std::round(255 * (value - low) / wide);
        picture.at(y, x, reversed ? 2 - c : c) = static_cast<std::uint8_t>(std::clamp(level, 0.0F, 255.0F));
      }
    }
  }
  return picture;
}

}  // namespace obscura::study
