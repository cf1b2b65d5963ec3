#include "cli/protect_model.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/support.h"
#include "shield/key.h"
#include "train/absorb.h"

namespace obscura::cli {
namespace {

constexpr const char* kWarning =
    "keep the plain network from whoever holds this one: the two together give the key, and public weights are known "
    "to "
    "everybody";

}  // namespace

void protect_model(const std::filesystem::path& model, const std::filesystem::path& key,
                   const std::filesystem::path& out, bool json) {
  if (out.extension() != ".safetensors") {
    throw UsageError("a network is written as a .safetensors file: name it so, not " + out.string());
  }
  check_output(out);
  const shield::Key owner = shield::read_key(key);
  const auto shield = shield::make_shield(owner);
  auto network = train::absorb_key(train::read_vision(model), *shield);
  network.notes["shield"] = shield->name();
  network.notes["block"] = std::to_string(shield->block());
  network.notes["keys"] = "one";
  network.notes["key"] = fmt::format("{:016x}", shield::fingerprint(owner.seed));
  train::write_vision(network, out);
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
             shield->name(), key.string());
  fmt::print("{}\n{}: {}\n", kWarning, shield->name(), shield->promise());
}

}  // namespace obscura::cli
