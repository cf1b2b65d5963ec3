#include "runtime/batched_runner.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/share.h"
#include "circuits/gated.h"
#include "circuits/polynomial.h"

namespace obscura::runtime {
namespace {

using ckks::Ciphertext;
using Activation = program::Stage::Activation;

/// By how many bits the weights of a stage pass those of an integer.
int shift_of(const program::BatchedStage& stage) {
  double widest = 1;
  for (std::size_t k = 0; k < stage.stage.terms.size(); ++k) {
    widest = std::max(widest, stage.stage.terms[k].map.largest() * stage.scales.weights[k]);
  }
  return std::max(0, static_cast<int>(std::ceil(std::log2(widest) - program::kIntegerWeightBits)));
}

/// The maps of all terms side by side, in integers, 2^shift times too small.
std::vector<std::vector<circuits::IntegerEntry>> integer_rows(const program::BatchedStage& stage, int shift) {
  std::vector<std::vector<circuits::IntegerEntry>> rows(stage.stage.output.size());
  std::size_t first = 0;
  for (std::size_t k = 0; k < stage.stage.terms.size(); ++k) {
    const auto& map = stage.stage.terms[k].map;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      for (const auto& e : map.rows[r]) {
        rows[r].push_back(
            {static_cast<std::uint32_t>(first + e.column),
             static_cast<std::int32_t>(std::lround(std::ldexp(e.value * stage.scales.weights[k], -shift)))});
      }
    }
    first += map.columns;
  }
  return rows;
}

std::size_t columns_of(const program::Stage& stage) {
  std::size_t columns = 0;
  for (const auto& term : stage.terms) columns += term.map.columns;
  return columns;
}

}  // namespace

/// Slots of a picture without a chunk add what the network makes of nothing: taken off the constants once.
void BatchedRunner::correct_empty_slots() {
  const program::Merge& merge = *program_.merge;
  const auto empty = static_cast<double>(program_.client.chunks->wide - merge.count);
  if (empty == 0) return;
  std::vector<program::Stage> trunk;
  for (std::size_t i = 0; i < merge.value; ++i) trunk.push_back(program_.batched[i].stage);
  std::vector<double> nothing(program_.client.unit().size(), 0);
  if (!trunk.empty()) nothing = program::run_stages(trunk, std::move(nothing));
  for (const auto& term : program_.batched[merge.value].stage.terms) {
    auto map = term.map;
    std::ranges::fill(map.bias, 0);
    const auto made = map.apply(nothing);
    for (std::size_t r = 0; r < made.size(); ++r) bias_[merge.value][r] -= empty * made[r];
  }
}

BatchedRunner::BatchedRunner(program::Program program) : Runner(std::move(program)) {
  last_use_.assign(program_.batched.size() + 1, program_.batched.size());
  keep_three_.assign(program_.batched.size() + 1, false);
  for (std::size_t i = 0; i < program_.batched.size(); ++i) {
    program::BatchedStage& stage = program_.batched[i];
    shifts_.push_back(shift_of(stage));
    products_.emplace_back(columns_of(stage.stage), integer_rows(stage, shifts_.back()));
    bias_.push_back(stage.stage.bias());
  }
  if (program_.merge) correct_empty_slots();
  for (std::size_t i = 0; i < program_.batched.size(); ++i) {
    program::BatchedStage& stage = program_.batched[i];
    for (auto& term : stage.stage.terms) {
      last_use_[term.value] = i;
      if (!stage.relinearize_before_map) keep_three_[term.value] = true;
      // The matrix lives on as integers.
      term.map = {};
    }
  }
}

void BatchedRunner::activate(std::size_t i, const ckks::Evaluator& evaluator, Tensor& x,
                             const RunOptions& options) const {
  const program::Stage& stage = program_.batched[i].stage;
  const program::StageSchedule& s = program_.batched[i].schedule;
  const std::size_t plane = stage.output.height * stage.output.width;
  const auto activated = [&](std::size_t k) {
    if (stage.activation == Activation::gated) {
      x[k] = circuits::evaluate_gated(evaluator, encoder_, x[k], stage.coefficients, x[k].scale, stage.basis);
      return;
    }
    if (stage.activation == Activation::polynomial) {
      const auto& row = stage.coefficients[stage.coefficients.size() == 1 ? 0 : k / plane];
      const std::vector<circuits::Coefficient> coefficients(row.begin(), row.end());
      x[k] = circuits::evaluate_polynomial(evaluator, encoder_, x[k], coefficients, x[k].scale, stage.basis);
      return;
    }
    x[k] = evaluator.square(x[k]);
    const bool late = s.rescales_after_activation > 0 && s.relinearize_after_rescale;
    if (!keep_three_[i + 1] && !late) x[k] = evaluator.relinearize(x[k]);
    for (std::size_t r = 0; r < s.rescales_after_activation; ++r) x[k] = evaluator.rescale(x[k]);
    if (!keep_three_[i + 1] && late) x[k] = evaluator.relinearize(x[k]);
  };
  share(options.pool, x.size(), activated, options.stop);
}

