#include "owner/owner.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/share.h"
#include "ckks/evaluator.h"
#include "secret/compact.h"
#include "secret/wire.h"

namespace obscura::owner {
namespace {

ckks::SecretKey checked(const message::ClientSpec& client, const ckks::ContextPtr& context, ckks::SecretKey key) {
  if (key.context()->digest() != context->digest()) {
    throw MismatchError("the secret key was made for another network: its parameters differ");
  }
  if (client.key != ckks::KeyId{} && client.key != key.id()) {
    throw MismatchError("the secret key (" + message::hex_of(key.id()).substr(0, 8) +
                        ") is not the one that the client spec was made with (" +
                        message::hex_of(client.key).substr(0, 8) + ")");
  }
  return key;
}

[[noreturn]] void refuse(const std::string& what, const std::string& is, const std::string& expected) {
  throw MismatchError("the answer " + what + " " + is + ", expected " + expected +
                      ": it is not what this program answers");
}

/// One ciphertext of an answer on its way to logits.
struct Opened {
  /// Packed: image after image; batched: one an image. As they decrypt until noise is added: wiped.
  ckks::WipedVector<double> logits;
  std::vector<Evidence> images;  ///< of each image
  double noise = 0;              ///< a bound on the standard deviation of the error of a logit
  double stray = 0;              ///< the largest imaginary part of any slot, in magnitude, in units of logits
};

/// Twice what is predicted, or derived (programs that are compiled for answers that are shown).
constexpr double kMargin = 2;

/// A bound on the error of a logit: twice what was predicted, or, if that is more, what the imaginary parts, which hold
/// nothing else, can have been drawn from. Few of them prove little: then twice what they are.
double bound_on_noise(const message::ClientSpec& client, const ckks::OpenedSlots& slots) {
  constexpr std::size_t kEnough = 16;
  double seen = ckks::noise_bound(slots.imaginary);
  if (slots.imaginary.size() < kEnough) seen = kMargin * ckks::rms(slots.imaginary);
  return std::max(kMargin * client.noise, client.output_factor * seen);
}

double largest(std::span<const double> values) {
  double most = 0;
  for (const double v : values) most = std::max(most, std::abs(v));
  return most;
}

/// Images whose answers are shown need noise for every logit that is.
void check_shown(const message::ClientSpec& client, std::size_t images, const ckks::DecryptOptions& options) {
  if (options.flood_queries == 0 || std::uint64_t{images} * client.outputs <= options.flood_queries) return;
  throw MismatchError("an answer of " + std::to_string(images) + " images with " + std::to_string(client.outputs) +
                      " logits each, and noise for " + std::to_string(options.flood_queries) +
                      " shown logits in all: share as many answers as there are images");
}

/// The places of those logits that stand in one of the replies, in the order of the logits.
std::vector<std::size_t> places_of(const message::ClientSpec& client, std::size_t reply) {
  const std::size_t each = client.reply_places();
  std::vector<std::size_t> places;
  for (const auto slot : client.output_slots) {
    if (slot / each == reply) places.push_back(slot % each);
  }
  return places;
}

Opened opened_packed(const message::ClientSpec& client, std::span<const std::size_t> logit_places,
                     const ckks::OpenedSlots& slots, std::size_t images) {
  Opened result{{},
                std::vector<Evidence>(images),
                bound_on_noise(client, slots),
                client.output_factor * largest(slots.imaginary)};
  const std::size_t places = slots.real.size() / client.images;
  std::vector<bool> is_logit(places, false);
  for (const auto place : logit_places) is_logit[place] = true;
  for (std::size_t i = 0; i < images; ++i) {
    Evidence& evidence = result.images[i];
    for (const auto place : logit_places) {
      result.logits.push_back(slots.real[place * client.images + i] * client.output_factor);
    }
    for (std::size_t place = 0; place < places; ++place) {
      const std::size_t slot = place * client.images + i;
      const double real = std::abs(slots.real[slot]), imaginary = std::abs(slots.imaginary[slot]);
      if (is_logit[place]) evidence.largest = std::max(evidence.largest, real * client.output_factor);
      evidence.stray =
          std::max(evidence.stray,
                   std::max(is_logit[place] || !client.zeros_between ? 0 : real, imaginary) * client.output_factor);
    }
  }
  return result;
}

Opened opened_batched(const message::ClientSpec& client, const ckks::OpenedSlots& slots, std::size_t images) {
  Opened result{{},
                std::vector<Evidence>(images),
                bound_on_noise(client, slots),
                client.output_factor * largest(slots.imaginary)};
  const std::size_t apart = client.chunks ? client.chunks->wide : 1;
  for (std::size_t i = 0; i < images; ++i) {
    const double logit = slots.real[i * apart] * client.output_factor;
    result.logits.push_back(logit);
    result.images[i] = {std::abs(logit), std::abs(slots.imaginary[i * apart]) * client.output_factor};
  }
  return result;
}

std::vector<double> packed_logits(const message::ClientSpec& client, std::span<const Opened> opened,
                                  std::size_t image) {
  std::vector<std::size_t> next(opened.size());
  // Of every ciphertext the same number of logits an image.
  for (std::size_t c = 0; c < opened.size(); ++c) {
    next[c] = image * (opened[c].logits.size() / opened[c].images.size());
  }
  std::vector<double> logits;
  for (const auto slot : client.output_slots) {
    const std::size_t c = slot / client.reply_places();
    logits.push_back(opened[c].logits[next[c]++]);
  }
  return logits;
}

std::vector<double> batched_logits(std::span<const Opened> opened, std::size_t image) {
  std::vector<double> logits;
  for (const Opened& one : opened) logits.push_back(one.logits[image]);
  return logits;
}

}  // namespace

Owner::Owner(message::ClientSpec client)
    : client_(std::move(client)),
      context_(ckks::Context::create(client_.parameters)),
      key_(std::make_unique<ckks::SecretKey>(context_)),
      encoder_(context_),
      encryptor_(*key_),
      decryptor_(*key_) {
  client_.key = key_->id();
}

Owner::Owner(message::ClientSpec client, ckks::SecretKey key)
    : client_(std::move(client)),
      context_(ckks::Context::create(client_.parameters)),
      key_(std::make_unique<ckks::SecretKey>(checked(client_, context_, std::move(key)))),
      encoder_(context_),
      encryptor_(*key_),
      decryptor_(*key_) {
  client_.key = key_->id();
}

ckks::SeededEvaluationKeys Owner::evaluation_keys(ThreadPool* pool) const {
  return ckks::make_evaluation_keys(*key_, client_.keys, pool);
}

void Owner::write_evaluation_keys(const ByteSink& sink, ThreadPool* pool) const {
  ckks::write_evaluation_keys(*key_, client_.keys, sink, pool);
}

message::Query Owner::encrypt(std::span<const std::vector<float>> images, ThreadPool* pool) const {
  if (images.empty() || images.size() > client_.images) {
    throw MismatchError("a query holds 1 to " + std::to_string(client_.images) + " images, not " +
                        std::to_string(images.size()));
  }
  for (const auto& image : images) {
    if (image.size() != client_.input.size()) {
      throw MismatchError("an image of " + std::to_string(image.size()) + " values, the network takes " +
                          std::to_string(client_.input.size()));
    }
  }
  message::Query query{client_.program, key_->id(), {}, images.size(), {}};
  if (client_.chunks) {
    encrypt_chunks(images, query, pool);
  } else if (client_.mode == message::Mode::packed) {
    query.ciphertexts.resize(client_.queries());
    encrypt_packed(images, query.ciphertexts, pool);
  } else {
    std::vector<const std::vector<float>*> slots(client_.slots());
    for (std::size_t i = 0; i < slots.size(); ++i) slots[i] = &images[i % images.size()];
    encrypt_batched(slots, query, pool);
  }
  query.id = message::id_of(query);
  return query;
}

/// Image (or chunk) k at slot p width + k for every place p of the layout, repeated over its period. Images are
/// repeated where there are fewer than fit: a network may blow up on a blank one, which would be lost with all beside
/// it. Chunks are not: servers know what a blank one comes to.
void Owner::encrypt_packed(std::span<const std::vector<float>> images, std::span<ckks::SeededCiphertext> ciphertexts,
                           ThreadPool* pool) const {
  const std::size_t width = client_.width(), count = ciphertexts.size();
  ckks::WipedVector<double> slots(client_.period * width, 0);
  for (std::size_t k = 0; k < (client_.chunks ? images.size() : width); ++k) {
    const auto& image = images[k % images.size()];
    for (std::size_t i = 0; i < image.size(); ++i) {
      for (const std::uint32_t place : client_.places_of(i)) slots[place * width + k] = image[i];
    }
  }
  const std::size_t each = slots.size() / count;
  share(pool, count, [&](std::size_t c) {
    const std::span<const double> part(slots.data() + c * each, each);
    ciphertexts[c] = encryptor_.encrypt_periodic(encoder_, part, client_.input_scale, client_.input_limbs);
  });
}

void Owner::check_answer(const message::Answer& answer, const message::Ticket& ticket) const {
  const auto short_id = [](const auto& id) { return message::hex_of(id).substr(0, 8); };
  if (answer.program != client_.program) {
    throw MismatchError("the answer was made by another network (or another version or layout of it)");
  }
  if (answer.key != key_->id()) {
    throw MismatchError("the answer was made under another key (" + short_id(answer.key) + ") than the one here (" +
                        short_id(key_->id()) + ")");
  }
  if (answer.query != ticket.id) {
    throw MismatchError("the answer is to another query (" + short_id(answer.query) + ") than the one asked for (" +
                        short_id(ticket.id) + ")");
  }
  if (ticket.images == 0 || ticket.images > client_.images) {
    throw MismatchError("a query of " + std::to_string(ticket.images) + " images, and this program takes 1 to " +
                        std::to_string(client_.images));
  }
  if (answer.images != ticket.images) {
    refuse("is for", std::to_string(answer.images) + " images", std::to_string(ticket.images));
  }
  if (answer.ciphertexts.size() != client_.replies()) {
    refuse("holds", std::to_string(answer.ciphertexts.size()) + " ciphertexts", std::to_string(client_.replies()));
  }
  for (const auto& c : answer.ciphertexts) {
    ckks::check_compact(*context_, c);
    if (c.gap != client_.reply_gap) {
      refuse("has a gap of", std::to_string(c.gap), std::to_string(client_.reply_gap));
    }
    if (c.bits != client_.reply_bits) {
      refuse("has a modulus of", std::to_string(c.bits) + " bits", std::to_string(client_.reply_bits));
    }
    if (!ckks::same_scale(c.scale, client_.reply_scale)) {
      refuse("has a scale of", std::to_string(c.scale), std::to_string(client_.reply_scale));
    }
  }
}

std::vector<Reading> Owner::read(const message::Answer& answer, const message::Ticket& ticket,
                                 const ckks::DecryptOptions& options, ThreadPool* pool) const {
  check_answer(answer, ticket);
  check_shown(client_, answer.images, options);
  const bool shown = options.flood_queries > 0;
  const double added = ckks::added_noise_factor(options);
  const bool packed = client_.mode == message::Mode::packed;
  std::vector<Opened> opened(answer.ciphertexts.size());
  share(pool, opened.size(), [&](std::size_t i) {
    const ckks::OpenedSlots slots = decryptor_.open(answer.ciphertexts[i]);
    opened[i] = packed ? opened_packed(client_, places_of(client_, i), slots, answer.images)
                       : opened_batched(client_, slots, answer.images);
    // Noise whose size followed from an answer's own error would tell of that error.
    if (shown) opened[i].noise = kMargin * client_.noise;
    ckks::DecryptOptions rounded = options;
    if (options.fraction_bits < 0) rounded.fraction_bits = logit_precision(opened[i].noise * std::hypot(1, added));
    decryptor_.finish(answer.ciphertexts[i], opened[i].logits, rounded, opened[i].noise);
  });

  double stray = 0;
  for (const Opened& one : opened) stray = std::max(stray, one.stray);
  std::vector<Reading> readings(answer.images);
  for (std::size_t image = 0; image < answer.images; ++image) {
    Evidence evidence;
    for (const Opened& one : opened) {
      evidence.largest = std::max(evidence.largest, one.images[image].largest);
      evidence.stray = std::max(evidence.stray, one.images[image].stray);
    }
    Reading& reading = readings[image];
    reading.logits = packed ? packed_logits(client_, opened, image) : batched_logits(opened, image);
    judge(client_, evidence, reading);
    if (shown) judge_shown(client_, stray, reading);
  }
  return readings;
}

std::vector<std::vector<double>> Owner::decrypt(const message::Answer& answer, const message::Ticket& ticket,
                                                ThreadPool* pool) const {
  return decrypt(answer, ticket, {}, pool);
}

std::vector<std::vector<double>> Owner::decrypt(const message::Answer& answer, const message::Ticket& ticket,
                                                const ckks::DecryptOptions& options, ThreadPool* pool) const {
  std::vector<std::vector<double>> logits;
  for (Reading& reading : read(answer, ticket, options, pool)) {
    if (reading.trust == Trust::failed) {
      const std::string image = answer.images == 1 ? "" : " for image " + std::to_string(logits.size());
      throw MismatchError("the answer" + image + " " + reading.reason);
    }
    logits.push_back(std::move(reading.logits));
  }
  return logits;
}

int logit_precision(double error) {
  return std::clamp(static_cast<int>(std::floor(-std::log2(error))), 0, 40);
}

std::vector<double> softmax(std::span<const double> logits) {
  if (logits.empty()) return {};
  const double most = *std::max_element(logits.begin(), logits.end());
  std::vector<double> result;
  double sum = 0;
  for (const double v : logits) sum += result.emplace_back(std::exp(v - most));
  for (double& v : result) v /= sum;
  return result;
}

}  // namespace obscura::owner
