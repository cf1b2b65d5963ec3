#include <algorithm>
#include <string>

#include "ckks/wire_parts.h"

namespace obscura::ckks {
namespace {

constexpr std::string_view kKeys = "evaluation keys";
constexpr std::size_t kKeyHeadBytes = 34;  // limbs and seed

std::size_t degree_of(const Parameters& parameters) {
  return std::size_t{1} << parameters.log_degree;
}

/// ceil(limbs / digit_size): key-switching digits, one polynomial each.
std::size_t digits_of(const Parameters& parameters, std::size_t limbs) {
  return (limbs + parameters.digit_size - 1) / parameters.digit_size;
}

std::size_t key_bytes(const Parameters& parameters, std::size_t limbs) {
  return kKeyHeadBytes +
         digits_of(parameters, limbs) * wire::residues_bytes(degree_of(parameters), wire::key_rows(parameters, limbs));
}

void require_key(const Parameters& parameters, const SeededKeySwitchKey& key) {
  if (key.limbs >= 1 && key.limbs <= parameters.q.size() && key.b.size() == digits_of(parameters, key.limbs)) return;
  throw MismatchError("key of " + std::to_string(key.limbs) + " limbs and " + std::to_string(key.b.size()) +
                      " digits does not belong to parameters of " + std::to_string(parameters.q.size()) + " limbs");
}

void put_key(ByteWriter& out, const Parameters& parameters, const SeededKeySwitchKey& key) {
  const auto rows = wire::key_rows(parameters, key.limbs);
  out.u16(static_cast<std::uint16_t>(key.limbs));
  out.raw(key.seed);
  for (const auto& digit : key.b) wire::put_residues(out, digit, degree_of(parameters), rows, kKeys);
}

SeededKeySwitchKey get_key(ByteReader& in, const Parameters& parameters) {
  SeededKeySwitchKey key;
  key.limbs = wire::get_limbs(in, parameters.q.size());
  key.seed = wire::get_seed(in);
  const auto rows = wire::key_rows(parameters, key.limbs);
  for (std::size_t j = 0; j < digits_of(parameters, key.limbs); ++j) {
    key.b.push_back(wire::get_residues(in, degree_of(parameters), rows));
  }
  return key;
}

/// Odd and below 2N: the Galois group.
bool sound_element(const Parameters& parameters, std::uint64_t element) {
  return element % 2 == 1 && element < 2 * degree_of(parameters);
}

void require_keys(const Parameters& parameters, const SeededEvaluationKeys& keys) {
  if (keys.relin) require_key(parameters, *keys.relin);
  for (const auto& [element, key] : keys.galois) {
    if (!sound_element(parameters, element)) {
      throw MismatchError(std::to_string(element) + " is no Galois element, expected an odd number below " +
                          std::to_string(2 * degree_of(parameters)));
    }
    require_key(parameters, key);
  }
}

void get_galois(ByteReader& in, const Parameters& parameters, SeededEvaluationKeys& keys) {
  const std::size_t count = in.u32();
  if (count > in.left() / (4 + key_bytes(parameters, 1))) {
    in.fail("announces " + std::to_string(count) + " Galois keys, more than its " + std::to_string(in.left()) +
            " bytes can hold");
  }
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t element = in.u32();
    if (!sound_element(parameters, element) || element <= before) {
      in.fail("has Galois element " + std::to_string(element) + ", expected an odd number from " +
              std::to_string(before + 1) + " to " + std::to_string(2 * degree_of(parameters) - 1));
    }
    before = element;
    keys.galois.emplace_hint(keys.galois.end(), element, get_key(in, parameters));
  }
}

}  // namespace

Bytes write_public_key(const Context& context, const PublicKey& key) {
  const Parameters& parameters = context.parameters();
  require_context(context, key.context, "public key");
  if (wire::all_zero(key.b)) throw FormatError("public key is empty: whatever it encrypts stands in the clear");
  const std::size_t residues = wire::residues_bytes(context.degree(), parameters.q);
  ByteWriter out =
      wire::begin_envelope(Kind::public_key, context.digest(),
                           wire::parameters_bytes(parameters) + sizeof(key.key) + sizeof(key.seed) + residues);
  out.raw(canonical_bytes(parameters));
  out.raw(key.key);
  out.raw(key.seed);
  wire::put_residues(out, key.b, context.degree(), parameters.q, "public key");
  return wire::finish_envelope(out);
}

PublicKeyFile read_public_key(ByteSpan bytes, std::string_view what) {
  const Envelope envelope = open_envelope(bytes, Kind::public_key, what);
  ByteReader in(envelope.payload, std::string(what));
  PublicKeyFile file;
  file.parameters = wire::get_parameters(in, envelope.digest, what);
  file.key.context = envelope.digest;
  file.key.key = wire::get_key_id(in);
  file.key.seed = wire::get_seed(in);
  file.key.b = wire::get_residues(in, degree_of(file.parameters), file.parameters.q);
  if (wire::all_zero(file.key.b)) in.fail("is empty: whatever it encrypts stands in the clear");
  in.finish();
  return file;
}

Bytes write_evaluation_keys(const Context& context, const SeededEvaluationKeys& keys) {
  const Parameters& parameters = context.parameters();
  require_context(context, keys.context, kKeys);
  require_keys(parameters, keys);
  std::size_t payload = wire::parameters_bytes(parameters) + sizeof(KeyId) + 5;
  if (keys.relin) payload += key_bytes(parameters, keys.relin->limbs);
  for (const auto& [element, key] : keys.galois) payload += 4 + key_bytes(parameters, key.limbs);

  ByteWriter out = wire::begin_envelope(Kind::evaluation_keys, context.digest(), payload);
  out.raw(canonical_bytes(parameters));
  out.raw(keys.key);
  out.u8(keys.relin ? 1 : 0);
  if (keys.relin) put_key(out, parameters, *keys.relin);
  out.u32(static_cast<std::uint32_t>(keys.galois.size()));
  for (const auto& [element, key] : keys.galois) {
    out.u32(static_cast<std::uint32_t>(element));
    put_key(out, parameters, key);
  }
  return wire::finish_envelope(out);
}

EvaluationKeyFile read_evaluation_keys(ByteSpan bytes, std::string_view what) {
  const Envelope envelope = open_envelope(bytes, Kind::evaluation_keys, what);
  ByteReader in(envelope.payload, std::string(what));
  EvaluationKeyFile file;
  file.parameters = wire::get_parameters(in, envelope.digest, what);
  file.keys.context = envelope.digest;
  file.keys.key = wire::get_key_id(in);
  const std::uint8_t has_relin = in.u8();
  if (has_relin > 1) in.fail("has a flag that is neither 0 nor 1");
  if (has_relin == 1) file.keys.relin = get_key(in, file.parameters);
  get_galois(in, file.parameters, file.keys);
  in.finish();
  return file;
}

}  // namespace obscura::ckks
