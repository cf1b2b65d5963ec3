#include "program/sizes.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "base/memory.h"
#include "ring/packed_stream.h"

namespace obscura::program {
namespace {

using message::ClientSpec;
using message::Mode;

double bits_of(const ckks::Parameters& parameters, std::size_t limbs) {
  double bits = 0;
  for (std::size_t i = 0; i < limbs; ++i) bits += std::ceil(std::log2(static_cast<double>(parameters.q[i])));
  return bits;
}

double special_bits(const ckks::Parameters& parameters, std::size_t limbs) {
  double bits = 0;
  for (std::size_t i = 0; i < ckks::special_primes(parameters, limbs); ++i) {
    bits += std::ceil(std::log2(static_cast<double>(parameters.p[i])));
  }
  return bits;
}

/// Rows of what key switching works on.
double extended_rows(const ckks::Parameters& parameters, std::size_t limbs) {
  return static_cast<double>(limbs + ckks::special_primes(parameters, limbs));
}

/// Residues as machines store them that do not pack them (without AVX-512 IFMA), in large pages.
double in_memory(double residues) {
  const std::size_t words = static_cast<std::size_t>(residues) + ring::kStreamSlack / sizeof(std::uint64_t) + 1;
  return static_cast<double>(in_large_pages(words) * sizeof(std::uint64_t));
}

/// Inputs of a stage, their decompositions and rotated copies, and its sums, in words of one prime.
double stage_rows(const PackedStage& s, const ckks::Parameters& parameters, std::size_t places) {
  const auto limbs = static_cast<double>(s.schedule.limbs);
  const double digits = std::ceil(limbs / static_cast<double>(parameters.digit_size));
  const double extended = extended_rows(parameters, s.schedule.limbs);
  if (s.method == PackedStage::Method::hoisted) return digits * extended + 2 * limbs + 6 * extended;
  std::set<std::pair<std::size_t, std::size_t>> cells;
  for (const auto& term : s.blocks.terms) cells.emplace(term.input, term.baby);
  const auto inputs = static_cast<double>(s.blocks.inputs),
             outputs = static_cast<double>(s.output->ciphertexts(places));
  return inputs * (digits * extended + 2 * limbs) + static_cast<double>(cells.size()) * 2 * limbs +
         outputs * 4 * (2 * limbs + extended);
}

double packed_working(const Program& program, double degree) {
  double most = 0;
  std::vector<double> rows(program.packed.size() + 1, 0);  // of values
  std::vector<std::size_t> last(program.packed.size() + 1, 0);
  for (std::size_t i = 0; i < program.packed.size(); ++i) {
    for (const Term& term : program.packed[i].stage.terms) last[term.value] = i;
  }
  for (std::size_t i = 0; i < program.packed.size(); ++i) {
    const PackedStage& s = program.packed[i];
    const std::size_t places = program.client.slots() / s.width;
    double alive = 0;
    for (std::size_t v = 0; v < i; ++v) alive += last[v] > i ? rows[v] : 0;
    most = std::max(most, alive + stage_rows(s, program.client.parameters, places));
    rows[i + 1] = 2 * static_cast<double>(s.output->ciphertexts(places) * s.schedule.activation_limbs);
  }
  return most * degree * sizeof(std::uint64_t);
}

}  // namespace

Sizes sizes(const Program& program) {
  const ClientSpec& client = program.client;
  const auto& parameters = client.parameters;
  const double n = std::exp2(parameters.log_degree);
  Sizes result;
  // Seeded: one of two polynomials travels.
  result.query = static_cast<double>(client.queries()) * n * bits_of(parameters, client.input_limbs) / 8;
  result.reply = static_cast<double>(client.replies()) * n * (1 + 1 / static_cast<double>(client.reply_gap)) *
                 client.reply_bits / 8;
  const auto key = [&](std::size_t limbs) {
    const double digits = std::ceil(static_cast<double>(limbs) / static_cast<double>(parameters.digit_size));
    result.keys += digits * n * (bits_of(parameters, limbs) + special_bits(parameters, limbs)) / 8;
    // Both polynomials of every digit.
    result.expanded_keys += in_memory(2 * digits * n * extended_rows(parameters, limbs));
  };
  for (const auto& [element, limbs] : program.client.keys.galois) key(limbs);
  if (program.client.keys.relin_limbs > 0) key(program.client.keys.relin_limbs);
  for (const PackedStage& s : program.packed) {
    const auto diagonals = static_cast<double>(s.diagonals());
    // Ahead of time: residues over all primes; on the fly: two diagonals share N coefficients of 4 bytes.
    result.weights += s.method == PackedStage::Method::hoisted
                          ? in_memory(diagonals * extended_rows(parameters, s.schedule.limbs) * n)
                          : diagonals * 2 * n;
  }
  if (client.mode == Mode::batched) {
    double widest = 0;
    for (const BatchedStage& s : program.batched) {
      double values = static_cast<double>(s.stage.output.size());
      for (const Term& term : s.stage.terms) values += static_cast<double>(term.input.size());
      widest = std::max(widest, values * 2 * 8 * n * static_cast<double>(s.schedule.limbs));
    }
    result.working = widest;
  } else {
    result.working = packed_working(program, n);
  }
  result.server = result.expanded_keys + result.weights + result.working;
  return result;
}

}  // namespace obscura::program
