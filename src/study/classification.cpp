#include "study/classification.h"

#include <memory>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/file_stream.h"
#include "base/progress.h"
#include "base/stopwatch.h"
#include "ckks/wire_key_file.h"
#include "program/program_wire.h"
#include "runtime/answer.h"
#include "study/memory_check.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

/// A query together with the program that it was made for.
struct Matched {
  program::Program program;
  message::Query query;
};

Matched match_query(std::vector<program::Program> programs, const ClassificationRequest& a, ckks::ByteSpan bytes) {
  for (std::size_t i = 0; i < programs.size(); ++i) {
    const auto context = ckks::Context::create(programs[i].client.parameters);
    try {
      auto query = message::read_query(*context, programs[i].client.program, bytes, a.query.string());
      return {std::move(programs[i]), std::move(query)};
    } catch (const MismatchError&) {
      if (i + 1 == programs.size()) throw;
    }
  }
  throw MismatchError(a.query.string() + " was made for another network");  // not reached: there is a program
}

}  // namespace

std::vector<program::Program> programs_of_file(const fs::path& program, const ckks::Digest& parameters,
                                               const fs::path& keys) {
  std::vector<program::Program> programs;
  programs.push_back(program::read_program(read_file(program), program.string()));
  if (ckks::digest_of(programs.front().client.parameters) == parameters) return programs;
  throw MismatchError(keys.string() + " was made for another program than " + program.string());
}

Classification classify(const ClassificationRequest& a, ThreadPool& pool) {
  Classification result;
  Stopwatch watch;
  const auto keys = ckks::peek_evaluation_keys(read_start(a.keys, ckks::kKeyIdWithin), a.keys.string());
  const auto query_bytes = read_file(a.query);
  result.query_bytes = query_bytes.size();
  Matched matched = match_query(a.programs(ckks::digest_of(keys.parameters)), a, query_bytes);
  message::check_keys(matched.query, keys.key, a.query.string());
  check_memory(matched.program);
  result.client = matched.program.client;
  result.images = matched.query.images;
  result.compile = watch.lap();

  const auto runner = runtime::make_runner(std::move(matched.program), &pool, runtime::kOneQuery);
  const auto expanded_keys = std::make_shared<const ckks::EvaluationKeys>(
      ckks::read_expanded_keys(*runner->context(), open_source(a.keys), a.keys.string(), &pool));
  message::check_keys(matched.query, expanded_keys->key(), a.query.string());
  result.prepare = watch.lap();
  const auto values = runtime::expand(*runner->context(), matched.query, &pool);
  result.expand = watch.lap();
  const std::size_t groups = values.ciphertexts.size() / result.client.group_ciphertexts();
  Progress progress("classifying", groups, "groups of chunks", a.progress && groups > 1);
  std::size_t before = 0;
  runtime::RunOptions options{&pool, &result.stages};
  options.on_groups = [&](std::size_t done, std::size_t) { progress.advance(done - std::exchange(before, done)); };
  const auto answer = message::answer_to(matched.query, runner->run(expanded_keys, values, options));
  result.evaluate = watch.lap();
  const auto answer_bytes = message::write_answer(*runner->context(), answer);
  result.answer_bytes = answer_bytes.size();
  write_file(a.out, answer_bytes);
  return result;
}

}  // namespace obscura::study
