#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/notes.h"
#include "base/parallel.h"
#include "owner/key_folder.h"
#include "remote/remote.h"

namespace obscura::study {

/// An owner's keys for a model of a server.
struct ModelKeys {
  owner::KeyFolder folder;
  std::unique_ptr<owner::Owner> owner;
  bool made = false;  ///< by this call
  double seconds = 0;
};

/// Where an owner's keys for all models lie.
struct KeyRoot {
  std::filesystem::path folder;
  ckks::Sealing sealing;
};

/// The keys of `root.folder`/<first 16 digits of the spec's hash>, made if there are none, which is noted: another
/// client spec is another program and has keys of its own. Throws RemoteError, and as KeyFolder does.
ModelKeys keys_for_model(remote::Remote& remote, const remote::ModelFacts& model, const KeyRoot& root, ThreadPool& pool,
                         const Notes& note);

/// The file of the folder that goes to servers.
std::filesystem::path evaluation_file(const owner::KeyFolder& folder);

/// Sends that file where a server asks for it, and notes it.
remote::KeyProvider provider_of(const std::filesystem::path& evaluation_keys, const Notes& note);

}  // namespace obscura::study
