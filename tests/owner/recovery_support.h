#pragma once

#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ckks/compact.h"
#include "owner/owner.h"
#include "support/known_rounding.h"
#include "support/noise_regression.h"

/// An owner in a ring of 64 coefficients, in every mode, whose server answers with the picture itself: all that is
/// wrong with a shown logit is what encryption and decryption did.
namespace obscura::owner::recovery {

inline constexpr int kInputBits = 50, kReplyBits = 44, kPrimeBits = 58;

inline message::ClientSpec spec(message::Mode mode, std::size_t gap) {
  message::ClientSpec client;
  client.mode = mode;
  client.network = "identity";
  client.program.fill(0x5a);
  client.parameters = ckks::make_parameters(6, {kPrimeBits}, {59});
  client.parameters.insecure = true;
  client.input_scale = std::exp2(kInputBits);
  client.reply_gap = gap;
  client.reply_bits = kReplyBits;
  client.reply_scale = client.input_scale * std::exp2(kReplyBits) / static_cast<double>(client.parameters.q.front());
  const std::size_t places = client.slots() / gap;
  const double n = std::exp2(client.parameters.log_degree);
  client.noise = client.logit_error =
      std::sqrt((1 + 2 * n / 3) / 12 * static_cast<double>(places)) / client.reply_scale;
  client.logit_range = 2;
  return client;
}

/// All places of one reply are logits.
inline message::ClientSpec packed_spec(std::size_t gap) {
  auto client = spec(message::Mode::packed, gap);
  const std::size_t places = client.slots() / gap;
  client.input = {1, 1, places};
  client.period = client.outputs = places;
  for (std::uint32_t p = 0; p < places; ++p) client.input_slots.push_back(p);
  client.output_slots = client.input_slots;
  return client;
}

/// One value of as many images as there are slots.
inline message::ClientSpec batched_spec() {
  auto client = spec(message::Mode::batched, 1);
  client.input = {1, 1, 1};
  client.images = client.slots();
  client.outputs = 1;
  return client;
}

/// Chunks of 4 x 4 of pictures of 8 x 8, two side by side; those with a gradient are encrypted, here all.
inline message::ClientSpec chunked_spec() {
  auto client = spec(message::Mode::packed, 1);
  client.input = {1, 8, 8};
  client.preprocessing = default_preprocessing(client.input);
  message::Chunked chunked;
  chunked.cut.picture = client.input;
  chunked.cut.height = chunked.cut.width = 4;
  chunked.policy = message::Policy::features;
  chunked.wide = 2;
  chunked.threshold = 0;
  client.chunks = chunked;
  client.period = 16;
  for (std::uint32_t p = 0; p < 16; ++p) client.input_slots.push_back(p);
  client.outputs = client.slots();
  for (std::uint32_t p = 0; p < client.slots(); ++p) client.output_slots.push_back(p);
  return client;
}

inline std::vector<std::vector<float>> drawn_images(const message::ClientSpec& client, std::mt19937_64& random) {
  // In eighths, so that nothing of a number is lost on its way.
  std::uniform_int_distribution<int> eighths(-8, 8);
  const std::size_t count = client.mode == message::Mode::batched ? client.images : 1;
  std::vector<std::vector<float>> images(count, std::vector<float>(client.input.size()));
  for (auto& image : images) {
    for (float& v : image) v = static_cast<float>(eighths(random)) / 8;
  }
  return images;
}

/// What slot j of the (first) ciphertext of the query holds.
inline double slot_value(const message::ClientSpec& client, const std::vector<std::vector<float>>& images,
                         std::size_t j) {
  if (client.mode == message::Mode::batched) return images[j][0];
  if (!client.chunks) return images[0][j];
  return cut_chunk(client.chunks->cut, images[0], j % 2)[j / 2];
}

struct Exchange {
  std::vector<std::vector<float>> images;
  message::Query query;
  ckks::Ciphertext sum;  ///< before it is made a reply: the server has it, and so may others
  message::Answer answer;
};

/// What the server makes of a query.
inline Exchange answered(const message::ClientSpec& client, const ckks::Context& context,
                         std::vector<std::vector<float>> images, message::Query query) {
  Exchange e{std::move(images), std::move(query), {}, {}};
  e.sum = ckks::expand(context, e.query.ciphertexts.front());
  e.answer = message::answer_to(e.query, {ckks::compact(context, e.sum, client.reply_gap, client.reply_bits)});
  return e;
}

inline Exchange exchanged(const Owner& owner, std::mt19937_64& random) {
  auto images = drawn_images(owner.client(), random);
  auto query = owner.encrypt(images);
  return answered(owner.client(), *owner.context(), std::move(images), std::move(query));
}

/// Logits in the order of slots.
inline std::vector<double> in_slots(const std::vector<Reading>& readings) {
  std::vector<double> logits;
  for (const auto& reading : readings) logits.insert(logits.end(), reading.logits.begin(), reading.logits.end());
  return logits;
}

/// The attacker knows the pictures, the ciphertexts and what was shown.
class Attack {
 public:
  explicit Attack(const message::ClientSpec& client)
      : client_(client),
        context_(ckks::Context::create(client.parameters)),
        slots_(support::real_slots(ckks::Encoder(context_), 2 * client_.slots() / client_.reply_gap)),
        regression_(context_->degree()) {}

  void see(const Exchange& e, const std::vector<double>& shown) {
    const auto r0 = support::roundings(*context_, e.sum, 0, client_.reply_bits);
    const auto r1 = support::roundings(*context_, e.sum, 1, client_.reply_bits);
    for (std::size_t j = 0; j < shown.size(); ++j) {
      const auto error = support::slot_error(slots_[j], r0, r1);
      const double seen = (shown[j] - slot_value(client_, e.images, j)) * client_.reply_scale;
      regression_.add(error.row, seen - error.constant);
    }
  }

  const support::NoiseRegression& regression() const { return regression_; }

 private:
  message::ClientSpec client_;
  ckks::ContextPtr context_;
  std::vector<std::vector<double>> slots_;
  support::NoiseRegression regression_;
};

}  // namespace obscura::owner::recovery
