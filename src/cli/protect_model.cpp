#include "cli/protect_model.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/output.h"
#include "cli/support.h"
#include "shield/key.h"
#include "train/vision/absorb.h"

namespace obscura::cli {
namespace {

constexpr const char* kWarning =
    "keep the plain network from whoever holds this one: the two together give the key, and public weights are known "
    "to everybody";

}  // namespace

void protect_model(const std::filesystem::path& model, const KeyOptions& key, const std::filesystem::path& data,
                   const std::filesystem::path& out, bool json, bool force) {
  check_network_output(out);
  check_outputs({{out, FileKind::safetensors}}, {model, key.file}, force);
  const auto plain = train::read_vision(model);
  const shield::Key owner = take_key(key, data, [&plain] { return plain.spec.channels; });
  const auto shield = shield::make_shield(owner);
  auto network = train::absorb_key(plain, *shield);
  network.notes["shield"] = shield->name();
  network.notes["block"] = std::to_string(shield->block());
  network.notes["keys"] = "one";
  network.notes["key"] = fmt::format("{:016x}", shield::fingerprint(owner.seed));
  if (key.make) shield::write_key(key.file, owner);
  try {
    train::write_vision(network, out);
  } catch (...) {
    std::error_code ec;
    if (key.make) std::filesystem::remove(key.file, ec);
    throw;
  }
  if (json) {
    print_json({{"network", network.spec.network},
                {"shield", shield->name()},
                {"block", shield->block()},
                {"out", out.string()},
                {"warning", kWarning},
                {"promise", shield->promise()}});
    return;
  }
  fmt::print("{}: {} that reads what {} protects with {}, with the same answers\n", out.string(), network.spec.network,
             shield->name(), key.file.string());
  fmt::print("{}\n{}: {}\n", kWarning, shield->name(), shield->promise());
}

}  // namespace obscura::cli
