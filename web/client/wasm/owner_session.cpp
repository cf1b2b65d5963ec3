#include "owner_session.h"

#include <memory>
#include <utility>

#include "base/error.h"
#include "message/client_wire.h"
#include "message/messages.h"
#include "owner/public_face.h"

namespace obscura::web {
namespace {

constexpr std::size_t kLengthAt = 44;  // of the payload's length in a file's head of 52 bytes, as u64
constexpr std::size_t kAround = 52 + 32;

message::ClientSpec fresh_spec(ckks::ByteSpan bytes) {
  auto spec = message::read_client_spec(bytes, "client spec");
  owner::require_secure_for_keys(spec);
  if (spec.key == ckks::KeyId{}) return spec;
  throw MismatchError(
      "the client spec belongs to keys that were made already: take the one that the server gives, or open the files "
      "of those keys");
}

ckks::PassphraseSource source_of(std::string_view passphrase) {
  if (passphrase.empty()) return {};
  const auto kept = std::make_shared<const ckks::Passphrase>(passphrase);
  return [kept](const std::string& /*what*/, ckks::PassphraseUse /*use*/) { return *kept; };
}

/// What the head of a file says that all of it has.
std::size_t size_of_file(ckks::ByteSpan head) {
  std::uint64_t payload = 0;
  for (std::size_t i = 0; i < 8 && kLengthAt + i < head.size(); ++i) {
    payload |= std::uint64_t{head[kLengthAt + i]} << (8 * i);
  }
  return static_cast<std::size_t>(payload + kAround);
}

}  // namespace

OwnerSession::OwnerSession(ckks::ByteSpan client_spec) : keys_{owner::Owner(fresh_spec(client_spec)), {}} {}

OwnerSession::OwnerSession(const owner::KeyFiles& files, std::string_view passphrase)
    : keys_(owner::open_key_files(files, source_of(passphrase))) {}

ckks::Bytes OwnerSession::evaluation_keys(const Progress& progress) const {
  ckks::Bytes file;
  std::size_t total = 0;
  keys_.owner.write_evaluation_keys([&](ckks::ByteSpan piece) {
    if (total == 0) file.reserve(total = size_of_file(piece));
    file.insert(file.end(), piece.begin(), piece.end());
    if (progress) progress(file.size(), total);
  });
  return file;
}

ckks::Bytes OwnerSession::encrypt(std::span<const std::vector<float>> images) {
  const auto query = keys_.owner.encrypt(images);
  records_[query.id] = {query.key, message::ticket_of(query), {}};
  return message::write_query(context(), query);
}

std::vector<Prediction> OwnerSession::read(ckks::ByteSpan bytes, std::uint64_t share) {
  const auto answer = message::read_answer(context(), client().program, bytes, "answer");
  const auto options = owner::flooded_for(client(), share);
  const auto& record = record_of(answer.query);
  auto readings = keys_.owner.read(answer, record.ticket, options);
  owner::add_warnings(record, readings);
  return owner::predictions_of(client(), std::move(readings));
}

owner::DecryptionCount OwnerSession::decryptions() const {
  return {keys_.count.count + keys_.owner.decryptions(), keys_.count.complete};
}

owner::KeyFiles OwnerSession::files(const SealWith& seal) const {
  return owner::write_key_files(keys_.owner, decryptions(),
                                {source_of(seal.passphrase), !seal.passphrase.empty(), seal.cost});
}

message::QueryId OwnerSession::query_of(ckks::ByteSpan message) const {
  const auto& program = client().program;
  if (ckks::open_envelope(message, "message").kind == ckks::Kind::query) {
    return message::read_query(context(), program, message).id;
  }
  return message::read_answer(context(), program, message, "message").query;
}

const owner::QueryRecord& OwnerSession::record_of(const message::QueryId& query) const {
  const auto found = records_.find(query);
  if (found != records_.end()) return found->second;
  throw MismatchError("no query " + message::hex_of(query).substr(0, 8) + " was made by this owner");
}

ckks::Bytes OwnerSession::record(const message::QueryId& query) const {
  return owner::write_query_record(record_of(query));
}

std::vector<message::QueryId> OwnerSession::records() const {
  std::vector<message::QueryId> ids;
  for (const auto& [id, record] : records_) ids.push_back(id);
  return ids;
}

void OwnerSession::remember(ckks::ByteSpan bytes) {
  owner::QueryRecord record = owner::read_query_record(bytes, "record of a query");
  if (record.key != keys_.owner.key().id()) throw MismatchError("the record is of a query under another key");
  const auto known = records_.find(record.ticket.id);
  if (known != records_.end() && owner::write_query_record(known->second) != ckks::Bytes(bytes.begin(), bytes.end())) {
    throw MismatchError("there is another record of query " + message::hex_of(record.ticket.id).substr(0, 8) +
                        ": one of them was altered");
  }
  records_[record.ticket.id] = std::move(record);
}

}  // namespace obscura::web
