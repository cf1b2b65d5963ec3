#include <sodium.h>

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/error.h"
#include "compile/batched.h"
#include "compile/packed.h"
#include "compile/program.h"

namespace obscura::compile {
namespace {

void add_to(ByteWriter& writer, const AffineMap& map) {
  writer.u64(map.columns);
  writer.u64(map.rows.size());
  for (std::size_t r = 0; r < map.rows.size(); ++r) {
    writer.f64(map.bias[r]);
    writer.u64(map.rows[r].size());
    for (const auto& e : map.rows[r]) writer.u32(e.column), writer.f64(e.value);
  }
}

/// Names a program by everything that both sides must agree on.
ckks::Digest digest_of_program(const std::vector<Stage>& stages, const ClientPart& client, const Schedule& schedule) {
  ByteWriter writer;
  writer.text("obscura program 1");
  writer.u8(static_cast<std::uint8_t>(client.mode));
  for (const int b : schedule.q_bits) writer.u32(static_cast<std::uint32_t>(b));
  for (const int b : schedule.p_bits) writer.u32(static_cast<std::uint32_t>(b));
  writer.f64(client.input_scale);
  for (const Stage& stage : stages) {
    add_to(writer, stage.map);
    writer.u8(static_cast<std::uint8_t>(stage.activation));
    for (const auto& row : stage.coefficients) {
      for (const double c : row) writer.f64(c);
    }
  }
  for (const float v : client.preprocessing.mean) writer.f64(v);
  for (const float v : client.preprocessing.std) writer.f64(v);
  ckks::Digest digest{};
  crypto_generichash(digest.data(), digest.size(), writer.bytes().data(), writer.size(), nullptr, 0);
  return digest;
}

/// The scale of the logits when they are read at one limb: what the run will do, with the primes as they are.
double final_scale(const Program& program, const ckks::Context& context, const std::vector<double>& weight_scales) {
  double scale = program.client.input_scale;
  for (std::size_t i = 0; i < weight_scales.size(); ++i) {
    const StageSchedule& s = program.schedule.stages[i];
    const auto activation = program.packed.empty() ? program.batched[i].activation : program.packed[i].activation;
    const auto prime = [&](std::size_t limbs) { return static_cast<double>(context.q(limbs - 1).value()); };
    scale *= weight_scales[i];
    if (s.rescale_after_map) scale /= prime(s.limbs);
    if (activation == Stage::Activation::square) {
      scale *= scale;
      if (s.rescale_after_activation) scale /= prime(s.activation_limbs);
    }
  }
  return scale;
}

/// The standard deviation that switching the reply to 2^bits adds to a logit.
double reply_error(const ClientPart& client, const ckks::Context& context, double scale, int bits) {
  const auto n = static_cast<double>(context.degree());
  const double q0 = static_cast<double>(context.q(0).value());
  const double unit = std::sqrt((1 + 2 * n / 3) / 12) * std::sqrt(n / static_cast<double>(client.reply_gap));
  return unit * client.output_factor * q0 / (std::exp2(bits) * scale);
}

/// The fewest bits of a reply whose rounding stays under `wanted`.
int reply_bits(const ClientPart& client, const ckks::Context& context, double scale, double wanted) {
  const int most = context.q(0).modulus().bits() - 1;
  for (int bits = 16; bits < most; ++bits) {
    if (reply_error(client, context, scale, bits) <= wanted) return bits;
  }
  return most;
}

template <typename Stages>
std::vector<double> set_weight_scales(Stages& compiled, const std::vector<Stage>& stages) {
  std::vector<double> scales;
  for (std::size_t i = 0; i < compiled.size(); ++i) {
    const double largest = std::max(stages[i].map.largest(), 1e-12);
    compiled[i].weight_scale = std::exp2(compiled[i].schedule.weight_bits) / largest;
    scales.push_back(compiled[i].weight_scale);
  }
  return scales;
}

}  // namespace

Program compile(const nn::Graph& graph, const CompileOptions& options) {
  const std::vector<Stage> stages = stages_of(nn::fold_batch_norms(graph));
  if (stages.empty()) throw UnsupportedError("the network " + graph.name + " computes nothing");
  const Magnitudes magnitudes = measure_magnitudes(stages, options.samples);
  Program program;
  program.schedule = find_schedule(stages, magnitudes, {options.mode, options.relative_error});

  ClientPart& client = program.client;
  client.mode = options.mode;
  client.network = graph.name;
  client.parameters = ckks::make_parameters(program.schedule.log_degree, program.schedule.q_bits,
                                            program.schedule.p_bits, program.schedule.digit_size);
  const auto context = ckks::Context::create(client.parameters);
  client.input = graph.input_shape();
  client.preprocessing = graph.preprocessing;
  client.input_scale = std::exp2(program.schedule.input_bits);
  client.input_limbs = program.schedule.limbs();
  client.outputs = graph.output_shape().size();
  client.logit_error = program.schedule.logit_error;

  std::vector<double> scales;
  if (options.mode == Mode::packed) {
    plan_packed(stages, *context, program);
    scales = set_weight_scales(program.packed, stages);
    request_packed_keys(*context, program);
  } else {
    plan_batched(stages, *context, program);
    scales = set_weight_scales(program.batched, stages);
  }
  const double wanted =
      std::max(client.logit_error / 2, options.relative_error * magnitudes.stages.back().activation_max / 8);
  const double scale = final_scale(program, *context, scales);
  client.reply_bits = reply_bits(client, *context, scale, wanted);
  client.logit_error = std::hypot(client.logit_error, reply_error(client, *context, scale, client.reply_bits));
  client.program = digest_of_program(stages, client, program.schedule);
  return program;
}

}  // namespace obscura::compile
