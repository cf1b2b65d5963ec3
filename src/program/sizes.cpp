#include "program/sizes.h"

#include <algorithm>
#include <cmath>

namespace obscura::program {
namespace {

using message::ClientSpec;
using message::Mode;

double bits_of(const ckks::Parameters& parameters, std::size_t limbs) {
  double bits = 0;
  for (std::size_t i = 0; i < limbs; ++i) bits += std::ceil(std::log2(static_cast<double>(parameters.q[i])));
  return bits;
}

double special_bits(const ckks::Parameters& parameters) {
  double bits = 0;
  for (const auto p : parameters.p) bits += std::ceil(std::log2(static_cast<double>(p)));
  return bits;
}

}  // namespace

Sizes sizes(const Program& program) {
  const ClientSpec& client = program.client;
  const auto& parameters = client.parameters;
  const double n = std::exp2(parameters.log_degree), special = static_cast<double>(parameters.p.size());
  Sizes result;
  // Seeded: one of two polynomials travels.
  result.query = static_cast<double>(client.queries()) * n * bits_of(parameters, client.input_limbs) / 8;
  result.reply = static_cast<double>(client.replies()) * n * (1 + 1 / static_cast<double>(client.reply_gap)) *
                 client.reply_bits / 8;
  const auto key = [&](std::size_t limbs) {
    const double digits = std::ceil(static_cast<double>(limbs) / static_cast<double>(parameters.digit_size));
    result.keys += digits * n * (bits_of(parameters, limbs) + special_bits(parameters)) / 8;
    // Expanded: both polynomials, six bytes a residue.
    result.server += 2 * digits * n * (static_cast<double>(limbs) + special) * 6;
  };
  for (const auto& [element, limbs] : program.client.keys.galois) key(limbs);
  if (program.client.keys.relin_limbs > 0) key(program.client.keys.relin_limbs);
  for (const PackedStage& s : program.packed) {
    const auto diagonals = static_cast<double>(s.diagonals());
    // Ahead of time: residues over all primes; on the fly: two diagonals share N coefficients of 4 bytes.
    result.server += s.method == PackedStage::Method::hoisted
                         ? diagonals * (static_cast<double>(s.schedule.limbs) + special) * 6 * n
                         : diagonals * 2 * n;
  }
  if (client.mode == Mode::batched) {
    double widest = 0;
    for (const BatchedStage& s : program.batched) {
      double values = static_cast<double>(s.stage.output.size());
      for (const Term& term : s.stage.terms) values += static_cast<double>(term.input.size());
      widest = std::max(widest, values * 2 * 8 * n * static_cast<double>(s.schedule.limbs));
    }
    result.server += widest;
  }
  return result;
}

}  // namespace obscura::program
