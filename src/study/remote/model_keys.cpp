#include "study/remote/model_keys.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/stopwatch.h"
#include "message/client_wire.h"
#include "remote/json_fields.h"
#include "report/text.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

constexpr std::size_t kShownDigits = 16;

/// Keys of a model that were made for another of its programs, if any.
bool has_other_keys(const fs::path& root) {
  std::error_code ec;
  for (fs::directory_iterator at(root, ec), end; !ec && at != end; at.increment(ec)) {
    if (at->path().filename().string().size() == kShownDigits && fs::exists(at->path() / "secret.key", ec)) return true;
  }
  return false;
}

}  // namespace

fs::path evaluation_file(const owner::KeyFolder& folder) {
  return folder.path() / "evaluation.key";
}

remote::KeyProvider provider_of(const fs::path& evaluation_keys, const Notes& note) {
  return [evaluation_keys, note] {
    auto keys = remote::keys_of_file(evaluation_keys);
    note(fmt::format("the server does not have the evaluation keys: sending {}, {}, once", evaluation_keys.string(),
                     report::bytes_text(keys.size)));
    return keys;
  };
}

ModelKeys keys_for_model(remote::Remote& remote, const remote::ModelFacts& model, const KeyRoot& root, ThreadPool& pool,
                         const Notes& note) {
  const owner::KeyFolder folder(root.folder / model.spec_hash.substr(0, kShownDigits));
  std::error_code ec;
  if (fs::exists(folder.path() / "secret.key", ec)) {
    return {folder, std::unique_ptr<owner::Owner>(new owner::Owner(folder.open(root.sealing.passphrase))), false, 0};
  }
  const bool others = has_other_keys(root.folder);
  const Stopwatch watch;
  const auto spec = remote.client_spec(model);
  auto client = message::read_client_spec(spec, "the client spec of model " + model.name);
  if (client.key != ckks::KeyId{}) {
    throw MismatchError("the client spec of model " + model.name + " belongs to keys that were made already");
  }
  // They are shown to people, and come from who knows whom.
  client.network = remote::printable(client.network);
  for (auto& name : client.preprocessing.classes) name = remote::printable(name);
  note(fmt::format("making keys for model {}{}: {} of them go to the server, secret.key stays in {}", model.name,
                   others ? ", whose program is not one that there are keys for" : "",
                   report::bytes_text(model.key_bytes), folder.path().string()));
  auto owner = std::make_unique<owner::Owner>(std::move(client));
  folder.put(*owner, false, &pool, root.sealing);
  return {folder, std::move(owner), true, watch.seconds()};
}

}  // namespace obscura::study
