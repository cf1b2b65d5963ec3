#include "runtime/packed_runner.h"

#include <chrono>

#include "circuits/polynomial.h"
#include "circuits/rotation_sum.h"

namespace obscura::runtime {
namespace {

using ckks::Ciphertext;
using compile::Stage;

double prime(const ckks::Context& context, std::size_t limbs) {
  return static_cast<double>(context.q(limbs - 1).value());
}

/// A coefficient of every power: one number, or a vector where channels differ.
std::vector<circuits::Coefficient> slot_coefficients(const compile::PackedStage& stage) {
  std::size_t degree = 0;
  for (const auto& row : stage.coefficients) degree = std::max(degree, row.size());
  std::vector<circuits::Coefficient> result;
  for (std::size_t k = 0; k < degree; ++k) {
    const auto at = [&](std::size_t c) { return k < stage.coefficients[c].size() ? stage.coefficients[c][k] : 0.0; };
    if (stage.coefficients.size() == 1) {
      result.emplace_back(at(0));
      continue;
    }
    std::vector<double> slots(stage.channel_of_slot.size(), 0);
    for (std::size_t s = 0; s < slots.size(); ++s) {
      if (stage.channel_of_slot[s] >= 0) slots[s] = at(static_cast<std::size_t>(stage.channel_of_slot[s]));
    }
    result.emplace_back(std::move(slots));
  }
  return result;
}

}  // namespace

PackedRunner::PackedRunner(compile::Program program, ThreadPool* pool) : Runner(std::move(program)) {
  double scale = program_.client.input_scale;
  for (std::size_t i = 0; i < program_.packed.size(); ++i) {
    scale = prepare_stage(i, scale, pool);
    // The matrix lives on as plaintexts.
    program_.packed[i].diagonals.clear();
    program_.packed[i].bias.clear();
  }
}

/// Encodes a stage for values that arrive at `scale`; returns the scale that they leave at.
double PackedRunner::prepare_stage(std::size_t i, double scale, ThreadPool* pool) {
  const compile::PackedStage& stage = program_.packed[i];
  const compile::StageSchedule& s = stage.schedule;
  transforms_.emplace_back(encoder_, *context_, stage.diagonals, stage.plan, stage.weight_scale, s.limbs, pool);
  scale *= stage.weight_scale;
  if (s.rescale_after_map) scale /= prime(*context_, s.limbs);
  biases_.push_back(encoder_.encode(stage.bias, scale, s.activation_limbs));
  if (stage.activation == Stage::Activation::square) {
    scale *= scale;
    if (s.rescale_after_activation) scale /= prime(*context_, s.activation_limbs);
  }
  return scale;
}

Ciphertext PackedRunner::activate(std::size_t i, const ckks::Evaluator& evaluator, Ciphertext x) const {
  const compile::PackedStage& stage = program_.packed[i];
  const compile::StageSchedule& s = stage.schedule;
  if (stage.activation == Stage::Activation::polynomial) {
    return circuits::evaluate_polynomial(evaluator, encoder_, x, slot_coefficients(stage), x.scale);
  }
  x = evaluator.square(x);
  if (!s.rescale_after_activation) return evaluator.relinearize(x);
  if (s.relinearize_after_rescale) return evaluator.relinearize(evaluator.rescale(x));
  return evaluator.rescale(evaluator.relinearize(x));
}

Ciphertext PackedRunner::run_stage(std::size_t i, const ckks::Evaluator& evaluator, Ciphertext x,
                                   ThreadPool* pool) const {
  const compile::PackedStage& stage = program_.packed[i];
  for (const auto& group : stage.spread) x = circuits::rotation_sum(evaluator, x, group);
  x = transforms_[i].apply(evaluator, x, pool);
  if (stage.schedule.rescale_after_map) x = evaluator.rescale(x);
  for (const auto& group : stage.fold) x = circuits::rotation_sum(evaluator, x, group);
  x = evaluator.add_plain(x, biases_[i]);
  return stage.activation == Stage::Activation::none ? x : activate(i, evaluator, std::move(x));
}

std::vector<ckks::CompactCiphertext> PackedRunner::run(const std::shared_ptr<const ckks::EvaluationKeys>& keys,
                                                       const std::vector<Ciphertext>& query, ThreadPool* pool,
                                                       std::vector<StageTime>* times) const {
  check_query(query);
  const ckks::Evaluator evaluator(context_, keys);
  Ciphertext x = query.front();
  for (std::size_t i = 0; i < program_.packed.size(); ++i) {
    const auto start = std::chrono::steady_clock::now();
    x = run_stage(i, evaluator, std::move(x), pool);
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    if (times != nullptr) times->push_back({program_.packed[i].name, spent.count()});
  }
  return {reply(evaluator.drop_to(x, 1))};
}

std::size_t PackedRunner::memory_bytes() const {
  std::size_t bytes = 0;
  for (const auto& t : transforms_) bytes += t.memory_bytes();
  return bytes;
}

}  // namespace obscura::runtime
