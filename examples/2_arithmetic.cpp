// Chapter 2: arithmetic on ciphertexts, with levels and scales.
//
// Who computes has the evaluation keys and no secret. Every product multiplies the scales; a rescaling divides by the
// last prime of the chain and gives a level for it. When the primes are used up, no product is left.
#include <obscura/ckks.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <vector>

using namespace obscura;

int main() {
  // Three primes: room for two products. The last list is the special prime that key switching works with.
  const auto context = ckks::Context::create(ckks::make_parameters(13, {50, 40, 40}, {50}));
  const std::size_t limbs = context->max_limbs();
  const double scale = 0x1p40;

  // The owner: a secret key, and keys for one product and one rotation, for whoever computes.
  const ckks::SecretKey key(context);
  ckks::KeyRequest request;
  request.relinearisation(limbs);
  request.rotation(1, limbs, context->degree());
  const auto sent = ckks::make_evaluation_keys(key, request);
  const ckks::Encoder encoder(context);
  const ckks::SecretEncryptor encryptor(key);
  const std::vector<double> x = {0.3, -1.7, 2.1, 3.3}, y = {4.1, 0.7, -0.9, 1.3};
  const auto sealed_x = encryptor.encrypt(encoder, x, scale, limbs);
  const auto sealed_y = encryptor.encrypt(encoder, y, scale, limbs);

  // Somebody else: x y + x^2 y - 1 without seeing x or y.
  const ckks::Evaluator evaluator(context, std::make_shared<const ckks::EvaluationKeys>(*context, sent));
  const auto show = [](const char* what, const ckks::Ciphertext& c) {
    std::printf("  %-14s %zu primes left, scale 2^%.2f\n", what, c.limbs(), std::log2(c.scale));
  };
  const auto cx = ckks::expand(*context, sealed_x), cy = ckks::expand(*context, sealed_y);
  show("x", cx);
  auto product = evaluator.relinearize(evaluator.multiply(cx, cy));
  show("x y", product);
  product = evaluator.rescale(product);
  show("rescaled", product);
  // x has to come down to the level of the product before both meet.
  auto square = evaluator.relinearize(evaluator.multiply(product, evaluator.drop_to(cx, product.limbs())));
  square = evaluator.rescale(square);
  show("x^2 y", square);
  // A sum wants equal levels and equal scales. Two rescalings divided by other primes than one did: a factor brings x y
  // to the level and the very scale of x^2 y, and costs a level itself.
  const double prime = static_cast<double>(context->q(product.limbs() - 1).value());
  const auto aligned = evaluator.rescale(evaluator.multiply_scalar(product, 1, square.scale * prime / product.scale));
  const auto result = evaluator.add_scalar(evaluator.add(aligned, square), -1);
  show("the sum", result);
  // Slot i of a rotation by one is slot i + 1.
  const auto turned = evaluator.rotate(result, 1);

  // The owner again.
  const ckks::Decryptor decryptor(key);
  const auto read = decryptor.decrypt_real(result), rotated = decryptor.decrypt_real(turned);
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double exact = x[i] * y[i] + x[i] * x[i] * y[i] - 1;
    std::printf("  %9.5f expected, %9.5f read\n", exact, read[i]);
    worst = std::max(worst, std::abs(read[i] - exact));
    if (i > 0) worst = std::max(worst, std::abs(rotated[i - 1] - exact));
  }
  std::printf("largest error %.1e\n", worst);
  return worst < 1e-3 ? 0 : 1;
}
