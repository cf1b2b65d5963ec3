#include "runtime/packed_runner.h"

#include <algorithm>
#include <chrono>
#include <functional>

#include "base/share.h"
#include "circuits/gated.h"
#include "circuits/polynomial.h"
#include "circuits/rotation_sum.h"
#include "program/slot_map.h"

namespace obscura::runtime {
namespace {

using ckks::Ciphertext;
using Activation = program::Stage::Activation;
using program::PackedStage;

/// Places to slots: every image of the ciphertext has the same values.
std::vector<double> widened(const std::vector<double>& places, std::size_t images) {
  if (images == 1) return places;
  std::vector<double> slots(places.size() * images);
  for (std::size_t s = 0; s < slots.size(); ++s) slots[s] = places[s / images];
  return slots;
}

program::SlotMap slot_map(const PackedStage& stage, std::size_t places) {
  program::Placement placement{{}, stage.output.get(), stage.unfolded, places};
  for (const auto& input : stage.inputs) placement.inputs.push_back({input.layout.get(), input.copies});
  return {stage.stage, placement};
}

/// The channel of every place of ciphertext `block` that holds a value, or -1.
std::vector<std::int32_t> channels_of(const PackedStage& stage, std::size_t block, std::size_t places) {
  std::vector<std::int32_t> channel(places, -1);
  const std::size_t plane = stage.stage.output.height * stage.stage.output.width;
  const program::Layout& layout = *stage.output;
  for (std::size_t i = 0; i < layout.position.size(); ++i) {
    if (layout.position[i] / places != block) continue;
    for (std::size_t s = layout.position[i] % places; s < places; s += std::min(layout.period, places)) {
      channel[s] = static_cast<std::int32_t>(i / plane);
    }
  }
  return channel;
}

/// A coefficient of every power for the values in ciphertext `block`: a vector, because channels differ.
std::vector<circuits::Coefficient> slot_coefficients(const PackedStage& stage, std::size_t block, std::size_t places,
                                                     std::size_t images) {
  std::vector<circuits::Coefficient> result;
  const auto& rows = stage.stage.coefficients;
  const auto channel = channels_of(stage, block, places);
  for (std::size_t k = 0; k < rows.front().size(); ++k) {
    std::vector<double> values(places, 0);
    for (std::size_t s = 0; s < places; ++s) {
      if (channel[s] >= 0) values[s] = rows[static_cast<std::size_t>(channel[s])][k];
    }
    result.emplace_back(widened(values, images));
  }
  return result;
}

/// Of every ciphertext of the stage's output, or one list for all of them where all channels have the same.
std::vector<std::vector<circuits::Coefficient>> coefficients_of(const PackedStage& stage, std::size_t places,
                                                                std::size_t images) {
  const auto& rows = stage.stage.coefficients;
  if (rows.size() == 1) return {{rows.front().begin(), rows.front().end()}};
  std::vector<std::vector<circuits::Coefficient>> result;
  for (std::size_t block = 0; block < stage.output->ciphertexts(places); ++block) {
    result.push_back(slot_coefficients(stage, block, places, images));
  }
  return result;
}

}  // namespace

PackedRunner::PackedRunner(program::Program program, std::size_t memory_budget, ThreadPool* pool)
    : Runner(std::move(program)) {
  double diagonals = 0;
  for (const auto& stage : program_.packed) diagonals += static_cast<double>(stage.diagonals());
  last_use_.assign(program_.packed.size() + 1, program_.packed.size());
  keep_trunk();
  // The stages of chunks are used again and again by one query.
  if (program_.merge && memory_budget == kOneQuery) memory_budget = kDefaultMemoryBudget;
  for (std::size_t i = 0; i < program_.packed.size(); ++i) {
    PackedStage& stage = program_.packed[i];
    for (const auto& term : stage.stage.terms) last_use_[term.value] = i;
    if (memory_budget == kOneQuery) continue;
    // What is kept ahead of time is shared out by the number of diagonals.
    const double share = diagonals > 0 ? static_cast<double>(memory_budget * stage.diagonals()) / diagonals : 0;
    stages_.push_back(prepare_stage(i, static_cast<std::size_t>(share), pool));
    // The matrix lives on as plaintexts.
    for (auto& term : stage.stage.terms) term.map = {};
  }
}

PackedRunner::Stage PackedRunner::prepare_stage(std::size_t i, std::size_t memory_budget, ThreadPool* pool) const {
  const PackedStage& stage = program_.packed[i];
  const program::StageSchedule& s = stage.schedule;
  const std::size_t images = stage.width, places = context_->slots() / images;
  const auto map = slot_map(stage, places);
  const auto entries = map.entries();
  Stage result;
  if (stage.method == PackedStage::Method::hoisted) {
    circuits::Diagonals diagonals;
    std::vector<double> values(places);
    for (const auto& offset : entries.offsets) {
      entries.fill(offset, values);
      diagonals[offset.offset * static_cast<std::int64_t>(images)] = widened(values, images);
    }
    result.matrix.emplace<circuits::LinearTransform>(encoder_, *context_, diagonals, stage.hoisted,
                                                     stage.scales.weights[0], s.limbs, pool);
  } else {
    std::vector<double> weight_scales;
    for (std::size_t k = 0; k < stage.inputs.size(); ++k) {
      weight_scales.insert(weight_scales.end(), stage.inputs[k].layout->ciphertexts(places), stage.scales.weights[k]);
    }
    const auto fill = [&](const circuits::BlockOffset& wanted, std::span<double> values) {
      circuits::BlockOffset offset = wanted;
      offset.offset /= static_cast<std::int64_t>(images);
      if (images == 1) return entries.fill(offset, values);
      std::vector<double> narrow(places);
      entries.fill(offset, narrow);
      const auto wide = widened(narrow, images);
      std::copy(wide.begin(), wide.end(), values.begin());
    };
    result.matrix.emplace<circuits::BlockTransform>(encoder_, *context_, stage.blocks, fill, std::move(weight_scales),
                                                    s.limbs, memory_budget, pool);
  }
  for (const auto& bias : map.bias()) {
    result.bias.push_back(encoder_.encode(widened(bias, images), stage.scales.after_map, s.activation_limbs));
  }
  if (stage.stage.activation == Activation::polynomial) result.coefficients = coefficients_of(stage, places, images);
  return result;
}

/// The ciphertexts of all terms of a stage at its level.
PackedRunner::Tensor PackedRunner::gather(std::size_t i, const ckks::Evaluator& evaluator, const Values& values) const {
  const PackedStage& stage = program_.packed[i];
  Tensor inputs;
  for (std::size_t k = 0; k < stage.inputs.size(); ++k) {
    for (const Ciphertext& value : values[stage.stage.terms[k].value]) {
      Ciphertext x = value.limbs() > stage.schedule.limbs ? evaluator.drop_to(value, stage.schedule.limbs) : value;
      for (const auto& group : stage.inputs[k].spread) x = circuits::rotation_sum(evaluator, x, group);
      inputs.push_back(std::move(x));
    }
  }
  return inputs;
}

std::vector<PackedRunner::Tensor> PackedRunner::multiply(const Stage& ready, const ckks::Evaluator& evaluator,
                                                         std::vector<Tensor> inputs, ThreadPool* pool) const {
  if (const auto* blocks = std::get_if<circuits::BlockTransform>(&ready.matrix)) {
    return blocks->apply(evaluator, inputs, pool);
  }
  const auto& hoisted = std::get<circuits::LinearTransform>(ready.matrix);
  std::vector<Tensor> results(inputs.size(), Tensor(1));
  if (inputs.size() == 1) {
    results[0][0] = hoisted.apply(evaluator, inputs[0][0], pool);
  } else {
    share(pool, inputs.size(), [&](std::size_t q) { results[q][0] = hoisted.apply(evaluator, inputs[q][0]); });
  }
  return results;
}

/// What follows the matrix, for one ciphertext.
Ciphertext PackedRunner::finish(std::size_t i, const Stage& ready, const ckks::Evaluator& evaluator, Ciphertext x,
                                std::size_t block) const {
  const PackedStage& stage = program_.packed[i];
  for (std::size_t r = 0; r < stage.schedule.rescales_after_map; ++r) x = evaluator.rescale(x);
  for (const auto& group : stage.fold) x = circuits::rotation_sum(evaluator, x, group);
  x = evaluator.add_plain(x, ready.bias[block]);
  return stage.stage.activation == Activation::none ? x : activate(i, ready, evaluator, std::move(x), block);
}

Ciphertext PackedRunner::activate(std::size_t i, const Stage& ready, const ckks::Evaluator& evaluator, Ciphertext x,
                                  std::size_t block) const {
  const PackedStage& stage = program_.packed[i];
  const program::StageSchedule& s = stage.schedule;
  if (stage.stage.activation == Activation::gated) {
    return circuits::evaluate_gated(evaluator, encoder_, x, stage.stage.coefficients, x.scale, stage.stage.basis);
  }
  if (stage.stage.activation == Activation::polynomial) {
    const auto& coefficients = ready.coefficients[ready.coefficients.size() == 1 ? 0 : block];
    return circuits::evaluate_polynomial(evaluator, encoder_, x, coefficients, x.scale, stage.stage.basis);
  }
  x = evaluator.square(x);
  const bool late = s.rescales_after_activation > 0 && s.relinearize_after_rescale;
  if (!late) x = evaluator.relinearize(x);
  for (std::size_t r = 0; r < s.rescales_after_activation; ++r) x = evaluator.rescale(x);
  return late ? evaluator.relinearize(x) : x;
}

void PackedRunner::advance(Course& course, std::size_t first, std::size_t last, std::vector<Values>& values) const {
  ThreadPool* const pool = course.options.pool;
  const std::size_t count = values.size();
  for (std::size_t i = first; i < last; ++i) {
    const auto start = std::chrono::steady_clock::now();
    check_cancelled(course.options.stop);
    const Stage fresh = stages_.empty() ? prepare_stage(i, 0, pool) : Stage{};
    const Stage& ready = stages_.empty() ? fresh : stages_[i];
    std::vector<Tensor> inputs(count);
    share(
        pool, count, [&](std::size_t q) { inputs[q] = gather(i, course.evaluator, values[q]); }, course.options.stop);
    for (std::size_t v = 0; v <= i; ++v) {
      if (last_use_[v] == i) {
        for (Values& of_query : values) of_query[v].clear();
      }
    }
    auto sums = multiply(ready, course.evaluator, std::move(inputs), pool);
    const std::size_t blocks = sums.front().size();
    const auto finished = [&](std::size_t k) {
      Ciphertext& x = sums[k / blocks][k % blocks];
      x = finish(i, ready, course.evaluator, std::move(x), k % blocks);
    };
    share(pool, count * blocks, finished, course.options.stop);
    const bool heard = course.options.on_value && (!program_.merge || i >= program_.merge->value);
    for (std::size_t q = 0; q < count; ++q) {
      values[q].push_back(std::move(sums[q]));
      if (heard) course.options.on_value(i, values[q].back());
    }
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    course.seconds[i] += spent.count();
  }
}

std::vector<Runner::Replies> PackedRunner::run_many(const std::shared_ptr<const ckks::EvaluationKeys>& keys,
                                                    std::span<const Inputs> queries, const RunOptions& options) const {
  for (const Inputs& query : queries) check_query(query);
  const ckks::Evaluator evaluator(context_, keys);
  Course course{evaluator, options, std::vector<double>(program_.packed.size(), 0)};
  const std::size_t count = queries.size();
  std::vector<Tensor> results(count);
  if (program_.merge) {
    for (std::size_t q = 0; q < count; ++q) results[q] = run_picture(course, queries[q]);
  } else {
    std::vector<Values> values(count);
    for (std::size_t q = 0; q < count; ++q) values[q].push_back(queries[q].ciphertexts);
    advance(course, 0, program_.packed.size(), values);
    for (std::size_t q = 0; q < count; ++q) results[q] = std::move(values[q].back());
  }
  std::vector<Replies> answers(count);
  const std::size_t replies = results.front().size();
  for (Replies& answer : answers) answer.resize(replies);
  share(options.pool, count * replies, [&](std::size_t k) {
    answers[k / replies][k % replies] = reply(evaluator.drop_to(results[k / replies][k % replies], 1));
  });
  if (options.times == nullptr) return answers;
  for (std::size_t i = 0; i < program_.packed.size(); ++i) {
    options.times->push_back({program_.packed[i].stage.name, course.seconds[i] / static_cast<double>(count)});
  }
  return answers;
}

std::size_t PackedRunner::memory_bytes() const {
  std::size_t bytes = 0;
  for (const Stage& stage : stages_) {
    if (const auto* blocks = std::get_if<circuits::BlockTransform>(&stage.matrix)) bytes += blocks->memory_bytes();
    if (const auto* hoisted = std::get_if<circuits::LinearTransform>(&stage.matrix)) bytes += hoisted->memory_bytes();
  }
  return bytes;
}

}  // namespace obscura::runtime
