// Pictures in chunks: the stages before the merge on every group, the merge, and the stages behind it.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>

#include "message/messages.h"
#include "runtime/packed_runner.h"

namespace obscura::runtime {

using ckks::Ciphertext;

namespace {

/// Groups that are on their way together, for every thread: memory stays the same however many a picture has.
constexpr std::size_t kGroupsAThread = 2;

/// The encoder takes scales up to 2^60, and a product that waits for its rescaling may have a larger one: the rest is
/// multiplied on, exactly.
constexpr int kEncodedBits = 50;

ckks::Plaintext encode_at(const ckks::Context& context, const ckks::Encoder& encoder, const std::vector<double>& values,
                          const Ciphertext& like) {
  const int shift = std::max(0, static_cast<int>(std::log2(like.scale)) - kEncodedBits);
  auto plain = encoder.encode(values, std::ldexp(like.scale, -shift), like.limbs());
  plain.scale = like.scale;
  for (std::size_t i = 0; shift > 0 && i < plain.limbs(); ++i) {
    const auto& q = context.q(i);
    q.mul_scalar(plain.poly.limb(i), plain.poly.limb(i), q.modulus().reduce_signed(std::int64_t{1} << shift));
  }
  return plain;
}

std::vector<double> through(const std::vector<program::Stage>& stages, std::vector<double> chunk) {
  return stages.empty() ? chunk : program::run_stages(stages, std::move(chunk));
}

}  // namespace

void PackedRunner::keep_trunk() {
  if (!program_.merge || program_.merge->kind != program::Merge::Kind::sum) return;
  const auto border = static_cast<std::ptrdiff_t>(program_.merge->value);
  std::for_each(program_.packed.begin(), program_.packed.begin() + border,
                [&](const program::PackedStage& stage) { trunk_.push_back(stage.stage); });
  of_nothing_ = through(trunk_, std::vector<double>(program_.client.unit().size(), 0));
  if (program_.client.chunks->policy != message::Policy::features) trunk_.clear();
}

PackedRunner::Tensor PackedRunner::merge(Course& course, const Inputs& query) const {
  const std::size_t border = program_.merge->value, each = program_.client.group_ciphertexts();
  const std::size_t groups = query.ciphertexts.size() / each;
  const std::size_t threads = course.options.pool == nullptr ? 1 : course.options.pool->threads();
  const bool sum = program_.merge->kind == program::Merge::Kind::sum;
  Tensor merged;
  for (std::size_t first = 0; first < groups; first += threads * kGroupsAThread) {
    std::vector<Values> values(std::min(threads * kGroupsAThread, groups - first));
    for (std::size_t g = 0; g < values.size(); ++g) {
      const auto begin = query.ciphertexts.begin() + static_cast<std::ptrdiff_t>((first + g) * each);
      values[g].emplace_back(begin, begin + static_cast<std::ptrdiff_t>(each));
    }
    advance(course, 0, border, values);
    if (course.options.on_groups) course.options.on_groups(first + values.size(), groups);
    for (Values& of_group : values) {
      Tensor& made = of_group.back();
      if (merged.empty() || !sum) {
        std::move(made.begin(), made.end(), std::back_inserter(merged));
        continue;
      }
      for (std::size_t c = 0; c < made.size(); ++c) merged[c] = course.evaluator.add(merged[c], made[c]);
    }
  }
  return merged;
}

/// What chunks in the clear add, less what places without a chunk have added: all in the places of chunk 0.
void PackedRunner::add_plain(Course& course, const Inputs& query, Tensor& merged) const {
  const message::Chunked& chunks = *program_.client.chunks;
  const std::size_t size = program_.client.unit().size(), plain = query.plain.size() / size;
  const std::size_t groups = query.ciphertexts.size() / program_.client.group_ciphertexts();
  const std::size_t encrypted = query.chunks.empty() ? program_.merge->count : query.chunks.size() - plain;
  const auto empty = static_cast<double>(groups * chunks.wide - encrypted);
  if (plain == 0 && empty == 0) return;
  std::vector<double> sum(of_nothing_);
  for (double& v : sum) v *= -empty;
  for (std::size_t k = 0; k < plain; ++k) {
    const auto first = query.plain.begin() + static_cast<std::ptrdiff_t>(k * size);
    const auto made = through(trunk_, std::vector<double>(first, first + static_cast<std::ptrdiff_t>(size)));
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += made[i];
  }
  // What the merged value's layout says of chunk 0, by any stage that reads it.
  const program::PackedStage& reader = program_.packed[program_.merge->value];
  std::size_t term = 0;
  while (reader.stage.terms[term].value != program_.merge->value) ++term;
  const program::Layout& layout = *reader.inputs[term].layout;
  const std::size_t slots = context_->slots();
  for (std::size_t c = 0; c < merged.size(); ++c) {
    std::vector<double> values(slots, 0);
    for (std::size_t i = 0; i < sum.size(); ++i) {
      const std::size_t at = layout.position[i];
      if (at / slots != c) continue;
      for (std::size_t s = at % slots; s < slots; s += std::min(layout.period, slots)) values[s] = sum[i];
    }
    const Ciphertext& x = merged[c];
    merged[c] = course.evaluator.add_plain(x, encode_at(*context_, encoder_, values, x));
  }
}

PackedRunner::Tensor PackedRunner::run_picture(Course& course, const Inputs& query) const {
  const std::size_t border = program_.merge->value;
  Tensor merged = merge(course, query);
  if (program_.merge->kind == program::Merge::Kind::sum) add_plain(course, query, merged);
  std::vector<Values> values(1, Values(border));
  values.front().push_back(std::move(merged));
  advance(course, border, program_.packed.size(), values);
  return std::move(values.front().back());
}

}  // namespace obscura::runtime
