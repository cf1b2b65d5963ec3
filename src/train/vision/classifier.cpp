#include <fmt/format.h>

#include "base/error.h"
#include "train/vision/file.h"
#include "train/vision/input.h"
#include "train/vision/load_weights.h"
#include "train/vision/module.h"

namespace obscura::train {

struct VisionClassifier::State {
  explicit State(const VisionFile& file)
      : spec(file.spec),
        input({file.spec.channels, file.spec.height, file.spec.width}, file.mean, file.std),
        module(make_vision(file.spec)) {
    const auto report = loaded(file);
    if (!report.missing.empty() || !report.reshaped.empty() || !report.other_shape.empty()) {
      throw FormatError("the weights are not those of a " + file.spec.network + " of this form: " + to_text(report));
    }
    module->eval();
  }

  LoadReport loaded(const VisionFile& file) const {
    try {
      return load_weights(*module, {file.tensors, {}});
    } catch (const MismatchError& e) {
      throw FormatError(e.what());
    }
  }

  VisionSpec spec;
  InputForm input;
  std::shared_ptr<VisionModule> module;
};

VisionClassifier::VisionClassifier(const VisionFile& file) : state_(std::make_unique<State>(file)) {}
VisionClassifier::~VisionClassifier() = default;
VisionClassifier::VisionClassifier(VisionClassifier&&) noexcept = default;
VisionClassifier& VisionClassifier::operator=(VisionClassifier&&) noexcept = default;

const VisionSpec& VisionClassifier::spec() const {
  return state_->spec;
}

namespace {

std::vector<float> values_of(const torch::Tensor& tensor) {
  const auto flat = tensor.to(torch::kFloat32).contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

}  // namespace

std::vector<float> VisionClassifier::logits(std::span<const float> pictures) const {
  const torch::NoGradGuard no_grad;
  return values_of(state_->module->forward(state_->input.tensor(pictures)));
}

std::vector<float> VisionClassifier::adapted(std::span<const float> pictures) const {
  const auto layer = adaptation_of(*state_->module);
  if (!layer || state_->spec.adaptation != Adaptation::er_cnn) {
    throw UnsupportedError("only the adaptation er-cnn makes a picture; this network has '" +
                           to_string(state_->spec.adaptation) + "'");
  }
  const torch::NoGradGuard no_grad;
  return values_of(layer->forward(state_->input.tensor(pictures)));
}

}  // namespace obscura::train
