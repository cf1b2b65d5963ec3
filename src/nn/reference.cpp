#include "nn/reference.h"

#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <optional>

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

/// One network in OpenCV.
class OpenCvNet {
 public:
  OpenCvNet(const std::vector<std::uint8_t>& onnx, const Graph& graph, std::size_t batch)
      : input_(graph.nodes.front().shape), outputs_(graph.output_shape().size()), batch_(batch) {
    const QuietOpenCv quiet;
    register_opencv_rearrange();
    try {
      net_ = cv::dnn::readNetFromONNX(reinterpret_cast<const char*>(onnx.data()), onnx.size());
      net_.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
      net_.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
    } catch (const cv::Exception& e) {
      if (is_out_of_memory(e)) throw;
      throw UnsupportedError("OpenCV cannot run this network: " + first_line(e.err));
    }
  }

  std::vector<float> run(std::span<const float> images) {
    const std::size_t step = batch_ * input_.size();
    std::vector<float> values;
    for (std::size_t first = 0; first < images.size(); first += step) {
      run_batch(images.subspan(first, std::min(step, images.size() - first)), values);
    }
    return values;
  }

 private:
  void run_batch(std::span<const float> images, std::vector<float>& values) {
    const int count = static_cast<int>(images.size() / input_.size());
    const int sizes[] = {count, static_cast<int>(input_.channels), static_cast<int>(input_.height),
                         static_cast<int>(input_.width)};
    // The blob is only read; cv::Mat has no constant view.
    const cv::Mat blob(4, sizes, CV_32F, const_cast<float*>(images.data()));
    const QuietOpenCv quiet;
    try {
      net_.setInput(blob);
      const cv::Mat out = net_.forward();
      if (out.total() != static_cast<std::size_t>(count) * outputs_ || !out.isContinuous()) {
        throw MismatchError("OpenCV gives " + std::to_string(out.total()) + " logits for " + std::to_string(count) +
                            " images of " + std::to_string(outputs_));
      }
      values.insert(values.end(), out.ptr<float>(), out.ptr<float>() + out.total());
    } catch (const cv::Exception& e) {
      if (is_out_of_memory(e)) throw;
      throw UnsupportedError("OpenCV cannot run this network: " + first_line(e.err));
    }
  }

  cv::dnn::Net net_;
  Shape input_;
  std::size_t outputs_;
  std::size_t batch_;
};

}  // namespace

struct Reference::State {
  Shape input;
  std::size_t outputs = 0;
  Graph without_weights = {};      ///< of a network of chunks: how it is cut and preprocessed
  std::optional<OpenCvNet> whole;  ///< of pictures
  std::optional<OpenCvNet> trunk, head;
  Merge merge;

  /// `onnx`: the file of a network of pictures.
  State(const Graph& graph, const std::vector<std::uint8_t>& onnx, std::size_t batch)
      : input(graph.input_shape()), outputs(graph.output_shape().size()) {
    if (graph.chunks) {
      split(graph);
    } else {
      whole.emplace(onnx, graph, batch);
    }
  }

  void split(const Graph& graph) {
    const auto [before, behind] = split_at_merge(graph);
    without_weights = without_layers(graph);
    merge = std::get<Merge>(graph.nodes[merge_of(graph).value()].layer);
    if (before.nodes.size() > 1) trunk.emplace(to_onnx_for_opencv(before), before, kBatch);
    if (behind.nodes.size() > 1) head.emplace(to_onnx_for_opencv(behind), behind, kBatch);
  }

  /// One picture in chunks.
  std::vector<float> run_chunks(std::span<const float> picture) {
    std::vector<float> chunks;
    std::size_t count = 0;
    for (const auto& chunk : network_inputs(without_weights, picture)) {
      chunks.insert(chunks.end(), chunk.begin(), chunk.end());
      ++count;
    }
    std::vector<float> values = trunk ? trunk->run(chunks) : std::move(chunks);
    if (merge.kind == Merge::Kind::mean) {
      const std::size_t size = values.size() / count;
      std::vector<double> sums(size, 0);
      for (std::size_t i = 0; i < values.size(); ++i) sums[i % size] += static_cast<double>(values[i]);
      values.resize(size);
      for (std::size_t i = 0; i < size; ++i) values[i] = static_cast<float>(sums[i] / static_cast<double>(count));
    }
    return head ? head->run(values) : values;
  }

  std::vector<float> run(std::span<const float> images) {
    if (whole) return whole->run(images);
    std::vector<float> logits;
    for (std::size_t first = 0; first < images.size(); first += input.size()) {
      const auto one = run_chunks(images.subspan(first, input.size()));
      logits.insert(logits.end(), one.begin(), one.end());
    }
    return logits;
  }
};

Reference::Reference(std::unique_ptr<State> state) : state_(std::move(state)) {}
Reference::Reference(const Graph& graph) : state_(std::make_unique<State>(graph, to_onnx_for_opencv(graph), kBatch)) {}
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
  return Reference(std::make_unique<State>(graph, bytes, 1));
}

std::vector<float> Reference::run(std::span<const float> images) {
  const std::size_t size = state_->input.size();
  if (images.empty() || images.size() % size != 0) {
    throw MismatchError("the network takes images of " + std::to_string(size) + " values");
  }
  return state_->run(images);
}

const Shape& Reference::input_shape() const {
  return state_->input;
}
std::size_t Reference::outputs() const {
  return state_->outputs;
}

}  // namespace obscura::nn
