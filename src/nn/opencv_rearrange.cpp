#include "nn/opencv_rearrange.h"

#include <mutex>
#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/dnn/layer.hpp>

namespace obscura::nn {
namespace {

/// Attributes "dims" (of one image) and "fill"; the second input of the node is the list of sources, -1 for the fill.
class RearrangeLayer final : public cv::dnn::Layer {
 public:
  explicit RearrangeLayer(const cv::dnn::LayerParams& params) : Layer(params) {
    const auto& dims = params.get("dims");
    for (int i = 0; i < dims.size(); ++i) dims_.push_back(dims.get<int>(i));
    fill_ = params.get<float>("fill");
  }
  static cv::Ptr<cv::dnn::Layer> create(cv::dnn::LayerParams& params) { return cv::makePtr<RearrangeLayer>(params); }

  bool getMemoryShapes(const std::vector<cv::dnn::MatShape>& inputs, int, std::vector<cv::dnn::MatShape>& outputs,
                       std::vector<cv::dnn::MatShape>&) const override {
    cv::dnn::MatShape shape{inputs[0][0]};
    shape.insert(shape.end(), dims_.begin(), dims_.end());
    outputs.assign(1, shape);
    return false;
  }

  void forward(cv::InputArrayOfArrays in, cv::OutputArrayOfArrays out, cv::OutputArrayOfArrays) override {
    std::vector<cv::Mat> inputs, outputs;
    in.getMatVector(inputs);
    out.getMatVector(outputs);
    const auto images = static_cast<std::size_t>(inputs[0].size[0]);
    const std::size_t from = inputs[0].total() / images, to = outputs[0].total() / images;
    const int* source = blobs[0].ptr<int>();
    for (std::size_t n = 0; n < images; ++n) {
      const float* x = inputs[0].ptr<float>() + n * from;
      float* y = outputs[0].ptr<float>() + n * to;
      for (std::size_t i = 0; i < to; ++i) y[i] = source[i] < 0 ? fill_ : x[source[i]];
    }
  }

 private:
  std::vector<int> dims_;
  float fill_ = 0;
};

}  // namespace

void register_opencv_rearrange() {
  static std::once_flag once;
  std::call_once(once, [] { cv::dnn::LayerFactory::registerLayer("ObscuraRearrange", RearrangeLayer::create); });
}

}  // namespace obscura::nn
