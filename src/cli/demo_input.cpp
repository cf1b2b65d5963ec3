#include "cli/demo_input.h"

#include <fmt/format.h>

#include <string>

#include "base/error.h"
#include "image/digits.h"
#include "nn/onnx_read.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

constexpr const char* kNetwork = "models/tenseal-mnist.onnx";

/// The folder of the program and those above it (a build folder lies inside the source tree), then the working folder
/// and those above it.
std::vector<fs::path> project_folders() {
  std::error_code ec;
  std::vector<fs::path> folders;
  for (fs::path folder : {fs::read_symlink("/proc/self/exe", ec).parent_path(), fs::current_path(ec)}) {
    for (int up = 0; up < 5 && !folder.empty(); ++up) {
      folders.push_back(folder);
      if (folder == folder.root_path()) break;
      folder = folder.parent_path();
    }
  }
  return folders;
}

/// The first folder that has `name` in it; empty if none has.
fs::path find_in_project(const fs::path& name) {
  std::error_code ec;
  for (const fs::path& folder : project_folders()) {
    if (fs::exists(folder / name, ec)) return folder / name;
  }
  return {};
}

}  // namespace

fs::path find_demo_network(const fs::path& given) {
  if (!given.empty()) return given;
  const fs::path found = find_in_project(kNetwork);
  if (found.empty()) {
    throw IoError(std::string("cannot find ") + kNetwork +
                  " above the program or the working folder: run from the project's folder, or name a network by "
                  "--network");
  }
  return found;
}

nn::Graph read_digit_network(const fs::path& path) {
  nn::Graph graph = nn::read_onnx(path);
  const Shape& in = graph.input_shape();
  if (!(in == Shape{1, 28, 28}) || graph.output_shape().size() != 10) {
    throw UnsupportedError(fmt::format(
        "{} takes {}x{}x{} images and knows {} classes; the demo needs a network for digits: 1x28x28, 10 classes",
        path.string(), in.channels, in.height, in.width, graph.output_shape().size()));
  }
  return graph;
}

std::vector<DemoDigit> demo_digits(std::size_t count) {
  const fs::path samples = find_in_project("samples/digits");
  std::vector<DemoDigit> digits;
  for (std::size_t n = 0; n < count; ++n) {
    const std::size_t label = (7 * n + 3) % 10;  // 7 and 10 share no factor: every digit once in ten
    const fs::path file = samples / fmt::format("{}-{}.png", label, n / 10);
    std::error_code ec;
    if (!samples.empty() && fs::exists(file, ec)) {
      digits.push_back({image::conform(image::read_image(file), 1, 28, 28).image, label});
    } else {
      digits.push_back({image::draw_digit(static_cast<int>(label), n / 10), label});
    }
  }
  return digits;
}

}  // namespace obscura::cli
