#include "study/inspection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/file.h"
#include "message/client_wire.h"
#include "message/messages.h"
#include "owner/query_record.h"
#include "program/program_wire.h"
#include "secret/sealed.h"
#include "secret/sealed_file.h"
#include "secret/wire.h"
#include "study/describe.h"
#include "study/file_kind.h"
#include "study/preprocessing.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

using nlohmann::ordered_json;

void add_parameters(Inspection& out, const ckks::Parameters& parameters) {
  out.add("parameters", parameters_json(parameters), "parameters", ckks::describe(parameters));
}

/// The first eight digits are enough for people; all zero is none.
template <typename Id>
void add_id(Inspection& out, const char* key, const std::string& label, const Id& id) {
  const bool none = id == Id{};
  const std::string hex = message::hex_of(id);
  out.add(key, none ? ordered_json(nullptr) : ordered_json(hex), label, none ? "none" : hex);
}

std::string count_of(std::size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

void add_client(Inspection& out, const message::ClientSpec& client) {
  out.add("network", "network", client.network);
  out.add("mode", mode_name(client.mode), "layout",
          fmt::format("{}, {} a query in {} up and {} down", mode_name(client.mode), count_of(client.images, "image"),
                      count_of(client.queries(), "ciphertext"), client.replies()));
  out.add("preprocessing", preprocessing_json(client.preprocessing, client.input), "images",
          preprocessing_text(client.preprocessing, client.input));
  if (client.chunks) {
    out.add("chunks", chunked_json(client), "chunks",
            chunking_text(client.chunks->cut) + "; " + message::policy_text(*client.chunks));
  }
  out.add("outputs", client.outputs, "answers", count_of(client.outputs, "logit"));
  out.add("predicted_logit_error", client.logit_error, "error",
          fmt::format("{:.2g} a logit is predicted", client.logit_error));
  out.add("rotation_keys", client.keys.galois.size(), "keys",
          fmt::format("for {}{}", count_of(client.keys.galois.size(), "rotation"),
                      client.keys.relin_limbs > 0 ? " and products" : ""));
  add_parameters(out, client.parameters);
  add_id(out, "program", "program", client.program);
}

void inspect_client(Inspection& out, ckks::ByteSpan bytes, const std::string& what) {
  const auto client = message::read_client_spec(bytes, what);
  add_client(out, client);
  add_id(out, "key", "key", client.key);
}

void inspect_program(Inspection& out, ckks::ByteSpan bytes, const std::string& what) {
  const auto program = program::read_program(bytes, what);
  add_client(out, program.client);
  const std::size_t stages = program.packed.size() + program.batched.size();
  out.add("stages", stages, "stages", fmt::format("{}, a matrix each", stages));
}

void inspect_keys(Inspection& out, ckks::ByteSpan bytes, const std::string& what) {
  const auto file = ckks::read_evaluation_keys(bytes, what);
  out.add(
      "rotation_keys", file.keys.galois.size(), "keys",
      fmt::format("for {}{}", count_of(file.keys.galois.size(), "rotation"), file.keys.relin ? " and products" : ""));
  add_parameters(out, file.parameters);
  add_id(out, "key", "key", file.keys.key);
}

/// The chunks of a query of policy features, which anybody who has it sees.
void add_group(Inspection& out, ByteReader& r) {
  const std::size_t count = r.u32();
  if (count == 0) return;
  if (count > r.left() / 4) r.fail("names more chunks than it holds");
  std::vector<std::int32_t> indices(count);
  for (auto& index : indices) index = static_cast<std::int32_t>(r.u32());
  const auto encrypted = static_cast<std::size_t>(std::ranges::count_if(indices, [](auto index) { return index > 0; }));
  out.add("chunks", indices, "chunks",
          fmt::format("{} of {} encrypted, {} in the clear for everybody who has this file", encrypted, count,
                      count - encrypted));
}

/// The ids that queries and answers begin with: whole messages are read against a program's parameters.
void inspect_message(Inspection& out, ckks::ByteSpan payload, const std::string& what, bool is_query) {
  ByteReader r(payload, what);
  ckks::Digest program{};
  ckks::KeyId key{};
  message::QueryId query{};
  const auto take = [&r](auto& id) { std::ranges::copy(r.raw(id.size()), id.begin()); };
  take(program), take(key), take(query);
  const std::size_t images = r.u32();
  out.add("images", images, "images", count_of(images, "image"));
  if (is_query) add_group(out, r);
  add_id(out, "program", "program", program);
  add_id(out, "key", "key", key);
  add_id(out, "query", "query", query);
}

void inspect_secret(Inspection& out, ckks::ByteSpan bytes, const std::string& what) {
  const auto key = ckks::read_secret_key(bytes, what);
  add_parameters(out, key.context()->parameters());
  add_id(out, "key", "key", key.id());
}

/// What stands outside of the seal: no passphrase is asked for.
void add_seal(Inspection& out, const ckks::Seal& seal) {
  out.add("seal", {{"passes", seal.cost.passes}, {"memory_kib", seal.cost.memory_kib}}, "sealed",
          fmt::format("with a passphrase: Argon2id, passes {} over {} MiB; XChaCha20-Poly1305", seal.cost.passes,
                      seal.cost.memory_kib / 1024));
}

void inspect_sealed_file(Inspection& out, ckks::ByteSpan bytes, const std::string& what) {
  const auto sealed = ckks::read_sealed_file(bytes, what);
  out.add("kind", "kind", fmt::format("{} sealed with a passphrase", ckks::secret_name(sealed.content)));
  add_seal(out, sealed);
}

void inspect_sealed(Inspection& out, ckks::ByteSpan bytes, const std::string& what) {
  const auto sealed = ckks::read_sealed_secret_key(bytes, what);
  add_parameters(out, sealed.parameters);
  add_seal(out, sealed);
  add_id(out, "key", "key", sealed.key);
}

void inspect_record(Inspection& out, ckks::ByteSpan bytes, const std::string& what) {
  const auto record = owner::read_query_record(bytes, what);
  out.add("images", record.ticket.images, "images", count_of(record.ticket.images, "image"));
  add_id(out, "key", "key", record.key);
  add_id(out, "query", "query", record.ticket.id);
}

void inspect_wire(Inspection& out, ckks::ByteSpan bytes, const std::string& what) {
  const auto envelope = ckks::open_envelope(bytes, what);
  out.add("kind", "kind", std::string(ckks::kind_name(envelope.kind)));
  out.add("version", ckks::wire_version(envelope.kind), "version",
          fmt::format("{} of the wire format", ckks::wire_version(envelope.kind)));
  switch (envelope.kind) {
    case ckks::Kind::parameters:
      add_parameters(out, ckks::read_parameters(bytes, what));
      break;
    case ckks::Kind::public_key: {
      const auto file = ckks::read_public_key(bytes, what);
      add_parameters(out, file.parameters);
      add_id(out, "key", "key", file.key.key);
      break;
    }
    case ckks::Kind::evaluation_keys:
      inspect_keys(out, bytes, what);
      break;
    case ckks::Kind::secret_key:
      inspect_secret(out, bytes, what);
      break;
    case ckks::Kind::sealed_secret_key:
      inspect_sealed(out, bytes, what);
      break;
    case ckks::Kind::client:
      inspect_client(out, bytes, what);
      break;
    case ckks::Kind::program:
      inspect_program(out, bytes, what);
      break;
    case ckks::Kind::query:
    case ckks::Kind::answer:
      inspect_message(out, envelope.payload, what, envelope.kind == ckks::Kind::query);
      break;
    case ckks::Kind::query_record:
      inspect_record(out, bytes, what);
      break;
    default:
      break;
  }
  add_id(out, "parameters_digest", "digest", envelope.digest);
}

void inspect_network(Inspection& out, const NetworkSummary& network) {
  out.add("kind", "kind", kind_text(FileKind::onnx));
  out.add("network", "network", network.name);
  out.add("layers", network.layers, "layers", std::to_string(network.layers));
  out.add("preprocessing", preprocessing_json(network.preprocessing, network.input), "images",
          preprocessing_text(network.preprocessing, network.input));
  if (network.chunks) {
    const Chunking& cut = *network.chunks;
    out.add("chunks", {{"count", cut.count()}, {"width", cut.width}, {"height", cut.height}, {"looked_at", cut.used()}},
            "chunks", chunking_text(cut));
  }
  out.add("outputs", network.outputs, "answers", count_of(network.outputs, "logit"));
}

}  // namespace

