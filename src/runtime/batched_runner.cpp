#include "runtime/batched_runner.h"

#include <chrono>
#include <cmath>

#include "circuits/polynomial.h"

namespace obscura::runtime {
namespace {

using ckks::Ciphertext;
using compile::Stage;

std::vector<std::vector<circuits::IntegerEntry>> integer_rows(const compile::BatchedStage& stage) {
  std::vector<std::vector<circuits::IntegerEntry>> rows(stage.map.rows.size());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (const auto& e : stage.map.rows[r]) {
      rows[r].push_back({e.column, static_cast<std::int32_t>(std::lround(e.value * stage.weight_scale))});
    }
  }
  return rows;
}

}  // namespace

BatchedRunner::BatchedRunner(compile::Program program) : Runner(std::move(program)) {
  for (const auto& stage : program_.batched) products_.emplace_back(stage.map.columns, integer_rows(stage));
}

void BatchedRunner::activate(std::size_t i, const ckks::Evaluator& evaluator, Values& x, ThreadPool& pool) const {
  const compile::BatchedStage& stage = program_.batched[i];
  const compile::StageSchedule& s = stage.schedule;
  const bool keep_three = i + 1 < program_.batched.size() && !program_.batched[i + 1].relinearize_before_map;
  pool.parallel_for(x.size(), [&](std::size_t k) {
    if (stage.activation == Stage::Activation::polynomial) {
      const auto& row =
          stage.coefficients[stage.coefficients.size() == 1 ? 0 : static_cast<std::size_t>(stage.channel[k])];
      const std::vector<circuits::Coefficient> coefficients(row.begin(), row.end());
      x[k] = circuits::evaluate_polynomial(evaluator, encoder_, x[k], coefficients, x[k].scale);
      return;
    }
    x[k] = evaluator.square(x[k]);
    const bool late = s.rescale_after_activation && s.relinearize_after_rescale;
    if (!keep_three && !late) x[k] = evaluator.relinearize(x[k]);
    if (s.rescale_after_activation) x[k] = evaluator.rescale(x[k]);
    if (!keep_three && late) x[k] = evaluator.relinearize(x[k]);
  });
}

BatchedRunner::Values BatchedRunner::run_stage(std::size_t i, const ckks::Evaluator& evaluator, const Values& x,
                                               ThreadPool& pool) const {
  const compile::BatchedStage& stage = program_.batched[i];
  Values y = products_[i].apply(*context_, x, stage.weight_scale, &pool);
  pool.parallel_for(y.size(), [&](std::size_t k) {
    y[k] = evaluator.relinearize(y[k]);
    if (stage.schedule.rescale_after_map) y[k] = evaluator.rescale(y[k]);
    y[k] = evaluator.add_scalar(y[k], stage.map.bias[k]);
  });
  if (stage.activation != Stage::Activation::none) activate(i, evaluator, y, pool);
  return y;
}

std::vector<ckks::CompactCiphertext> BatchedRunner::run(const std::shared_ptr<const ckks::EvaluationKeys>& keys,
                                                        const std::vector<Ciphertext>& query, ThreadPool* pool,
                                                        std::vector<StageTime>* times) const {
  check_query(query);
  ThreadPool here(1);
  ThreadPool& threads = pool != nullptr ? *pool : here;
  const ckks::Evaluator evaluator(context_, keys);
  Values x;
  for (std::size_t i = 0; i < program_.batched.size(); ++i) {
    const auto start = std::chrono::steady_clock::now();
    x = run_stage(i, evaluator, i == 0 ? query : x, threads);
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    if (times != nullptr) times->push_back({program_.batched[i].name, spent.count()});
  }
  std::vector<ckks::CompactCiphertext> answer(x.size());
  threads.parallel_for(x.size(), [&](std::size_t k) { answer[k] = reply(evaluator.drop_to(x[k], 1)); });
  return answer;
}

}  // namespace obscura::runtime
