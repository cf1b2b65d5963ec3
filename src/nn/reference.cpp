#include "nn/reference.h"

#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/out_of_memory.h"
#include "nn/onnx_read.h"
#include "nn/onnx_write.h"
#include "nn/opencv_rearrange.h"

namespace obscura::nn {
namespace {

/// Large enough to keep the matrix products busy, small enough for the caches.
constexpr std::size_t kBatch = 128;

/// OpenCV prints what it throws; the message reaches the user once, by the exception.
class QuietOpenCv {
 public:
  QuietOpenCv() : before_(cv::redirectError(&ignore)) {}
  ~QuietOpenCv() { cv::redirectError(before_); }
  QuietOpenCv(const QuietOpenCv&) = delete;
  QuietOpenCv& operator=(const QuietOpenCv&) = delete;

 private:
  static int ignore(int, const char*, const char*, const char*, int, void*) { return 0; }
  cv::ErrorCallback before_;
};

bool is_padded_pool(const Node& node) {
  const auto* pool = std::get_if<AvgPool>(&node.layer);
  return pool != nullptr && pool->padding != std::array<std::size_t, 4>{0, 0, 0, 0};
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace

struct Reference::State {
  cv::dnn::Net net;
  Shape input;
  std::size_t outputs = 0;
  std::size_t batch = 1;

  State(const std::vector<std::uint8_t>& onnx, const Graph& graph, std::size_t batch_)
      : input(graph.input_shape()), outputs(graph.output_shape().size()), batch(batch_) {
    const QuietOpenCv quiet;
    register_opencv_rearrange();
    try {
      net = cv::dnn::readNetFromONNX(reinterpret_cast<const char*>(onnx.data()), onnx.size());
      net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
      net.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
    } catch (const cv::Exception& e) {
      if (is_out_of_memory(e)) throw;
      throw UnsupportedError("OpenCV cannot run this network: " + first_line(e.err));
    }
  }

  void run(std::span<const float> images, std::vector<float>& logits) {
    const int count = static_cast<int>(images.size() / input.size());
    const int sizes[] = {count, static_cast<int>(input.channels), static_cast<int>(input.height),
                         static_cast<int>(input.width)};
    // The blob is only read; cv::Mat has no constant view.
    const cv::Mat blob(4, sizes, CV_32F, const_cast<float*>(images.data()));
    const QuietOpenCv quiet;
    try {
      net.setInput(blob);
      const cv::Mat out = net.forward();
      if (out.total() != static_cast<std::size_t>(count) * outputs || !out.isContinuous()) {
        throw MismatchError("OpenCV gives " + std::to_string(out.total()) + " logits for " + std::to_string(count) +
                            " images of " + std::to_string(outputs));
      }
      logits.insert(logits.end(), out.ptr<float>(), out.ptr<float>() + out.total());
    } catch (const cv::Exception& e) {
      if (is_out_of_memory(e)) throw;
      throw UnsupportedError("OpenCV cannot run this network: " + first_line(e.err));
    }
  }
};

Reference::Reference(std::unique_ptr<State> state) : state_(std::move(state)) {}
Reference::Reference(const Graph& graph) : state_(std::make_unique<State>(to_onnx_for_opencv(graph), graph, kBatch)) {}
Reference::Reference(Reference&&) noexcept = default;
Reference& Reference::operator=(Reference&&) noexcept = default;
Reference::~Reference() = default;

Reference Reference::from_file(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  const Graph graph = read_onnx(bytes, path.string());
  if (std::ranges::any_of(graph.nodes, is_padded_pool)) {
    throw UnsupportedError(path.string() +
                           ": OpenCV decides by the producer's name whether an average counts its padding");
  }
  return Reference(std::make_unique<State>(bytes, graph, 1));
}

std::vector<float> Reference::run(std::span<const float> images) {
  const std::size_t size = state_->input.size();
  if (images.empty() || images.size() % size != 0) {
    throw MismatchError("the network takes images of " + std::to_string(size) + " values");
  }
  std::vector<float> logits;
  for (std::size_t first = 0; first < images.size(); first += state_->batch * size) {
    state_->run(images.subspan(first, std::min(state_->batch * size, images.size() - first)), logits);
  }
  return logits;
}

const Shape& Reference::input_shape() const {
  return state_->input;
}
std::size_t Reference::outputs() const {
  return state_->outputs;
}

}  // namespace obscura::nn
