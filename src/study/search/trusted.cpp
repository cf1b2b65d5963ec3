#include "study/search/trusted.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "ckks/encoder.h"
#include "ckks/public_encryptor.h"
#include "ckks/wire.h"
#include "report/text.h"
#include "secret/decryptor.h"
#include "secret/secret_key.h"
#include "study/search/timed.h"

namespace obscura::study {
namespace {

constexpr int kLogDegree = 13;
constexpr int kScaleBits = 36;

}  // namespace

/// Someone with a key pair.
struct TrustedSearch::Party {
  explicit Party(const ckks::ContextPtr& context)
      : key(context),
        encoder(context),
        decryptor(key),
        published(ckks::write_public_key(*context, ckks::make_public_key(key))) {}

  /// As a file under somebody's public key.
  ckks::Bytes encrypted_for(const Party& other, std::span<const double> values) const {
    const auto file = ckks::read_public_key(other.published, "the public key");
    const ckks::PublicEncryptor encryptor(key.context(), file.key);
    const auto plaintext = encoder.encode(values, std::exp2(kScaleBits), ring::RnsBasis{1, 0});
    return ckks::write_ciphertext(*key.context(), encryptor.encrypt(plaintext));
  }

  /// As it decrypts.
  std::vector<double> opened(const ckks::Bytes& file, std::size_t count) const {
    const auto ciphertext = ckks::read_ciphertext(*key.context(), file, "the picture");
    auto values = decryptor.decrypt_real(ciphertext, {64, 0, 30}, count);
    values.resize(count);
    return values;
  }

  ckks::SecretKey key;
  ckks::Encoder encoder;
  ckks::Decryptor decryptor;
  ckks::Bytes published;
};

ckks::Parameters trusted_parameters() {
  return ckks::make_parameters(kLogDegree, {50}, {50}, 1);
}

TrustedSearch::TrustedSearch(const Shape& input) : context_(ckks::Context::create(trusted_parameters())) {
  if (input.size() > context_->slots()) {
    throw UnsupportedError(
        fmt::format("mode trusted sends a picture as one ciphertext of {} slots, and the network "
                    "takes {} numbers: use another mode",
                    context_->slots(), input.size()));
  }
  double spent = 0;
  server_ = timed(spent, [&] { return std::make_unique<Party>(context_); });
  seconds_.prepare += spent;
  add("server", "makes a key pair", "nobody has anything yet; the server has the key to all that will be sent", spent);
  add("server", fmt::format("sends its public key, {}", report::bytes_text(server_->published.size())), "nothing", 0);
  spent = 0;
  client_ = timed(spent, [&] { return std::make_unique<Party>(context_); });
  seconds_.prepare += spent;
  add("client",
      fmt::format("makes a key pair of its own and sends the public key, {}",
                  report::bytes_text(client_->published.size())),
      "nothing", spent);
  bytes_.keys = server_->published.size() + client_->published.size();
}

TrustedSearch::~TrustedSearch() = default;

void TrustedSearch::add(const char* side, std::string what, std::string readable, double seconds) {
  steps_.push_back({side, std::move(what), std::move(readable), seconds});
}

std::vector<float> TrustedSearch::send(std::span<const float> values) {
  double spent = 0;
  const std::vector<double> numbers(values.begin(), values.end());
  const auto query = timed(spent, [&] { return client_->encrypted_for(*server_, numbers); });
  seconds_.client += spent;
  bytes_.query = query.size();
  add("client", "encrypts the picture under the server's public key", "the picture: the client", spent);
  add("client", fmt::format("sends it, {}", report::bytes_text(query.size())),
      "the picture: the client, and whoever has the server's key; nobody else on the way", 0);
  spent = 0;
  const auto opened = timed(spent, [&] { return server_->opened(query, values.size()); });
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
    if (record.size() > context_->slots()) {
      throw UnsupportedError(fmt::format("a record of {} bytes is more than the {} that a ciphertext holds",
                                         record.size(), context_->slots()));
    }
    const std::vector<double> values(record.begin(), record.end());
    sent.push_back(timed(spent, [&] { return server_->encrypted_for(*client_, values); }));
    bytes_.fetch += sent.back().size();
  }
  seconds_.server += spent;
  add("server", "encrypts the pictures that it found under the client's public key",
      "the picture and what was found: the server", spent);
  add("server", fmt::format("sends them, {}", report::bytes_text(bytes_.fetch)),
      "what was found: the server, and who has the client's key; nobody else on the way", 0);
  std::vector<std::vector<std::uint8_t>> read;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const auto values = timed(opening, [&] { return client_->opened(sent[i], records[i].size()); });
    auto& record = read.emplace_back();
    for (const double v : values) record.push_back(static_cast<std::uint8_t>(std::clamp(std::round(v), 0.0, 255.0)));
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
