#include "nn/onnx_external.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>
#include <string>

#include "base/error.h"
#include "nn/onnx_constant.h"
#include "nn/onnx_importer.h"
#include "nn/onnx_wire.h"

namespace fs = std::filesystem;

namespace obscura::nn {
namespace {

/// Where the bytes of a tensor are.
struct Place {
  std::string location;
  std::size_t offset = 0;
  std::size_t length = 0;
  bool has_length = false;
};

std::size_t number(const std::string& text, const std::string& what) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw FormatError(what + " has an offset or length that is no number");
  }
  return value;
}

Place place_of(const onnx::TensorProto& tensor, const std::string& what) {
  Place place;
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") place.location = entry.value();
    if (entry.key() == "offset") place.offset = number(entry.value(), what);
    if (entry.key() == "length") place.length = number(entry.value(), what), place.has_length = true;
  }
  if (place.location.empty()) throw FormatError(what + " does not say which file its data is in");
  return place;
}

/// The file, which lies in the folder or below it however it is reached.
fs::path file_of(const Place& place, const fs::path& folder, const std::string& what) {
  const fs::path relative(place.location);
  const bool hostile = relative.is_absolute() || place.location.find('\\') != std::string::npos ||
                       place.location.find('\0') != std::string::npos ||
                       std::ranges::any_of(relative, [](const fs::path& part) { return part == ".."; });
  const std::string named = what + " keeps its data in '" + place.location.substr(0, 200) + "'";
  if (hostile) throw FormatError(named + ", which is not below the network's folder");
  std::error_code error;
  const fs::path home = fs::canonical(folder, error);
  const fs::path file = error ? fs::path() : fs::canonical(home / relative, error);
  if (error || !fs::is_regular_file(file, error))
    throw IoError(named + ", and there is no such file beside the network");
  const auto [at, rest] = std::ranges::mismatch(home, file);
  if (at != home.end()) throw FormatError(named + ", a link out of the network's folder");
  return file;
}

std::size_t width_of(const onnx::TensorProto& tensor, const std::string& what) {
  switch (tensor.data_type()) {
    case onnx::TensorProto::FLOAT:
    case onnx::TensorProto::INT32:
      return 4;
    case onnx::TensorProto::DOUBLE:
    case onnx::TensorProto::INT64:
      return 8;
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::BFLOAT16:
      return 2;
    case onnx::TensorProto::BOOL:
      return 1;
    default:
      throw UnsupportedError(what + " keeps data of an unsupported type in another file");
  }
}

class Loader {
 public:
  explicit Loader(const fs::path& folder) : folder_(folder) {}

  void load(onnx::TensorProto& tensor, const std::string& what) {
    if (tensor.data_location() != onnx::TensorProto::EXTERNAL && tensor.external_data_size() == 0) return;
    const Place place = place_of(tensor, what);
    const std::size_t wanted =
        count_values(Dims(tensor.dims().begin(), tensor.dims().end()), what) * width_of(tensor, what);
    if (place.has_length && place.length != wanted) throw FormatError(what + " has data that does not fit its shape");
    if (wanted > kMaxOnnxBytes - read_) throw FormatError("the network has more than 1 GiB of data in other files");
    const fs::path file = file_of(place, folder_, what);
    const std::uintmax_t size = fs::file_size(file);
    if (place.offset > size || wanted > size - place.offset) {
      throw FormatError(what + " keeps its data beyond the end of '" + place.location + "'");
    }
    std::string bytes(wanted, '\0');
    std::ifstream stream(file, std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(place.offset));
    if (!stream.read(bytes.data(), static_cast<std::streamsize>(wanted))) throw IoError("cannot read " + file.string());
    read_ += wanted;
    tensor.set_raw_data(std::move(bytes));
    tensor.clear_external_data();
    tensor.clear_data_location();
  }

  std::size_t bytes() const { return read_; }

 private:
  const fs::path& folder_;
  std::size_t read_ = 0;
};

}  // namespace

std::size_t load_external_data(onnx::ModelProto& model, const fs::path& folder) {
  auto& graph = *model.mutable_graph();
  const auto needed = needed_nodes(graph);
  std::set<std::string> read;
  Loader loader(folder);
  for (int i = 0; i < graph.node_size(); ++i) {
    if (!needed[static_cast<std::size_t>(i)]) continue;
    for (const auto& name : graph.node(i).input()) read.insert(name);
    for (auto& attribute : *graph.mutable_node(i)->mutable_attribute()) {
      if (attribute.has_t()) loader.load(*attribute.mutable_t(), "constant '" + graph.node(i).name() + "'");
    }
  }
  for (auto& tensor : *graph.mutable_initializer()) {
    if (read.contains(tensor.name())) loader.load(tensor, "initialiser '" + tensor.name() + "'");
  }
  return loader.bytes();
}

}  // namespace obscura::nn
