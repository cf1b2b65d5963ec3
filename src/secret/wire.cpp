#include "secret/wire.h"

#include <sodium.h>

#include <string>
#include <utility>

#include "base/file.h"
#include "ckks/wire_parts.h"

namespace obscura::ckks {
namespace {

constexpr std::size_t kPerByte = 4;
constexpr std::size_t kLargestFile = 1 << 20;  // N = 2^17 takes 33 KB

/// Bytes that are wiped on every way out.
struct Wiped {
  Bytes bytes;
  ~Wiped() { sodium_memzero(bytes.data(), bytes.size()); }
};

struct Content {
  Content() = default;
  Content(Content&&) = default;
  ~Content() { sodium_memzero(coefficients.data(), coefficients.size()); }

  Parameters parameters;
  std::vector<std::int8_t> coefficients;
};

std::uint8_t four(const std::int8_t* coefficients) {
  unsigned byte = 0;
  for (std::size_t i = 0; i < kPerByte; ++i) {
    // 0, 1 and -1 become 0, 1 and 2 without a branch on the secret.
    const unsigned code = (static_cast<unsigned>(coefficients[i]) ^ static_cast<unsigned>(coefficients[i] < 0)) & 3;
    byte |= code << (2 * i);
  }
  return static_cast<std::uint8_t>(byte);
}

std::vector<std::int8_t> get_coefficients(ByteReader& in, std::size_t degree) {
  const auto packed = in.raw(degree / kPerByte);
  std::vector<std::int8_t> coefficients(degree);
  unsigned bad = 0;
  for (std::size_t i = 0; i < degree; ++i) {
    const unsigned code = (packed[i / kPerByte] >> (2 * (i % kPerByte))) & 3u;
    bad |= code & (code >> 1);
    coefficients[i] = static_cast<std::int8_t>((code & 1) - (code >> 1));
  }
  if (bad != 0) {
    sodium_memzero(coefficients.data(), coefficients.size());
    in.fail("holds a coefficient that is none of -1, 0, 1");
  }
  return coefficients;
}

Content read_content(ByteSpan bytes, std::string_view what) {
  const Envelope envelope = open_envelope(bytes, Kind::secret_key, what);
  ByteReader in(envelope.payload, std::string(what));
  Content content;
  content.parameters = wire::get_parameters(in, envelope.digest, what);
  const std::size_t degree = std::size_t{1} << content.parameters.log_degree;
  if (in.left() != degree / kPerByte) {
    in.fail("has " + std::to_string(in.left()) + " bytes of coefficients, expected " +
            std::to_string(degree / kPerByte));
  }
  content.coefficients = get_coefficients(in, degree);
  return content;
}

ContextPtr make_context(const Parameters& parameters, std::string_view what) {
  try {
    return Context::create(parameters);
  } catch (const ParameterError& e) {
    throw ParameterError(std::string(what) + " carries parameters that cannot be used: " + e.what());
  }
}

}  // namespace

Bytes write_secret_key(const SecretKey& key) {
  const Parameters& parameters = key.context()->parameters();
  const auto& coefficients = key.coefficients();
  // All of the file at once: a buffer that grew would leave copies behind.
  ByteWriter out = wire::begin_envelope(Kind::secret_key, key.context()->digest(),
                                        wire::parameters_bytes(parameters) + coefficients.size() / kPerByte);
  out.raw(canonical_bytes(parameters));
  for (std::size_t i = 0; i < coefficients.size(); i += kPerByte) out.u8(four(coefficients.data() + i));
  return wire::finish_envelope(out);
}

SecretKey read_secret_key(ByteSpan bytes, std::string_view what) {
  Content content = read_content(bytes, what);
  return SecretKey(make_context(content.parameters, what), std::move(content.coefficients));
}

SecretKey read_secret_key(ContextPtr context, ByteSpan bytes, std::string_view what) {
  require_context(*context, open_envelope(bytes, Kind::secret_key, what).digest, what);
  return SecretKey(std::move(context), read_content(bytes, what).coefficients);
}

void save_secret_key(const std::filesystem::path& path, const SecretKey& key) {
  const Wiped file{write_secret_key(key)};
  write_secret_file(path, file.bytes);
}

SecretKey load_secret_key(const std::filesystem::path& path) {
  const Wiped file{read_file(path, kLargestFile)};
  return read_secret_key(file.bytes, path.string());
}

}  // namespace obscura::ckks
