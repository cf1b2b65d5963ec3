#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "obscura/owner.h"
#include "owner/key_files.h"
#include "owner/query_record.h"

namespace obscura::web {

/// Hears how many bytes of how many there are.
using Progress = std::function<void(std::size_t done, std::size_t total)>;

/// What seals a secret key; no text: nothing does.
struct SealWith {
  std::string_view passphrase;
  ckks::SealCost cost = ckks::kModerateCost;
};

/// An owner as a browser has one: keys in memory, files as bytes, records of queries beside it. Where they are kept is
/// the caller's. Not thread-safe.
class OwnerSession {
 public:
  /// With a fresh secret key. Throws FormatError for what is no client spec; MismatchError for the spec of keys that
  /// were made already, and for parameters that are marked insecure.
  explicit OwnerSession(ckks::ByteSpan client_spec);
  /// Throws as owner::open_key_files.
  OwnerSession(const owner::KeyFiles& files, std::string_view passphrase);

  const message::ClientSpec& client() const { return keys_.owner.client(); }
  const ckks::Context& context() const { return *keys_.owner.context(); }

  /// The file evaluation.key, made anew: its seeds are others each time.
  ckks::Bytes evaluation_keys(const Progress& progress) const;

  /// A query's file, whose record is kept. Throws as owner::Owner::encrypt.
  ckks::Bytes encrypt(std::span<const std::vector<float>> images);
  /// Throws as the public Owner::read.
  std::vector<Prediction> read(ckks::ByteSpan answer, std::uint64_t share);
  owner::DecryptionCount decryptions() const;

  owner::KeyFiles files(const SealWith& seal) const;

  /// Of a query's or an answer's file: the query's id. Throws FormatError, and MismatchError for one of another
  /// program.
  message::QueryId query_of(ckks::ByteSpan message) const;
  ckks::Bytes record(const message::QueryId& query) const;
  std::vector<message::QueryId> records() const;
  /// A record that another object with this key made. Throws FormatError; MismatchError for one of another key,
  /// or another than there is of that query.
  void remember(ckks::ByteSpan record);

 private:
  const owner::QueryRecord& record_of(const message::QueryId& query) const;

  owner::OpenedKeys keys_;  ///< the count is of other objects with this key
  std::map<message::QueryId, owner::QueryRecord> records_;
};

}  // namespace obscura::web
