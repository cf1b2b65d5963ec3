#include <fmt/format.h>

#include <cmath>

#include "compile/compile.h"
#include "compile/gate_model.h"
#include "program/sizes.h"

namespace obscura::compile {
namespace {

std::string activation_text(Stage::Activation activation) {
  switch (activation) {
    case Stage::Activation::square:
      return "square";
    case Stage::Activation::polynomial:
      return "polynomial";
    case Stage::Activation::gated:
      return "gated";
    case Stage::Activation::none:
      break;
  }
  return "-";
}

/// How many rotations a stage makes, for every ciphertext that passes.
std::size_t rotations(const PackedStage& stage) {
  std::size_t count = 0;
  if (stage.method == PackedStage::Method::hoisted) {
    for (const auto b : stage.hoisted.babies) count += b != 0;
    count += stage.hoisted.giants.size() - 1 + (stage.hoisted.giants.front() != 0);
  } else {
    for (const auto b : stage.blocks.babies) count += b != 0 ? stage.blocks.inputs : 0;
    for (const auto g : stage.blocks.giants) count += g != 0 ? stage.blocks.outputs : 0;
  }
  for (const auto& input : stage.inputs) {
    for (const auto& group : input.spread) count += group.size();
  }
  for (const auto& group : stage.fold) count += group.size() * stage.blocks.outputs;
  return count;
}

std::size_t entries(const Stage& stage) {
  std::size_t count = 0;
  for (const Term& term : stage.terms) count += term.map.entries();
  return count;
}

/// Products of ciphertexts, an activation of one ciphertext.
std::size_t products(const Stage& stage) {
  if (stage.activation == Stage::Activation::square) return 1;
  if (stage.activation == Stage::Activation::none) return 0;
  if (stage.activation == Stage::Activation::gated) return gate_products(stage.coefficients, stage.basis);
  const double degree = static_cast<double>(stage.coefficients.front().size() - 1);
  return static_cast<std::size_t>(std::ceil(2 * std::sqrt(degree / 2)) + std::ceil(std::log2(degree + 1))) - 1;
}

/// "26-45": log2 of the scale behind the map and behind the activation.
std::string scale_text(const StageScales& scales) {
  return fmt::format("{:.0f}, {:.0f}", std::log2(scales.after_map), std::log2(scales.after_activation));
}

constexpr const char* kRow = "{:<26.26} {:>8} {:>5} {:>8} {:>9} {:>9} {:>8} {:>10} {:>9} {:>8}\n";

std::string packed_table(const Program& program, const std::vector<double>& measured) {
  std::string text = fmt::format(fmt::runtime(kRow), "stage", "layout", "limbs", "scales", "diagonals", "rotations",
                                 "products", "activation", "predicted", measured.empty() ? "" : "measured");
  for (std::size_t i = 0; i < program.packed.size(); ++i) {
    const PackedStage& s = program.packed[i];
    const std::size_t blocks = s.output->ciphertexts(program.client.slots() / s.width);
    text += fmt::format(fmt::runtime(kRow), s.stage.name, s.layout, s.schedule.limbs, scale_text(s.scales),
                        s.diagonals(), rotations(s), blocks * products(s.stage), activation_text(s.stage.activation),
                        fmt::format("{:.2f} ms", s.microseconds / 1000),
                        i < measured.size() ? fmt::format("{:.2f} ms", measured[i] * 1000) : "");
  }
  return text;
}

std::string batched_table(const Program& program, const std::vector<double>& measured) {
  std::string text = fmt::format(fmt::runtime(kRow), "stage", "layout", "limbs", "scales", "weights", "rotations",
                                 "products", "activation", "", measured.empty() ? "" : "measured");
  for (std::size_t i = 0; i < program.batched.size(); ++i) {
    const BatchedStage& s = program.batched[i];
    text +=
        fmt::format(fmt::runtime(kRow), s.stage.name, "slots", s.schedule.limbs, scale_text(s.scales), entries(s.stage),
                    0, s.stage.output.size() * products(s.stage), activation_text(s.stage.activation), "",
                    i < measured.size() ? fmt::format("{:.2f} ms", measured[i] * 1000) : "");
  }
  return text;
}

std::string bytes_text(double bytes) {
  return bytes < 1e6 ? fmt::format("{:.1f} KB", bytes / 1e3) : fmt::format("{:.1f} MB", bytes / 1e6);
}

/// What the client does beyond putting values in a row, and what it learns by that.
std::string layout_text(const Program& program) {
  const ClientSpec& client = program.client;
  const std::size_t placed = client.input_slots.size(), values = client.unit().size();
  std::string text;
  if (program.arrangement) {
    text += fmt::format(
        "             arranges {} values as the {} that the first layers make of them: it learns what these move\n",
        values, program.arrangement->source.size());
  }
  if (!program.packed.empty() && program.packed.front().inputs.front().layout->windows) {
    text += fmt::format(
        "             lays the windows of the first layer side by side, {} values for {}: it learns their size and "
        "stride\n",
        placed, values);
  }
  return text;
}

}  // namespace

namespace {

std::string chunks_text(const ClientSpec& client) {
  const message::Chunked& chunks = *client.chunks;
  std::string text = fmt::format("pictures of {}x{} in {}; {}", chunks.cut.picture.width, chunks.cut.picture.height,
                                 chunking_text(chunks.cut), message::policy_text(chunks));
  const std::size_t groups = client.mode == Mode::packed ? chunks.groups(chunks.cut.used()) : 1;
  text += client.mode == Mode::packed
              ? fmt::format("; {} chunk{} side by side, up to {} group{} a picture\n\n", chunks.wide,
                            chunks.wide == 1 ? "" : "s", groups, groups == 1 ? "" : "s")
              : fmt::format("; a chunk a slot, {} slots a picture\n\n", chunks.wide);
  return text;
}

}  // namespace

std::string report(const Program& program, const std::vector<double>& measured) {
  const ClientSpec& client = program.client;
  const bool packed = client.mode == Mode::packed;
  std::string text = fmt::format("{}: {}, {} image{} a query\n\n", client.network, packed ? "packed" : "batched",
                                 client.images, client.images == 1 ? "" : "s");
  if (client.chunks) text += chunks_text(client);
  text += packed ? packed_table(program, measured) : batched_table(program, measured);
  text += "(limbs: primes left when the map is applied; scales: log2 behind the map and behind the activation)\n\n";
  text += "parameters   " + ckks::describe(client.parameters) + "\n";
  for (const std::string& reason : program.schedule.reasons) text += "             " + reason + "\n";
  text += fmt::format(
      "precision    input scale 2^{:.0f}; predicted error of a logit: encryption {:.2g} (standard deviation)",
      program.schedule.input_bits, client.logit_error);
  text += client.fit_error > 0 ? fmt::format(", fit {:.2g} (the largest on the calibration images)\n", client.fit_error)
                               : ", fit none known\n";
  text += client.logit_range > 0
              ? fmt::format(
                    "             logits up to {:.3g} were seen on the calibration images; beyond {:.3g} an answer "
                    "is not to be trusted\n",
                    client.logit_range / message::kLogitHeadroom, client.logit_range)
              : std::string("             nothing is known of how large logits get: the network was not calibrated\n");
  const Sizes s = sizes(program);
  const bool varies = client.chunks && client.chunks->policy == message::Policy::features;
  text += fmt::format("the client   sends {}{} ciphertext{}, {}, for {} image{}; reads {} back\n",
                      varies ? "up to " : "", client.queries(), client.queries() == 1 ? "" : "s", bytes_text(s.query),
                      client.images, client.images == 1 ? "" : "s", bytes_text(s.reply));
  text += layout_text(program);
  text += fmt::format("             holds the secret key and sends {} rotation keys{} once, {}\n",
                      program.client.keys.galois.size(),
                      program.client.keys.relin_limbs != 0 ? " and a relinearisation key" : "", bytes_text(s.keys));
  text += fmt::format("the server   holds about {} for one query: keys {}, weights {}, ciphertexts {}\n",
                      bytes_text(s.server), bytes_text(s.expanded_keys), bytes_text(s.weights), bytes_text(s.working));
  if (packed) {
    const double ms = program.microseconds / 1000;
    text += fmt::format(
        "predicted    {:.1f} ms a query on one thread, {:.1f} images a second, by the model of costs (Zen 4, AVX-512 "
        "IFMA)\n",
        ms, 1000 * static_cast<double>(client.images) / ms);
  }
  return text;
}

}  // namespace obscura::compile
