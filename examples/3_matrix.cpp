// Chapter 3: a matrix times a ciphertext.
//
// A matrix on slots is a sum of its diagonals, each times a rotation of the vector. Baby and giant steps make few
// rotations of many: this is how every convolution and every dense layer of a network runs.
#include <obscura/circuits.h>
#include <obscura/ckks.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <vector>

using namespace obscura;

int main() {
  const auto context = ckks::Context::create(ckks::make_parameters(13, {50, 40}, {50}));
  const std::size_t limbs = context->max_limbs(), slots = context->slots();
  const double scale = 0x1p40;

  // A band of 32 diagonals over all slots: y[i] = sum over d of 1 / (1 + d) x[i + d].
  circuits::Diagonals diagonals;
  std::vector<std::int64_t> offsets;
  for (std::int64_t d = 0; d < 32; ++d) {
    diagonals[d] = std::vector<double>(slots, 1.0 / static_cast<double>(1 + d));
    offsets.push_back(d);
  }

  // The plan says which rotations it takes, and so which keys the owner has to make.
  const auto plan = circuits::plan_linear(offsets, slots, circuits::step_costs(*context, limbs));
  ckks::KeyRequest request;
  circuits::request_keys(plan, limbs, context->degree(), request);
  std::printf("%zu diagonals by %zu rotations and %zu keys\n", offsets.size(), plan.rotations().size(),
              request.galois.size());

  const ckks::SecretKey key(context);
  const auto sent = ckks::make_evaluation_keys(key, request);
  const ckks::Encoder encoder(context);
  std::vector<double> x(slots);
  for (std::size_t i = 0; i < slots; ++i) x[i] = std::sin(0.01 * static_cast<double>(i));
  const auto sealed = ckks::SecretEncryptor(key).encrypt(encoder, x, scale, limbs);

  // Who computes: the scale of the matrix is the prime that the rescaling divides by, so that the scale stays.
  const double weight_scale = static_cast<double>(context->q(limbs - 1).value());
  const circuits::LinearTransform matrix(encoder, *context, diagonals, plan, weight_scale, limbs);
  const ckks::Evaluator evaluator(context, std::make_shared<const ckks::EvaluationKeys>(*context, sent));
  const auto y = evaluator.rescale(matrix.apply(evaluator, ckks::expand(*context, sealed)));

  const auto read = ckks::Decryptor(key).decrypt_real(y);
  double worst = 0;
  for (std::size_t i = 0; i < slots; ++i) {
    double exact = 0;
    for (std::size_t d = 0; d < 32; ++d) exact += x[(i + d) % slots] / static_cast<double>(1 + d);
    worst = std::max(worst, std::abs(read[i] - exact));
  }
  std::printf("%zu sums, largest error %.1e\n", slots, worst);
  return worst < 1e-3 ? 0 : 1;
}
