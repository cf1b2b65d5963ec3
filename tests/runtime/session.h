#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "compile/compile.h"
#include "compile/networks.h"
#include "compile/stages.h"
#include "owner/owner.h"
#include "runtime/answer.h"
#include "runtime/runner.h"

/// Owner and server of one network in one process.
namespace obscura::runtime::testing {

struct Session {
  Session(const nn::Graph& graph, message::Mode mode, ThreadPool* pool = nullptr)
      : Session(graph, options_of(mode), pool) {}
  Session(const nn::Graph& graph, const compile::CompileOptions& options, ThreadPool* pool = nullptr)
      : stages(graph.chunks ? std::vector<program::Stage>{} : compile::stages_of(nn::fold_batch_norms(graph))),
        program(compile::compile(graph, options)),
        owner(program.client),
        runner(make_runner(program, pool)),
        seeded(owner.evaluation_keys()),
        keys(std::make_shared<const ckks::EvaluationKeys>(*runner->context(), seeded)) {}

  static compile::CompileOptions options_of(message::Mode mode) {
    compile::CompileOptions options;
    options.mode = mode;
    return options;
  }

  std::vector<ckks::Ciphertext> expanded(const message::Query& query) const {
    std::vector<ckks::Ciphertext> ciphertexts;
    for (const auto& c : query.ciphertexts) ciphertexts.push_back(ckks::expand(*runner->context(), c));
    return ciphertexts;
  }

  message::Answer answer(const message::Query& query, ThreadPool* pool = nullptr) const {
    return answer_query(*runner, keys, query, {pool});
  }

  /// As it decrypts: the noise that an owner adds on purpose is the larger part of what is read, and of another size.
  std::vector<std::vector<double>> read_exactly(const message::Answer& answer, const message::Query& query,
                                                ThreadPool* pool = nullptr) const {
    return owner.decrypt(answer, message::ticket_of(query), ckks::DecryptOptions{64, 0, 30}, pool);
  }

  /// All the way: encrypted, answered, read exactly.
  std::vector<std::vector<double>> classify(std::span<const std::vector<float>> images,
                                            ThreadPool* pool = nullptr) const {
    const message::Query query = owner.encrypt(images);
    return read_exactly(answer(query, pool), query, pool);
  }

  std::vector<program::Stage> stages;
  program::Program program;
  owner::Owner owner;
  std::unique_ptr<Runner> runner;
  ckks::SeededEvaluationKeys seeded;
  std::shared_ptr<const ckks::EvaluationKeys> keys;
};

/// Logits of one image are within ten of the announced standard deviations of the stages in the clear; of thousands of
/// them within 24, because rounding times the secret's value at a slot has the tails of Laplace's distribution.
inline void expect_plain(const Session& session, const std::vector<float>& image, const std::vector<double>& logits) {
  const auto plain = program::run_stages(session.stages, {image.begin(), image.end()});
  ASSERT_EQ(logits.size(), plain.size());
  const double deviations = plain.size() > 1000 ? 24 : 10;
  for (std::size_t k = 0; k < plain.size(); ++k) {
    EXPECT_NEAR(logits[k], plain[k], deviations * session.program.client.logit_error) << "logit " << k;
  }
}

/// The encrypted run is within ten of the announced standard deviations of the stages in the clear, and the stages of
/// the network.
inline void expect_equals_plain_run(const nn::Graph& graph, message::Mode mode, std::size_t count) {
  const Session session(graph, mode);
  const auto inputs = networks::images(count, graph.input_shape().size(), 5);
  ThreadPool pool(2);
  const auto logits = session.classify(inputs, &pool);
  ASSERT_EQ(logits.size(), count);
  for (std::size_t i = 0; i < count; ++i) {
    SCOPED_TRACE("image " + std::to_string(i));
    expect_plain(session, inputs[i], logits[i]);
  }
}

inline void expect_equals_plain_run(const nn::Graph& graph) {
  expect_equals_plain_run(graph, message::Mode::packed, 1);
  expect_equals_plain_run(graph, message::Mode::batched, 3);
}

}  // namespace obscura::runtime::testing
