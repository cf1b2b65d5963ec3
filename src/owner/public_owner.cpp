#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "base/file.h"
#include "base/parallel.h"
#include "message/client_wire.h"
#include "obscura/owner.h"
#include "owner/key_folder.h"
#include "owner/public_face.h"

namespace obscura {
namespace {

message::ClientSpec fresh_spec(BytesView bytes) {
  auto spec = message::read_client_spec(bytes, "client spec");
  if (spec.key == ckks::KeyId{}) return spec;
  throw MismatchError(
      "the client spec belongs to keys that were made already: take the one that compile wrote, or "
      "open the folder of those keys");
}

/// None for an empty one. Its copy is wiped with it.
ckks::PassphraseSource source_of(std::string_view passphrase) {
  if (passphrase.empty()) return {};
  const auto kept = std::make_shared<const ckks::Passphrase>(passphrase);
  return [kept](const std::string& /*what*/, ckks::PassphraseUse /*use*/) { return *kept; };
}

}  // namespace

struct Owner::State {
  State(message::ClientSpec client, std::size_t threads) : inner(std::move(client)), pool(threads) {}
  State(const owner::KeyFolder& keys, const ckks::PassphraseSource& passphrase, std::size_t threads)
      : inner(keys.open(passphrase)), pool(threads), folder(keys) {}

  owner::QueryRecord record_of(const message::QueryId& query) {
    if (folder) return folder->recall(query, inner.key().id());
    const auto found = records.find(query);
    if (found != records.end()) return found->second;
    throw MismatchError("no query " + message::hex_of(query).substr(0, 8) + " was made by this owner");
  }

  void keep(const owner::QueryRecord& record) {
    if (folder) {
      folder->remember(record);
    } else {
      records[record.ticket.id] = record;
    }
  }

  /// Made once: every call would draw other seeds.
  const Bytes& keys(const std::function<void(std::uint64_t)>& hear = {}) {
    if (evaluation.empty() && folder) {
      const auto file = folder->path() / "evaluation.key";
      std::error_code ec;
      if (std::filesystem::exists(file, ec)) evaluation = read_file(file);
    }
    if (evaluation.empty()) {
      Bytes made;  // half of them are none
      const auto take = [&](BytesView piece) {
        made.insert(made.end(), piece.begin(), piece.end());
        if (hear) hear(made.size());
      };
      inner.write_evaluation_keys(take, &pool);
      evaluation = std::move(made);
    }
    return evaluation;
  }

  void put_into(const std::filesystem::path& target, const ckks::Sealing& sealing) {
    const std::lock_guard lock(mutex);
    if (folder) {  // its records and its count are there, and one of two counts would be too low
      throw MismatchError("these keys are kept in " + folder->path().string() + " already: copy that folder");
    }
    const owner::KeyFolder made(target);
    made.put(inner, keys(), false, sealing);
    for (const auto& [id, record] : records) made.remember(record);
    records.clear();
    added = inner.decryptions();
    counted = made.count_decryptions(inner.key().id(), added).count;
    folder = made;
  }

  owner::Owner inner;
  ThreadPool pool;
  mutable std::mutex mutex;                                ///< of what follows
  Bytes evaluation;                                        ///< the file
  std::map<message::QueryId, owner::QueryRecord> records;  ///< while there is no folder
  std::optional<owner::KeyFolder> folder;
  std::uint64_t counted = 0;  ///< in the folder: by this object and others
  std::uint64_t added = 0;    ///< of this object's decryptions, how many the folder has
};

Owner::Owner(std::unique_ptr<State> state) : state_(std::move(state)) {}
Owner::Owner(BytesView client_spec, std::size_t threads)
    : state_(std::make_unique<State>(fresh_spec(client_spec), threads)) {}
Owner::Owner(Owner&&) noexcept = default;
Owner& Owner::operator=(Owner&&) noexcept = default;
Owner::~Owner() = default;

Owner Owner::open(const std::filesystem::path& folder, std::size_t threads) {
  return open(folder, std::string_view(), threads);
}

Owner Owner::open(const std::filesystem::path& folder, std::string_view passphrase, std::size_t threads) {
  const owner::KeyFolder keys(folder);
  auto state = std::make_unique<State>(keys, source_of(passphrase), threads);
  state->counted = keys.count_decryptions(state->inner.key().id(), 0).count;
  return Owner(std::move(state));
}

void Owner::save(const std::filesystem::path& folder) {
  state_->put_into(folder, {});
}

void Owner::save(const std::filesystem::path& folder, std::string_view passphrase) {
  if (passphrase.empty()) throw MismatchError("the passphrase to seal keys with is empty");
  state_->put_into(folder, {source_of(passphrase), true});
}

void Owner::change_passphrase(const std::filesystem::path& folder, std::string_view now, std::string_view next) {
  owner::change_passphrase(folder / "secret.key", source_of(now), {source_of(next), !next.empty()});
}

NetworkFacts Owner::network() const {
  return owner::facts_of(state_->inner.client());
}

KeyId Owner::id() const {
  return state_->inner.key().id();
}

const Bytes& Owner::evaluation_keys() {
  return evaluation_keys({});
}

const Bytes& Owner::evaluation_keys(const std::function<void(std::uint64_t bytes)>& made) {
  const std::lock_guard lock(state_->mutex);
  return state_->keys(made);
}

Bytes Owner::encrypt(const Pixels& picture) {
  return encrypt(std::span(&picture, 1));
}

Bytes Owner::encrypt(std::span<const Pixels> pictures) {
  const message::ClientSpec& client = state_->inner.client();
  std::vector<std::vector<float>> values;
  const ckks::WipeAtEnd wiped(values);
  for (const Pixels& picture : pictures) values.push_back(owner::values_of(picture, client));
  return encrypt_values(values);
}

Bytes Owner::encrypt_values(std::span<const std::vector<float>> images) {
  const auto query = state_->inner.encrypt(images, &state_->pool);
  const std::lock_guard lock(state_->mutex);
  // Recorded first: an answer to a query that nobody recorded cannot be checked.
  state_->keep({query.key, message::ticket_of(query), {}});
  return message::write_query(*state_->inner.context(), query);
}

std::vector<Prediction> Owner::read(BytesView bytes, std::uint64_t share) {
  const message::ClientSpec& client = state_->inner.client();
  const auto answer = message::read_answer(*state_->inner.context(), client.program, bytes, "answer");
  const auto options = owner::flooded_for(client, share);
  const std::unique_lock lock(state_->mutex);
  const auto record = state_->record_of(answer.query);
  auto readings = state_->inner.read(answer, record.ticket, options, &state_->pool);
  // Counted before anything is shown: a result that nobody counted must not be seen.
  if (state_->folder) {
    const std::uint64_t made = state_->inner.decryptions();
    state_->counted = state_->folder->count_decryptions(state_->inner.key().id(), made - state_->added).count;
    state_->added = made;
  }
  owner::add_warnings(record, readings);
  return owner::predictions_of(client, std::move(readings));
}

std::uint64_t Owner::decryptions() const {
  const std::lock_guard lock(state_->mutex);
  return state_->folder ? state_->counted : state_->inner.decryptions();
}

}  // namespace obscura
