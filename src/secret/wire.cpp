#include "secret/wire.h"

#include <sodium.h>

#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/file_stream.h"
#include "ckks/wire_parts.h"
#include "secret/packed_coefficients.h"
#include "secret/sealed.h"

namespace obscura::ckks {
namespace {

constexpr std::size_t kLargestFile = 1 << 20;  // N = 2^17 takes 33 KB
constexpr std::size_t kKindWithin = 12;        // bytes: magic, version, kind

/// Bytes that are wiped on every way out.
struct Wiped {
  Bytes bytes;
  ~Wiped() { sodium_memzero(bytes.data(), bytes.size()); }
};

struct Content {
  Parameters parameters;
  GuardedVector<std::int8_t> coefficients;
};

Content read_content(ByteSpan bytes, std::string_view what) {
  const Envelope envelope = open_envelope(bytes, Kind::secret_key, what);
  ByteReader in(envelope.payload, std::string(what));
  Content content;
  content.parameters = wire::get_parameters(in, envelope.digest, what);
  const std::size_t packed = (std::size_t{1} << content.parameters.log_degree) / kCoefficientsPerByte;
  if (in.left() != packed) {
    in.fail("has " + std::to_string(in.left()) + " bytes of coefficients, expected " + std::to_string(packed));
  }
  content.coefficients = unpack_coefficients(in.raw(packed), in);
  return content;
}

}  // namespace

ContextPtr context_of_file(const Parameters& parameters, std::string_view what) {
  try {
    return Context::create(parameters);
  } catch (const ParameterError& e) {
    throw ParameterError(std::string(what) + " carries parameters that cannot be used: " + e.what());
  }
}

Bytes write_secret_key(const SecretKey& key) {
  const Parameters& parameters = key.context()->parameters();
  const std::size_t packed = key.coefficients().size() / kCoefficientsPerByte;
  // All of the file at once: a buffer that grew would leave copies behind.
  ByteWriter out =
      wire::begin_envelope(Kind::secret_key, key.context()->digest(), wire::parameters_bytes(parameters) + packed);
  out.raw(canonical_bytes(parameters));
  const std::size_t at = out.size();
  out.bytes().resize(at + packed);
  pack_coefficients(key.coefficients(), {out.bytes().data() + at, packed});
  return wire::finish_envelope(out);
}

SecretKey read_secret_key(ByteSpan bytes, std::string_view what) {
  const Content content = read_content(bytes, what);
  return SecretKey(context_of_file(content.parameters, what), content.coefficients);
}

SecretKey read_secret_key(ContextPtr context, ByteSpan bytes, std::string_view what) {
  require_context(*context, open_envelope(bytes, Kind::secret_key, what).digest, what);
  return SecretKey(std::move(context), read_content(bytes, what).coefficients);
}

bool holds_sealed_secret_key(ByteSpan start) {
  const auto kind = static_cast<std::uint16_t>(Kind::sealed_secret_key);
  return start.size() >= kKindWithin && start[0] == 'O' && start[kKindWithin - 2] == (kind & 0xff) &&
         start[kKindWithin - 1] == kind >> 8;
}

Bytes write_secret_key(const SecretKey& key, const Sealing& sealing, const std::string& what) {
  if (!sealing.seal_new) return write_secret_key(key);
  if (!sealing.passphrase) throw UsageError(what + " is to be sealed, and there is no passphrase");
  return write_sealed_secret_key(seal(key, sealing.passphrase(what, PassphraseUse::seal), sealing.cost));
}

SecretKey read_secret_key(ByteSpan bytes, const PassphraseSource& passphrase, const std::string& what) {
  if (!holds_sealed_secret_key(bytes)) return read_secret_key(bytes, what);
  const SealedSecretKey sealed = read_sealed_secret_key(bytes, what);
  if (!passphrase) throw MismatchError(what + " is sealed with a passphrase, and none was given");
  return unseal(sealed, passphrase(what, PassphraseUse::open), what);
}

void save_secret_key(const std::filesystem::path& path, const SecretKey& key, const Sealing& sealing) {
  const Wiped file{write_secret_key(key, sealing, path.string())};
  write_secret_file(path, file.bytes);
}

SecretKey load_secret_key(const std::filesystem::path& path, const PassphraseSource& passphrase) {
  const Wiped file{read_file(path, kLargestFile)};
  return read_secret_key(file.bytes, passphrase, path.string());
}

bool is_sealed_secret_key(const std::filesystem::path& path) {
  return holds_sealed_secret_key(read_start(path, kKindWithin));
}

void reseal_secret_key(const std::filesystem::path& path, const PassphraseSource& now, const Sealing& sealing) {
  std::error_code ec;
  const auto file = std::filesystem::canonical(path, ec);
  if (ec) throw IoError("cannot read " + path.string() + ": " + ec.message());
  const SecretKey key = load_secret_key(file, now);
  std::optional<Passphrase> next;
  Sealing kept = sealing;
  if (sealing.seal_new && sealing.passphrase) {  // asked for once, used twice
    next = sealing.passphrase(file.string(), PassphraseUse::seal);
    kept.passphrase = [&next](const std::string& /*what*/, PassphraseUse /*use*/) { return *next; };
  }
  const Wiped made{write_secret_key(key, kept, file.string())};
  if (read_secret_key(made.bytes, kept.passphrase, file.string()).id() != key.id()) {
    throw Error("the key of " + file.string() + " did not come back as it went: nothing was written");
  }
  write_secret_file(file, made.bytes);
}

}  // namespace obscura::ckks
