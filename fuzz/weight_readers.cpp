// Files of trained weights.
#include <filesystem>
#include <utility>

#include "base/file.h"
#include "fuzz/readers.h"
#include "fuzz/samples.h"
#include "weights/weights.h"

namespace obscura::fuzz {
namespace {

/// Weights' own budget is 64 MiB and 32 bytes for each of the file's (weights/numbers.h).
constexpr MemoryBound kMemory{512, std::size_t{160} << 20};

/// What the tests of this folder read: made by PyTorch and NumPy.
Bytes file(const std::string& name) {
  return read_file(std::filesystem::path(OBSCURA_SOURCE_DIR) / "tests/weights/files" / name);
}

Reader weights_reader(std::string name, std::vector<Bytes> seeds) {
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    for (const auto& [tensor, weights] : weights::decode_weights(in, "input").tensors) {
      std::size_t count = 1;
      for (const auto side : weights.shape) count *= static_cast<std::size_t>(side);
      if (count != weights.values.size()) throw Fault("weights: a tensor of another size than its shape says");
    }
    return nothing();
  };
  return {std::move(name), std::move(seeds), rewrite, kFormat, Seal::none, kMemory, 8192};
}

}  // namespace

Reader safetensors_reader() {
  return weights_reader("safetensors", {file("all.safetensors")});
}

Reader pth_reader() {
  return weights_reader("pth", {file("list.pth"), file("module.pth"), file("zip.pth")});
}

Reader legacy_pth_reader() {
  return weights_reader("legacy_pth", {file("legacy.pth"), file("checkpoint_legacy.pth")});
}

Reader npz_reader() {
  return weights_reader("npz", {file("big_endian.npz"), file("objects.npz"), file("deflated.npz")});
}

}  // namespace obscura::fuzz
