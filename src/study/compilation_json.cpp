#include <cmath>
#include <nlohmann/json.hpp>

#include "compile/failure.h"
#include "message/messages.h"
#include "nn/mirrored.h"
#include "program/sizes.h"
#include "study/compilation.h"
#include "study/describe.h"
#include "study/evaluate/original_run.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

using nlohmann::ordered_json;

std::string activation_name(program::Stage::Activation activation) {
  switch (activation) {
    case program::Stage::Activation::square:
      return "square";
    case program::Stage::Activation::polynomial:
      return "polynomial";
    case program::Stage::Activation::gated:
      return "gated";
    case program::Stage::Activation::none:
      break;
  }
  return "none";
}

template <typename Stage>
ordered_json stage_json(const Stage& stage) {
  return {{"name", stage.stage.name},
          {"limbs", stage.schedule.limbs},
          {"weight_bits", stage.schedule.weight_bits},
          {"scale_bits", {std::log2(stage.scales.after_map), std::log2(stage.scales.after_activation)}},
          {"activation", activation_name(stage.stage.activation)}};
}

ordered_json stages_json(const program::Program& program, const std::vector<double>& measured) {
  ordered_json stages = ordered_json::array();
  for (const auto& stage : program.packed) {
    stages.push_back(stage_json(stage));
    stages.back()["layout"] = stage.layout;
    stages.back()["diagonals"] = stage.diagonals();
    stages.back()["predicted_milliseconds"] = stage.microseconds / 1000;
  }
  for (const auto& stage : program.batched) {
    stages.push_back(stage_json(stage));
    stages.back()["layout"] = "slots";
    std::size_t weights = 0;
    for (const auto& term : stage.stage.terms) weights += term.map.entries();
    stages.back()["weights"] = weights;
  }
  for (std::size_t i = 0; i < measured.size(); ++i) stages[i]["measured_milliseconds"] = 1000 * measured[i];
  return stages;
}

ordered_json failure_json(const compile::Failure& failure) {
  return {{"bits", failure.bits},
          {"logit_bits", failure.logit_bits},
          {"wrap_bits", failure.wrap_bits},
          {"tolerance", failure.tolerance},
          {"derived_logit_error", failure.error}};
}

/// 0 where there is none.
std::size_t bytes_of(const fs::path& file) {
  std::error_code ec;
  const auto size = fs::file_size(file, ec);
  return ec ? 0 : static_cast<std::size_t>(size);
}

}  // namespace

ordered_json compilation_json(const CompilationRequest& a, const Compilation& done) {
  const program::Program& program = done.program;
  const program::Sizes sizes = program::sizes(program);
  const auto& client = program.client;
  return {{"network", client.network},
          {"mode", mode_name(client.mode)},
          {"input", {client.input.channels, client.input.height, client.input.width}},
          {"outputs", client.outputs},
          {"classes", client.preprocessing.classes},
          {"preprocessing", preprocessing_json(client.preprocessing, client.input)},
          {"mirrored", nn::is_mirrored(done.graph)},
          {"images_per_query", client.images},
          {"ciphertexts", {{"query", client.queries()}, {"answer", client.replies()}}},
          {"parameters", parameters_json(client.parameters)},
          {"predicted_logit_error", client.logit_error},
          {"predicted_fit_error", client.fit_error},
          {"failure", failure_json(done.failure)},
          {"logit_range", client.logit_range > 0 ? ordered_json(client.logit_range) : ordered_json(nullptr)},
          {"fitted_from", origin_json(done.graph.origin)},
          {"relu", done.relu ? relu_json(*done.relu) : ordered_json(nullptr)},
          {"reply_bits", client.reply_bits},
          {"rotation_keys", program.client.keys.galois.size()},
          {"relinearisation_key", program.client.keys.relin_limbs != 0},
          {"reasons", program.schedule.reasons},
          {"predicted_bytes",
           {{"query", sizes.query},
            {"reply", sizes.reply},
            {"keys", sizes.keys},
            {"server", sizes.server},
            {"expanded_keys", sizes.expanded_keys},
            {"weights", sizes.weights},
            {"working", sizes.working}}},
          {"predicted_milliseconds", program.microseconds / 1000},
          {"machine_slowdown", done.slowdown > 0 ? ordered_json(done.slowdown) : ordered_json(nullptr)},
          {"stages", stages_json(program, done.measured)},
          {"program", message::hex_of(client.program)},
          {"bytes",
           {{"server_program", a.out.empty() ? 0 : bytes_of(a.out / "server.program")},
            {"client_spec", a.out.empty() ? 0 : bytes_of(a.out / "client.spec")}}},
          {"seconds", done.seconds}};
}

}  // namespace obscura::study
