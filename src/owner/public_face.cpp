#include "owner/public_face.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/error.h"
#include "obscura/owner.h"
#include "secret/secret_memory.h"

namespace obscura::owner {
namespace {

std::string size_text(std::size_t width, std::size_t height, std::size_t channels) {
  return std::to_string(width) + "x" + std::to_string(height) + " with " + std::to_string(channels) +
         (channels == 1 ? " channel" : " channels");
}

void check_picture(const Pixels& picture, const Shape& input) {
  if (Shape{picture.channels, picture.height, picture.width} != input) {
    throw MismatchError("a picture of " + size_text(picture.width, picture.height, picture.channels) + ", expected " +
                        size_text(input.width, input.height, input.channels) + ": resize or convert it first");
  }
  if (picture.values.size() != input.size()) {
    throw MismatchError("a picture of " + size_text(picture.width, picture.height, picture.channels) + " holds " +
                        std::to_string(picture.values.size()) + " samples, expected " + std::to_string(input.size()));
  }
}

}  // namespace

NetworkFacts facts_of(const message::ClientSpec& client) {
  return {client.network,
          client.input.width,
          client.input.height,
          client.input.channels,
          preprocessing_text(client.preprocessing, client.input),
          class_labels(client.preprocessing.classes, client.outputs),
          client.images,
          client.logit_error};
}

std::vector<float> values_of(const Pixels& picture, const message::ClientSpec& client) {
  const Shape& input = client.input;
  check_picture(picture, input);
  const std::size_t plane = input.height * input.width;
  std::vector<std::uint8_t> planar(input.size());  // as networks take pictures
  const ckks::WipeAtEnd wiped(planar);
  for (std::size_t i = 0; i < plane; ++i) {
    for (std::size_t c = 0; c < input.channels; ++c) {
      planar[c * plane + i] = picture.values[i * input.channels + c];
    }
  }
  return preprocess(planar, client.preprocessing);
}

Prediction prediction_of(const message::ClientSpec& client, const std::vector<std::string>& labels, Reading reading) {
  Prediction out;
  out.logits = std::move(reading.logits);
  out.probabilities = class_probabilities(out.logits, client.head);
  const auto best = std::max_element(out.probabilities.begin(), out.probabilities.end());
  out.index = static_cast<std::size_t>(best - out.probabilities.begin());
  out.label = labels[out.index];
  out.confidence = *best;
  if (reading.trust != Trust::sound) out.doubt = reading.reason;
  return out;
}

std::vector<Prediction> predictions_of(const message::ClientSpec& client, std::vector<Reading> readings) {
  const auto labels = class_labels(client.preprocessing.classes, client.outputs);
  std::vector<Prediction> predictions;
  for (auto& reading : readings) {
    if (reading.trust == Trust::failed) {
      throw MismatchError("the answer for image " + std::to_string(predictions.size()) + " " + reading.reason);
    }
    predictions.push_back(prediction_of(client, labels, std::move(reading)));
  }
  return predictions;
}

}  // namespace obscura::owner
