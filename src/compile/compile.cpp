#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"
#include "ckks/flooding.h"
#include "compile/batched.h"
#include "compile/compile.h"
#include "compile/depth.h"
#include "compile/magnitudes.h"
#include "compile/packed.h"
#include "compile/schedule.h"
#include "compile/stages.h"
#include "program/program_wire.h"
#include "program/scales.h"
#include "program/validate.h"

namespace obscura::compile {
namespace {

/// The standard deviation that switching the reply to 2^bits adds to a logit.
double reply_error(const ClientSpec& client, const ckks::Context& context, double scale, int bits) {
  const auto n = static_cast<double>(context.degree());
  const double q0 = static_cast<double>(context.q(0).value());
  const double unit = std::sqrt((1 + 2 * n / 3) / 12) * std::sqrt(n / static_cast<double>(client.reply_gap));
  return unit * client.output_factor * q0 / (std::exp2(bits) * scale);
}

/// The fewest bits of a reply whose rounding stays under `wanted`.
int reply_bits(const ClientSpec& client, const ckks::Context& context, double scale, double wanted) {
  const int most = context.q(0).modulus().bits() - 1;
  for (int bits = 16; bits < most; ++bits) {
    if (reply_error(client, context, scale, bits) <= wanted) return bits;
  }
  return most;
}

/// Fills in the client's part but for layouts.
void describe_client(const nn::Graph& graph, const CompileOptions& options, Program& program) {
  ClientSpec& client = program.client;
  client.mode = options.mode;
  client.network = graph.name;
  client.parameters = ckks::make_parameters(program.schedule.log_degree, program.schedule.q_bits,
                                            program.schedule.p_bits, program.schedule.digit_size);
  client.input = graph.input_shape();
  client.preprocessing = graph.preprocessing;
  client.input_scale = std::exp2(program.schedule.input_bits);
  client.input_limbs = program.schedule.limbs();
  client.outputs = graph.output_shape().size();
  client.logit_error = program.schedule.logit_error;
  client.noise = program.schedule.noise;
  client.fit_error = graph.origin.fit_error;
  client.head = graph.head;
}

/// Images side by side: as asked, or the number that makes the most images a second by prediction.
std::size_t choose_images(const std::vector<Stage>& stages, const ckks::Context& context, const CompileOptions& options,
                          const Program& program) {
  if (options.images_per_ciphertext != 0) return options.images_per_ciphertext;
  std::size_t best = 1;
  double best_rate = 0;
  for (std::size_t images = 1; images <= context.slots() / std::bit_ceil(program.client.input.size()); images *= 2) {
    // As many as leave no room for the outputs are too many.
    if (images > 1 && stages.back().output.size() > context.slots() / images) break;
    Program tried;
    tried.client = program.client;
    tried.schedule = program.schedule;
    plan_packed(stages, context, images, tried);
    const double rate = static_cast<double>(images) / tried.microseconds;
    if (rate <= best_rate) break;
    best_rate = rate;
    best = images;
  }
  return best;
}

/// Whether how large values get is known of real images.
bool is_calibrated(const nn::Graph& graph, const std::vector<Stage>& stages, const CompileOptions& options) {
  return !options.samples.empty() || from_numbers(stages, graph.calibration).has_value();
}

/// Measured on the samples, or as the file says, or measured on made-up images.
Magnitudes magnitudes_of(const nn::Graph& graph, const std::vector<Stage>& stages,
                         const std::vector<std::vector<double>>& samples) {
  if (samples.empty()) {
    if (auto stated = from_numbers(stages, graph.calibration)) return *stated;
  }
  return measure_magnitudes(stages, samples);
}

void check_images(std::size_t images, const ckks::Context& context) {
  if (images != 0 && std::has_single_bit(images) && images <= context.slots() / 2) return;
  if (images == 0) return;
  throw ParameterError(std::to_string(images) + " images a ciphertext: expected a power of two up to " +
                       std::to_string(context.slots() / 2));
}

}  // namespace

std::vector<double> calibration_numbers(const nn::Graph& graph, const std::vector<std::vector<double>>& samples) {
  check_depth(graph);
  return to_numbers(measure_magnitudes(stages_of(nn::fold_batch_norms(graph)), samples));
}

Program compile(const nn::Graph& graph, const CompileOptions& options) {
  check_depth(graph);
  std::vector<Stage> stages = stages_of(nn::fold_batch_norms(graph));
  if (stages.empty()) throw UnsupportedError("the network " + graph.name + " computes nothing");
  const Magnitudes magnitudes = magnitudes_of(graph, stages, options.samples);
  Program program;
  if (is_calibrated(graph, stages, options)) {
    program.client.logit_range = message::kLogitHeadroom * magnitudes.stages.back().activation_max;
  }
  ScheduleOptions wanted_schedule{options.mode, options.relative_error};
  if (options.share > 0) {
    const std::size_t replies = options.mode == Mode::packed ? 1 : graph.output_shape().size();
    wanted_schedule.flooding = ckks::flooding_factor(options.share * replies);
  }
  program.schedule = find_schedule(stages, magnitudes, wanted_schedule);
  describe_client(graph, options, program);
  ClientSpec& client = program.client;
  const auto context = ckks::Context::create(client.parameters);
  const auto scales = all_scales(stages, program.schedule, *context, client.input_scale);
  if (options.mode == Mode::packed) {
    check_images(options.images_per_ciphertext, *context);
    client.images = choose_images(stages, *context, options, program);
    plan_packed(std::move(stages), *context, client.images, program);
    for (std::size_t i = 0; i < scales.size(); ++i) program.packed[i].scales = scales[i];
    request_packed_keys(*context, program);
  } else {
    client.images = context->slots();
    plan_batched(std::move(stages), *context, program);
    for (std::size_t i = 0; i < scales.size(); ++i) program.batched[i].scales = scales[i];
  }
  double wanted =
      std::max(client.logit_error / 2, options.relative_error * magnitudes.stages.back().activation_max / 8);
  if (options.share > 0) wanted = client.noise / 4;
  const double scale = scales.back().after_activation;
  client.reply_bits = reply_bits(client, *context, scale, wanted);
  const double reply = reply_error(client, *context, scale, client.reply_bits);
  client.logit_error = std::hypot(client.logit_error, reply);
  client.noise = std::hypot(client.noise, reply);
  client.reply_scale = std::ldexp(scale / static_cast<double>(context->q(0).value()), client.reply_bits);
  client.zeros_between =
      options.mode == Mode::packed && program.packed.back().stage.activation == Stage::Activation::none;
  validate(program, magnitudes, *context);
  client.program = digest_of(program);
  return program;
}

}  // namespace obscura::compile
