// Evaluation keys: pieces in, files and records, and what queries are answered with.
#include <fmt/format.h>
#include <sys/statvfs.h>

#include <set>

#include "base/error.h"
#include "base/file_stream.h"
#include "base/pending.h"
#include "ckks/digest.h"
#include "ckks/wire_key_file.h"
#include "message/messages.h"
#include "runtime/answer.h"
#include "serve/service_state.h"

namespace fs = std::filesystem;

namespace obscura::serve {
namespace {

constexpr std::uint64_t kReserve = std::uint64_t{64} << 20;  // of the disk: for the database
constexpr std::size_t kMostUploads = 8;                      // of a tenant at a time

void check_hash(const std::string& hash) {
  if (!is_hash(hash)) {
    throw Failure(FailureCode::bad_request,
                  "keys are named by the BLAKE2b-256 of their file: 64 lower-case hex digits");
  }
}

void check_piece(const KeyPiece& piece) {
  check_hash(piece.hash);
  if (piece.bytes.empty() || piece.bytes.size() > kMaxPieceBytes) {
    throw Failure(FailureCode::too_large,
                  fmt::format("a piece of {} bytes, expected 1 to {}", piece.bytes.size(), kMaxPieceBytes));
  }
  if (piece.offset > piece.total || piece.bytes.size() > piece.total - piece.offset) {
    throw Failure(FailureCode::bad_request, "the piece goes beyond the end that it announces");
  }
}

void check_disk(const fs::path& folder, std::uint64_t bytes) {
  struct statvfs facts {};
  if (::statvfs(folder.c_str(), &facts) != 0) return;
  const std::uint64_t room = std::uint64_t{facts.f_bavail} * facts.f_frsize;
  if (room < bytes + kReserve) {
    throw Failure(FailureCode::out_of_room, "the server's disk has no room for these keys: ask its owner");
  }
}

}  // namespace

std::string_view name_of(KeyState state) {
  switch (state) {
    case KeyState::partial:
      return "partial";
    case KeyState::ready:
      return "ready";
    case KeyState::absent:
      break;
  }
  return "absent";
}

fs::path Service::State::key_file(const TenantHash& name) const {
  return options.state / "keys" / std::to_string(name.first) / name.second;
}

std::vector<std::string> Service::State::users_of(const std::string& parameters) const {
  std::vector<std::string> names;
  for (const auto& [name, model] : models) {
    if (message::hex_of(model->parameters()) == parameters) names.push_back(name);
  }
  for (const auto& [name, host] : galleries) {
    const auto plan = search::plan_scores(host->form().kind, host->form().dimension);
    if (message::hex_of(ckks::digest_of(plan.parameters)) == parameters) names.push_back("gallery:" + name);
  }
  return names;
}

ckks::ContextPtr Service::State::context_of(const std::string& parameters) {
  const std::lock_guard guard(mutex);
  if (const auto at = contexts.find(parameters); at != contexts.end()) return at->second;
  for (const auto& [name, host] : galleries) {
    const auto plan = search::plan_scores(host->form().kind, host->form().dimension);
    if (message::hex_of(ckks::digest_of(plan.parameters)) != parameters) continue;
    return contexts[parameters] = ckks::Context::create(plan.parameters);
  }
  throw Failure(FailureCode::bad_request,
                "no model or gallery here has the parameters of these keys: make keys for the client spec of one");
}

KeyStatus Service::State::status_of(const KeyRecord& record) const {
  KeyStatus status{record.hash,
                   KeyState::ready,
                   record.bytes,
                   record.bytes,
                   record.key_id,
                   record.created,
                   record.last_used,
                   record.last_used + options.key_seconds,
                   {}};
  status.models = users_of(record.parameters);
  return status;
}

KeyStatus Service::State::status(std::int64_t tenant, const std::string& hash) {
  if (const auto record = records.find(tenant, hash)) return status_of(*record);
  KeyStatus status;
  status.hash = hash;
  {
    const std::lock_guard guard(mutex);
    if (const auto at = uploads.find({tenant, hash}); at != uploads.end()) {
      status.state = KeyState::partial, status.bytes = at->second->upload.bytes();
      status.total = at->second->upload.total();
      return status;
    }
  }
  std::error_code ec;
  fs::path part = key_file({tenant, hash});
  part += ".part";
  const auto bytes = fs::file_size(part, ec);
  if (!ec && bytes > 0) status.state = KeyState::partial, status.bytes = bytes;
  return status;
}

std::shared_ptr<OpenUpload> Service::State::open_upload(std::int64_t tenant, const KeyPiece& piece) {
  const TenantHash name{tenant, piece.hash};
  const std::lock_guard guard(mutex);
  auto& open = uploads[name];
  if (open && open->upload.total() == piece.total) return open;
  if (open) {
    throw Failure(FailureCode::bad_request, fmt::format("these keys were announced as {} bytes, and now as {}",
                                                        open->upload.total(), piece.total));
  }
  try {
    std::uint64_t promised = piece.total + records.bytes_of(tenant);
    std::size_t others = 0;
    for (const auto& [other, upload] : uploads) {
      if (other.first == tenant && upload) promised += upload->upload.total(), ++others;
    }
    if (promised > options.key_bytes_per_tenant || others >= kMostUploads) {
      throw Failure(
          FailureCode::out_of_room,
          fmt::format("with these your keys would be {} MB in {} uploads, and a tenant has room for {} MB and "
                      "{} uploads at a time: delete some (obscura remote keys)",
                      promised >> 20, others + 1, options.key_bytes_per_tenant >> 20, kMostUploads));
    }
    check_disk(options.state, piece.total);
    open = std::make_shared<OpenUpload>(key_file(name), piece.hash, piece.total);
  } catch (...) {
    uploads.erase(name);
    throw;
  }
  return open;
}

/// As soon as the parameters are here: hundreds of megabytes that nobody can use are refused at their start.
void Service::State::check_head(OpenUpload& open, std::string_view what) {
  if (open.head_checked) return;
  const auto needed = std::min<std::uint64_t>(ckks::kKeyIdWithin, open.upload.total());
  const auto start = open.upload.start(ckks::kKeyIdWithin);
  if (start.size() < needed) return;
  context_of(message::hex_of(ckks::digest_of(ckks::peek_evaluation_keys(start, what).parameters)));
  open.head_checked = true;
}

/// Hundreds of megabytes: called off between two reads.
KeyCache::Keys Service::State::expand(const ckks::Context& context, const fs::path& file, const std::stop_token& stop) {
  const Stopwatch watch;
  const ByteSource inner = open_source(file);
  const ByteSource source{inner.size, [&](std::span<std::uint8_t> bytes) {
                            if (stop.stop_requested()) throw CancelledError("called off");
                            inner.read(bytes);
                          }};
  auto keys =
      std::make_shared<const ckks::EvaluationKeys>(ckks::read_expanded_keys(context, source, "evaluation keys", &pool));
  metrics.part("keys", watch.seconds());
  return keys;
}

KeyStatus Service::State::finish_upload(const TenantHash& name, OpenUpload& open, const std::stop_token& stop) {
  const std::lock_guard finishing(open.finishing);
  if (const auto record = records.find(name.first, name.second)) return status_of(*record);
  const auto forget = [&] {
    open.upload.remove();
    const std::lock_guard guard(mutex);
    uploads.erase(name);
  };
  KeyRecord record;
  try {
    open.upload.check();
    const auto head = ckks::peek_evaluation_keys(open.upload.start(ckks::kKeyIdWithin));
    const std::string parameters = message::hex_of(ckks::digest_of(head.parameters));
    const auto context = context_of(parameters);
    const auto keys = expand(*context, open.upload.part(), stop);
    cache.put(name, keys);
    record = {name.first, name.second, open.upload.total(), message::hex_of(keys->key()),
              parameters, unix_now(),  unix_now()};
  } catch (const CancelledError&) {
    throw;  // all of it stays, for who asks again
  } catch (const Error&) {
    forget();
    throw;
  }
  open.upload.finish();
  try {
    records.add(record);
  } catch (const Error&) {
    options.log(text_in_flight());
    std::error_code ec;
    fs::remove(key_file(name), ec);
    forget();
    throw Failure(FailureCode::out_of_room, "the server's disk did not take the record of these keys: ask its owner");
  }
  const std::lock_guard guard(mutex);
  uploads.erase(name);
  return status_of(record);
}

KeyCache::Keys Service::State::keys_for(std::int64_t tenant, const ckks::KeyId& key, const ckks::ContextPtr& context,
                                        const ckks::KeyRequest& request, const std::stop_token& stop) {
  const std::string id = message::hex_of(key);
  bool incomplete = false;
  for (const auto& record : records.of_key(tenant, id, message::hex_of(context->digest()))) {
    const TenantHash name{tenant, record.hash};
    try {
      const auto keys = cache.get(name, [&] { return expand(*context, key_file(name), stop); });
      incomplete = !runtime::has_all(*keys, request);
      if (incomplete) continue;
      records.used(tenant, record.hash, unix_now());
      return keys;
    } catch (const CancelledError&) {
      throw;
    } catch (const Error&) {
      // A file that was lost or damaged: as if it had never been here, and the client sends it again.
      options.log(fmt::format("keys {}... were lost: {}", record.hash.substr(0, 8), text_in_flight()));
      drop_key(name);
    }
  }
  throw Failure(FailureCode::keys_unknown,
                incomplete ? "the evaluation keys that are here were made for another model: send those for this one"
                           : "the evaluation keys of this query's owner are not here: send them, then ask again",
                {{"key_id", id}});
}

void Service::State::drop_key(const TenantHash& name) {
  cache.forget(name);
  records.remove(name.first, name.second);
  std::error_code ec;
  fs::remove(key_file(name), ec);
}

/// What a crash left: files without a record, and parts that nobody went on with for a day.
void Service::State::clean_folder() {
  std::error_code ec;
  const auto yesterday = fs::file_time_type::clock::now() - std::chrono::hours(24);
  std::vector<fs::path> gone;
  for (const auto& tenant : fs::directory_iterator(options.state / "keys", ec)) {
    for (const auto& file : fs::directory_iterator(tenant.path(), ec)) {
      const bool part = file.path().extension() == ".part";
      const std::int64_t id = std::atoll(tenant.path().filename().c_str());
      const bool known = !part && records.find(id, file.path().filename().string()).has_value();
      if (part ? file.last_write_time(ec) < yesterday : !known) gone.push_back(file.path());
    }
  }
  for (const auto& file : gone) fs::remove(file, ec);
}

KeyStatus Service::key_status(const Identity& who, const std::string& hash) {
  check_hash(hash);
  return state_->status(who.tenant, hash);
}

std::vector<KeyStatus> Service::keys(const Identity& who) {
  std::vector<KeyStatus> all;
  std::set<std::string> named;
  for (const auto& record : state_->records.of_tenant(who.tenant)) {
    all.push_back(state_->status_of(record));
    named.insert(record.hash);
  }
  std::vector<std::string> open;
  {
    const std::lock_guard guard(state_->mutex);
    for (const auto& [name, upload] : state_->uploads) {
      if (name.first == who.tenant && !named.contains(name.second)) open.push_back(name.second);
    }
  }
  for (const auto& hash : open) all.push_back(state_->status(who.tenant, hash));
  return all;
}

void Service::remove_key(const Identity& who, const std::string& hash) {
  check_hash(hash);
  const State::TenantHash name{who.tenant, hash};
  std::shared_ptr<OpenUpload> open;
  {
    const std::lock_guard guard(state_->mutex);
    if (const auto at = state_->uploads.find(name); at != state_->uploads.end()) {
      open = at->second;
      state_->uploads.erase(at);
    }
  }
  if (open) open->upload.remove();
  const bool known = state_->records.find(who.tenant, hash).has_value();
  if (known) state_->drop_key(name);
  if (!known && !open) throw Failure(FailureCode::not_found, "you have no keys of that hash here");
}

void Service::put_key_piece(const Identity& who, KeyPiece piece, std::stop_token stop, Done<KeyStatus> done) {
  if (state_->stopped) {
    Failure failure(FailureCode::shutting_down, "the server is stopping: ask again in a moment");
    failure.retry_after(2000);
    return done(failure);
  }
  const auto shared = std::make_shared<KeyPiece>(std::move(piece));
  state_->disk.post([this, who, shared, stop, done] {
    State& state = *state_;
    try {
      check_piece(*shared);
      const State::TenantHash name{who.tenant, shared->hash};
      if (const auto record = state.records.find(who.tenant, shared->hash)) return done(state.status_of(*record));
      const auto open = state.open_upload(who.tenant, *shared);
      const bool whole = open->upload.take(shared->offset, shared->bytes);
      open->last_piece = unix_now();
      try {
        state.check_head(*open, "evaluation keys");
      } catch (...) {
        remove_key(who, shared->hash);
        throw;
      }
      shared->bytes = {};
      if (!whole) return done(state.status(who.tenant, shared->hash));
      state.submit<KeyStatus>(who, {"keys", "", 0.1}, stop, done, [&state, name, open](const std::stop_token& asked) {
        return state.finish_upload(name, *open, asked);
      });
    } catch (...) {
      done(failure_in_flight());
    }
  });
}

}  // namespace obscura::serve
