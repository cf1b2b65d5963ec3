#include "study/learning/protect_model.h"

#include <fmt/format.h>

#include "shield/key.h"
#include "study/shield_key_file.h"
#include "train/vision/absorb.h"

namespace obscura::study {
ProtectedModel protect_model(const std::filesystem::path& model, const KeyOptions& key,
                             const std::filesystem::path& data, const std::filesystem::path& out) {
  const auto plain = train::read_vision(model);
  const shield::Key owner = take_key(key, data, [&plain] { return plain.spec.channels; });
  const auto shield = shield::make_shield(owner);
  auto network = train::absorb_key(plain, *shield);
  network.notes["shield"] = shield->name();
  network.notes["block"] = std::to_string(shield->block());
  network.notes["keys"] = "one";
  network.notes["key"] = fmt::format("{:016x}", shield::fingerprint(owner.seed));
  if (key.make) save_shield_key(key.file, owner, key.sealing);
  try {
    train::write_vision(network, out);
  } catch (...) {
    std::error_code ec;
    if (key.make) std::filesystem::remove(key.file, ec);
    throw;
  }
  return {network.spec.network, shield->name(), shield->block(), shield->promise()};
}

}  // namespace obscura::study
