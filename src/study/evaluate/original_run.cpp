#include "study/evaluate/original_run.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/notes.h"
#include "image/digest.h"
#include "nn/onnx_read.h"
#include "report/scores.h"

namespace obscura::study {
namespace {

std::string shape_text(const Shape& shape) {
  return fmt::format("{}x{}x{}", shape.channels, shape.height, shape.width);
}

}  // namespace

nn::Graph read_original(const std::filesystem::path& file, const nn::Graph& fitted, const Notes& note) {
  // A flat input of the original is the image that the fitted network says it is.
  nn::Graph graph = nn::read_onnx(file);
  if (graph.input_shape() != fitted.input_shape() && graph.input_shape().size() == fitted.input_shape().size()) {
    graph = nn::read_onnx(file, fitted.input_shape());
  }
  if (graph.input_shape() != fitted.input_shape() || graph.output_shape() != fitted.output_shape()) {
    throw MismatchError(
        fmt::format("{} makes {} outputs of {} images, but {} makes {} of {}: one was not made of the other",
                    file.string(), graph.output_shape().size(), shape_text(graph.input_shape()), fitted.name,
                    fitted.output_shape().size(), shape_text(fitted.input_shape())));
  }
  const nn::Origin& origin = fitted.origin;
  if (origin.name.empty()) {
    note(fmt::format("the network does not say what it was made of: compared with {} as asked", file.string()));
  } else if (origin.sha256 != image::sha256(read_file(file))) {
    throw MismatchError(
        fmt::format("the network was fitted from {} (SHA-256 {}...), and {} is another file: name the one "
                    "that was given to compile --calibrate --save",
                    origin.name, origin.sha256.substr(0, 16), file.string()));
  }
  return graph;
}

OriginalScores score_original(const OriginalRun& original, const std::vector<std::vector<double>>& encrypted,
                              std::span<const std::int64_t> labels) {
  const report::Scores scores = report::score(original.logits, encrypted, labels);
  return {original.file, scores.plain_accuracy, scores.agreement, scores.max_logit_error};
}

std::string plain_name(const nn::Origin& origin) {
  return origin.name.empty() ? "network" : "fitted network";
}

nlohmann::ordered_json origin_json(const nn::Origin& origin) {
  if (origin.name.empty()) return nullptr;
  return {{"name", origin.name}, {"sha256", origin.sha256}, {"fit_error", origin.fit_error}};
}

nlohmann::ordered_json original_json(const std::optional<OriginalScores>& scores) {
  if (!scores) return nullptr;
  return {{"network", scores->file},
          {"accuracy", scores->accuracy},
          {"agreement", scores->agreement},
          {"max_logit_error", scores->max_logit_error}};
}

std::string original_text(const nn::Origin& origin, const std::optional<OriginalScores>& scores) {
  if (scores) {
    return fmt::format(
        "  original   {}: accuracy {:.2f} %; {:.2f} % of the images get its class, logits differ by at most {:.2g}\n",
        scores->file, 100 * scores->accuracy, 100 * scores->agreement, scores->max_logit_error);
  }
  if (origin.name.empty()) return {};
  return fmt::format(
      "             \"plain\" is the fitted network, with polynomials in the place of the activations of {}: what\n"
      "             fitting lost is not in these figures; --against {} tells\n",
      origin.name, origin.name);
}

}  // namespace obscura::study
