#include "nn/onnx_read.h"

#include <onnx/checker.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>

#include "base/error.h"
#include "base/file.h"
#include "base/out_of_memory.h"
#include "base/printable.h"
#include "nn/onnx_chunks.h"
#include "nn/onnx_external.h"
#include "nn/onnx_importer.h"
#include "nn/onnx_metadata.h"
#include "nn/onnx_origin.h"
#include "nn/onnx_refusals.h"
#include "nn/onnx_wire.h"
#include "nn/shapes.h"

namespace obscura::nn {
namespace {

/// The newest operator set that Debian's ONNX 1.12 knows; newer files meet Obscura's own checks only.
constexpr std::int64_t kCheckedOpset = 17;
constexpr std::int64_t kCheckedIr = 8;

onnx::ModelProto parse(std::span<const std::uint8_t> bytes, const std::string& what) {
  check_onnx_wire(bytes, what);
  onnx::ModelProto model;
  if (!model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !model.has_graph()) {
    throw FormatError(what + " is truncated or no ONNX file");
  }
  return model;
}

std::int64_t opset_of(const onnx::ModelProto& model) {
  std::int64_t opset = 0;
  for (const auto& entry : model.opset_import()) {
    if (entry.domain().empty() || entry.domain() == "ai.onnx") opset = std::max(opset, entry.version());
  }
  return opset;
}

void check_opset(const onnx::ModelProto& model) {
  const std::int64_t opset = opset_of(model);
  if (opset < 1) throw FormatError("does not say its operator set");
  if (opset < 7) throw UnsupportedError("uses operator set " + std::to_string(opset) + "; 7 or newer is needed");
}

/// ONNX's own checker as a second opinion, after the errors that Obscura words better.
void check_model(const onnx::ModelProto& model) {
  if (opset_of(model) > kCheckedOpset || model.ir_version() > kCheckedIr) return;
  try {
    onnx::checker::check_model(model);
  } catch (const std::exception& e) {
    if (is_out_of_memory(e)) throw;
    std::string reason = e.what();
    reason = reason.substr(0, reason.find('\n'));
    throw FormatError("is no valid ONNX model: " + reason.substr(0, 300));
  }
}

std::map<std::string, std::string> metadata_of(const onnx::ModelProto& model) {
  std::map<std::string, std::string> metadata;
  for (const auto& entry : model.metadata_props()) metadata.insert_or_assign(entry.key(), entry.value());
  return metadata;
}

std::vector<std::uint8_t> read_bytes(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (!error && size > kMaxOnnxBytes) throw FormatError(path.string() + " is larger than 1 GiB");
  return read_file(path, kMaxOnnxBytes);
}

/// The format lets an output have no shape; the checker does not.
void complete_output(onnx::ModelProto& model, const Graph& graph) {
  auto& output = *model.mutable_graph()->mutable_output(0)->mutable_type()->mutable_tensor_type();
  if (output.elem_type() == onnx::TensorProto::UNDEFINED) output.set_elem_type(onnx::TensorProto::FLOAT);
  if (output.has_shape()) return;
  output.mutable_shape()->add_dim()->set_dim_param("N");
  output.mutable_shape()->add_dim()->set_dim_value(static_cast<std::int64_t>(graph.output_shape().size()));
}

/// What a flat input is an image of: as the caller says, else the file; channels 0 where neither does.
Shape stated_input(const std::map<std::string, std::string>& metadata, const Shape& image) {
  const auto found = metadata.find(kInputKey);
  if (image.channels != 0 || found == metadata.end()) return image;
  return parse_shape(found->second);
}

/// How pictures are cut into chunks, as the caller says or else the file; empty: they are not.
std::string stated_chunks(const std::map<std::string, std::string>& metadata,
                          const std::map<std::string, std::string>& stated) {
  for (const auto* map : {&stated, &metadata}) {
    if (const auto found = map->find(kChunksKey); found != map->end()) return found->second;
  }
  return {};
}

/// `folder`: where files with further weights may be; empty: nowhere.
Graph read_model(std::span<const std::uint8_t> bytes, const std::string& what, const std::filesystem::path& folder,
                 const Shape& image, const std::map<std::string, std::string>& stated) {
  onnx::ModelProto model = parse(bytes, what);
  try {
    check_operators(model.graph(), needed_nodes(model.graph()));
    check_opset(model);
    const std::size_t more = folder.empty() ? 0 : load_external_data(model, folder);
    const auto metadata = metadata_of(model);
    Graph graph =
        Importer(model.graph(), bytes.size() + more, stated_input(metadata, image), stated_chunks(metadata, stated))
            .run();
    complete_output(model, graph);
    check_model(model);
    graph.preprocessing =
        parse_preprocessing(metadata, stated, graph.input_shape(), graph.output_shape().size(), graph.notes);
    graph.origin = parse_origin(metadata);
    graph.calibration = calibration_of(metadata, stated, graph);
    return graph;
  } catch (const UsageError& e) {
    throw UsageError(what + ": " + e.what());
  } catch (const UnsupportedError& e) {
    throw UnsupportedError(what + ": " + e.what());
  } catch (const IoError& e) {
    throw IoError(what + ": " + e.what());
  } catch (const MismatchError& e) {
    throw MismatchError(what + ": " + e.what());
  } catch (const FormatError& e) {
    throw FormatError(what + ": " + e.what());
  }
}

}  // namespace

Shape parse_shape(const std::string& text) {
  std::array<std::size_t, 3> sides{};
  const char* at = text.data();
  const char* const last = text.data() + text.size();
  for (std::size_t i = 0; i < 3; ++i) {
    const auto [end, error] = std::from_chars(at, last, sides[i]);
    const bool apart = i == 2 ? end == last : end != last && *end == 'x';
    if (error != std::errc() || !apart || sides[i] == 0 || sides[i] > kMaxSide) {
      throw FormatError("'" + text.substr(0, 100) +
                        "' is no shape of an image: expected CHANNELSxHEIGHTxWIDTH, as 1x28x28");
    }
    at = end + 1;
  }
  return {sides[0], sides[1], sides[2]};
}

Graph read_onnx(std::span<const std::uint8_t> bytes, const std::string& what, const Shape& image,
                const std::map<std::string, std::string>& stated) {
  return with_printable_errors([&] { return read_model(bytes, what, {}, image, stated); });
}

Graph read_onnx(const std::filesystem::path& path, const Shape& image,
                const std::map<std::string, std::string>& stated) {
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  Graph graph =
      with_printable_errors([&] { return read_model(read_bytes(path), path.string(), folder, image, stated); });
  // What exporters call every network says less than its file.
  for (const char* nothing : {"", "torch_jit", "torch-jit-export", "main_graph"}) {
    if (graph.name == nothing) graph.name = path.stem().string();
  }
  return graph;
}

std::map<std::string, std::string> read_onnx_metadata(const std::filesystem::path& path) {
  return metadata_of(parse(read_bytes(path), path.string()));
}

}  // namespace obscura::nn