Inspection::Inspection(const fs::path& file, std::size_t bytes) : json_{{"file", file.string()}, {"bytes", bytes}} {}

void Inspection::add(const char* key, const ordered_json& value, const std::string& label, const std::string& text) {
  json_[key] = value;
  rows_.emplace_back(label, text);
}

void Inspection::add(const char* key, const std::string& label, const std::string& text) {
  add(key, text, label, text);
}

std::string Inspection::text() const {
  std::string text;
  for (const auto& [label, line] : rows_) text += fmt::format("{:<12} {}\n", label, line);
  return text;
}

Inspection inspect(const fs::path& file, const std::function<NetworkSummary(const fs::path&)>& read_network) {
  const auto bytes = read_file(file);
  Inspection out(file, bytes.size());
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 8));
  if (head == std::string_view("OBSCURA\0", 8)) {
    inspect_wire(out, bytes, file.string());
    return out;
  }
  if (ckks::begins_sealed_file(bytes)) {
    inspect_sealed_file(out, bytes, file.string());
    return out;
  }
  const FileKind kind = kind_of(file);
  if (kind == FileKind::onnx) {
    inspect_network(out, read_network(file));
  } else if (kind == FileKind::other) {
    throw FormatError(file.string() +
                      " is no file that obscura knows: neither its own nor a network, picture or report");
  } else {
    out.add("kind", "kind", kind_text(kind));
  }
  return out;
}

}  // namespace obscura::study
