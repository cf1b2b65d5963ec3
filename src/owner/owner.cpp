#include "owner/owner.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/share.h"
#include "ckks/secret_wire.h"
#include "compile/client_wire.h"

namespace obscura::owner {
namespace {

ckks::SecretKey checked(const ckks::ContextPtr& context, ckks::SecretKey key) {
  if (key.context()->digest() != context->digest()) {
    throw MismatchError("the secret key was made for another network: its parameters differ");
  }
  return key;
}

}  // namespace

Owner::Owner(compile::ClientPart client)
    : client_(std::move(client)),
      context_(ckks::Context::create(client_.parameters)),
      key_(std::make_unique<ckks::SecretKey>(context_)),
      encoder_(context_),
      encryptor_(*key_),
      decryptor_(*key_) {}

Owner::Owner(compile::ClientPart client, ckks::SecretKey key)
    : client_(std::move(client)),
      context_(ckks::Context::create(client_.parameters)),
      key_(std::make_unique<ckks::SecretKey>(checked(context_, std::move(key)))),
      encoder_(context_),
      encryptor_(*key_),
      decryptor_(*key_) {}

ckks::SeededEvaluationKeys Owner::evaluation_keys(const ckks::KeyRequest& request) const {
  return ckks::make_evaluation_keys(*key_, request);
}

runtime::Query Owner::encrypt(std::span<const std::vector<float>> images, ThreadPool* pool) const {
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
  runtime::Query query{client_.program, images.size(), std::vector<ckks::SeededCiphertext>(client_.queries())};
  if (client_.mode == compile::Mode::packed) {
    encrypt_packed(images, query, pool);
    return query;
  }
  share(pool, query.ciphertexts.size(), [&](std::size_t pixel) {
    std::vector<double> slots(images.size());
    for (std::size_t i = 0; i < images.size(); ++i) slots[i] = images[i][pixel];
    query.ciphertexts[pixel] = encryptor_.encrypt(encoder_, slots, client_.input_scale, client_.input_limbs);
  });
  return query;
}

/// Image k at slot p images + k for every place p of the layout, repeated over its period.
void Owner::encrypt_packed(std::span<const std::vector<float>> images, runtime::Query& query, ThreadPool* pool) const {
  const std::size_t width = client_.images, count = query.ciphertexts.size();
  std::vector<double> slots(client_.period * width, 0);
  for (std::size_t k = 0; k < images.size(); ++k) {
    for (std::size_t i = 0; i < images[k].size(); ++i) slots[client_.input_slots[i] * width + k] = images[k][i];
  }
  const std::size_t each = slots.size() / count;
  share(pool, count, [&](std::size_t c) {
    const std::span<const double> part(slots.data() + c * each, each);
    query.ciphertexts[c] = encryptor_.encrypt_periodic(encoder_, part, client_.input_scale, client_.input_limbs);
  });
}

std::vector<std::vector<double>> Owner::decrypt(const runtime::Answer& answer, ThreadPool* pool) const {
  ckks::DecryptOptions options;
  options.fraction_bits = logit_precision(client_);
  return decrypt(answer, options, pool);
}

std::vector<std::vector<double>> Owner::decrypt(const runtime::Answer& answer, const ckks::DecryptOptions& options,
                                                ThreadPool* pool) const {
  if (answer.images == 0 || answer.images > client_.images) {
    throw MismatchError("an answer for " + std::to_string(answer.images) + " images, expected 1 to " +
                        std::to_string(client_.images));
  }
  if (answer.ciphertexts.size() != client_.replies()) {
    throw MismatchError("an answer of " + std::to_string(answer.ciphertexts.size()) + " ciphertexts, expected " +
                        std::to_string(client_.replies()));
  }
  // A logit is the number in the slot times the factor, so its bits behind the point move with it.
  ckks::DecryptOptions scaled = options;
  if (options.fraction_bits >= 0 && options.fraction_bits < 64) {
    scaled.fraction_bits += static_cast<int>(std::lround(std::log2(client_.output_factor)));
  }
  const double noise = client_.logit_error / client_.output_factor;
  std::vector<std::vector<double>> slots(answer.ciphertexts.size());
  share(pool, slots.size(),
        [&](std::size_t i) { slots[i] = decryptor_.decrypt(answer.ciphertexts[i], scaled, noise); });

  std::vector<std::vector<double>> logits(answer.images, std::vector<double>(client_.outputs));
  for (std::size_t image = 0; image < answer.images; ++image) {
    for (std::size_t k = 0; k < client_.outputs; ++k) {
      const double value = client_.mode == compile::Mode::packed
                               ? slots[0][client_.output_slots[k] * client_.images + image]
                               : slots[k][image];
      logits[image][k] = value * client_.output_factor;
    }
  }
  return logits;
}

int logit_precision(const compile::ClientPart& client) {
  return std::clamp(static_cast<int>(std::floor(-std::log2(client.logit_error))) + 1, 0, 40);
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

void save_keys(const std::filesystem::path& folder, const Owner& owner, const ckks::SeededEvaluationKeys& keys) {
  std::error_code ec;
  std::filesystem::create_directories(folder, ec);
  if (ec) throw IoError("cannot make folder " + folder.string() + ": " + ec.message());
  ckks::save_secret_key(folder / "secret.key", owner.key());
  write_file(folder / "evaluation.key", ckks::write_evaluation_keys(*owner.context(), keys));
  write_file(folder / "client.part", compile::write_client_part(owner.client()));
}

Owner load_owner(const std::filesystem::path& folder) {
  const auto path = folder / "client.part";
  auto client = compile::read_client_part(read_file(path, std::size_t{1} << 26), path.string());
  return Owner(std::move(client), ckks::load_secret_key(folder / "secret.key"));
}

}  // namespace obscura::owner