/// A picture's first slot gets the sum over its slots; what the others get, nobody reads.
void BatchedRunner::sum_chunks(std::size_t i, const ckks::Evaluator& evaluator, Ciphertext& x) const {
  if (!program_.merge || program_.merge->value != i) return;
  for (std::size_t step = 1; step < program_.client.chunks->wide; step *= 2) {
    x = evaluator.add(x, evaluator.rotate(x, static_cast<std::int64_t>(step)));
  }
}

/// Whether a stage reads the query as it came, which is large: nothing of it is copied then.
bool BatchedRunner::reads_query_alone(std::size_t i, const Tensor& query) const {
  const program::BatchedStage& stage = program_.batched[i];
  if (stage.stage.terms.size() != 1 || stage.stage.terms.front().value != 0) return false;
  return std::all_of(query.begin(), query.end(), [&](const Ciphertext& x) {
    return x.limbs() == stage.schedule.limbs && x.scale == query.front().scale;
  });
}

/// What a stage reads: its only value, or the values of all terms at its level. values[0] is empty: the query stands
/// for it. Values that nothing reads any more are given away.
BatchedRunner::Tensor BatchedRunner::gather(std::size_t i, const ckks::Evaluator& evaluator, const Tensor& query,
                                            std::vector<Tensor>& values) const {
  const program::BatchedStage& stage = program_.batched[i];
  Tensor inputs;
  const auto take = [&](Ciphertext x) {
    inputs.push_back(std::move(x));
    // The weights of each term make up for the difference of the scales.
    inputs.back().scale = inputs.front().scale;
  };
  for (const auto& term : stage.stage.terms) {
    const bool from_query = term.value == 0, last = !from_query && last_use_[term.value] == i;
    const Tensor& value = from_query ? query : values[term.value];
    for (std::size_t k = 0; k < value.size(); ++k) {
      if (value[k].limbs() > stage.schedule.limbs) {
        take(evaluator.drop_to(value[k], stage.schedule.limbs));
      } else if (last) {
        take(std::move(values[term.value][k]));
      } else {
        take(value[k]);
      }
    }
    if (last) values[term.value].clear();
  }
  return inputs;
}

BatchedRunner::Tensor BatchedRunner::run_stage(std::size_t i, const ckks::Evaluator& evaluator, const Tensor& x,
                                               const RunOptions& options) const {
  const program::BatchedStage& stage = program_.batched[i];
  const int shift = shifts_[i];
  Tensor y = products_[i].apply(*context_, x, std::ldexp(stage.scales.weights.front(), -shift), options.pool);
  const auto finished = [&](std::size_t k) {
    if (shift > 0) {
      y[k] = evaluator.multiply_integer(y[k], std::int64_t{1} << shift);
      y[k].scale = std::ldexp(y[k].scale, shift);
    }
    y[k] = evaluator.relinearize(y[k]);
    for (std::size_t r = 0; r < stage.schedule.rescales_after_map; ++r) y[k] = evaluator.rescale(y[k]);
    sum_chunks(i, evaluator, y[k]);
    y[k] = evaluator.add_scalar_modulo(y[k], bias_[i][k]);  // of a sum that fits, what is added up may not
  };
  share(options.pool, y.size(), finished, options.stop);
  if (stage.stage.activation != Activation::none) activate(i, evaluator, y, options);
  return y;
}

Runner::Replies BatchedRunner::run_query(const ckks::Evaluator& evaluator, const Inputs& query,
                                         const RunOptions& options) const {
  check_query(query);
  std::vector<Tensor> values(1);
  for (std::size_t i = 0; i < program_.batched.size(); ++i) {
    const auto start = std::chrono::steady_clock::now();
    const bool direct = reads_query_alone(i, query.ciphertexts);
    const Tensor gathered = direct ? Tensor{} : gather(i, evaluator, query.ciphertexts, values);
    check_cancelled(options.stop);
    values.push_back(run_stage(i, evaluator, direct ? query.ciphertexts : gathered, options));
    if (options.on_value && (!program_.merge || i >= program_.merge->value)) options.on_value(i, values.back());
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    if (options.times != nullptr) options.times->push_back({program_.batched[i].stage.name, spent.count()});
  }
  const Tensor& last = values.back();
  Replies answer(last.size());
  share(options.pool, last.size(), [&](std::size_t k) { answer[k] = reply(evaluator.drop_to(last[k], 1)); });
  return answer;
}

std::vector<Runner::Replies> BatchedRunner::run_many(const std::shared_ptr<const ckks::EvaluationKeys>& keys,
                                                     std::span<const Inputs> queries, const RunOptions& options) const {
  const ckks::Evaluator evaluator(context_, keys);
  std::vector<Replies> answers;
  std::vector<StageTime> sum;
  for (const Inputs& query : queries) {
    std::vector<StageTime> spent;
    RunOptions one = options;
    one.times = &spent;
    answers.push_back(run_query(evaluator, query, one));
    if (sum.empty()) sum.resize(spent.size());
    for (std::size_t s = 0; s < spent.size(); ++s) {
      sum[s] = {spent[s].name, sum[s].seconds + spent[s].seconds / static_cast<double>(queries.size())};
    }
  }
  if (options.times != nullptr) options.times->insert(options.times->end(), sum.begin(), sum.end());
  return answers;
}

}  // namespace obscura::runtime
