#include <fmt/format.h>

#include "compile/program.h"

namespace obscura::compile {
namespace {

std::string activation_text(Stage::Activation activation) {
  switch (activation) {
    case Stage::Activation::square:
      return "square";
    case Stage::Activation::polynomial:
      return "polynomial";
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

}  // namespace

std::string report(const Program& program) {
  const ClientPart& client = program.client;
  std::string text = fmt::format("{}: {} layout, {} image(s) a query\n", client.network,
                                 client.mode == Mode::packed ? "packed" : "batched", client.images);
  text += ckks::describe(client.parameters) + "\n";
  text += fmt::format("input scale 2^{:.0f}, predicted error of a logit {:.2g}, reply in {} bits\n",
                      program.schedule.input_bits, client.logit_error, client.reply_bits);
  text += fmt::format("{:<28} {:>8} {:>6} {:>9} {:>9} {:>10} {:>12} {:>9}\n", "stage", "layout", "limbs", "diagonals",
                      "rotations", "weights", "activation", "ms");
  for (const PackedStage& s : program.packed) {
    text +=
        fmt::format("{:<28.28} {:>8} {:>6} {:>9} {:>9} {:>10} {:>12} {:>9.2f}\n", s.stage.name, s.layout,
                    s.schedule.limbs, s.diagonals(), rotations(s), fmt::format("{:.0f} bits", s.schedule.weight_bits),
                    activation_text(s.stage.activation), s.microseconds / 1000);
  }
  for (const BatchedStage& s : program.batched) {
    text += fmt::format("{:<28.28} {:>8} {:>6} {:>9} {:>9} {:>10} {:>12} {:>9}\n", s.stage.name, "slots",
                        s.schedule.limbs, entries(s.stage), 0, fmt::format("{:.0f} bits", s.schedule.weight_bits),
                        activation_text(s.stage.activation), "");
  }
  return text;
}

}  // namespace obscura::compile
